//! The boundary against a fake process memory, and every decoding of a `svc`.

use super::*;
use kernel::process::FunctionCallSource;

/// A process: 256 bytes of RAM, a frame at some offset, its stored state.
struct Process {
    memory: Box<[u32; 64]>,
    state: CortexMStoredState,
}

// SAFETY: nothing runs on a host.
const BOUNDARY: SysCall = unsafe { SysCall::new() };

impl Process {
    fn with_frame(offset: usize, words: [u32; 8]) -> Process {
        let mut process = Process {
            memory: Box::new([0xEEEE_EEEE; 64]),
            state: CortexMStoredState::default(),
        };
        process.memory[offset / 4..offset / 4 + 8].copy_from_slice(&words);
        process.state.psp = process.start() as usize + offset;
        process
    }

    fn start(&mut self) -> *const u8 {
        self.memory.as_mut_ptr().cast()
    }

    fn end(&mut self) -> *const u8 {
        self.start().wrapping_add(256)
    }

    fn frame(&mut self) -> [u32; 8] {
        let word = (self.state.psp - self.start() as usize) / 4;
        self.memory[word..word + 8].try_into().unwrap()
    }

    fn conclude(&mut self, exit: Exit, instruction: Option<u16>) -> ContextSwitchReason {
        let (start, end) = (self.start(), self.end());
        // SAFETY: the memory is this process's own.
        unsafe { conclude(exit, start, end, self.state.psp, |_| instruction) }
    }

    fn answer(&mut self, answer: SyscallReturn) -> Result<[u32; 4], ()> {
        let (start, end) = (self.start(), self.end());
        // SAFETY: the memory is this process's own.
        unsafe { BOUNDARY.set_syscall_return_value(start, end, &mut self.state, answer) }?;
        let [r0, r1, r2, r3, ..] = self.frame();
        Ok([r0, r1, r2, r3])
    }
}

const FRAME: [u32; 8] = [0x11, 0x22, 0x33, 0x44, 0, 0, 0x4_0102, 0x0100_0000];

#[test]
fn each_class_is_decoded_from_the_frame() {
    let expected = [
        Syscall::Yield {
            which: 0x11,
            param_a: 0x22,
            param_b: 0x33,
        },
        Syscall::Subscribe {
            driver_number: 0x11,
            subdriver_number: 0x22,
            upcall_ptr: 0x33.into(),
            appdata: 0x44.into(),
        },
        Syscall::Command {
            driver_number: 0x11,
            subdriver_number: 0x22,
            arg0: 0x33,
            arg1: 0x44,
        },
        Syscall::ReadWriteAllow {
            driver_number: 0x11,
            subdriver_number: 0x22,
            allow_address: 0x33 as *mut u8,
            allow_size: 0x44,
        },
        Syscall::ReadOnlyAllow {
            driver_number: 0x11,
            subdriver_number: 0x22,
            allow_address: 0x33 as *const u8,
            allow_size: 0x44,
        },
        Syscall::Memop {
            operand: 0x11,
            arg0: 0x22,
        },
        Syscall::Exit {
            which: 0x11,
            completion_code: 0x22,
        },
        Syscall::UserspaceReadableAllow {
            driver_number: 0x11,
            subdriver_number: 0x22,
            allow_address: 0x33 as *mut u8,
            allow_size: 0x44,
        },
    ];
    for (class, syscall) in expected.into_iter().enumerate() {
        let mut process = Process::with_frame(64, FRAME);
        let reason = process.conclude(Exit::SystemCall, Some(0xDF00 | class as u16));
        assert!(
            reason == ContextSwitchReason::SyscallFired { syscall },
            "class {class}"
        );
    }
}

#[test]
fn unknown_classes_are_faults() {
    for class in 8..=0xFF {
        let mut process = Process::with_frame(64, FRAME);
        let reason = process.conclude(Exit::SystemCall, Some(0xDF00 | class));
        assert!(reason == ContextSwitchReason::Fault, "class {class}");
    }
}

#[test]
fn only_an_svc_is_a_system_call() {
    for high in 0..=0xFFu16 {
        let mut process = Process::with_frame(64, FRAME);
        let reason = process.conclude(Exit::SystemCall, Some(high << 8 | 2));
        assert_eq!(reason == ContextSwitchReason::Fault, high != 0xDF);
    }
}

#[test]
fn an_instruction_that_the_process_cannot_read_is_a_fault() {
    let mut process = Process::with_frame(64, FRAME);
    assert!(process.conclude(Exit::SystemCall, None) == ContextSwitchReason::Fault);
}

#[test]
fn the_instruction_before_pc_is_fetched() {
    let mut process = Process::with_frame(64, FRAME);
    let (start, end) = (process.start(), process.end());
    let mut fetched = 0;
    // SAFETY: the memory is this process's own.
    unsafe {
        conclude(Exit::SystemCall, start, end, process.state.psp, |address| {
            fetched = address;
            Some(0xDF00)
        })
    };
    assert_eq!(fetched, 0x4_0100);
}

#[test]
fn a_stack_pointer_outside_is_a_fault_whatever_happened() {
    for outside in [0, 0x2000_0000, 260] {
        for exit in [Exit::Interrupted, Exit::SystemCall, Exit::Fault] {
            let mut process = Process::with_frame(64, FRAME);
            process.state.psp = match outside {
                260 => process.start() as usize + 228,
                elsewhere => elsewhere,
            };
            let (start, end) = (process.start(), process.end());
            // SAFETY: the memory is this process's own.
            let reason = unsafe {
                conclude(exit, start, end, process.state.psp, |_| {
                    panic!("read an instruction through a bad frame")
                })
            };
            assert!(reason == ContextSwitchReason::Fault);
        }
    }
}

#[test]
fn an_interrupted_process_stays_as_it_was() {
    let mut process = Process::with_frame(64, FRAME);
    // An `svc` lies before PC, but it was not what stopped the process.
    let reason = process.conclude(Exit::Interrupted, Some(0xDF02));
    assert!(reason == ContextSwitchReason::Interrupted);
    assert_eq!(process.frame(), FRAME);
}

#[test]
fn answers_have_the_tags_of_trd_104() {
    let error = ErrorCode::NOMEM;
    let (keep1, keep2, keep3) = (0x22, 0x33, 0x44);
    let long = 0x0123_4567_89AB_CDEF;
    let read = 0x2000_0100 as *const u8;
    let write = 0x2000_0100 as *mut u8;
    let function = 0x4_0001 as *const ();
    let cases = [
        (SyscallReturn::Failure(error), [0, 9, keep2, keep3]),
        (SyscallReturn::FailureU32(error, 5), [1, 9, 5, keep3]),
        (SyscallReturn::FailureU32U32(error, 5, 6), [2, 9, 5, 6]),
        (
            SyscallReturn::FailureU64(error, long),
            [3, 9, 0x89AB_CDEF, 0x0123_4567],
        ),
        (SyscallReturn::Success, [128, keep1, keep2, keep3]),
        (SyscallReturn::SuccessU32(5), [129, 5, keep2, keep3]),
        (SyscallReturn::SuccessU32U32(5, 6), [130, 5, 6, keep3]),
        (
            SyscallReturn::SuccessU64(long),
            [131, 0x89AB_CDEF, 0x0123_4567, keep3],
        ),
        (SyscallReturn::SuccessU32U32U32(5, 6, 7), [132, 5, 6, 7]),
        (
            SyscallReturn::SuccessU32U64(5, long),
            [133, 5, 0x89AB_CDEF, 0x0123_4567],
        ),
        (
            SyscallReturn::SuccessAddr(0x2000_0000),
            [129, 0x2000_0000, keep2, keep3],
        ),
        (
            SyscallReturn::AllowReadWriteSuccess(write, 8),
            [130, 0x2000_0100, 8, keep3],
        ),
        (
            SyscallReturn::AllowReadWriteFailure(error, write, 8),
            [2, 9, 0x2000_0100, 8],
        ),
        (
            SyscallReturn::UserspaceReadableAllowSuccess(write, 8),
            [130, 0x2000_0100, 8, keep3],
        ),
        (
            SyscallReturn::UserspaceReadableAllowFailure(error, write, 8),
            [2, 9, 0x2000_0100, 8],
        ),
        (
            SyscallReturn::AllowReadOnlySuccess(read, 8),
            [130, 0x2000_0100, 8, keep3],
        ),
        (
            SyscallReturn::AllowReadOnlyFailure(error, read, 8),
            [2, 9, 0x2000_0100, 8],
        ),
        (
            SyscallReturn::SubscribeSuccess(function, 7),
            [130, 0x4_0001, 7, keep3],
        ),
        (
            SyscallReturn::SubscribeFailure(error, function, 7),
            [2, 9, 0x4_0001, 7],
        ),
        (SyscallReturn::YieldWaitFor(1, 2, 3), [1, 2, 3, keep3]),
    ];
    for (answer, registers) in cases {
        let mut process = Process::with_frame(64, FRAME);
        assert_eq!(process.answer(answer), Ok(registers), "{answer:?}");
        assert_eq!(process.frame()[4..], FRAME[4..], "only r0 to r3");
    }
}

#[test]
fn no_answer_goes_outside_the_memory() {
    let mut process = Process::with_frame(224, FRAME);
    assert!(process.answer(SyscallReturn::Success).is_ok());
    for psp in [228, 256, 260] {
        process.state.psp = process.start() as usize + psp;
        let before = *process.memory;
        assert_eq!(process.answer(SyscallReturn::Success), Err(()));
        assert_eq!(before, *process.memory);
    }
}

#[test]
fn a_new_process_starts_at_its_first_function() {
    let mut process = Process::with_frame(0, FRAME);
    process.state.regs = [7; 8];
    let start = process.start();
    let end = start.wrapping_add(BOUNDARY.initial_process_app_brk_size());
    // SAFETY: the memory is this process's own.
    unsafe {
        BOUNDARY
            .initialize_process(start, end, &mut process.state)
            .unwrap();
        BOUNDARY
            .set_process_function(
                start,
                end,
                &mut process.state,
                FunctionCall {
                    source: FunctionCallSource::Kernel,
                    argument0: 1,
                    argument1: 2,
                    argument2: 3,
                    argument3: 4.into(),
                    pc: 0x4_0041.into(),
                },
            )
            .unwrap();
    }
    assert_eq!(process.state.regs, [0; 8], "nothing left of the last run");
    assert_eq!(process.state.psp, start as usize);
    assert_eq!(process.frame(), [1, 2, 3, 4, 0, 1, 0x4_0040, 0x0100_0000]);
    assert_eq!(process.memory[8], 0xEEEE_EEEE, "memory above is untouched");
}

#[test]
fn too_little_memory_to_start_is_an_error() {
    let mut process = Process::with_frame(0, FRAME);
    let start = process.start();
    let before = *process.memory;
    // SAFETY: the memory is this process's own.
    let result =
        unsafe { BOUNDARY.initialize_process(start, start.wrapping_add(24), &mut process.state) };
    assert_eq!(result, Err(()));
    assert_eq!(before, *process.memory);
}

#[test]
fn context_is_stored_as_little_endian_words() {
    let state = CortexMStoredState {
        regs: [4, 5, 6, 7, 8, 9, 10, 11],
        psp: 0x2001_0020,
    };
    let mut out = [0xFF; 40];
    assert_eq!(BOUNDARY.store_context(&state, &mut out), Ok(36));
    assert_eq!(out[..8], [4, 0, 0, 0, 5, 0, 0, 0]);
    assert_eq!(out[32..36], [0x20, 0x00, 0x01, 0x20]);
    assert_eq!(out[36..], [0xFF; 4]);
    assert_eq!(
        BOUNDARY.store_context(&state, &mut out[..35]),
        Err(ErrorCode::SIZE)
    );
}

#[test]
fn report_shows_frame_or_says_why_not() {
    let mut process = Process::with_frame(64, FRAME);
    let (start, end) = (process.start(), process.end());
    let mut text = String::new();
    // SAFETY: the memory is this process's own.
    unsafe { BOUNDARY.print_context(start, end, &process.state, &mut text) };
    assert!(text.contains("PC 0x00040102"));
    text.clear();
    process.state.psp = 8;
    // SAFETY: the memory is this process's own.
    unsafe { BOUNDARY.print_context(start, end, &process.state, &mut text) };
    assert!(text.contains("outside its memory"));
}
