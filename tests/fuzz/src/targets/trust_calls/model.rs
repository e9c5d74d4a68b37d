//! What is known of a run of a process, and what its answers and upcalls must agree with.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use kernel::process::Process;
use kernel::ProcessId;

use super::contract::{CHANNELS, SLOTS};
use testing::peek;

/// Drivers by their places: key store, channels, storage.
pub const KEYS: usize = 0;
pub const CHANNEL: usize = 1;
pub const STORAGE: usize = 2;
/// Upcalls by their places: driver and number.
pub const UPCALLS: [(usize, usize); 4] = [(KEYS, 0), (CHANNEL, 0), (CHANNEL, 1), (STORAGE, 0)];

/// A buffer: address and length.
pub type Buffer = (usize, usize);

/// The bytes of a buffer.
pub fn bytes(buffer: Buffer) -> Vec<u8> {
    (buffer.0..buffer.0 + buffer.1).map(peek).collect()
}

/// An operation that was accepted.
#[derive(Clone, Debug)]
pub struct Operation {
    pub number: usize,
    pub first: usize,
    pub second: usize,
    /// Whether its end will be heard: the subscription is what it was.
    pub heard: bool,
    /// What was to be stored, while nobody touched it.
    pub payload: Option<Vec<u8>>,
    /// The output buffer, while nobody exchanged it.
    pub output: Option<Buffer>,
}

/// One run of a process.
pub struct Run {
    pub id: ProcessId,
    /// The operations of key store and storage that have not ended.
    pub operations: [Option<Operation>; 3],
    /// Function of each upcall; 0 if it is not subscribed to.
    pub functions: [usize; UPCALLS.len()],
    /// Read-only and read-write buffers of each driver.
    pub inputs: [[Buffer; 3]; 3],
    pub outputs: [Buffer; 3],
    /// Session slots into which it asked for a key.
    pub filled: [bool; SLOTS],
    /// Messages of each channel that it has received, or that came before those.
    pub received: [usize; CHANNELS.len()],
}

impl Run {
    pub fn new(process: &dyn Process, sent: &[usize; CHANNELS.len()]) -> Run {
        Run {
            id: process.processid(),
            operations: [const { None }; 3],
            functions: [0; UPCALLS.len()],
            inputs: [[(0, 0); 3]; 3],
            outputs: [(0, 0); 3],
            filled: [false; SLOTS],
            received: *sent,
        }
    }

    /// The memory is not what it was.
    pub fn memory_changed(&mut self) {
        for operation in self.operations.iter_mut().flatten() {
            operation.payload = None;
        }
    }

    /// An upcall of an operation that it asked for.
    pub fn ended(&mut self, driver: usize) -> Operation {
        let operation = self.operations[driver].take();
        operation.unwrap_or_else(|| panic!("an upcall of driver {driver} without an operation"))
    }
}

/// Payloads by partition and number.
type Records = BTreeMap<(usize, usize), Option<Vec<u8>>>;

/// What was stored and sent.
#[derive(Default)]
pub struct Stored {
    /// Payload of each record, by partition and number; none where it is not known.
    records: RefCell<Records>,
    /// Messages of each channel.
    messages: RefCell<[Vec<Vec<u8>>; CHANNELS.len()]>,
    /// The state of the meter as it was last.
    pub state: Cell<usize>,
}

impl Stored {
    /// How many messages were sent through each channel.
    pub fn sent(&self) -> [usize; CHANNELS.len()] {
        self.messages.borrow().each_ref().map(Vec::len)
    }

    /// A message was sent.
    pub fn send(&self, channel: usize, message: Vec<u8>) {
        let place = place_of(channel);
        self.messages.borrow_mut()[place].push(message);
    }

    /// A run received a message: one that it has not received, in its order.
    pub fn receive(&self, run: &mut Run, channel: usize, length: usize) {
        let (address, room) = run.outputs[CHANNEL];
        assert!(length <= room, "more than there is room for");
        let message = bytes((address, length));
        let place = place_of(channel);
        let messages = self.messages.borrow();
        let first = run.received[place];
        let found = messages[place][first..]
            .iter()
            .position(|sent| *sent == message);
        let found = found.unwrap_or_else(|| panic!("{message:?} was not sent"));
        run.received[place] = first + found + 1;
    }

    /// The upcall of an operation of the storage.
    pub fn storage_ended(&self, run: &mut Run, arguments: [usize; 3]) {
        let operation = run.ended(STORAGE);
        let [status, partition, number] = arguments;
        assert_eq!(partition, operation.first, "{operation:?}");
        if status != 0 {
            assert_eq!(number, 0);
        } else if operation.number == 1 {
            let record = (partition, number);
            let before = self.records.borrow_mut().insert(record, operation.payload);
            assert!(before.is_none(), "{record:?} is given twice");
        } else {
            let length = number;
            let records = self.records.borrow();
            let known = records.get(&(partition, operation.second));
            // Of an operation that nobody heard of.
            let Some(Some(payload)) = known else { return };
            assert_eq!(payload.len(), length, "{operation:?}");
            if let Some((address, room)) = operation.output {
                assert!(length <= room);
                assert_eq!(*payload, bytes((address, length)), "{operation:?}");
            }
        }
    }
}

fn place_of(channel: usize) -> usize {
    let mut channels = CHANNELS.iter();
    let place = channels.position(|known| usize::from(known.number) == channel);
    place.unwrap_or_else(|| panic!("there is no channel {channel}"))
}
