//! WDT: watchdog.

use super::{Event, Task};
use kernel::utilities::registers::{
    register_bitfields, register_structs, ReadOnly, ReadWrite, WriteOnly,
};

register_structs! {
    pub WdtRegisters {
        (0x000 => pub tasks_start: WriteOnly<u32, Task::Register>),
        (0x004 => _reserved0),
        (0x100 => pub events_timeout: ReadWrite<u32, Event::Register>),
        (0x104 => _reserved1),
        (0x304 => pub intenset: ReadWrite<u32>),
        (0x308 => pub intenclr: ReadWrite<u32>),
        (0x30C => _reserved2),
        (0x400 => pub runstatus: ReadOnly<u32, RunStatus::Register>),
        (0x404 => pub reqstatus: ReadOnly<u32>),
        (0x408 => _reserved3),
        (0x504 => pub crv: ReadWrite<u32>),
        (0x508 => pub rren: ReadWrite<u32>),
        (0x50C => pub config: ReadWrite<u32, Config::Register>),
        (0x510 => _reserved4),
        (0x600 => pub rr: [WriteOnly<u32>; 8]),
        (0x620 => @END),
    }
}

register_bitfields![u32,
    pub RunStatus [
        RUNNING OFFSET(0) NUMBITS(1) []
    ],
    pub Config [
        SLEEP OFFSET(0) NUMBITS(1) [],
        HALT OFFSET(3) NUMBITS(1) []
    ]
];
