//! The real kernel on the host, with drivers, and processes that do what the test tells them.

mod board;
mod boundary;
mod chip;
mod mpu;
mod timer;

use std::cell::{Cell, RefCell};

use capsules_system::process_policies::StopFaultPolicy;
use capsules_system::scheduler::round_robin::{RoundRobinProcessNode, RoundRobinSched};
use kernel::process::{
    self, FaultAction, FunctionCall, FunctionCallSource, Process, ProcessArray, ProcessFaultPolicy,
    ProcessId, State, Task,
};
use kernel::syscall::{Syscall, SyscallReturn};
use kernel::{Kernel, Scheduler};

use crate::app::{self, App};
use crate::loading;
use crate::memory::{self, forever};
use crate::power::{Always, Power};
use crate::syscalls;

pub use board::{Board, DriverTable, Drivers, Hooks};
pub use boundary::{Event, FakeBoundary, Step};
pub use chip::{FakeChip, Thread};
pub use mpu::{FakeConfig, FakeMpu};
pub use timer::FakeTimer;

/// How many processes there can be.
pub const SLOTS: usize = 4;
/// RAM for all processes, in bytes.
pub const RAM: usize = 64 * 1024;
/// Address of the function with which the host wakes a process that waits.
pub const WAKE: usize = 0xA11CE;

/// Turns of the kernel's main loop after which a kernel that is not idle is left alone.
const TURNS: usize = 200;
/// How much memory a process makes accessible to itself, in bytes.
const MEMORY: usize = 2048;
/// Names of processes whose identity does not matter.
const NAMES: [&str; SLOTS] = ["first", "second", "third", "fourth"];
/// Upcall numbers to which [`HostKernel::subscribe`] gives functions of their own.
const UPCALLS: usize = 16;

/// The table of processes.
pub type Slots = ProcessArray<SLOTS>;

/// An upcall that a process got: its number and its three arguments.
pub type Upcall = (usize, [usize; 3]);

/// A kernel with drivers and processes.
///
/// A process executes no code: it makes the system calls that the test has it make, and
/// waits for upcalls in between. `D` finds its drivers and `S` schedules its processes.
pub struct HostKernel<D: DriverTable + 'static = Drivers, S = RoundRobinSched<'static>>
where
    S: Scheduler<FakeChip> + 'static,
{
    /// The kernel.
    pub kernel: &'static Kernel,
    /// The chip, with its MPU and what happened to processes.
    pub chip: &'static FakeChip,
    /// What a board decides.
    pub board: &'static Board<D, S>,
    /// The table of processes.
    pub slots: &'static Slots,
    /// Upcalls that no test has asked for yet, with the places of their processes.
    inbox: RefCell<Vec<(usize, Upcall)>>,
    /// Events of the chip that have been looked through for upcalls.
    looked_through: Cell<usize>,
}

/// A kernel without processes, and its table of processes. Drivers get their grants from it
/// before [`HostKernel::assemble`] puts the rest around it.
pub fn bare_kernel() -> (&'static Kernel, &'static Slots) {
    let slots = forever(Slots::new());
    (forever(Kernel::new(slots.as_slice())), slots)
}

/// The scheduler by turns, of all places of the table.
pub fn round_robin(slots: &'static Slots) -> RoundRobinSched<'static> {
    let scheduler = RoundRobinSched::new();
    for slot in slots.as_slice() {
        let node = forever(RoundRobinProcessNode::new(slot));
        scheduler.processes.push_tail(node);
    }
    scheduler
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

impl HostKernel {
    /// A kernel with `count` processes that nobody's signature vouches for. `make` makes the
    /// drivers, whose grants must come before the processes. A process that fails is a panic.
    pub fn with_processes(count: usize, make: impl FnOnce(&'static Kernel) -> Drivers) -> Self {
        let host = Self::with_drivers(make);
        let apps = &NAMES[..count];
        let apps: Vec<App> = apps
            .iter()
            .map(|name| App::new(name).min_ram(8192))
            .collect();
        host.load(&apps, forever(Always(FaultAction::Panic)));
        host.open_all();
        host
    }

    /// A kernel with one process for each of `ids`, which are the ShortIds that a signature
    /// would give them; 0 is a process without identity. One that fails stops.
    pub fn with_identities(ids: &[u32], make: impl FnOnce(&'static Kernel) -> Drivers) -> Self {
        let host = Self::with_drivers(make);
        let apps: Vec<App> = ids.iter().map(|id| App::identified(*id)).collect();
        host.load_identified(&apps, forever(StopFaultPolicy {}));
        host.open_all();
        host
    }

    fn with_drivers(make: impl FnOnce(&'static Kernel) -> Drivers) -> Self {
        let (kernel, slots) = bare_kernel();
        Self::assemble(kernel, slots, make(kernel), round_robin(slots))
    }
}

impl<D: DriverTable + 'static, S: Scheduler<FakeChip> + 'static> HostKernel<D, S> {
    /// A kernel with these drivers and this scheduler, and no process yet.
    pub fn assemble(
        kernel: &'static Kernel,
        slots: &'static Slots,
        drivers: D,
        scheduler: S,
    ) -> Self {
        HostKernel {
            kernel,
            chip: forever(FakeChip::new()),
            board: forever(Board::new(drivers, scheduler)),
            slots,
            inbox: RefCell::default(),
            looked_through: Cell::new(0),
        }
    }

    /// Loads these apps without a look at their identity, and returns the flash that they
    /// are in.
    ///
    /// # Panics
    /// If one of them does not load.
    pub fn load(&self, apps: &[App], policy: &'static dyn ProcessFaultPolicy) -> &'static [u8] {
        let flash: &'static [u8] = Box::leak(app::list(apps).into_boxed_slice());
        let ram = memory::ram(RAM);
        process::load_processes(self.kernel, self.chip, flash, ram, policy, &Power)
            .expect("the processes load");
        flash
    }

    /// Loads these apps, whose headers say who they are.
    ///
    /// # Panics
    /// If one of them does not load.
    pub fn load_identified(&self, apps: &[App], policy: &'static dyn ProcessFaultPolicy) {
        let flash: &'static [u8] = Box::leak(app::list(apps).into_boxed_slice());
        loading::load(self.kernel, self.chip, flash, policy);
    }

    /// The process of a place of the table, counted from 0.
    ///
    /// # Panics
    /// If there is none.
    pub fn process(&self, index: usize) -> &'static dyn Process {
        self.slots[index].get().expect("a process in this place")
    }

    /// The identifier of a process.
    pub fn id(&self, index: usize) -> ProcessId {
        self.process(index).processid()
    }

    /// The state of a process.
    pub fn state(&self, index: usize) -> State {
        self.process(index).get_state()
    }

    /// The address at which the memory of a process starts.
    pub fn memory(&self, index: usize) -> usize {
        self.process(index).get_addresses().sram_start
    }

    /// One turn of the kernel's main loop.
    pub fn turn(&self) {
        self.kernel
            .kernel_loop_operation(self.board, self.chip, true, &Power);
    }

    /// Runs the kernel until it would sleep, 200 turns at most.
    pub fn run(&self) {
        let sleeps = self.chip.sleeps.get();
        for _ in 0..TURNS {
            self.kernel
                .kernel_loop_operation(self.board, self.chip, false, &Power);
            if self.chip.sleeps.replace(sleeps) != sleeps {
                break;
            }
        }
    }

    /// Appends what a process does next.
    pub fn script(&self, index: usize, steps: impl IntoIterator<Item = Step>) {
        let steps = steps.into_iter();
        self.chip.boundary.script(self.memory(index), steps);
    }

    /// Does something as soon as a process is executed, before the rest of its script.
    pub fn script_first(&self, index: usize, action: impl FnOnce() + 'static) {
        let step = Step::Do(Box::new(action));
        self.chip.boundary.script_first(self.memory(index), step);
    }

    /// Lets a process that waits for any upcall go on with its script.
    ///
    /// # Panics
    /// If its queue of tasks is full.
    pub fn wake(&self, index: usize) {
        self.process(index)
            .enqueue_task(wake_task())
            .expect("the process can be woken");
    }

    /// Has a process make a system call, runs, and returns the answer.
    ///
    /// # Panics
    /// If there is not exactly one answer.
    pub fn call(&self, index: usize, syscall: Syscall) -> SyscallReturn {
        self.call_without_answer(index, syscall);
        let mut answers = self.answers(index);
        assert_eq!(answers.len(), 1, "one answer");
        answers.remove(0)
    }

    /// Has a process make a system call that may go unanswered, and runs.
    pub fn call_without_answer(&self, index: usize, syscall: Syscall) {
        self.clear_events();
        self.script(index, [Step::Call(syscall)]);
        self.wake(index);
        self.run();
    }

    /// Has a process call a command, and returns the answer.
    pub fn command(
        &self,
        index: usize,
        driver: usize,
        number: usize,
        arg0: usize,
        arg1: usize,
    ) -> SyscallReturn {
        self.call(index, syscalls::command(driver, number, arg0, arg1))
    }

    /// Subscribes a process to upcall `number`, below 16. Drivers of one process that are
    /// subscribed to the same number cannot be told apart in [`upcalls`](Self::upcalls).
    ///
    /// # Panics
    /// If the driver refuses.
    pub fn subscribe(&self, index: usize, driver: usize, number: usize) {
        assert!(number < UPCALLS);
        let function = self.first_function(index) + 2 * number;
        let answer = self.call(index, syscalls::subscribe(driver, number, function, 0));
        assert!(matches!(answer, SyscallReturn::SubscribeSuccess(..)));
    }

    /// The function of upcall 0; those of the others follow, two bytes apart.
    fn first_function(&self, index: usize) -> usize {
        self.process(index).get_addresses().flash_start + 201
    }

    /// Allows a driver to write `length` bytes at `offset` in the memory of a process.
    ///
    /// # Panics
    /// If it is refused.
    pub fn allow_rw(
        &self,
        index: usize,
        driver: usize,
        number: usize,
        offset: usize,
        length: usize,
    ) {
        let address = self.memory(index) + offset;
        let answer = self.call(index, syscalls::allow_rw(driver, number, address, length));
        assert!(matches!(answer, SyscallReturn::AllowReadWriteSuccess(..)));
    }

    /// Puts `data` at the start of a process's memory and allows a driver to read it.
    ///
    /// # Panics
    /// If it is refused.
    pub fn allow_ro(&self, index: usize, driver: usize, number: usize, data: &[u8]) {
        self.allow_ro_at(index, driver, number, 0, data);
    }

    /// Puts `data` at `offset` in a process's memory and allows a driver to read it.
    ///
    /// # Panics
    /// If it is refused.
    pub fn allow_ro_at(
        &self,
        index: usize,
        driver: usize,
        number: usize,
        offset: usize,
        data: &[u8],
    ) {
        let address = self.memory(index) + offset;
        for (place, byte) in (address..).zip(data) {
            memory::poke(place, *byte);
        }
        let call = syscalls::allow_ro(driver, number, address, data.len());
        let answer = self.call(index, call);
        assert!(matches!(answer, SyscallReturn::AllowReadOnlySuccess(..)));
    }

    /// `length` bytes at `offset` in the memory of a process.
    pub fn peek(&self, index: usize, offset: usize, length: usize) -> Vec<u8> {
        let start = self.memory(index) + offset;
        (start..start + length).map(memory::peek).collect()
    }

    /// Runs, and returns the upcalls that a process got since it was asked last, of those
    /// to which [`subscribe`](Self::subscribe) subscribed it.
    pub fn upcalls(&self, index: usize) -> Vec<Upcall> {
        self.run();
        self.collect_upcalls();
        let mut inbox = self.inbox.borrow_mut();
        let (own, others) = inbox.drain(..).partition(|(place, _)| *place == index);
        *inbox = others;
        let own: Vec<(usize, Upcall)> = own;
        own.into_iter().map(|(_, upcall)| upcall).collect()
    }

    /// Moves upcalls among the events to the inbox.
    fn collect_upcalls(&self) {
        let events = self.chip.boundary.events();
        let new = events.get(self.looked_through.get()..).unwrap_or(&[]);
        for event in new {
            let Event::Called(start, pc, [a, b, c, _]) = event else {
                continue;
            };
            let mut places = (0..SLOTS).filter(|index| self.slots[*index].get().is_some());
            let Some(index) = places.find(|index| self.memory(*index) == *start) else {
                continue;
            };
            // The start of a process is a call too, of a function of its own.
            let distance = pc.checked_sub(self.first_function(index));
            if let Some(number) = distance.map(|distance| distance / 2) {
                if number < UPCALLS {
                    self.inbox
                        .borrow_mut()
                        .push((index, (number, [*a, *b, *c])));
                }
            }
        }
        self.looked_through.set(events.len());
    }

    /// Forgets what happened to processes, but for their upcalls.
    pub fn clear_events(&self) {
        self.collect_upcalls();
        self.chip.boundary.clear_events();
        self.looked_through.set(0);
    }

    /// The answers that a process got since its last [`call`](Self::call) began.
    pub fn answers(&self, index: usize) -> Vec<SyscallReturn> {
        let start = self.memory(index);
        let answered = |event| match event {
            Event::Answered(process, answer) if process == start => Some(answer),
            _ => None,
        };
        let events = self.chip.boundary.events().into_iter();
        events.filter_map(answered).collect()
    }

    /// The functions that a process was made to execute since the last
    /// [`call`](Self::call) began: address and four arguments.
    pub fn functions(&self, index: usize) -> Vec<(usize, [usize; 4])> {
        let start = self.memory(index);
        let called = |event| match event {
            Event::Called(process, pc, arguments) if process == start && pc != WAKE => {
                Some((pc, arguments))
            }
            _ => None,
        };
        let events = self.chip.boundary.events().into_iter();
        events.filter_map(called).collect()
    }

    /// Makes the first two kilobytes of a process's memory accessible to it.
    fn open(&self, index: usize) {
        let memory_break = self.memory(index) + MEMORY;
        let answer = self.call(index, syscalls::memop(0, memory_break));
        assert_eq!(answer, SyscallReturn::Success);
    }

    fn open_all(&self) {
        self.run();
        let places = (0..SLOTS).filter(|index| self.slots[*index].get().is_some());
        places.for_each(|index| self.open(index));
    }

    /// Stops a process, with no room left for upcalls.
    pub fn stall(&self, index: usize) {
        self.process(index).stop();
        while self.process(index).enqueue_task(wake_task()).is_ok() {}
    }

    /// Lets a stopped process go on, through all that waits for it.
    pub fn resume(&self, index: usize) {
        self.process(index).resume();
        self.run();
    }

    /// Ends a process, as an operator would.
    pub fn end(&self, index: usize) {
        self.process(index).terminate(None);
        self.run();
    }

    /// Starts a process anew. It has to subscribe and allow again.
    pub fn restart(&self, index: usize) {
        self.process(index).try_restart(None);
        self.run();
        self.open(index);
    }
}
