//! A store on a mock flash, driven to the end of each operation.

use std::cell::{Cell, RefCell};

use kernel::ErrorCode;

use crate::storage::layout::ROOT_BYTES;
use crate::storage::policy::{buffer_size, Partition};
use crate::storage::store::{Memory, Store, StoreClient};
use meter_hil::sector_flash::{SectorFlash, SectorFlashClient};
use testing::random::SeededRandom;
use testing::sector_flash::{SectorsInRam, Weak};
use testing::AMPLE;

/// The flash of the tests.
pub type Flash = SectorsInRam<'static>;

pub const ROOT: [u8; ROOT_BYTES] = [0x5A; ROOT_BYTES];

/// Large records, so that a ring is soon full: 3 slots of 1,064 bytes a sector.
pub const LARGE: usize = 0;
/// The longest run of sectors, with short records.
pub const SHORT: usize = 1;
/// Another partition of the owner of `LARGE`.
pub const SISTER: usize = 2;

pub const PARTITIONS: &[Partition] = &[
    Partition {
        number: 1,
        owner: 0x11,
        readers: &[0x22],
        record: 1_024,
        rate: AMPLE,
        first_sector: 2,
        sectors: 3,
    },
    Partition {
        number: 2,
        owner: 0x22,
        readers: &[],
        record: 30,
        rate: AMPLE,
        first_sector: 5,
        sectors: 8,
    },
    Partition {
        number: 3,
        owner: 0x11,
        readers: &[],
        record: 1_024,
        rate: AMPLE,
        first_sector: 13,
        sectors: 3,
    },
];

pub const SECTORS: usize = 17;
pub const CAPACITY: u32 = SECTORS as u32 * 4096;

type TestMemory = Memory<{ PARTITIONS.len() }, { buffer_size(PARTITIONS) }>;

thread_local! {
    /// Each start goes on with numbers of its own.
    static SEED: Cell<u64> = const { Cell::new(1) };
}

#[derive(Default)]
pub struct Client {
    pub payload: RefCell<Vec<u8>>,
    pub appended: Cell<Option<Result<u32, ErrorCode>>>,
    pub read: RefCell<Option<Result<Vec<u8>, ErrorCode>>>,
    opened: Cell<bool>,
    /// The payload is gone.
    pub gone: Cell<bool>,
}

impl StoreClient for Client {
    fn opened(&self) {
        self.opened.set(true);
    }

    fn payload(&self, payload: &mut [u8]) -> Result<usize, ErrorCode> {
        if self.gone.get() {
            return Err(ErrorCode::CANCEL);
        }
        let bytes = self.payload.borrow();
        payload[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn appended(&self, result: Result<u32, ErrorCode>) {
        self.appended.set(Some(result));
    }

    fn payload_read(&self, result: Result<&[u8], ErrorCode>) {
        *self.read.borrow_mut() = Some(result.map(<[u8]>::to_vec));
    }

    fn read_done(&self) {}
}

pub struct Rig {
    pub flash: &'static Flash,
    pub random: &'static SeededRandom,
    pub client: &'static Client,
    pub store: &'static Store<'static, Flash, SeededRandom>,
}

impl Rig {
    /// A store on this flash, as far as power lasts.
    pub fn on(flash: Flash, root: &[u8; ROOT_BYTES]) -> Rig {
        let flash: &'static Flash = Box::leak(Box::new(flash));
        let random: &'static SeededRandom =
            Box::leak(Box::new(SeededRandom::new(SEED.replace(SEED.get() + 1))));
        let client: &'static Client = Box::leak(Box::default());
        let memory: &'static mut TestMemory = Box::leak(Box::new(TestMemory::new()));
        let store = Store::new(PARTITIONS, CAPACITY, memory, root, flash, random);
        let store: &'static _ = Box::leak(Box::new(store.expect("a good table")));
        flash.set_client(store);
        store.set_client(client);
        store.ready(Ok(()));
        let rig = Rig {
            flash,
            random,
            client,
            store,
        };
        rig.run();
        assert_eq!(rig.client.opened.get(), !rig.flash.off.get());
        rig
    }

    /// On a new flash.
    pub fn new() -> Rig {
        Rig::on(Flash::erased(SECTORS), &ROOT)
    }

    /// After a power cycle.
    pub fn again(&self, weak: Weak) -> Rig {
        Rig::on(self.flash.powered_up(weak), &ROOT)
    }

    fn run(&self) {
        while self.flash.step() {}
    }

    /// Appends; none if power failed.
    pub fn append(&self, partition: usize, payload: &[u8]) -> Option<Result<u32, ErrorCode>> {
        *self.client.payload.borrow_mut() = payload.to_vec();
        if let Err(error) = self.store.append(partition) {
            return Some(Err(error));
        }
        self.run();
        self.client.appended.take()
    }

    /// Appends, which must go well.
    pub fn appended(&self, partition: usize, payload: &[u8]) -> u32 {
        self.append(partition, payload)
            .expect("power")
            .expect("appends")
    }

    pub fn read(&self, partition: usize, number: u32) -> Result<Vec<u8>, ErrorCode> {
        self.store.read(partition, number)?;
        self.run();
        self.client.read.take().expect("the read ends")
    }

    pub fn range(&self, partition: usize) -> (u32, u32) {
        self.store.range(partition).expect("open")
    }
}
