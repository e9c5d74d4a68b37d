//! A process's memory: memop, what is out of its reach, and grants.

use std::collections::HashSet;

use capsules_system::process_policies::StopFaultPolicy;
use kernel::process::{self, Error, State};
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;
use testing::probe::*;
use testing::syscalls::*;
use testing::*;

fn board() -> ProbedKernel {
    let host = HostKernel::probed(&[App::new("app")]);
    host.run();
    host
}

const NOMEM: SyscallReturn = SyscallReturn::Failure(ErrorCode::NOMEM);

fn pointer(answer: SyscallReturn) -> usize {
    match answer {
        SyscallReturn::SuccessPtr(pointer) => pointer.addr(),
        other => panic!("no pointer: {other:?}"),
    }
}

/// The MPU lets the process reach nothing that the kernel keeps.
fn assert_walled(host: &ProbedKernel) {
    let at = host.process(0).get_addresses();
    let (start, end) = host.chip.mpu.reachable.get().expect("nothing loaded");
    assert_eq!(start, at.sram_start);
    assert!(end >= at.sram_app_brk);
    assert!(end <= at.sram_grant_start, "{end:#x} > {at:x?}");
    assert!(at.sram_grant_start <= at.sram_end);
}

#[test]
fn first_function_gets_the_memory_map() {
    let app = App {
        protected_trailer: 96,
        init_offset: 0x1D,
        ..App::new("app")
    };
    let host = HostKernel::probed(&[app]);
    host.run();
    let at = host.process(0).get_addresses();
    let header = at.flash_non_protected_start - 96 - at.flash_start;
    assert_eq!(
        host.functions(0),
        [(
            at.flash_start + header + 0x1D,
            [
                at.flash_non_protected_start,
                at.sram_start,
                at.sram_end - at.sram_start,
                at.sram_start + 32
            ]
        )]
    );
}

#[test]
fn brk_moves_the_break() {
    let host = board();
    let at = host.process(0).get_addresses();
    for target in [at.sram_start + 1000, at.sram_start, at.sram_start + 4000] {
        assert_eq!(host.call(0, memop(0, target)), SyscallReturn::Success);
        assert_eq!(host.process(0).get_addresses().sram_app_brk, target);
        assert_walled(&host);
    }
    for target in [
        at.sram_start - 1,
        at.sram_grant_start + 1,
        at.sram_end,
        at.sram_end + 1,
        0,
        usize::MAX,
    ] {
        assert_eq!(host.call(0, memop(0, target)), NOMEM);
        assert_walled(&host);
    }
    assert_eq!(
        host.process(0).get_addresses().sram_app_brk,
        at.sram_start + 4000
    );
}

#[test]
fn sbrk_moves_by_a_difference_and_returns_the_old_break() {
    let host = board();
    let start = host.memory(0);
    assert_eq!(pointer(host.call(0, memop(1, 0))), start + 32);
    assert_eq!(pointer(host.call(0, memop(1, 100))), start + 32);
    let minus = 20usize.wrapping_neg();
    assert_eq!(pointer(host.call(0, memop(1, minus))), start + 132);
    assert_eq!(pointer(host.call(0, memop(1, 0))), start + 112);
    for difference in [
        isize::MAX as usize,
        isize::MIN as usize,
        1 << 30,
        113usize.wrapping_neg(),
    ] {
        assert_eq!(host.call(0, memop(1, difference)), NOMEM);
    }
}

#[test]
fn new_memory_reads_as_zeroes() {
    let host = board();
    let start = host.memory(0);
    host.call(0, memop(0, start + 600));
    assert!((start + 32..start + 600).all(|address| peek(address) == 0));
    (start..start + 600).for_each(|address| poke(address, 0xEE));
    host.call(0, memop(0, start + 300));
    host.call(0, memop(0, start + 700));
    assert!((start..start + 300).all(|address| peek(address) == 0xEE));
    assert!((start + 300..start + 700).all(|address| peek(address) == 0));
}

/// The end of what the MPU lets the first process reach.
fn reachable(host: &ProbedKernel) -> usize {
    host.process(0).setup_mpu();
    let (start, end) = host.chip.mpu.reachable.get().expect("a process is loaded");
    assert_eq!(start, host.memory(0));
    end
}

#[test]
fn what_the_mpu_opens_above_the_break_is_zeroes() {
    // From the start on: the memory was another's before.
    let memory = ram(32 * 1024);
    memory.fill(0xEE);
    let flash: &'static [u8] = Box::leak(app::list(&[App::new("a")]).into_boxed_slice());
    let (kernel, slots) = bare_kernel();
    let chip = forever(FakeChip::new());
    let policy = forever(StopFaultPolicy {});
    process::load_processes(kernel, chip, flash, memory, policy, &Power).expect("it loads");
    let process = slots.as_slice()[0].get().expect("a process");
    process.setup_mpu();
    let (_, end) = chip.mpu.reachable.get().expect("it has memory");
    let app_break = process.get_addresses().sram_app_brk;
    assert!(app_break < end, "the break lies within a step");
    assert!((app_break..end).all(|address| peek(address) == 0));

    // After each move of the break, up and down, and after a restart.
    let host = board();
    let start = host.memory(0);
    for target in [start + 600, start + 100, start + 1_300, start + 1_290] {
        let before = reachable(&host);
        (start..before).for_each(|address| poke(address, 0xEE));
        let kept = target.min(host.process(0).get_addresses().sram_app_brk);
        assert_eq!(host.call(0, memop(0, target)), SyscallReturn::Success);
        let end = reachable(&host);
        assert!(target < end);
        assert!((start..kept).all(|address| peek(address) == 0xEE));
        assert!((kept..end).all(|address| peek(address) == 0), "{kept:#x}");
    }
    let end = reachable(&host);
    (start..end).for_each(|address| poke(address, 0xEE));
    host.process(0).try_restart(None);
    let app_break = host.process(0).get_addresses().sram_app_brk;
    let end = reachable(&host);
    assert!((app_break..end).all(|address| peek(address) == 0));
}

#[test]
fn break_stays_above_what_was_shared() {
    let host = board();
    let start = host.memory(0);
    host.call(0, memop(0, start + 2000));
    host.call(0, allow_rw(DRIVER, 0, start + 1000, 100));
    host.call(0, allow_ro(DRIVER, 0, start + 1100, 50));
    host.call(0, allow_rw(DRIVER, 0, 0, 0));
    host.call(0, allow_ro(DRIVER, 0, 0, 0));
    assert_eq!(host.call(0, memop(0, start + 1149)), NOMEM);
    assert_eq!(host.call(0, memop(0, start + 1150)), SyscallReturn::Success);
    // A buffer in flash does not count.
    let flash = host.process(0).get_addresses().flash_start;
    host.call(0, allow_ro(DRIVER, 0, flash, 10));
    assert_eq!(host.call(0, memop(0, start + 1150)), SyscallReturn::Success);
}

#[test]
fn memop_tells_addresses() {
    let app = App::new("app").element(
        2,
        &[64u32, 128, 200, 16]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<_>>(),
    );
    let host = HostKernel::probed(&[app]);
    host.run();
    let at = host.process(0).get_addresses();
    let address = |value| SyscallReturn::SuccessAddr(value);
    assert_eq!(host.call(0, memop(2, 0)), address(at.sram_start));
    assert_eq!(host.call(0, memop(3, 0)), address(at.sram_end));
    assert_eq!(host.call(0, memop(4, 0)), address(at.flash_start));
    assert_eq!(host.call(0, memop(5, 0)), address(at.flash_end));
    assert_eq!(host.call(0, memop(6, 0)), address(at.sram_grant_start));
    assert_eq!(host.call(0, memop(7, 0)), SyscallReturn::SuccessU32(2));
    assert_eq!(host.call(0, memop(8, 0)), address(at.flash_start + 64));
    assert_eq!(host.call(0, memop(9, 0)), address(at.flash_start + 192));
    assert_eq!(host.call(0, memop(8, 1)), address(at.flash_start + 200));
    assert_eq!(host.call(0, memop(9, 1)), address(at.flash_start + 216));
    for region in [2, 3, usize::MAX] {
        for operation in [8, 9] {
            assert_eq!(
                host.call(0, memop(operation, region)),
                SyscallReturn::Failure(ErrorCode::FAIL)
            );
        }
    }
}

#[test]
fn memop_takes_debug_hints_and_refuses_the_unknown() {
    let host = board();
    let start = host.memory(0);
    assert_eq!(host.call(0, memop(10, start + 24)), SyscallReturn::Success);
    assert_eq!(host.call(0, memop(11, start + 28)), SyscallReturn::Success);
    assert_eq!(host.call(0, memop(10, 3)), SyscallReturn::Success);
    let at = host.process(0).get_addresses();
    assert_eq!(at.sram_stack_top, Some(start + 24));
    assert_eq!(at.sram_heap_start, Some(start + 28));
    for operation in [12, 13, 255, usize::MAX] {
        assert_eq!(
            host.call(0, memop(operation, 0)),
            SyscallReturn::Failure(ErrorCode::NOSUPPORT)
        );
    }
}

#[test]
fn grants_and_break_never_meet() {
    let host = board();
    let process = host.process(0);
    let start = host.memory(0);
    let mut addresses = HashSet::new();
    let mut random = Random(1);
    for round in 0..4000 {
        let at = process.get_addresses();
        match random.below(3) {
            0 => {
                let target = start + random.below(at.sram_end - start + 64);
                host.call(0, memop(0, target));
            }
            1 => {
                let align = 1 << random.below(5);
                if let Ok((_, memory)) = process.allocate_custom_grant(random.below(40), align) {
                    assert_eq!(memory.as_ptr().addr() % align, 0);
                    assert!(memory.as_ptr().addr() >= at.sram_app_brk);
                    assert!(memory.as_ptr().addr() <= at.sram_grant_start);
                    addresses.insert(memory.as_ptr().addr());
                }
            }
            _ if round % 50 == 0 => {
                process.try_restart(None);
                addresses.clear();
            }
            _ => {
                host.call(0, command(DRIVER, commands::COUNT, 0, 0));
            }
        }
        host.wake(0);
        host.run();
        assert_walled(&host);
        assert_eq!(host.memory(0), start);
    }
    assert!(process.get_restart_count() > 3);
}

/// A small generator of numbers that repeat from run to run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

#[test]
fn grant_requests_that_overflow_fail() {
    let host = board();
    let process = host.process(0);
    for size in [usize::MAX, usize::MAX - 7, isize::MAX as usize, 1 << 20] {
        for align in [1, 4, 1 << 12, 1 << 62] {
            assert!(process.allocate_custom_grant(size, align).is_err());
            assert!(process.allocate_grant(0, DRIVER, size, align).is_err());
        }
    }
    assert!(process.allocate_custom_grant(8, 0).is_err());
    assert!(
        process.allocate_grant(1, DRIVER, 8, 4).is_err(),
        "no such grant"
    );
    assert!(process.allocate_grant(0, DRIVER, 8, 4).is_ok());
    assert!(process.allocate_grant(0, DRIVER, 8, 4).is_err(), "twice");
    assert_eq!(process.grant_is_allocated(1), None);
    assert_eq!(process.enter_grant(7), Err(Error::AddressOutOfBounds));
}

#[test]
fn grant_keeps_its_value_until_restart() {
    let host = board();
    for expected in 1..=3 {
        assert_eq!(
            host.call(0, command(DRIVER, commands::COUNT, 0, 0)),
            SyscallReturn::SuccessU32(expected)
        );
    }
    let at = host.process(0).get_addresses();
    let grants = at.sram_grant_start..at.sram_end - control_block(&host);
    host.process(0).try_restart(None);
    assert!(
        grants.clone().all(|address| peek(address) == 0),
        "old grants are erased"
    );
    host.run();
    assert_eq!(
        host.call(0, command(DRIVER, commands::COUNT, 0, 0)),
        SyscallReturn::SuccessU32(1)
    );
}

/// The most that table and control block can take.
fn control_block(host: &ProbedKernel) -> usize {
    let sizes = host.process(0).get_sizes();
    (sizes.process_control_block + sizes.grant_pointers).next_multiple_of(16) + 16
}

#[test]
fn entered_grant_is_exclusive() {
    let host = board();
    let id = host.id(0);
    let try_enter = || {
        let granted = host.probe().grant.iter().next().unwrap();
        granted.try_enter(|data, _| data.count)
    };
    let inner = host.probe().grant.enter(id, |_, _| try_enter()).unwrap();
    assert_eq!(inner, None);
    // It is left again, also after try_enter.
    assert_eq!(try_enter(), Some(0));
    assert_eq!(try_enter(), Some(0));
}

#[test]
#[should_panic(expected = "grant cannot be entered")]
fn entering_twice_panics() {
    let host = board();
    let id = host.id(0);
    let _ = host
        .probe()
        .grant
        .enter(id, |_, _| host.probe().grant.enter(id, |_, _| ()));
}

#[test]
fn grant_in_use_survives_the_end_of_its_process() {
    let host = board();
    let id = host.id(0);
    let process = host.process(0);
    host.probe()
        .grant
        .enter(id, |data, _| {
            data.count = 77;
            process.try_restart(None);
            // The memory is not given to the next run while it is in use.
            assert_eq!(process.get_state(), State::Terminated);
            assert_eq!(data.count, 77);
        })
        .unwrap();
    process.start(&Power);
    assert_eq!(process.get_state(), State::Yielded);
}

#[test]
fn each_visits_the_processes_that_use_the_grant() {
    let apps = ["a", "b", "c"].map(|name| App::new(name).min_ram(2048));
    let host = HostKernel::probed(&apps);
    host.run();
    for index in [0, 2] {
        host.probe()
            .grant
            .enter(host.id(index), |data, _| data.count = index as u32 + 1)
            .unwrap();
    }
    let mut seen = Vec::new();
    host.probe()
        .grant
        .each(|id, data, _| seen.push((id, data.count)));
    assert_eq!(seen, [(host.id(0), 1), (host.id(2), 3)]);
    host.process(0).terminate(None);
    assert_eq!(host.probe().grant.iter().count(), 1);
}

#[test]
fn custom_grants_last_one_run() {
    let host = board();
    let id = host.id(0);
    let mut custom = host
        .probe()
        .grant
        .enter_with_allocator(id, |_, _, allocator| {
            allocator
                .alloc_n_with::<u32, _, 4>(|index| index as u32 * 3)
                .unwrap()
        })
        .unwrap();
    assert_eq!(custom.enter(|data| *data), Ok([0, 3, 6, 9]));
    custom.enter(|mut data| data[1] = 100).unwrap();
    assert_eq!(custom.enter(|data| data[1]), Ok(100));
    host.process(0).try_restart(None);
    assert_eq!(custom.enter(|data| data[1]), Err(Error::NoSuchApp));
}

#[test]
fn extra_regions_come_and_go() {
    let host = board();
    let process = host.process(0);
    let shared = ram(4096).as_ptr();
    let regions: Vec<_> = (0..8)
        .map(|i| process.add_mpu_region(shared.wrapping_add(i * 256), 256, 256))
        .collect();
    assert_eq!(regions.iter().flatten().count(), 6, "six at the most");
    let first = regions[0].unwrap();
    assert_eq!(process.remove_mpu_region(first), Ok(()));
    assert_eq!(process.remove_mpu_region(first), Err(ErrorCode::INVAL));
    assert!(process.add_mpu_region(shared, 256, 256).is_some());
    // A restart takes them back.
    process.try_restart(None);
    assert_eq!(process.remove_mpu_region(first), Err(ErrorCode::INVAL));
}

#[test]
fn buffers_of_a_past_run_are_out_of_reach() {
    let host = board();
    let start = host.memory(0);
    host.call(0, memop(0, start + 1024));
    host.call(0, allow_readable(DRIVER, 0, start + 512, 16));
    host.process(0).try_restart(None);
    host.run();
    poke(start + 512, 0x11);
    assert_eq!(
        host.call(0, command(DRIVER, commands::FILL_READABLE, 0, 0x22)),
        SyscallReturn::Failure(ErrorCode::INVAL)
    );
    assert_eq!(peek(start + 512), 0x11);
    // Nor is anything shared in the new run.
    assert_eq!(
        host.call(0, command(DRIVER, commands::FILL, 0, 0x33)),
        SyscallReturn::SuccessU32(0)
    );
}
