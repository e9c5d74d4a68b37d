//! Capsules behind the real kernel, called by scripted processes.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::cell::Cell;

use kernel::capabilities;
use kernel::process::{self, Process, ProcessArray, ProcessId};
use kernel::syscall::{Syscall, SyscallReturn};
use kernel::Kernel;

use crate::host::{
    self, forever, App, Drivers, Event, FakeChip, PlainBoard, Power, Step, Told, WAKE,
};

/// How much memory each process has made accessible, in bytes.
const MEMORY: usize = 2048;

/// A kernel with drivers and processes, which are told what to call.
pub struct Bench {
    kernel: &'static Kernel,
    chip: &'static FakeChip,
    board: &'static PlainBoard,
    slots: &'static ProcessArray<{ host::SLOTS }>,
    /// Upcalls of each process that a test has seen.
    seen: Vec<Cell<usize>>,
}

/// An upcall that a process got: number and arguments.
pub type Upcall = (usize, [usize; 3]);

impl Bench {
    /// Two processes that nobody's signature vouches for. `make` creates the
    /// drivers, whose grants must come before the processes.
    pub fn new(make: impl FnOnce(&'static Kernel) -> Drivers) -> Self {
        let apps = ["first", "second"].map(|name| App::new(name).min_ram(8192));
        Bench::load(&apps, make, |kernel, chip, flash| {
            let policy = forever(Told(process::FaultAction::Panic));
            process::load_processes(kernel, chip, flash, host::ram(host::RAM), policy, &Power)
                .expect("the processes load");
        })
    }

    /// Processes of these apps, loaded by `load` from a list of objects.
    pub fn load(
        apps: &[App],
        make: impl FnOnce(&'static Kernel) -> Drivers,
        load: impl FnOnce(&'static Kernel, &'static FakeChip, &'static [u8]),
    ) -> Self {
        let slots = forever(ProcessArray::new());
        let kernel: &'static Kernel = forever(Kernel::new(slots.as_slice()));
        let chip = forever(FakeChip::new());
        let board = forever(PlainBoard::new(make(kernel), host::round_robin(slots)));
        load(
            kernel,
            chip,
            Box::leak(host::image::list(apps).into_boxed_slice()),
        );
        let bench = Bench {
            kernel,
            chip,
            board,
            slots,
            seen: apps.iter().map(|_| Cell::new(0)).collect(),
        };
        bench.run();
        for index in 0..apps.len() {
            let memory_break = bench.memory(index) + MEMORY;
            assert_eq!(
                bench.call(index, host::memop(0, memory_break)),
                SyscallReturn::Success
            );
        }
        bench
    }

    pub fn run(&self) {
        for _ in 0..40 {
            self.kernel
                .kernel_loop_operation(self.board, self.chip, true, &Power);
        }
    }

    fn process(&self, index: usize) -> &'static dyn Process {
        self.slots[index].get().expect("a process in this place")
    }

    pub fn id(&self, index: usize) -> ProcessId {
        self.process(index).processid()
    }

    /// Start of the memory of a process.
    pub fn memory(&self, index: usize) -> usize {
        self.process(index).get_addresses().sram_start
    }

    /// Has a process make a system call. Upcalls that come with it stay.
    pub fn call(&self, index: usize, syscall: Syscall) -> SyscallReturn {
        let start = self.memory(index);
        let before = self.answers(index).len();
        self.chip
            .boundary
            .script(start, [Step::Call(syscall)].into_iter());
        self.process(index)
            .enqueue_task(host::wake_task())
            .expect("the process can be woken");
        self.run();
        let mut answers = self.answers(index);
        assert_eq!(answers.len(), before + 1, "one answer");
        answers.pop().unwrap()
    }

    fn answers(&self, index: usize) -> Vec<SyscallReturn> {
        let start = self.memory(index);
        let answered = |event| match event {
            Event::Answered(process, answer) if process == start => Some(answer),
            _ => None,
        };
        self.chip
            .boundary
            .events()
            .into_iter()
            .filter_map(answered)
            .collect()
    }

    pub fn command(
        &self,
        index: usize,
        driver: usize,
        number: usize,
        arg0: usize,
        arg1: usize,
    ) -> SyscallReturn {
        self.call(index, host::command(driver, number, arg0, arg1))
    }

    /// Subscribes a process to upcall `number`; its function is told by address.
    pub fn subscribe(&self, index: usize, driver: usize, number: usize) {
        let function = self.function(index, number);
        let answer = self.call(index, host::subscribe(driver, number, function, 0));
        assert!(matches!(answer, SyscallReturn::SubscribeSuccess(..)));
    }

    fn function(&self, index: usize, number: usize) -> usize {
        self.process(index).get_addresses().flash_start + 101 + 2 * number
    }

    /// Allows `length` bytes at `offset` of a process's memory.
    pub fn allow_rw(
        &self,
        index: usize,
        driver: usize,
        number: usize,
        offset: usize,
        length: usize,
    ) {
        let address = self.memory(index) + offset;
        let answer = self.call(index, host::allow_rw(driver, number, address, length));
        assert!(matches!(answer, SyscallReturn::AllowReadWriteSuccess(..)));
    }

    /// Puts `data` at the start of a process's memory and allows it.
    pub fn allow_ro(&self, index: usize, driver: usize, number: usize, data: &[u8]) {
        let address = self.memory(index);
        for (place, byte) in (address..).zip(data) {
            host::poke(place, *byte);
        }
        let answer = self.call(index, host::allow_ro(driver, number, address, data.len()));
        assert!(matches!(answer, SyscallReturn::AllowReadOnlySuccess(..)));
    }

    /// Bytes of a process's memory.
    pub fn peek(&self, index: usize, offset: usize, length: usize) -> Vec<u8> {
        let start = self.memory(index) + offset;
        (start..start + length).map(host::peek).collect()
    }

    /// The upcalls that a process got since it was asked last.
    pub fn upcalls(&self, index: usize) -> Vec<Upcall> {
        self.run();
        let start = self.memory(index);
        let first = self.function(index, 0);
        let called = |event| match event {
            Event::Called(process, pc, [a, b, c, _]) if process == start && pc != WAKE => {
                Some(((pc.checked_sub(first)?) / 2, [a, b, c]))
            }
            _ => None,
        };
        let upcalls: Vec<Upcall> = self
            .chip
            .boundary
            .events()
            .into_iter()
            .filter_map(called)
            // The start of the process is a call too, of a function of its own.
            .filter(|(number, _)| *number < 16)
            .collect();
        let seen = self.seen[index].replace(upcalls.len());
        upcalls[seen..].to_vec()
    }

    /// Stops a process, with no room left for upcalls.
    pub fn stall(&self, index: usize) {
        self.process(index).stop();
        while self.process(index).enqueue_task(host::wake_task()).is_ok() {}
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

    /// Starts a process anew; its memory has to be made accessible again.
    pub fn restart(&self, index: usize) {
        self.process(index).try_restart(None);
        self.run();
        let memory_break = self.memory(index) + MEMORY;
        let answer = self.call(index, host::memop(0, memory_break));
        assert_eq!(answer, SyscallReturn::Success);
    }
}

/// The power to create grants.
pub fn grants() -> &'static impl capabilities::MemoryAllocationCapability {
    &Power
}
