//! The system-call layer: processes that call anything with anything.
//!
//! Input: the first byte says whether the second process acts too; then steps,
//! each of an action byte and the arguments that the action takes (see `Input`).
//! While the second process does not act, nothing that it can reach may change.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use capsules_metering::energy_store::{self, EnergyStore, EnergyStoreDriver, Records};
use capsules_metering::meter_adc::{
    self, MeterAdc, BLOCK_BYTES, CONVERTED_BLOCK_BYTES, CONVERTED_BUFFERS, QUEUE_BLOCKS,
};
use kernel::process::{FaultAction, Process, ProcessAddresses, State};
use kernel::syscall::{Syscall, SyscallReturn};
use meter_hil::front_end::MeterFrontEnd;
use meter_hil::word_flash::WordFlash;

use testing::front_end::FakeFrontEnd;
use testing::host::wake_task;
use testing::probe::{NoGrantDriver, ProbeDriver, DRIVER, DRIVER_WITHOUT_GRANT, MISSING_DRIVER};
use testing::retry::retry_on;
use testing::words_in_ram::{blank, WordsInRam};
use testing::{
    bare_kernel, forever, peek, round_robin, syscalls, Always, App, Clock, Drivers, Event,
    HostKernel, Power, Step, AMPLE,
};

/// Steps of one input at most.
const MAX_STEPS: usize = 64;
/// Cases that one kernel serves; it lives for ever.
const CASES_A_KERNEL: usize = 256;

const DRIVERS: [usize; 6] = [
    DRIVER,
    meter_adc::DRIVER_NUM,
    energy_store::DRIVER_NUM,
    DRIVER_WITHOUT_GRANT,
    MISSING_DRIVER,
    usize::MAX,
];

/// Runs the steps.
pub fn run(data: &[u8]) {
    thread_local! {
        static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
    }
    WORLD.with_borrow_mut(|kept| {
        let world = kept
            .take()
            .filter(World::is_fresh)
            .unwrap_or_else(World::new);
        world.run(data);
        *kept = Some(world);
    });
}

/// A kernel with two processes, drivers and hardware.
struct World {
    host: HostKernel,
    driver: &'static ProbeDriver,
    front_end: &'static FakeFrontEnd,
    flash: &'static WordsInRam<'static>,
    /// Of the energy store's pending upcalls.
    clock: &'static Clock,
    processes: [&'static dyn Process; 2],
    apps: &'static [u8],
    cases: Cell<usize>,
}

impl World {
    fn new() -> Self {
        let (kernel, slots) = bare_kernel();
        let driver = forever(ProbeDriver::new(kernel));
        let front_end = forever(FakeFrontEnd::default());
        let converted =
            [(); CONVERTED_BUFFERS].map(|()| &mut *Box::leak(Box::new([0; CONVERTED_BLOCK_BYTES])));
        let blocks = [(); QUEUE_BLOCKS].map(|()| &mut *Box::leak(Box::new([0; BLOCK_BYTES])));
        let grant = kernel.create_grant(meter_adc::DRIVER_NUM, &Power);
        let meter = forever(MeterAdc::new(front_end, converted, blocks, grant));
        front_end.set_client(meter);
        let flash = forever(WordsInRam::new(&blank()));
        let store = forever(EnergyStore::new(flash));
        flash.set_client(store);
        let grant = kernel.create_grant(energy_store::DRIVER_NUM, &Power);
        let clock = forever(Clock::default());
        let retry = retry_on(clock);
        let energy = forever(EnergyStoreDriver::new(
            store,
            grant,
            retry,
            Records {
                rate: AMPLE,
                lifetime: u32::MAX,
            },
        ));
        store.set_client(energy);
        retry.set_client(energy);
        let drivers: Drivers = vec![
            (DRIVER, driver),
            (DRIVER_WITHOUT_GRANT, forever(NoGrantDriver)),
            (meter_adc::DRIVER_NUM, meter),
            (energy_store::DRIVER_NUM, energy),
        ];
        let host = HostKernel::assemble(kernel, slots, drivers, round_robin(slots));
        let apps = [App::new("first"), App::new("second")];
        let apps = host.load(&apps, forever(Always(FaultAction::Restart)));
        let processes = [0, 1].map(|index| host.process(index));
        World {
            host,
            driver,
            front_end,
            flash,
            clock,
            processes,
            apps,
            cases: Cell::new(0),
        }
    }

    fn is_fresh(&self) -> bool {
        let ended = |process: &&dyn Process| process.get_state() == State::Terminated;
        self.cases.get() < CASES_A_KERNEL && !self.processes.iter().any(ended)
    }

    fn run(&self, data: &[u8]) {
        self.cases.set(self.cases.get() + 1);
        self.driver.hook.replace(None);
        for process in self.processes {
            process.try_restart(None);
        }
        self.turns(4);
        let mut input = Input(data);
        let both_act = input.byte() & 1 == 1;
        let reach = |addresses: &ProcessAddresses| {
            let memory = addresses.sram_start..addresses.sram_app_brk;
            memory.map(peek).collect::<Vec<u8>>()
        };
        let apps_before = self.apps.to_vec();
        let bystander = self.processes[1].get_addresses();
        let before = reach(&bystander);
        for _ in 0..MAX_STEPS {
            if input.0.is_empty() {
                break;
            }
            self.step(&mut input, both_act);
        }
        assert_eq!(self.apps, apps_before, "flash has changed");
        if !both_act {
            let after = self.processes[1].get_addresses();
            assert_eq!(after.sram_app_brk, bystander.sram_app_brk);
            assert!(
                reach(&after) == before,
                "another process's memory has changed"
            );
        }
    }

    fn turns(&self, count: usize) {
        for _ in 0..count {
            self.host.turn();
        }
        for process in self.processes {
            let addresses = process.get_addresses();
            assert!(addresses.sram_start <= addresses.sram_app_brk);
            assert!(addresses.sram_app_brk <= addresses.sram_grant_start);
            assert!(addresses.sram_grant_start <= addresses.sram_end);
        }
    }

    fn step(&self, input: &mut Input, both_act: bool) {
        let action = input.byte();
        let process = self.processes[usize::from(both_act && action & 0x80 != 0)];
        let addresses = process.get_addresses();
        match action & 0x0F {
            0 => self.front_end.step(),
            1 => drop(self.flash.step()),
            2 => {
                let (upcall, first) = (input.number(), input.number());
                // A process that is gone or has no grant gets none.
                let _ = self.driver.schedule(process.processid(), upcall, first);
            }
            3 => self.host.chip.boundary.stack_full.set(true),
            4 => self.act(process, [Step::Fault]),
            5 => self.act(process, [Step::Interrupted]),
            6 => drop(self.clock.ring()),
            _ => {
                let (syscall, called) = input.syscall(&addresses);
                let answer = self.call(process, syscall);
                assert!(
                    answer.is_none_or(|answer| called.may_be(&answer)),
                    "{called:?} is answered with {answer:?}"
                );
            }
        }
        self.turns(2);
    }

    /// Has a process make a system call. Gives the answer, if there is one soon;
    /// a process that waits comes to the call later.
    fn call(&self, process: &'static dyn Process, syscall: Syscall) -> Option<SyscallReturn> {
        let start = process.get_addresses().sram_start;
        let begun = Rc::new(Cell::new(false));
        let (chip, begin) = (self.host.chip, begun.clone());
        let forget_earlier_answers = move || {
            begin.set(true);
            chip.boundary.clear_events();
        };
        self.act(
            process,
            [
                Step::Do(Box::new(forget_earlier_answers)),
                Step::Call(syscall),
            ],
        );
        let answers = self.host.chip.boundary.events().into_iter();
        let mut answers = answers.filter_map(|event| match event {
            Event::Answered(process, answer) if process == start => Some(answer),
            _ => None,
        });
        answers.next().filter(|_| begun.get())
    }

    /// Has a process do something, if it still does anything.
    fn act<const N: usize>(&self, process: &'static dyn Process, steps: [Step; N]) {
        let start = process.get_addresses().sram_start;
        self.host.chip.boundary.script(start, steps.into_iter());
        // A process with a full queue wakes by itself.
        let _ = process.enqueue_task(wake_task());
        self.turns(6);
    }
}

/// What was called, for what may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Called {
    Yield,
    Subscribe,
    Command,
    ReadWriteAllow,
    ReadOnlyAllow,
    ReadableAllow,
    Memop,
    Exit,
}

impl Called {
    /// TRD 104's table of return variants.
    fn may_be(self, answer: &SyscallReturn) -> bool {
        use SyscallReturn as R;
        match self {
            Called::Subscribe => {
                matches!(answer, R::SubscribeSuccess(..) | R::SubscribeFailure(..))
            }
            Called::ReadWriteAllow => matches!(
                answer,
                R::AllowReadWriteSuccess(..) | R::AllowReadWriteFailure(..)
            ),
            Called::ReadOnlyAllow => matches!(
                answer,
                R::AllowReadOnlySuccess(..) | R::AllowReadOnlyFailure(..)
            ),
            Called::ReadableAllow => matches!(
                answer,
                R::UserspaceReadableAllowSuccess(..) | R::UserspaceReadableAllowFailure(..)
            ),
            Called::Memop => matches!(
                answer,
                R::Success
                    | R::SuccessU32(_)
                    | R::SuccessPtr(_)
                    | R::SuccessAddr(_)
                    | R::Failure(_)
            ),
            Called::Exit => matches!(answer, R::Failure(_)),
            // A command's answer is the driver's business; after a yield it may
            // be that of the upcall that was waited for.
            Called::Command | Called::Yield => true,
        }
    }
}

/// The rest of the input; at its end it gives zeros.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&byte, rest)) => {
                self.0 = rest;
                byte
            }
            None => 0,
        }
    }

    fn half(&mut self) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()]))
    }

    fn word(&mut self) -> usize {
        usize::from_le_bytes(core::array::from_fn(|_| self.byte()))
    }

    /// Mostly a small number.
    fn number(&mut self) -> usize {
        match self.byte() {
            small @ 0..=0xEF => usize::from(small & 0x0F),
            0xF0..=0xF7 => self.half(),
            0xF8..=0xFB => self.word(),
            edge => usize::MAX - usize::from(edge & 3),
        }
    }

    /// Mostly something near what the process has.
    fn address(&mut self, own: &ProcessAddresses) -> usize {
        let choice = self.byte();
        let offset = self.half();
        match choice % 10 {
            0..=2 => own.sram_start.wrapping_add(offset % 4096),
            3 => own.sram_app_brk.wrapping_add(offset).wrapping_sub(0x8000),
            4 => own
                .sram_grant_start
                .wrapping_add(offset)
                .wrapping_sub(0x8000),
            5 => own.sram_end.wrapping_sub(offset),
            6 => own.flash_start.wrapping_add(offset % 1024),
            7 => offset % 16,
            8 => usize::MAX - offset,
            _ => self.word(),
        }
    }

    fn size(&mut self) -> usize {
        match self.byte() {
            0..=0x3F => 0,
            small @ 0x40..=0xAF => usize::from(small),
            0xB0..=0xF7 => self.half(),
            0xF8..=0xFB => self.word(),
            edge => usize::MAX - usize::from(edge & 3),
        }
    }

    fn driver(&mut self) -> usize {
        match self.byte() {
            choice @ 0..=0xF7 => DRIVERS[usize::from(choice) % DRIVERS.len()],
            _ => self.word(),
        }
    }

    fn syscall(&mut self, own: &ProcessAddresses) -> (Syscall, Called) {
        match self.byte() % 16 {
            0 => (syscalls::yield_no_wait(self.address(own)), Called::Yield),
            1 => (syscalls::yield_wait(), Called::Yield),
            2 => {
                let (driver, number) = (self.driver(), self.number());
                (syscalls::yield_wait_for(driver, number), Called::Yield)
            }
            3 | 4 => {
                let (driver, number) = (self.driver(), self.number());
                let (function, data) = (self.address(own), self.number());
                let function = if data == 0 { 0 } else { function };
                (
                    syscalls::subscribe(driver, number, function, data),
                    Called::Subscribe,
                )
            }
            5..=8 => {
                let (driver, number) = (self.driver(), self.number());
                let (first, second) = (self.number(), self.number());
                let first = if first == 15 { 153 } else { first };
                (
                    syscalls::command(driver, number, first, second),
                    Called::Command,
                )
            }
            9 | 10 => {
                let (driver, number) = (self.driver(), self.number());
                let (address, size) = (self.address(own), self.size());
                (
                    syscalls::allow_rw(driver, number, address, size),
                    Called::ReadWriteAllow,
                )
            }
            11 | 12 => {
                let (driver, number) = (self.driver(), self.number());
                let (address, size) = (self.address(own), self.size());
                (
                    syscalls::allow_ro(driver, number, address, size),
                    Called::ReadOnlyAllow,
                )
            }
            13 => {
                let (driver, number) = (self.driver(), self.number());
                let (address, size) = (self.address(own), self.size());
                (
                    syscalls::allow_readable(driver, number, address, size),
                    Called::ReadableAllow,
                )
            }
            14 => {
                let operand = self.number();
                let argument = if operand == 1 {
                    self.number()
                } else {
                    self.address(own)
                };
                (syscalls::memop(operand, argument), Called::Memop)
            }
            _ => {
                // Ending for good ends the usefulness of this kernel too: seldom.
                let which = self.number();
                let which = if which == 0 && self.byte() < 0xF0 {
                    1
                } else {
                    which
                };
                (syscalls::exit(which, self.number()), Called::Exit)
            }
        }
    }
}

/// A process that measures, one that stores, and one that allocates.
pub fn seeds() -> Vec<Vec<u8>> {
    let call = |class: u8, rest: &[u8]| [&[6, class][..], rest].concat();
    let more_memory = call(14, &[0, 3, 0x00, 0x84]);
    let measure = [
        vec![0],
        more_memory.clone(),
        call(3, &[1, 0, 6, 64, 0, 1]),
        call(9, &[1, 0, 0, 16, 0, 0xB0, 0xF8, 0x01]),
        call(5, &[1, 1, 15, 0]),
        vec![0, 0, 0, 0],
        call(5, &[1, 4, 0, 0]),
        call(1, &[]),
        call(5, &[1, 2, 0, 0]),
        vec![0],
    ]
    .concat();
    let store = [
        vec![0],
        more_memory,
        call(3, &[2, 0, 6, 64, 0, 1]),
        call(11, &[2, 0, 0, 16, 0, 0x70]),
        call(5, &[2, 1, 0, 12]),
        vec![1; 40],
        call(9, &[2, 0, 0, 16, 0, 0x70]),
        call(5, &[2, 2, 0, 0]),
        call(5, &[2, 3, 0, 0]),
    ]
    .concat();
    let allocate = [
        vec![1],
        call(14, &[1, 0xF0, 0, 4]),
        call(5, &[0, 4, 0, 0]),
        vec![0x86, 14, 1, 0xF0, 0, 2],
        call(9, &[0, 1, 3, 0, 0x7F, 0xB0, 0, 2]),
        call(5, &[0, 3, 1, 9]),
        call(15, &[1, 0, 0]),
        vec![4, 5, 0x84],
    ]
    .concat();
    vec![measure, store, allocate]
}
