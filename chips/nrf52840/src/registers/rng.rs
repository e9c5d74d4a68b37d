//! RNG: random numbers.

use super::{Event, Task};
use kernel::utilities::registers::{
    register_bitfields, register_structs, ReadOnly, ReadWrite, WriteOnly,
};

register_structs! {
    pub RngRegisters {
        (0x000 => pub tasks_start: WriteOnly<u32, Task::Register>),
        (0x004 => pub tasks_stop: WriteOnly<u32, Task::Register>),
        (0x008 => _reserved0),
        (0x100 => pub events_valrdy: ReadWrite<u32, Event::Register>),
        (0x104 => _reserved1),
        (0x200 => pub shorts: ReadWrite<u32>),
        (0x204 => _reserved2),
        (0x304 => pub intenset: ReadWrite<u32, Interrupt::Register>),
        (0x308 => pub intenclr: ReadWrite<u32, Interrupt::Register>),
        (0x30C => _reserved3),
        (0x504 => pub config: ReadWrite<u32, Config::Register>),
        (0x508 => pub value: ReadOnly<u32>),
        (0x50C => @END),
    }
}

register_bitfields![u32,
    pub Interrupt [
        VALRDY OFFSET(0) NUMBITS(1) []
    ],
    pub Config [
        DERCEN OFFSET(0) NUMBITS(1) []
    ]
];
