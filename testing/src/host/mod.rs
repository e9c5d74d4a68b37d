//! A board of plain Rust: scripted processes, an MPU that remembers, a driver, and the real kernel between them.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test program uses its own part"
)]

pub mod board;
pub mod boundary;
pub mod chip;
pub mod loading;
pub mod plain_board;
pub mod probe;

use std::cell::{Cell, RefCell};
use std::sync::atomic::AtomicUsize;

use capsules_system::scheduler::priority::WakeHint;
use capsules_system::scheduler::round_robin::{RoundRobinProcessNode, RoundRobinSched};
use kernel::capabilities;
use kernel::platform::{ContextSwitchCallback, ProcessFault};
use kernel::process::{
    self, FunctionCall, FunctionCallSource, Process, ProcessArray, ProcessFaultPolicy, ProcessId,
    State, Task,
};
use kernel::syscall::{Syscall, SyscallReturn};
use kernel::utilities::capability_ptr::CapabilityPtr;
use kernel::{Kernel, Scheduler};

pub use crate::app::{self as image, App};
pub use crate::clock::Clock;
pub use board::Board;
pub use boundary::{Event, Step};
pub use chip::FakeChip;
pub use plain_board::{Drivers, PlainBoard};
pub use probe::{TestDriver, DRIVER, DRIVER_WITHOUT_GRANT, MISSING_DRIVER};

/// How many places the table of processes has.
pub const SLOTS: usize = 4;
/// Address of the function with which tests wake a process that waits.
pub const WAKE: usize = 0xA11CE;
/// RAM for all processes, in bytes.
pub const RAM: usize = 64 * 1024;

/// All powers.
pub struct Power;
// SAFETY: tests are trusted.
unsafe impl capabilities::ProcessManagementCapability for Power {}
// SAFETY: tests are trusted.
unsafe impl capabilities::ProcessStartCapability for Power {}
// SAFETY: tests are trusted.
unsafe impl capabilities::MainLoopCapability for Power {}
// SAFETY: tests are trusted.
unsafe impl capabilities::MemoryAllocationCapability for Power {}

/// Something that lives as long as the test program.
pub fn forever<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// RAM at a multiple of 64, filled with a pattern.
pub fn ram(len: usize) -> &'static mut [u8] {
    let memory = Box::leak(vec![0xA5u8; len + 64].into_boxed_slice());
    let skip = memory.as_ptr().align_offset(64);
    &mut memory[skip..skip + len]
}

/// Reads a byte of a process's memory.
pub fn peek(address: usize) -> u8 {
    let pointer: *const u8 = core::ptr::with_exposed_provenance(address);
    // SAFETY: tests pass addresses in blocks that live for ever.
    unsafe { pointer.read_volatile() }
}

/// Writes a byte of a process's memory, as the process would.
pub fn poke(address: usize, value: u8) {
    let pointer: *mut u8 = core::ptr::with_exposed_provenance_mut(address);
    // SAFETY: tests pass addresses in blocks that live for ever.
    unsafe { pointer.write_volatile(value) }
}

/// A board with loaded apps.
pub struct Rig<S: Scheduler<FakeChip> + 'static = RoundRobinSched<'static>> {
    pub kernel: &'static Kernel,
    pub chip: &'static FakeChip,
    pub board: &'static Board<S>,
    pub driver: &'static TestDriver,
    pub slots: &'static ProcessArray<SLOTS>,
}

/// A scheduler of all places of the table.
pub fn round_robin(slots: &'static ProcessArray<SLOTS>) -> RoundRobinSched<'static> {
    let scheduler = RoundRobinSched::new();
    for slot in slots.as_slice() {
        let node = forever(RoundRobinProcessNode::new(slot));
        scheduler.processes.push_tail(node);
    }
    scheduler
}

/// The kernel's hint for a scheduler by priorities.
pub struct Woken(pub &'static Kernel);

impl WakeHint for Woken {
    fn take_woken(&self) -> bool {
        self.0.take_process_woke(&Power)
    }
}

/// The task that wakes a process which waits for any upcall.
pub fn wake_task() -> Task {
    Task::FunctionCall(FunctionCall {
        source: FunctionCallSource::Kernel,
        argument0: 0,
        argument1: 0,
        argument2: 0,
        argument3: 0.into(),
        pc: WAKE.into(),
    })
}

/// A fault policy that does what it is told.
pub struct Told(pub process::FaultAction);

impl ProcessFaultPolicy for Told {
    fn action(&self, _process: &dyn Process) -> process::FaultAction {
        self.0
    }
}

/// Tells test programs apart that give out numbers.
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// A number that nobody else in this program has.
pub fn unique() -> usize {
    NEXT.fetch_add(1, core::sync::atomic::Ordering::Relaxed)
}

impl Rig {
    /// A board with these apps, stopped when they fail, scheduled round robin.
    pub fn new(apps: &[App]) -> Rig {
        Rig::with_policy(apps, forever(Told(process::FaultAction::Stop)))
    }

    /// A board with these apps and this fault policy.
    pub fn with_policy(apps: &[App], policy: &'static dyn ProcessFaultPolicy) -> Rig {
        let slots = forever(ProcessArray::<SLOTS>::new());
        let kernel = forever(Kernel::new(slots.as_slice()));
        Rig::assemble(apps, policy, slots, kernel, round_robin(slots))
    }
}

impl<S: Scheduler<FakeChip> + 'static> Rig<S> {
    pub fn assemble(
        apps: &[App],
        policy: &'static dyn ProcessFaultPolicy,
        slots: &'static ProcessArray<SLOTS>,
        kernel: &'static Kernel,
        scheduler: S,
    ) -> Rig<S> {
        let chip = forever(FakeChip::new());
        let driver = forever(TestDriver::new(kernel));
        let board = forever(Board::new(driver, scheduler));
        let flash = Box::leak(image::list(apps).into_boxed_slice());
        process::load_processes(kernel, chip, flash, ram(RAM), policy, &Power).unwrap();
        Rig {
            kernel,
            chip,
            board,
            driver,
            slots,
        }
    }

    /// The process of a place.
    pub fn process(&self, index: usize) -> &'static dyn Process {
        self.slots[index].get().expect("no process in this place")
    }

    /// The identifier of the process of a place.
    pub fn id(&self, index: usize) -> ProcessId {
        self.process(index).processid()
    }

    /// Start of the memory of the process of a place.
    pub fn start_of(&self, index: usize) -> usize {
        self.process(index).get_addresses().sram_start
    }

    /// What the process of a place does next.
    pub fn script(&self, index: usize, steps: impl IntoIterator<Item = Step>) {
        self.chip
            .boundary
            .script(self.start_of(index), steps.into_iter());
    }

    /// Does something as soon as the process of a place is executed.
    pub fn script_first(&self, index: usize, action: impl FnOnce() + 'static) {
        self.chip
            .boundary
            .script_first(self.start_of(index), Step::Do(Box::new(action)));
    }

    /// Runs the kernel until nothing happens any more.
    pub fn run(&self) {
        for _ in 0..200 {
            self.turn();
        }
    }

    /// One turn of the kernel loop.
    pub fn turn(&self) {
        self.kernel
            .kernel_loop_operation(self.board, self.chip, true, &Power);
    }

    /// Has the process of a place make a system call, runs, and returns the
    /// answer (the last one if there were several).
    pub fn call(&self, index: usize, syscall: Syscall) -> SyscallReturn {
        self.call_without_answer(index, syscall);
        self.answers(index)
            .pop()
            .expect("the system call was not answered")
    }

    /// The answers that the process of a place got.
    pub fn answers(&self, index: usize) -> Vec<SyscallReturn> {
        let start = self.start_of(index);
        self.chip
            .boundary
            .events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Answered(process, answer) if process == start => Some(answer),
                _ => None,
            })
            .collect()
    }

    /// The functions that the process of a place was made to execute: address
    /// and four arguments.
    pub fn functions(&self, index: usize) -> Vec<(usize, [usize; 4])> {
        let start = self.start_of(index);
        self.chip
            .boundary
            .events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Called(process, pc, arguments) if process == start && pc != WAKE => {
                    Some((pc, arguments))
                }
                _ => None,
            })
            .collect()
    }

    pub fn state(&self, index: usize) -> State {
        self.process(index).get_state()
    }
}

pub fn command(driver: usize, number: usize, arg0: usize, arg1: usize) -> Syscall {
    Syscall::Command {
        driver_number: driver,
        subdriver_number: number,
        arg0,
        arg1,
    }
}

pub fn subscribe(driver: usize, number: usize, function: usize, data: usize) -> Syscall {
    Syscall::Subscribe {
        driver_number: driver,
        subdriver_number: number,
        upcall_ptr: CapabilityPtr::from(function),
        appdata: data.into(),
    }
}

pub fn allow_rw(driver: usize, number: usize, address: usize, size: usize) -> Syscall {
    Syscall::ReadWriteAllow {
        driver_number: driver,
        subdriver_number: number,
        allow_address: core::ptr::with_exposed_provenance_mut(address),
        allow_size: size,
    }
}

pub fn allow_ro(driver: usize, number: usize, address: usize, size: usize) -> Syscall {
    Syscall::ReadOnlyAllow {
        driver_number: driver,
        subdriver_number: number,
        allow_address: core::ptr::with_exposed_provenance(address),
        allow_size: size,
    }
}

pub fn allow_readable(driver: usize, number: usize, address: usize, size: usize) -> Syscall {
    Syscall::UserspaceReadableAllow {
        driver_number: driver,
        subdriver_number: number,
        allow_address: core::ptr::with_exposed_provenance_mut(address),
        allow_size: size,
    }
}

pub fn memop(operand: usize, arg0: usize) -> Syscall {
    Syscall::Memop { operand, arg0 }
}

pub fn exit(which: usize, completion_code: usize) -> Syscall {
    Syscall::Exit {
        which,
        completion_code,
    }
}

pub fn yield_no_wait(flag: usize) -> Syscall {
    Syscall::Yield {
        which: 0,
        param_a: flag,
        param_b: 0,
    }
}

pub fn yield_wait() -> Syscall {
    Syscall::Yield {
        which: 1,
        param_a: 0,
        param_b: 0,
    }
}

pub fn yield_wait_for(driver: usize, number: usize) -> Syscall {
    Syscall::Yield {
        which: 2,
        param_a: driver,
        param_b: number,
    }
}

/// What the answers of subscribe and allow look like, as plain numbers.
#[derive(Debug, PartialEq, Eq)]
pub enum Swap {
    Before(usize, usize),
    Refused(kernel::ErrorCode, usize, usize),
}

pub fn swap(answer: SyscallReturn) -> Swap {
    use SyscallReturn as R;
    match answer {
        R::AllowReadWriteSuccess(p, n) | R::UserspaceReadableAllowSuccess(p, n) => {
            Swap::Before(p.addr(), n)
        }
        R::AllowReadOnlySuccess(p, n) => Swap::Before(p.addr(), n),
        R::SubscribeSuccess(p, n) => Swap::Before(p.addr(), n),
        R::AllowReadWriteFailure(e, p, n) | R::UserspaceReadableAllowFailure(e, p, n) => {
            Swap::Refused(e, p.addr(), n)
        }
        R::AllowReadOnlyFailure(e, p, n) => Swap::Refused(e, p.addr(), n),
        R::SubscribeFailure(e, p, n) => Swap::Refused(e, p.addr(), n),
        other => panic!("not the answer of a swap: {other:?}"),
    }
}

/// Counts hooks and faults of a board.
#[derive(Default)]
pub struct Hooks {
    pub faults: Cell<usize>,
    /// States of the processes that had made an exit call.
    pub exits: RefCell<Vec<State>>,
    pub repair: Cell<bool>,
    pub switches: Cell<usize>,
}

impl ProcessFault for Hooks {
    fn process_fault_hook(&self, _process: &dyn Process) -> Result<(), ()> {
        self.faults.set(self.faults.get() + 1);
        if self.repair.get() {
            Ok(())
        } else {
            Err(())
        }
    }

    fn process_exit_hook(&self, process: &dyn Process) {
        self.exits.borrow_mut().push(process.get_state());
    }
}

impl ContextSwitchCallback for Hooks {
    fn context_switch_hook(&self, _process: &dyn Process) {
        self.switches.set(self.switches.get() + 1);
    }
}

impl<S: Scheduler<FakeChip> + 'static> Rig<S> {
    /// Has the process of a place make a system call that may go unanswered.
    pub fn call_without_answer(&self, index: usize, syscall: Syscall) {
        self.chip.boundary.clear_events();
        self.script(index, [Step::Call(syscall)]);
        self.wake(index);
        self.run();
    }

    /// Lets a process that waits for any upcall go on with its script.
    pub fn wake(&self, index: usize) {
        self.process(index)
            .enqueue_task(wake_task())
            .expect("process cannot be woken");
    }
}

impl<S: Scheduler<FakeChip> + 'static> Rig<S> {
    /// Executes the process of place 0 once, so that the MPU has its regions.
    pub fn run_until_loaded(&self) {
        self.wake(0);
        self.run();
    }
}
