//! Crash record and process entry, and their form as words.

use super::layout::{
    ENTRY_WORDS, MESSAGE_BYTES, NAME_BYTES, RECORD_CRC, RECORD_MAGIC, RECORD_WORDS,
};
use crate::crc32;

/// Version of the crash record's form.
const RECORD_VERSION: u8 = 1;

/// UTF-8 text of at most `N` bytes, filled up with zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<const N: usize>([u8; N]);

impl<const N: usize> Name<N> {
    /// The first characters of `text` that fit whole.
    pub fn start_of(text: &str) -> Self {
        let mut end = text.len().min(N);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self::from_part(&text.as_bytes()[..end])
    }

    /// The last characters of `text` that fit whole: of a path, its end tells most.
    pub fn end_of(text: &str) -> Self {
        let mut start = text.len().saturating_sub(N);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        Self::from_part(&text.as_bytes()[start..])
    }

    /// The text, without its filling. Bytes that are not UTF-8 end it.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|&byte| byte == 0).unwrap_or(N);
        let bytes = &self.0[..end];
        match core::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""),
        }
    }

    fn from_part(part: &[u8]) -> Self {
        let mut bytes = [0; N];
        bytes[..part.len()].copy_from_slice(part);
        Name(bytes)
    }

    fn to_words(self, words: &mut [u32]) {
        for (word, bytes) in words.iter_mut().zip(self.0.chunks_exact(4)) {
            *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
    }

    fn from_words(words: &[u32]) -> Self {
        let mut bytes = [0; N];
        for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        Name(bytes)
    }
}

/// What a crash record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashKind {
    /// A process did what it must not.
    ProcessFault,
    /// The kernel stopped itself.
    KernelPanic,
    /// The watchdog reset the part.
    Watchdog,
    /// The core took a fault exception in the kernel.
    KernelFault,
}

impl CrashKind {
    fn code(self) -> u8 {
        match self {
            CrashKind::ProcessFault => 1,
            CrashKind::KernelPanic => 2,
            CrashKind::Watchdog => 3,
            CrashKind::KernelFault => 4,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => CrashKind::ProcessFault,
            2 => CrashKind::KernelPanic,
            3 => CrashKind::Watchdog,
            4 => CrashKind::KernelFault,
            _ => return None,
        })
    }
}

/// What the fault policy did with the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultAction {
    /// Nothing was there to decide.
    None,
    /// The process stays stopped.
    Stopped,
    /// The process was or will be started again.
    Restarted,
    /// The kernel panicked.
    Panicked,
}

impl FaultAction {
    fn code(self) -> u8 {
        match self {
            FaultAction::None => 0,
            FaultAction::Stopped => 1,
            FaultAction::Restarted => 2,
            FaultAction::Panicked => 3,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => FaultAction::None,
            1 => FaultAction::Stopped,
            2 => FaultAction::Restarted,
            3 => FaultAction::Panicked,
            _ => return None,
        })
    }
}

/// Registers of the core at the time of the crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// Stacked program counter.
    pub pc: u32,
    /// Stacked link register.
    pub lr: u32,
    /// Process stack pointer.
    pub psp: u32,
    /// Stacked program status.
    pub xpsr: u32,
    /// Configurable fault status.
    pub cfsr: u32,
    /// HardFault status.
    pub hfsr: u32,
    /// MemManage fault address, valid when CFSR says so.
    pub mmfar: u32,
    /// Bus fault address, valid when CFSR says so.
    pub bfar: u32,
    /// Stacked r0.
    pub r0: u32,
    /// Stacked r1.
    pub r1: u32,
    /// Stacked r2.
    pub r2: u32,
    /// Stacked r3.
    pub r3: u32,
    /// Stacked r12.
    pub r12: u32,
}

impl Registers {
    const WORDS: usize = 13;

    fn to_words(self) -> [u32; Self::WORDS] {
        [
            self.pc, self.lr, self.psp, self.xpsr, self.cfsr, self.hfsr, self.mmfar, self.bfar,
            self.r0, self.r1, self.r2, self.r3, self.r12,
        ]
    }

    fn from_words(words: &[u32; Self::WORDS]) -> Self {
        let [pc, lr, psp, xpsr, cfsr, hfsr, mmfar, bfar, r0, r1, r2, r3, r12] = *words;
        Registers {
            pc,
            lr,
            psp,
            xpsr,
            cfsr,
            hfsr,
            mmfar,
            bfar,
            r0,
            r1,
            r2,
            r3,
            r12,
        }
    }
}

/// One crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashRecord {
    /// What happened.
    pub kind: CrashKind,
    /// What was done about it.
    pub action: FaultAction,
    /// The core's registers, if they are known.
    pub registers: Option<Registers>,
    /// Starts since power-on, as in the header. [`super::CrashLog`] fills it in.
    pub boots: u32,
    /// Number of the record, from 1. [`super::CrashLog`] fills it in.
    pub sequence: u32,
    /// Microseconds since that boot.
    pub uptime_us: u64,
    /// Name of the process, or `kernel`.
    pub name: Name<NAME_BYTES>,
    /// Short id of the process; 0 when locally unique, or the kernel.
    pub short_id: u32,
    /// Restarts of the process before the policy acted.
    pub restart_count: u32,
    /// Kernel panic: source line. Watchdog: RESETREAS. Otherwise 0.
    pub detail: u32,
    /// Kernel panic: end of the source file's path.
    pub message: Name<MESSAGE_BYTES>,
}

impl CrashRecord {
    /// A record with nothing known but its kind; fill in the rest with
    /// struct update syntax.
    pub fn new(kind: CrashKind) -> Self {
        CrashRecord {
            kind,
            action: FaultAction::None,
            registers: None,
            boots: 0,
            sequence: 0,
            uptime_us: 0,
            name: Name::start_of(if kind == CrashKind::ProcessFault {
                ""
            } else {
                "kernel"
            }),
            short_id: 0,
            restart_count: 0,
            detail: 0,
            message: Name::start_of(""),
        }
    }

    pub(super) fn to_words(self) -> [u32; RECORD_WORDS] {
        let mut words = [0; RECORD_WORDS];
        words[0] = RECORD_MAGIC;
        words[1] = u32::from_le_bytes([
            RECORD_VERSION,
            self.kind.code(),
            self.action.code(),
            u8::from(self.registers.is_some()),
        ]);
        words[2] = self.sequence;
        words[3] = self.boots;
        words[4] = self.uptime_us as u32;
        words[5] = (self.uptime_us >> 32) as u32;
        self.name.to_words(&mut words[6..10]);
        words[10] = self.short_id;
        words[11] = self.restart_count;
        words[12..25].copy_from_slice(&self.registers.unwrap_or_default().to_words());
        words[25] = self.detail;
        self.message.to_words(&mut words[26..31]);
        words[RECORD_CRC] = crc32::of_words(words[..RECORD_CRC].iter().copied());
        words
    }

    /// The record in these words, unless magic, CRC, version or a field is wrong.
    pub(super) fn from_words(words: &[u32; RECORD_WORDS]) -> Option<Self> {
        if words[0] != RECORD_MAGIC
            || words[RECORD_CRC] != crc32::of_words(words[..RECORD_CRC].iter().copied())
        {
            return None;
        }
        let [version, kind, action, has_registers] = words[1].to_le_bytes();
        if version != RECORD_VERSION {
            return None;
        }
        let mut registers = [0; Registers::WORDS];
        registers.copy_from_slice(&words[12..25]);
        Some(CrashRecord {
            kind: CrashKind::from_code(kind)?,
            action: FaultAction::from_code(action)?,
            registers: (has_registers == 1).then(|| Registers::from_words(&registers)),
            sequence: words[2],
            boots: words[3],
            uptime_us: u64::from(words[4]) | (u64::from(words[5]) << 32),
            name: Name::from_words(&words[6..10]),
            short_id: words[10],
            restart_count: words[11],
            detail: words[25],
            message: Name::from_words(&words[26..31]),
        })
    }
}

/// State of a process in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessState {
    /// Runs or could.
    Running,
    /// Waits for any upcall.
    Yielded,
    /// Waits for one upcall.
    YieldedFor,
    /// Stopped from outside.
    Stopped,
    /// Faulted and not started again.
    Faulted,
    /// Exited.
    Terminated,
    /// No process: an object in flash that was not let run, and why (a number
    /// of docs/crash-log.md).
    Refused(u8),
}

impl ProcessState {
    fn code(self) -> u8 {
        match self {
            ProcessState::Running => 1,
            ProcessState::Yielded => 2,
            ProcessState::YieldedFor => 3,
            ProcessState::Stopped => 4,
            ProcessState::Faulted => 5,
            ProcessState::Terminated => 6,
            ProcessState::Refused(_) => 7,
        }
    }

    /// The first word of an entry.
    pub(super) fn to_word(self) -> u32 {
        let reason = match self {
            ProcessState::Refused(reason) => reason,
            _ => 0,
        };
        u32::from_le_bytes([self.code(), reason, 0, 0])
    }

    fn from_word(word: u32) -> Option<Self> {
        let [code, reason, ..] = word.to_le_bytes();
        Some(match code {
            1 => ProcessState::Running,
            2 => ProcessState::Yielded,
            3 => ProcessState::YieldedFor,
            4 => ProcessState::Stopped,
            5 => ProcessState::Faulted,
            6 => ProcessState::Terminated,
            7 => ProcessState::Refused(reason),
            _ => return None,
        })
    }
}

/// One process of the present boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessEntry {
    /// State.
    pub state: ProcessState,
    /// Package name.
    pub name: Name<NAME_BYTES>,
    /// Short id; 0 when locally unique.
    pub short_id: u32,
    /// Restarts.
    pub restart_count: u32,
    /// Faults.
    pub fault_count: u32,
    /// Address of the TBF header.
    pub flash_start: u32,
    /// Address of the process's RAM.
    pub ram_start: u32,
    /// Upcalls that found the queue full.
    pub dropped_upcalls: u32,
    /// System calls made.
    pub system_calls: u32,
}

impl ProcessEntry {
    pub(super) fn to_words(self) -> [u32; ENTRY_WORDS] {
        let mut words = [0; ENTRY_WORDS];
        words[0] = self.state.to_word();
        self.name.to_words(&mut words[1..5]);
        words[5] = self.short_id;
        words[6] = self.restart_count;
        words[7] = self.fault_count;
        words[8] = self.flash_start;
        words[9] = self.ram_start;
        words[10] = self.dropped_upcalls;
        words[11] = self.system_calls;
        words
    }

    /// The entry in these words; none when the state is empty or unknown.
    pub(super) fn from_words(words: &[u32; ENTRY_WORDS]) -> Option<Self> {
        Some(ProcessEntry {
            state: ProcessState::from_word(words[0])?,
            name: Name::from_words(&words[1..5]),
            short_id: words[5],
            restart_count: words[6],
            fault_count: words[7],
            flash_start: words[8],
            ram_start: words[9],
            dropped_upcalls: words[10],
            system_calls: words[11],
        })
    }
}
