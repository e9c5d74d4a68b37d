//! The drivers that tell apps apart, called with anything by two apps that the policy names and a guest.
//!
//! Input: steps, each of an action byte, whose top bits name the process, and the
//! arguments that the action takes (see `World::step`). Every answer must be
//! what `contract` says, every accepted operation ends with one upcall unless
//! its process ends or does not listen, what is received and read is what was
//! sent and stored, and no key that the store made is in the memory of any app.

mod contract;
mod execution;
mod input;
mod model;

use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};

use capsules_system::crash_log::ExitClient;
use capsules_trust::channel::{self, arena_size, reader_count, ChannelDriver};
use capsules_trust::key_store::policy::State as MeterState;
use capsules_trust::key_store::{self, KeyStore, Vault};
use capsules_trust::storage::{self, buffer_size, StorageDriver, Store};
use kernel::deferred_call::{initialize_deferred_call_state, DeferredCall, DeferredCallClient};
use kernel::process::{FaultAction, Process, State};
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;
use meter_hil::sector_flash::{SectorFlash, SectorFlashClient};
use meter_hil::word_flash::WordFlash;

use self::contract::{Verdict, APPS, CAPACITY, CHANNELS, PARTITIONS, POLICY, SLOT, SLOTS};
pub use self::input::seeds;
use self::input::Input;
use self::model::{bytes, Operation, Run, Stored, CHANNEL, KEYS, STORAGE, UPCALLS};
use testing::random::SeededRandom;
use testing::retry::retry_on;
use testing::sector_flash::SectorsInRam;
use testing::words_in_ram::{blank, WordsInRam};
use testing::{
    bare_kernel, forever, poke, round_robin, syscalls, Always, App, Clock, Drivers, Event,
    HostKernel, Power, Step, Thread,
};

/// Steps of one input at most.
const MAX_STEPS: usize = 96;
/// Cases that one kernel serves; it lives for ever.
const CASES_A_KERNEL: usize = 64;
/// Accessible memory of a process, in bytes.
const MEMORY: usize = 2560;

/// Driver numbers by their places.
const DRIVERS: [usize; 3] = [
    key_store::DRIVER_NUM,
    channel::DRIVER_NUM,
    storage::DRIVER_NUM,
];

/// Commands that leave something behind here.
const READ: usize = drivers::key_store::Command::Read.number() as usize;
const ENCRYPT: usize = drivers::key_store::Command::Encrypt.number() as usize;
const AGREE: usize = drivers::key_store::Command::Agree.number() as usize;
const UNWRAP: usize = drivers::key_store::Command::Unwrap.number() as usize;
const CLOSE: usize = drivers::key_store::Command::Close.number() as usize;
const SEND: usize = drivers::channel::Command::Send.number() as usize;
const RECEIVE: usize = drivers::channel::Command::Receive.number() as usize;
const APPEND: usize = drivers::storage::Command::Append.number() as usize;
const READ_RECORD: usize = drivers::storage::Command::Read.number() as usize;

type ChannelMemory =
    channel::Memory<{ CHANNELS.len() }, { reader_count(CHANNELS) }, { arena_size(CHANNELS) }>;
type StorageMemory = storage::Memory<{ PARTITIONS.len() }, { buffer_size(PARTITIONS) }>;

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

/// Lets the input alone say when a deferred call is served: a program has more
/// key stores than the kernel has deferred calls, and those beyond are not served
/// by the kernel.
fn use_up_deferred_calls() {
    thread_local! {
        static USED_UP: Cell<bool> = const { Cell::new(false) };
    }
    if !USED_UP.replace(true) {
        initialize_deferred_call_state::<Thread>();
        for _ in 0..u32::BITS {
            let _ = DeferredCall::new();
        }
    }
}

/// A kernel with three processes, the drivers and their hardware.
struct World {
    host: HostKernel,
    keys: &'static KeyStore<'static, WordsInRam<'static>, DeferredCall>,
    words: &'static WordsInRam<'static>,
    nor: &'static SectorsInRam<'static>,
    /// One for each driver.
    clocks: [&'static Clock; DRIVERS.len()],
    random: &'static SeededRandom,
    processes: [&'static dyn Process; APPS.len()],
    runs: RefCell<[Run; APPS.len()]>,
    stored: Stored,
    /// What happened to processes and was not taken note of.
    events: RefCell<VecDeque<Event>>,
    cases: Cell<usize>,
}

impl World {
    fn new() -> Self {
        use_up_deferred_calls();
        let (kernel, slots) = bare_kernel();
        let [keys_clock, channel_clock, storage_clock] =
            [(); 3].map(|()| forever(Clock::default()));
        let random = forever(SeededRandom::new(11));
        let words = forever(WordsInRam::new(&blank()));
        let vault = forever(Vault::new(words, random));
        words.set_client(vault);
        let grant = kernel.create_grant(key_store::DRIVER_NUM, &Power);
        let retry = retry_on(keys_clock);
        let keys: &'static KeyStore<_, _> = Box::leak(Box::new(KeyStore::new(
            vault,
            random,
            &POLICY,
            grant,
            DeferredCall::new(),
            retry,
        )));
        retry.set_client(keys);
        vault.set_client(keys);
        assert_eq!(vault.open(&[3; 32]), Ok(()));

        let memory = Box::leak(Box::new(ChannelMemory::new()));
        let grant = kernel.create_grant(channel::DRIVER_NUM, &Power);
        let retry = retry_on(channel_clock);
        let channels = ChannelDriver::new(CHANNELS, memory, grant, retry).expect("a good table");
        let channels = forever(channels);
        retry.set_client(channels);

        let nor = forever(SectorsInRam::new(vec![0x5A; CAPACITY as usize]));
        let memory = Box::leak(Box::new(StorageMemory::new()));
        let store = Store::new(PARTITIONS, CAPACITY, memory, &[7; 32], nor, random);
        let store: &'static Store<_, _> = Box::leak(Box::new(store.expect("a good table")));
        nor.set_client(store);
        let grant = kernel.create_grant(storage::DRIVER_NUM, &Power);
        let retry = retry_on(storage_clock);
        let storage = forever(StorageDriver::new(store, grant, retry));
        store.set_client(storage);
        retry.set_client(storage);
        store.ready(Ok(()));
        nor.run();

        let drivers: Drivers = vec![
            (key_store::DRIVER_NUM, keys),
            (channel::DRIVER_NUM, channels),
            (storage::DRIVER_NUM, storage),
        ];
        let host = HostKernel::assemble(kernel, slots, drivers, round_robin(slots));
        let apps: Vec<App> = APPS.iter().map(|id| App::identified(*id)).collect();
        host.load_identified(&apps, forever(Always(FaultAction::Restart)));
        let processes = core::array::from_fn(|index| host.process(index));
        let stored = Stored::default();
        World {
            host,
            keys,
            words,
            nor,
            clocks: [keys_clock, channel_clock, storage_clock],
            random,
            processes,
            runs: RefCell::new(processes.map(|process| Run::new(process, &stored.sent()))),
            stored,
            events: RefCell::default(),
            cases: Cell::new(0),
        }
    }

    /// Whether another case would find something to do: the state of the meter
    /// goes one way.
    fn is_fresh(&self) -> bool {
        let ended = |process: &&dyn Process| process.get_state() == State::Terminated;
        self.cases.get() < CASES_A_KERNEL
            && !self.processes.iter().any(ended)
            && self.keys.state() != Ok(MeterState::Decommissioned)
    }

    fn run(&self, data: &[u8]) {
        self.cases.set(self.cases.get() + 1);
        for process in self.processes {
            process.try_restart(None);
        }
        self.everything_ends();
        let mut input = Input::new(data);
        for _ in 0..MAX_STEPS {
            if input.is_empty() {
                break;
            }
            self.step(&mut input);
        }
        for process in self.processes {
            process.resume();
        }
        self.everything_ends();
        for index in 0..APPS.len() {
            self.is_not_busy(index);
        }
        (0..APPS.len()).for_each(|index| self.has_no_keys(index));
    }

    fn step(&self, input: &mut Input) {
        let action = input.byte();
        let index = usize::from(action >> 6) % APPS.len();
        let process = self.processes[index];
        match action & 0x3F {
            0..=2 => drop(self.nor.step()),
            3 => drop(self.words.step()),
            4..=7 => self.keys.handle_deferred_call(),
            8 => self.ring(),
            9 => self.act(index, [Step::Fault]),
            10 => process.try_restart(None),
            11 => process.stop(),
            12 => process.resume(),
            13 => self.everything_ends(),
            14 => self.round(),
            15 => self.keys.process_ended(),
            // Ending for good ends the usefulness of this kernel too: seldom.
            16 if input.byte() == 0xFF => process.terminate(None),
            17 => {
                let call = syscalls::exit(1, 0);
                let _ = self.call(index, call);
            }
            18 => self.poke(index, input),
            19 | 20 => self.subscribe(index, input),
            21..=26 => self.allow_ro(index, input),
            27..=31 => self.allow_rw(index, input),
            _ => self.command(index, input),
        }
        self.turns(4);
    }

    /// Changes the memory of a process, as the process itself would.
    fn poke(&self, index: usize, input: &mut Input) {
        let start = self.processes[index].get_addresses().sram_start;
        if !self.join(index) {
            return;
        }
        let (offset, fill) = (input.half() % (MEMORY - 256), input.byte());
        for (place, byte) in input::content(fill).into_iter().enumerate() {
            poke(start + offset + place, byte);
        }
        let mut runs = self.runs.borrow_mut();
        runs[index].memory_changed();
    }

    fn subscribe(&self, index: usize, input: &mut Input) {
        let choice = usize::from(input.byte()) % (UPCALLS.len() + 1);
        let (driver, number) = match UPCALLS.get(choice) {
            Some(known) => *known,
            None => (usize::from(input.byte()) % 3, input.number()),
        };
        let known = |known: &(usize, usize)| *known == (driver, number);
        let place = UPCALLS.iter().position(known).unwrap_or(UPCALLS.len());
        let flash = self.processes[index].get_addresses().flash_start;
        let function = match input.byte() % 4 {
            0 => 0,
            _ => flash + 101 + 2 * place,
        };
        let call = syscalls::subscribe(DRIVERS[driver], number, function, place);
        let Some(answer) = self.call(index, call) else {
            return;
        };
        if let SyscallReturn::SubscribeSuccess(..) = answer {
            let mut runs = self.runs.borrow_mut();
            assert!(place < UPCALLS.len(), "there is no upcall {number}");
            runs[index].functions[place] = function;
            // An upcall that was on its way went with the old subscription.
            if let Some(operation) = &mut runs[index].operations[driver] {
                operation.heard = false;
            }
        }
    }

    fn allow_ro(&self, index: usize, input: &mut Input) {
        let driver = usize::from(input.byte()) % 3;
        let number = input.number();
        let (address, size) = input.buffer(&self.processes[index].get_addresses());
        let call = syscalls::allow_ro(DRIVERS[driver], number, address, size);
        if let Some(SyscallReturn::AllowReadOnlySuccess(..)) = self.call(index, call) {
            let mut runs = self.runs.borrow_mut();
            runs[index].inputs[driver][number] = (address, size);
            runs[index].memory_changed();
        }
    }

    fn allow_rw(&self, index: usize, input: &mut Input) {
        let driver = usize::from(input.byte()) % 3;
        let number = input.number();
        let (address, size) = input.buffer(&self.processes[index].get_addresses());
        let call = syscalls::allow_rw(DRIVERS[driver], number, address, size);
        if let Some(SyscallReturn::AllowReadWriteSuccess(..)) = self.call(index, call) {
            assert_eq!(number, 0);
            let mut runs = self.runs.borrow_mut();
            runs[index].outputs[driver] = (address, size);
            if let Some(operation) = &mut runs[index].operations[driver] {
                operation.output = None;
            }
        }
    }

    fn command(&self, index: usize, input: &mut Input) {
        let (driver, number) = match input.byte() {
            choice @ 0..=0x7F => (KEYS, usize::from(choice) % 22),
            choice @ 0x80..=0xBF => (CHANNEL, usize::from(choice) % 5),
            choice @ 0xC0..=0xF7 => (STORAGE, usize::from(choice) % 6),
            choice => (usize::from(choice) % 3, input.number()),
        };
        let (first, second) = (input.argument(), input.argument());
        self.commanded(index, driver, number, first, second);
    }

    /// A command and its answer, which must be as the contract says.
    fn commanded(
        &self,
        index: usize,
        driver: usize,
        number: usize,
        first: usize,
        second: usize,
    ) -> Option<SyscallReturn> {
        if !self.join(index) {
            return None;
        }
        let app = APPS[index];
        let state = self.keys.state().expect("it stays open");
        let filled = self.runs.borrow()[index].filled;
        let verdict = match driver {
            KEYS => contract::key_store(app, state, &filled, number, first, second),
            CHANNEL => contract::channel(app, number, first, second),
            _ => contract::storage(app, number, first, second),
        };
        let call = syscalls::command(DRIVERS[driver], number, first, second);
        let answer = self.call(index, call)?;
        if let SyscallReturn::Failure(error) = answer {
            contract::is_defined(driver, number, error as usize);
        }
        assert!(
            verdict.allows(answer),
            "app {app:#x}, driver {driver}, command {number} {first:#x} {second:#x}: {answer:?}"
        );
        let mut runs = self.runs.borrow_mut();
        let run = &mut runs[index];
        match (driver, number, answer) {
            (CHANNEL, SEND, SyscallReturn::Success) => {
                let (address, length) = run.inputs[CHANNEL][0];
                assert!(second <= length);
                self.stored.send(first, bytes((address, second)));
            }
            (CHANNEL, RECEIVE, SyscallReturn::SuccessU32U32(length, _)) => {
                self.stored.receive(run, first, length as usize);
            }
            (KEYS | STORAGE, _, SyscallReturn::Success)
                if matches!(verdict, Verdict::Granted(_)) && (driver, number) != (KEYS, CLOSE) =>
            {
                self.accepted(run, driver, number, first, second);
            }
            _ => {}
        }
        Some(answer)
    }

    fn accepted(&self, run: &mut Run, driver: usize, number: usize, first: usize, second: usize) {
        let before = &run.operations[driver];
        let silent = before.as_ref().is_none_or(|before| !before.heard);
        assert!(silent, "accepted during {before:?}");
        let place = UPCALLS.iter().position(|known| *known == (driver, 0));
        let (address, length) = run.inputs[driver][0];
        let appends = (driver, number) == (STORAGE, APPEND);
        assert!(!appends || second <= length);
        run.operations[driver] = Some(Operation {
            number,
            first,
            second,
            heard: place.is_some_and(|place| run.functions[place] != 0),
            payload: appends.then(|| bytes((address, second))),
            output: Some(run.outputs[driver]),
        });
        let slot = (second & 0xFFFF).checked_sub(SLOT);
        if let (KEYS, AGREE | UNWRAP, Some(slot @ 0..SLOTS)) = (driver, number, slot) {
            run.filled[slot] = true;
        }
    }

    /// An upcall reached a process.
    fn upcall(&self, index: usize, place: usize, arguments: [usize; 3]) {
        let mut runs = self.runs.borrow_mut();
        let run = &mut runs[index];
        match UPCALLS[place] {
            (KEYS, _) => {
                let [status, length, number] = arguments;
                let operation = run.ended(KEYS, status);
                assert_eq!(number, operation.number);
                assert!(status == 0 || length == 0, "{operation:?} {arguments:?}");
                let room = operation.output.map_or(length, |(_, room)| room);
                assert!(length <= room, "{operation:?} {arguments:?}");
                run.memory_changed();
                drop(runs);
                self.has_no_keys(index);
            }
            (CHANNEL, _) => {
                let known = CHANNELS.iter();
                let mut known = known.filter(|known| usize::from(known.number) == arguments[0]);
                let policy = known.next().expect("a channel of the policy");
                assert!(arguments[1] <= policy.depth.into());
            }
            _ => {
                self.stored.storage_ended(run, arguments);
                run.memory_changed();
            }
        }
    }

    /// No key that the store made is in the memory of the process.
    fn has_no_keys(&self, index: usize) {
        let keys = self.random.given(16);
        let parts: HashSet<&[u8]> = keys.iter().flat_map(|key| key.chunks(8)).collect();
        let own = self.processes[index].get_addresses();
        let memory = bytes((own.sram_start, own.sram_app_brk - own.sram_start));
        let found = memory.windows(8).any(|window| parts.contains(window));
        assert!(!found, "an app has a key in its memory");
    }

    /// After all has ended, each driver takes another operation.
    fn is_not_busy(&self, index: usize) {
        if self.processes[index].get_state() == State::Terminated {
            return;
        }
        let record = (STORAGE, READ_RECORD, 4, 0);
        let probes = [
            [(KEYS, READ, 7, 0), record],
            [(KEYS, ENCRYPT, 3, 16), record],
            [(KEYS, READ, 7, 0), record],
        ];
        for (driver, number, first, second) in probes[index] {
            let answer = self.commanded(index, driver, number, first, second);
            assert_ne!(
                answer,
                Some(SyscallReturn::Failure(ErrorCode::BUSY)),
                "app {index} of driver {driver} is busy for ever"
            );
        }
    }
}
