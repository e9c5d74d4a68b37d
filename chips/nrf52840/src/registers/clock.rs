//! CLOCK: oscillators.

use super::{Event, Task};
use kernel::utilities::registers::{
    register_bitfields, register_structs, ReadOnly, ReadWrite, WriteOnly,
};

register_structs! {
    pub ClockRegisters {
        (0x000 => pub tasks_hfclkstart: WriteOnly<u32, Task::Register>),
        (0x004 => pub tasks_hfclkstop: WriteOnly<u32, Task::Register>),
        (0x008 => pub tasks_lfclkstart: WriteOnly<u32, Task::Register>),
        (0x00C => pub tasks_lfclkstop: WriteOnly<u32, Task::Register>),
        (0x010 => _reserved0),
        (0x100 => pub events_hfclkstarted: ReadWrite<u32, Event::Register>),
        (0x104 => pub events_lfclkstarted: ReadWrite<u32, Event::Register>),
        (0x108 => _reserved1),
        (0x304 => pub intenset: ReadWrite<u32, Interrupt::Register>),
        (0x308 => pub intenclr: ReadWrite<u32, Interrupt::Register>),
        (0x30C => _reserved2),
        (0x40C => pub hfclkstat: ReadOnly<u32, HighStatus::Register>),
        (0x410 => _reserved3),
        (0x418 => pub lfclkstat: ReadOnly<u32, LowStatus::Register>),
        (0x41C => _reserved4),
        (0x518 => pub lfclksrc: ReadWrite<u32, LowSource::Register>),
        (0x51C => @END),
    }
}

register_bitfields![u32,
    pub Interrupt [
        HFCLKSTARTED OFFSET(0) NUMBITS(1) [],
        LFCLKSTARTED OFFSET(1) NUMBITS(1) []
    ],
    pub HighStatus [
        SRC OFFSET(0) NUMBITS(1) [
            Internal = 0,
            Crystal = 1
        ],
        STATE OFFSET(16) NUMBITS(1) []
    ],
    pub LowStatus [
        SRC OFFSET(0) NUMBITS(2) [
            Rc = 0,
            Crystal = 1,
            Synthesized = 2
        ],
        STATE OFFSET(16) NUMBITS(1) []
    ],
    pub LowSource [
        SRC OFFSET(0) NUMBITS(2) [
            Rc = 0,
            Crystal = 1,
            Synthesized = 2
        ],
        BYPASS OFFSET(16) NUMBITS(1) [],
        EXTERNAL OFFSET(17) NUMBITS(1) []
    ]
];
