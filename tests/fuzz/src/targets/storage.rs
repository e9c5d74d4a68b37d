//! The storage over an external flash in which anything may stand.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::OnceLock;

use capsules_trust::storage::policy::Partition;
use capsules_trust::storage::store::{Memory, Store, StoreClient};
use capsules_trust::storage::{buffer_size, is_consistent};
use kernel::ErrorCode;
use meter_hil::sector_flash::{SectorFlash, SECTOR_SIZE};

use crate::forget::with_static_mut;
use testing::random::SeededRandom;
use testing::sector_flash::SectorsInRam;
use testing::AMPLE;

const ROOT: [u8; 32] = [0x5A; 32];
const SECTOR: usize = SECTOR_SIZE as usize;
const SECTORS: usize = 11;
const CAPACITY: u32 = SECTORS as u32 * SECTOR_SIZE;
/// Operations of the flash that anything takes at most: an opening looks at every
/// header, every begin mark of a sector, and some more, in each partition.
const MAX_TURNS: usize = 200;
/// Bytes of a change of the flash in the input.
const PATCH: usize = 8;

/// Large records, many records, and another partition of the first owner.
const PARTITIONS: &[Partition] = &[
    Partition {
        number: 1,
        owner: 0x11,
        readers: &[0x22],
        record: 1_024,
        rate: AMPLE,
        first_sector: 0,
        sectors: 3,
    },
    Partition {
        number: 2,
        owner: 0x22,
        readers: &[],
        record: 120,
        rate: AMPLE,
        first_sector: 3,
        sectors: 4,
    },
    Partition {
        number: 3,
        owner: 0x11,
        readers: &[],
        record: 1_024,
        rate: AMPLE,
        first_sector: 7,
        sectors: 3,
    },
];
const _: () = assert!(is_consistent(PARTITIONS, CAPACITY));

type StoreMemory = Memory<{ PARTITIONS.len() }, { buffer_size(PARTITIONS) }>;

/// Input: which image to begin with, then changes of it (see `patch`). Whatever
/// stands there: every partition opens, nothing but what was appended under this
/// number is read, and records can be appended, read, and are there after the
/// next start.
pub fn run(data: &[u8]) {
    let Some((&start, patches)) = data.split_first() else {
        return;
    };
    let history = history();
    let mut cells = match usize::from(start) % (history.images.len() + 1) {
        0 => vec![0xFF; SECTORS * SECTOR],
        image => history.images[image - 1].clone(),
    };
    for change in patches.chunks_exact(PATCH) {
        patch(&mut cells, change, history);
    }
    let mut records = history.records.clone();
    let cells = with_store(cells, 7 + u64::from(start), &mut |rig: &Rig| {
        rig.check(&records);
        for partition in 0..PARTITIONS.len() {
            let (number, payload) = rig.append_some(partition);
            records.insert((partition, number), vec![payload]);
            rig.check_record(partition, number, &records);
        }
        rig.check(&records);
    });
    // The next start knows no less.
    with_store(cells, 8 + u64::from(start), &mut |rig: &Rig| {
        rig.check(&records);
        for (&(partition, number), payloads) in &records {
            if !history.records.contains_key(&(partition, number)) {
                let found = rig.read(partition, number);
                assert_eq!(found.as_ref(), Ok(&payloads[0]), "an appended record");
            }
        }
    });
}

/// Payloads that were stored under the number of a record in a partition.
type Records = BTreeMap<(usize, u32), Vec<Vec<u8>>>;

/// A store that was opened.
struct Rig<'r> {
    flash: &'r dyn Fn() -> bool,
    client: &'r Client,
    store: &'r dyn AnyStore,
}

/// A store of whatever lifetime.
trait AnyStore {
    fn range(&self, partition: usize) -> Result<(u32, u32), ErrorCode>;
    fn append(&self, partition: usize) -> Result<(), ErrorCode>;
    fn read(&self, partition: usize, number: u32) -> Result<(), ErrorCode>;
}

impl<'a, F: SectorFlash<'a>> AnyStore for Store<'a, F, SeededRandom> {
    fn range(&self, partition: usize) -> Result<(u32, u32), ErrorCode> {
        Store::range(self, partition)
    }

    fn append(&self, partition: usize) -> Result<(), ErrorCode> {
        Store::append(self, partition)
    }

    fn read(&self, partition: usize, number: u32) -> Result<(), ErrorCode> {
        Store::read(self, partition, number)
    }
}

/// Opens a store on these cells and hands it over; the cells after that.
fn with_store(cells: Vec<u8>, seed: u64, work: &mut dyn FnMut(&Rig)) -> Vec<u8> {
    let mut after = Vec::new();
    let give = |memory: &'static mut StoreMemory| {
        let flash = SectorsInRam::new(cells);
        let random = SeededRandom::new(seed);
        let client = Client::default();
        let store = Store::new(PARTITIONS, CAPACITY, memory, &ROOT, &flash, &random);
        let store = store.unwrap_or_else(|error| panic!("a good table: {error:?}"));
        flash.set_client(&store);
        store.set_client(&client);
        meter_hil::sector_flash::SectorFlashClient::ready(&store, Ok(()));
        let turn = || flash.step();
        let rig = Rig {
            flash: &turn,
            client: &client,
            store: &store,
        };
        rig.run();
        assert_eq!(client.opened.get(), 1, "it opens once");
        work(&rig);
        after = flash.cells.borrow().clone();
    };
    // SAFETY: store and flash, which share the memory, end with the closure.
    unsafe { with_static_mut(StoreMemory::new(), give) };
    after
}

impl Rig<'_> {
    fn run(&self) {
        for _ in 0..MAX_TURNS {
            if !(self.flash)() {
                return;
            }
        }
        panic!("the store does not come to an end");
    }

    fn range(&self, partition: usize) -> (u32, u32) {
        let range = self.store.range(partition);
        let (oldest, next) = range.unwrap_or_else(|error| panic!("not open: {error:?}"));
        let policy = &PARTITIONS[partition];
        // One sector more than it promises.
        let most = policy.capacity() / (policy.sectors - 1) * policy.sectors;
        assert!(oldest <= next && next - oldest <= most, "{oldest} {next}");
        (oldest, next)
    }

    fn read(&self, partition: usize, number: u32) -> Result<Vec<u8>, ErrorCode> {
        self.store.read(partition, number)?;
        self.run();
        self.client.read.take().expect("a read ends")
    }

    /// Reads everything that is there, and some that is not.
    fn check(&self, records: &Records) {
        for partition in 0..PARTITIONS.len() {
            let (oldest, next) = self.range(partition);
            let first = oldest.saturating_sub(2);
            let edges = [u32::MAX, u32::MAX - 1, 0x7FFF_FFFF, 0x8000_0000, 0];
            for number in (first..next.saturating_add(3)).chain(edges) {
                self.check_record(partition, number, records);
            }
        }
    }

    fn check_record(&self, partition: usize, number: u32, records: &Records) {
        match self.read(partition, number) {
            Ok(payload) => {
                let known = records.get(&(partition, number));
                let known = known.is_some_and(|known| known.contains(&payload));
                assert!(known, "record {number} of {partition} was never appended");
            }
            Err(error) => assert!(
                matches!(error, ErrorCode::UNINSTALLED | ErrorCode::FAIL),
                "{error:?}"
            ),
        }
    }

    /// Appends until it goes well: what stands where nothing should makes some fail.
    fn append_some(&self, partition: usize) -> (u32, Vec<u8>) {
        let slots = PARTITIONS[partition].capacity() / (PARTITIONS[partition].sectors - 1);
        for attempt in 0..2 * slots + 2 {
            let (_, before) = self.range(partition);
            let payload = vec![attempt as u8 ^ 0xC3; 1 + attempt as usize];
            *self.client.payload.borrow_mut() = payload.clone();
            if let Err(error) = self.store.append(partition) {
                panic!("append is refused: {error:?}");
            }
            self.run();
            match self.client.appended.take().expect("an append ends") {
                Ok(number) => {
                    assert!(number >= before);
                    assert_eq!(self.range(partition).1, number + 1);
                    return (number, payload);
                }
                Err(error) => assert_eq!(error, ErrorCode::FAIL),
            }
        }
        panic!("partition {partition} takes nothing");
    }
}

#[derive(Default)]
struct Client {
    opened: Cell<usize>,
    payload: RefCell<Vec<u8>>,
    appended: Cell<Option<Result<u32, ErrorCode>>>,
    read: Cell<Option<Result<Vec<u8>, ErrorCode>>>,
}

impl StoreClient for Client {
    fn opened(&self) {
        self.opened.set(self.opened.get() + 1);
    }

    fn payload(&self, payload: &mut [u8]) -> Result<usize, ErrorCode> {
        let bytes = self.payload.borrow();
        payload[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn appended(&self, result: Result<u32, ErrorCode>) {
        assert!(self.appended.replace(Some(result)).is_none());
    }

    fn payload_read(&self, result: Result<&[u8], ErrorCode>) {
        let before = self.read.replace(Some(result.map(<[u8]>::to_vec)));
        assert!(before.is_none());
    }

    fn read_done(&self) {}
}

/// What was appended, and what the flash held in the course of it.
struct History {
    records: Records,
    images: Vec<Vec<u8>>,
}

/// Rings that have been round several times; power fails in some appends.
fn history() -> &'static History {
    static HISTORY: OnceLock<History> = OnceLock::new();
    HISTORY.get_or_init(|| {
        let mut history = History {
            records: Records::new(),
            images: Vec::new(),
        };
        let mut cells = vec![0xFF; SECTORS * SECTOR];
        for start in 0..12u64 {
            let mut torn = None;
            let after = with_store(cells, 100 + start, &mut |rig| {
                rig.check(&history.records);
                for number in 0..20 {
                    let partition = [1, 0, 1, 2, 1][number % 5];
                    let length = (start as usize * 37 + number * 11) % 120;
                    let payload = vec![number as u8 ^ (start as u8) << 4; length];
                    *rig.client.payload.borrow_mut() = payload.clone();
                    assert_eq!(rig.store.append(partition), Ok(()));
                    let cut = (number == 19).then_some(start as usize % 9);
                    let torn_at = (0..MAX_TURNS).find(|turn| Some(*turn) == cut || !(rig.flash)());
                    if torn_at == cut && cut.is_some() {
                        torn = Some((partition, payload));
                        return;
                    }
                    let appended = rig.client.appended.take();
                    let number = appended.expect("an append ends").expect("it goes well");
                    let known = history.records.entry((partition, number)).or_default();
                    assert!(known.is_empty(), "a number is given twice");
                    known.push(payload);
                }
            });
            history.images.push(after.clone());
            // What was torn may be there or not; a torn number may be given anew
            // only if nothing of it was written.
            if let Some((partition, payload)) = torn {
                with_store(after.clone(), 200, &mut |rig| {
                    let (_, next) = rig.range(partition);
                    for number in next.saturating_sub(1)..=next {
                        let known = history.records.entry((partition, number)).or_default();
                        if known.is_empty() && rig.read(partition, number).is_ok() {
                            known.push(payload.clone());
                        }
                    }
                });
                history.records.retain(|_, known| !known.is_empty());
            }
            cells = after;
        }
        history
    })
}

/// Changes the flash as someone could who has it in hand: kind, image, place
/// (u16), other place (u16), amount (u16). Places are in words.
fn patch(cells: &mut [u8], change: &[u8], history: &History) {
    let half = |at: usize| usize::from(u16::from_le_bytes([change[at], change[at + 1]]));
    let bytes = cells.len();
    let (place, other, amount) = (half(2) * 4 % bytes, half(4) * 4 % bytes, half(6));
    let image = &history.images[usize::from(change[1]) % history.images.len()];
    let length = (amount % 2048 * 4).min(bytes - place).min(bytes - other);
    let sector = place / SECTOR * SECTOR;
    // Slots of the partitions, so that records move as a whole.
    let slot = |at: usize, size: usize| at / SECTOR * SECTOR + 36 + at % SECTOR / size * size;
    let size = if change[1] & 1 == 0 { 1_064 } else { 160 };
    let (to, from) = (slot(place, size), slot(other, size));
    let whole = size.min(bytes - to.max(from).min(bytes));
    match change[0] % 10 {
        0 => cells[place + amount / 8 % 4] ^= 1 << (amount % 8),
        1 => cells[place..][..2].copy_from_slice(&change[6..8]),
        2 => cells[place] &= change[6],
        3 => cells[place..][..length].fill(change[1]),
        4 => cells[sector..][..SECTOR].copy_from_slice(&image[sector..][..SECTOR]),
        5 => cells[to..][..whole].copy_from_slice(&image[to..][..whole]),
        6 => cells[to..][..whole].copy_from_slice(&image[from..][..whole]),
        7 => cells.copy_within(from..from + whole, to),
        8 => (0..whole).for_each(|byte| cells.swap(to + byte, from + byte)),
        _ => cells.copy_within(other..other + length, place),
    }
}

/// Every image as it was, and as it could be made.
pub fn seeds() -> Vec<Vec<u8>> {
    let change = |kind: u8, image: u8, place: u16, other: u16, amount: u16| {
        let numbers = [place, other, amount].map(u16::to_le_bytes);
        [&[kind, image][..], numbers.as_flattened()].concat()
    };
    let images = history().images.len() as u8;
    let mut seeds: Vec<Vec<u8>> = (0..=images).map(|image| vec![image]).collect();
    for image in [2, images / 2, images] {
        seeds.extend([
            [vec![image], change(0, 0, 20, 0, 3)].concat(),
            [vec![image], change(4, image - 2, 1024, 0, 0)].concat(),
            [vec![image], change(4, image - 1, 4096, 0, 0)].concat(),
            [vec![image], change(5, image - 2, 300, 0, 0)].concat(),
            [vec![image], change(6, 0, 300, 600, 0)].concat(),
            [vec![image], change(7, 0, 300, 7400, 0)].concat(),
            [vec![image], change(8, 1, 3100, 3200, 0)].concat(),
            [vec![image], change(3, 0, 0, 0, 2047)].concat(),
            [vec![image], change(3, 0xFF, 3072, 0, 1024)].concat(),
            [vec![image], change(9, 0, 1024, 2048, 1024)].concat(),
        ]);
    }
    seeds
}
