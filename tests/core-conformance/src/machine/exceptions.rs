//! Every exception is recorded, and what it ends or resumes is simple.
//!
//! | exception | what happens after it was recorded |
//! |---|---|
//! | `svc 0` of a process | the process is over, [`run_process`] returns |
//! | `svc 1` of the kernel | the process that [`run_process`] prepared starts |
//! | any other `svc`, interrupts, SysTick, PendSV | the hook runs, then the exception returns |
//! | a fault of a process | the process is over |
//! | a fault of the kernel's thread | the [`attempt`] in which it happened is over |
//! | a fault of a handler | the instruction is passed over |

use core::arch::naked_asm;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

use super::register::{CFSR, HFSR, SHCSR};
use super::{barrier, read, register, write, Code};

/// Return to handler mode.
pub const TO_HANDLER: u32 = 0xFFFF_FFF1;
/// Return to thread mode on the main stack.
pub const TO_MAIN: u32 = 0xFFFF_FFF9;
/// Return to thread mode on the process stack.
pub const TO_PROCESS: u32 = 0xFFFF_FFFD;

/// xPSR: Thumb state.
pub const THUMB: u32 = 1 << 24;

/// CFSR: the exception return itself was invalid.
const INVPC: u32 = 1 << 18;

/// One exception, as its handler found it.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Event {
    /// Exception number.
    pub number: u32,
    /// LR in the handler.
    pub exception_return: u32,
    /// Where the frame is.
    pub frame: u32,
    /// The frame's r0 to r3, r12, lr, pc, xPSR; zeros if it is not in RAM.
    pub words: [u32; 8],
    /// Fault status, before it was cleared.
    pub cfsr: u32,
    /// HardFault status, before it was cleared.
    pub hfsr: u32,
    /// MMFAR.
    pub mmfar: u32,
    /// BFAR.
    pub bfar: u32,
    /// SHCSR: what is pending and active besides.
    pub shcsr: u32,
    /// CONTROL in the handler.
    pub control: u32,
}

impl Event {
    /// Stacked PC.
    pub fn pc(&self) -> u32 {
        self.words[6]
    }

    /// Stacked xPSR.
    pub fn xpsr(&self) -> u32 {
        self.words[7]
    }
}

const EVENT_WORDS: usize = size_of::<Event>() / 4;
const MOST_EVENTS: usize = 12;

static EVENTS: [[AtomicU32; EVENT_WORDS]; MOST_EVENTS] =
    [const { [const { AtomicU32::new(0) }; EVENT_WORDS] }; MOST_EVENTS];
static COUNT: AtomicU32 = AtomicU32::new(0);
static HOOK: AtomicUsize = AtomicUsize::new(0);
static BEFORE_START: AtomicUsize = AtomicUsize::new(0);
/// Whether the process ended by itself, and its r0.
static RESULT: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

/// PSP, CONTROL and EXC_RETURN of the process that `svc 1` starts.
static START: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];
/// Whether the kernel waits for a process.
static IN_PROCESS: AtomicU32 = AtomicU32::new(0);
/// Stack pointer of the attempt, to come back to.
static ATTEMPT: AtomicU32 = AtomicU32::new(0);

/// What runs in the handler of an exception that ends nothing: gets the
/// number and the address of the frame, returns the EXC_RETURN to use (or 0
/// for the one that it came with).
pub type Hook = fn(number: u32, frame: u32) -> u32;

/// Sets the hook, or none.
pub fn set_hook(hook: Option<Hook>) {
    HOOK.store(hook.map_or(0, |hook| hook as usize), Relaxed);
}

fn hook() -> Option<Hook> {
    match HOOK.load(Relaxed) {
        0 => None,
        // SAFETY: only `set_hook` stores, and only a `Hook`.
        hook => Some(unsafe { core::mem::transmute::<usize, Hook>(hook) }),
    }
}

/// Sets what runs in the handler of `svc 1`, right before a process starts.
pub fn before_start(action: Option<fn()>) {
    BEFORE_START.store(action.map_or(0, |action| action as usize), Relaxed);
}

fn run_before_start() {
    let action = BEFORE_START.load(Relaxed);
    if action != 0 {
        // SAFETY: only `before_start` stores, and only a `fn()`.
        unsafe { core::mem::transmute::<usize, fn()>(action)() };
        barrier();
    }
}

/// Number of exceptions since [`forget_events`] (more than are kept, maybe).
pub fn event_count() -> u32 {
    COUNT.load(Relaxed)
}

/// The exceptions since [`forget_events`]; missing ones have number 0.
pub fn events<const N: usize>() -> [Event; N] {
    core::array::from_fn(|index| {
        if index >= event_count() as usize || index >= MOST_EVENTS {
            return Event::default();
        }
        let words: [u32; EVENT_WORDS] =
            core::array::from_fn(|word| EVENTS[index][word].load(Relaxed));
        // SAFETY: `Event` is nothing but words, in that number.
        unsafe { core::mem::transmute::<[u32; EVENT_WORDS], Event>(words) }
    })
}

/// The numbers of the last exceptions, four bits each, the first one highest.
pub fn sequence() -> u32 {
    let count = (event_count() as usize).min(MOST_EVENTS);
    EVENTS[..count].iter().fold(0, |sequence, event| {
        sequence << 4 | event[0].load(Relaxed) & 0xF
    })
}

/// Starts a new record.
pub fn forget_events() {
    COUNT.store(0, Relaxed);
}

/// Priorities, traps and masks as every check expects them: faults 0x00,
/// SVCall 0x20, PendSV and SysTick 0xE0, the interrupts 20 to 23 at 0x80 and
/// on, everything else off.
pub fn reset() {
    use register::*;
    super::set_primask(false);
    super::set_faultmask(false);
    super::set_basepri(0);
    write(VTOR, super::start::vectors());
    write(MPU_CTRL, 0);
    write(SYST_CSR, 0);
    write(AIRCR, 0x05FA_0000);
    write(CCR, 1 << 9);
    write(SHPR1, 0);
    write(SHPR2, 0x20 << 24);
    write(SHPR3, 0xE0E0_00E0);
    write(SHCSR, 7 << 16);
    write(CPACR, 0);
    write(FPCCR, 0);
    write(NVIC_ICER, !0);
    write(NVIC_ICPR, !0);
    write(NVIC_IPR + 20, 0x8080_8080);
    write(NVIC_ISER, 0xF << 20);
    write(ICSR, 1 << 27 | 1 << 25);
    write(CFSR, !0);
    write(HFSR, !0);
    set_hook(None);
    forget_events();
    barrier();
}

/// The one handler.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn vector() {
    naked_asm!(
        "mrs r0, msp",
        "mrs r1, psp",
        "mov r2, lr",
        "mrs r3, ipsr",
        "push {{r4, lr}}",
        "bl {handle}",
        "pop.w {{r4, lr}}",
        "bx r0",
        handle = sym handle,
    )
}

extern "C" fn handle(msp: u32, psp: u32, exception_return: u32, number: u32) -> u32 {
    let from_process = exception_return & 4 != 0;
    let frame = if from_process { psp } else { msp };
    let event = record(number, exception_return, frame);
    match number {
        11 => system_call(&event, from_process),
        3..=6 if exception_return == TO_HANDLER && event.cfsr & INVPC == 0 => {
            skip_instruction(frame)
        }
        // The second half: chained behind another exception of the process,
        // which has turned towards the kernel already.
        3..=6 if from_process || IN_PROCESS.load(Relaxed) != 0 => end_process(),
        3..=6 => end_attempt(frame),
        _ => run_hook(&event),
    }
}

fn record(number: u32, exception_return: u32, frame: u32) -> Event {
    let control: u32;
    // SAFETY: reads a register.
    unsafe { core::arch::asm!("mrs {}, control", out(reg) control, options(nomem, nostack)) };
    let in_ram = (0x2000_0000..=0x2001_7FE0).contains(&frame) && frame.is_multiple_of(4);
    let event = Event {
        number,
        exception_return,
        frame,
        words: core::array::from_fn(|word| match in_ram {
            true => read(frame + 4 * word as u32),
            false => 0,
        }),
        cfsr: read(CFSR),
        hfsr: read(HFSR),
        mmfar: read(register::MMFAR),
        bfar: read(register::BFAR),
        shcsr: read(SHCSR),
        control,
    };
    write(CFSR, event.cfsr);
    write(HFSR, event.hfsr);
    let index = COUNT.load(Relaxed);
    COUNT.store(index + 1, Relaxed);
    if let Some(kept) = EVENTS.get(index as usize) {
        // SAFETY: `Event` is nothing but words, in that number.
        let words = unsafe { core::mem::transmute::<Event, [u32; EVENT_WORDS]>(event) };
        for (kept, word) in kept.iter().zip(words) {
            kept.store(word, Relaxed);
        }
    }
    event
}

fn set_control(control: u32) {
    // SAFETY: only in handlers, right before they return to the code that
    // belongs to this value.
    unsafe { core::arch::asm!("msr control, {}", in(reg) control, options(nomem, nostack)) };
}

fn system_call(event: &Event, from_process: bool) -> u32 {
    let immediate = match event.pc() {
        0 => !0,
        pc => read((pc - 2) & !3) >> (((pc - 2) & 2) * 8) & 0xFF,
    };
    match (immediate, from_process) {
        (0, true) => {
            RESULT[0].store(1, Relaxed);
            RESULT[1].store(event.words[0], Relaxed);
            end_process()
        }
        (1, false) if START[2].load(Relaxed) != 0 => {
            let [psp, control, exception_return] = [0, 1, 2].map(|i| START[i].load(Relaxed));
            // Once: a second `svc` can be chained behind the process's fault.
            START[2].store(0, Relaxed);
            // SAFETY: the process's stack pointer may be anything.
            unsafe { core::arch::asm!("msr psp, {}", in(reg) psp, options(nomem, nostack)) };
            run_before_start();
            set_control(control);
            exception_return
        }
        _ => run_hook(event),
    }
}

fn run_hook(event: &Event) -> u32 {
    let answer = hook().map_or(0, |hook| hook(event.number, event.frame));
    match answer {
        0 => event.exception_return,
        chosen => chosen,
    }
}

fn end_process() -> u32 {
    set_control(0);
    TO_MAIN
}

fn end_attempt(frame: u32) -> u32 {
    write(frame + 24, attempt_failed as *const () as u32 & !1);
    write(frame + 28, read(frame + 28) & (1 << 9) | THUMB);
    TO_MAIN
}

/// A fault within a handler is recorded and passed over.
fn skip_instruction(frame: u32) -> u32 {
    let pc = read(frame + 24);
    let halfword = read(pc & !3) >> ((pc & 2) * 8) & 0xFFFF;
    let length = if halfword >> 11 >= 0b11101 { 4 } else { 2 };
    write(frame + 24, pc + length);
    TO_HANDLER
}

/// Runs `code` privileged with up to three arguments and answers with what it
/// leaves in r0, or with all ones if it faulted.
pub fn attempt(code: Code, arguments: [u32; 3]) -> u32 {
    let [a, b, c] = arguments;
    // SAFETY: the code of a check changes nothing but what the check looks at,
    // and whatever faults in it comes back here with the stack as it was.
    unsafe { attempt_call(code, a, b, c) }
}

#[unsafe(naked)]
unsafe extern "C" fn attempt_call(code: Code, a: u32, b: u32, c: u32) -> u32 {
    naked_asm!(
        "push {{r3-r11, lr}}",
        "movw r4, #:lower16:{attempt}",
        "movt r4, #:upper16:{attempt}",
        "mov r5, sp",
        "str r5, [r4]",
        "mov r4, r0",
        "mov r0, r1",
        "mov r1, r2",
        "mov r2, r3",
        "blx r4",
        "pop {{r3-r11, pc}}",
        attempt = sym ATTEMPT,
    )
}

#[unsafe(naked)]
unsafe extern "C" fn attempt_failed() {
    naked_asm!(
        "movw r4, #:lower16:{attempt}",
        "movt r4, #:upper16:{attempt}",
        "ldr r5, [r4]",
        "mov sp, r5",
        "mov r0, #-1",
        "pop {{r3-r11, pc}}",
        attempt = sym ATTEMPT,
    )
}

/// How a process starts.
#[derive(Clone, Copy)]
pub struct Process {
    /// Its code; returning from it ends the process.
    pub code: Code,
    /// r0 to r3.
    pub arguments: [u32; 4],
    /// The stack pointer that it starts with, a multiple of 8.
    pub stack: u32,
    /// Whether it runs privileged.
    pub privileged: bool,
    /// xPSR that it starts with.
    pub xpsr: u32,
}

/// Runs a process until it ends or faults, and answers with its r0 if it
/// ended by itself.
pub fn run_process(process: Process) -> Option<u32> {
    let psp = process.stack - 32;
    let end = process_end as *const () as u32;
    let pc = process.code as usize as u32 & !1;
    let frame = process
        .arguments
        .into_iter()
        .chain([0, end, pc, process.xpsr]);
    for (word, value) in frame.enumerate() {
        write(psp + 4 * word as u32, value);
    }
    start_process_at(psp, process.privileged)
}

/// Starts a process from whatever lies at `psp`.
pub fn start_process_at(psp: u32, privileged: bool) -> Option<u32> {
    START[0].store(psp, Relaxed);
    START[1].store(u32::from(!privileged), Relaxed);
    START[2].store(TO_PROCESS, Relaxed);
    RESULT[0].store(0, Relaxed);
    IN_PROCESS.store(1, Relaxed);
    // SAFETY: what the process does stays in the play memory, or faults.
    unsafe { start_process() };
    IN_PROCESS.store(0, Relaxed);
    (RESULT[0].load(Relaxed) == 1).then(|| RESULT[1].load(Relaxed))
}

#[unsafe(naked)]
unsafe extern "C" fn start_process() {
    naked_asm!("push {{r3-r11, lr}}", "svc 1", "pop {{r3-r11, pc}}")
}

#[unsafe(naked)]
unsafe extern "C" fn process_end() {
    naked_asm!("svc 0", "b .")
}
