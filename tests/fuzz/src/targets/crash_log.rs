//! The crash log's decoder over whatever a RAM holds.

use std::cell::Cell;

use capsules_system::crash_log::layout::{AREA_BYTES, AREA_WORDS};
use capsules_system::crash_log::{
    decode, CrashKind, CrashLog, CrashRecord, Name, Opened, ProcessEntry, ProcessState,
};

/// Decodes, then boots on it: what the kernel keeps must be what was decoded.
pub fn run(data: &[u8]) {
    let before = decode(data);
    let Some(area) = data.get(..AREA_BYTES) else {
        assert!(before.is_err());
        return;
    };
    let words: [Cell<u32>; AREA_WORDS] = core::array::from_fn(|index| {
        let at = index * 4;
        Cell::new(u32::from_le_bytes([
            area[at],
            area[at + 1],
            area[at + 2],
            area[at + 3],
        ]))
    });
    let (log, opened) = CrashLog::open(words, 1);
    let record = CrashRecord::new(CrashKind::KernelPanic);
    let sequence = log.add(&record);
    match before {
        Ok(report) => {
            assert_eq!(opened, Opened::Retained);
            assert_eq!(log.boots(), report.boots.wrapping_add(1));
            for record in report.records.iter().flatten() {
                assert!(record.name.as_str().len() <= 16 && record.message.as_str().len() <= 20);
                assert!(sequence > record.sequence || record.sequence == u32::MAX);
            }
            for process in report.processes.iter().flatten() {
                assert!(process.name.as_str().len() <= 16);
            }
        }
        Err(_) => assert_eq!((opened, log.boots(), sequence), (Opened::Formatted, 1, 1)),
    }
}

/// Logs with a few records, and noise.
pub fn seeds() -> Vec<Vec<u8>> {
    let words: [Cell<u32>; AREA_WORDS] = core::array::from_fn(|_| Cell::new(0xA5A5_A5A5));
    let (log, _) = CrashLog::open(Shared(&words), 4);
    let empty = bytes(&words);
    for number in 0..15 {
        log.add(&CrashRecord {
            name: Name::start_of("metering"),
            message: Name::end_of("kernel/src/kernel/main_loop.rs"),
            detail: number,
            registers: Some(Default::default()),
            ..CrashRecord::new(CrashKind::ProcessFault)
        });
    }
    let entry = ProcessEntry {
        state: ProcessState::Yielded,
        name: Name::start_of("dlms"),
        short_id: 3,
        restart_count: 1,
        fault_count: 1,
        flash_start: 0xA_0000,
        ram_start: 0x2002_8000,
        dropped_upcalls: 0,
        system_calls: 99,
    };
    log.set_process(0, &entry);
    vec![bytes(&words), empty, vec![0x5A; AREA_BYTES], vec![0; 16]]
}

struct Shared<'a>(&'a [Cell<u32>; AREA_WORDS]);

impl capsules_system::crash_log::RetainedWords for Shared<'_> {
    fn read(&self, index: usize) -> u32 {
        self.0[index].get()
    }

    fn write(&self, index: usize, value: u32) {
        self.0[index].set(value);
    }
}

fn bytes(words: &[Cell<u32>]) -> Vec<u8> {
    words
        .iter()
        .flat_map(|word| word.get().to_le_bytes())
        .collect()
}
