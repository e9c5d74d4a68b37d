//! Reads the crash log that firmware keeps in retained RAM (docs/crash-log.md).

use crate::machine::Machine;
use reasons::{Area, Reason};
use serde::Serialize;

/// Where it is, and its size.
const ADDRESS: u32 = 0x2000_F800;
const SIZE: usize = 2048;

const MAGIC: u32 = 0x474F_4C57;
const RECORD_MAGIC: u32 = 0x4853_5243;
const VERSION_AND_HEADER: u32 = 0x0020_0001;
const OFFSETS: u32 = 0x0200_0020;
const PROCESS_SIZE: usize = 48;
const PROCESSES: usize = 10;
const RECORD_SIZE: usize = 128;
const RECORDS: usize = 12;

/// What the log says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CrashLog {
    /// Starts since power-on.
    pub boots: u32,
    /// POWER.RESETREAS as the last start found it.
    pub reset_reason: u32,
    /// The processes of the present boot.
    pub processes: Vec<Process>,
    /// Crashes since power-on, oldest first.
    pub crashes: Vec<Crash>,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Process {
    /// Its package name.
    pub name: String,
    /// What it does: running, yielded, faulted and so on.
    pub state: &'static str,
    /// Its short id, 0 if only locally unique.
    pub short_id: u32,
    /// Restarts.
    pub restarts: u32,
    /// Faults.
    pub faults: u32,
    /// Where its TBF header is.
    pub flash_start: u32,
    /// Where its RAM begins.
    pub ram_start: u32,
    /// Upcalls that found no room.
    pub dropped_upcalls: u32,
    /// System calls.
    pub system_calls: u32,
}

/// One crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Crash {
    /// Its number.
    pub sequence: u32,
    /// What crashed: a process fault, a panic and so on.
    pub kind: &'static str,
    /// What became of it.
    pub action: &'static str,
    /// The boot in which it happened.
    pub boot: u32,
    /// Microseconds since that boot.
    pub uptime_microseconds: u64,
    /// The process, or `kernel`.
    pub name: String,
    /// The program counter, if known.
    pub pc: Option<u32>,
    /// The link register, if known.
    pub lr: Option<u32>,
    /// CFSR, if known.
    pub cfsr: Option<u32>,
    /// MMFAR, if CFSR says that it holds.
    pub fault_address: Option<u32>,
    /// Source line of a panic, or RESETREAS of a watchdog reset.
    pub detail: u32,
    /// The end of the panicking source file's path.
    pub message: String,
}

/// The log in the machine's RAM, if there is a valid one.
pub fn read(machine: &mut Machine) -> Option<CrashLog> {
    decode(&machine.read_memory(ADDRESS, SIZE)?)
}

fn word(bytes: &[u8], offset: usize) -> u32 {
    bytes
        .get(offset..offset + 4)
        .and_then(|four| four.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
}

fn decode(log: &[u8]) -> Option<CrashLog> {
    let shape = [
        (0, MAGIC),
        (4, VERSION_AND_HEADER),
        (8, OFFSETS),
        (12, (PROCESSES << 16 | PROCESS_SIZE) as u32),
        (16, (RECORDS << 16 | RECORD_SIZE) as u32),
    ];
    let valid = shape.iter().all(|(at, value)| word(log, *at) == *value);
    if log.len() < SIZE || !valid {
        return None;
    }
    let processes = log[0x20..0x20 + PROCESSES * PROCESS_SIZE]
        .chunks_exact(PROCESS_SIZE)
        .filter(|entry| entry[0] != 0)
        .map(process)
        .collect();
    let mut crashes: Vec<Crash> = log[0x200..0x200 + RECORDS * RECORD_SIZE]
        .chunks_exact(RECORD_SIZE)
        .filter(|record| {
            word(record, 0) == RECORD_MAGIC && word(record, 124) == crc32(&record[..124])
        })
        .map(crash)
        .collect();
    crashes.sort_by_key(|crash| crash.sequence);
    Some(CrashLog {
        boots: word(log, 20),
        reset_reason: word(log, 24),
        processes,
        crashes,
    })
}

/// Why an object was not let run.
fn refusal(code: u8) -> &'static str {
    Reason::from_number(code)
        .filter(|reason| reason.area() == Area::Loading)
        .map_or("refused", Reason::name)
}

fn process(entry: &[u8]) -> Process {
    Process {
        name: text(&entry[4..20]),
        state: match entry[0] {
            1 => "running",
            2 => "yielded",
            3 => "yielded-for",
            4 => "stopped",
            5 => "faulted",
            6 => "terminated",
            7 => refusal(entry[1]),
            _ => "unknown",
        },
        short_id: word(entry, 20),
        restarts: word(entry, 24),
        faults: word(entry, 28),
        flash_start: word(entry, 32),
        ram_start: word(entry, 36),
        dropped_upcalls: word(entry, 40),
        system_calls: word(entry, 44),
    }
}

fn crash(record: &[u8]) -> Crash {
    const ADDRESS_VALID: u32 = 1 << 7;
    let known = record[7] == 1;
    let register = |offset| known.then(|| word(record, offset));
    let cfsr = register(64);
    Crash {
        sequence: word(record, 8),
        kind: match record[5] {
            1 => "process fault",
            2 => "kernel panic",
            3 => "watchdog",
            4 => "kernel fault",
            _ => "unknown",
        },
        action: match record[6] {
            0 => "none",
            1 => "stopped",
            2 => "restarted",
            3 => "panicked",
            _ => "unknown",
        },
        boot: word(record, 12),
        uptime_microseconds: u64::from(word(record, 20)) << 32 | u64::from(word(record, 16)),
        name: text(&record[24..40]),
        pc: register(48),
        lr: register(52),
        cfsr,
        fault_address: cfsr
            .filter(|cfsr| cfsr & ADDRESS_VALID != 0)
            .map(|_| word(record, 72)),
        detail: word(record, 100),
        message: text(&record[104..124]),
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(0xFFFF_FFFF, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 != 0 { 0xEDB8_8320 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Vec<u8> {
        let mut log = vec![0; SIZE];
        for (at, value) in [
            (0, MAGIC),
            (4, VERSION_AND_HEADER),
            (8, OFFSETS),
            (12, 10 << 16 | 48),
            (16, 12 << 16 | 128),
            (20, 3),
        ] {
            log[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
        }
        log
    }

    #[test]
    fn noise_is_no_log() {
        assert_eq!(decode(&vec![0xA5; SIZE]), None);
        let log = decode(&empty()).expect("valid");
        assert_eq!(
            (log.boots, log.processes.len(), log.crashes.len()),
            (3, 0, 0)
        );
    }

    #[test]
    fn a_process_and_a_whole_record_are_read() {
        let mut log = empty();
        log[0x20] = 5;
        log[0x24..0x2B].copy_from_slice(b"evil\0\0\0");
        log[0x20 + 28] = 7;
        let record = 0x200 + 128;
        log[record..record + 4].copy_from_slice(&RECORD_MAGIC.to_le_bytes());
        log[record + 5] = 1;
        log[record + 7] = 1;
        log[record + 8] = 9;
        log[record + 64] = 0x82;
        log[record + 72] = 0x44;
        let crc = crc32(&log[record..record + 124]);
        log[record + 124..record + 128].copy_from_slice(&crc.to_le_bytes());
        let read = decode(&log).expect("valid");
        assert_eq!(read.processes[0].state, "faulted");
        assert_eq!(read.processes[0].name, "evil");
        assert_eq!(read.processes[0].faults, 7);
        assert_eq!(read.crashes[0].sequence, 9);
        assert_eq!(read.crashes[0].fault_address, Some(0x44));
        log[record + 8] = 8;
        assert!(
            decode(&log).expect("valid").crashes.is_empty(),
            "torn record"
        );
    }

    #[test]
    fn what_was_not_let_run_says_why() {
        let state = |code| {
            let mut log = empty();
            log[0x20] = 7;
            log[0x21] = code;
            decode(&log).expect("valid").processes[0].state
        };
        assert_eq!(state(1), "refused: unsigned");
        assert_eq!(state(6), "refused: not loaded");
        assert_eq!(state(64), "refused", "no code of the loader");
        assert_eq!(state(0xFF), "refused");
    }

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
