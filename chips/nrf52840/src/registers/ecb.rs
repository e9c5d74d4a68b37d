//! ECB: AES-128 block encryption.

use super::{Event, Task};
use kernel::utilities::registers::{register_bitfields, register_structs, ReadWrite, WriteOnly};

register_structs! {
    pub EcbRegisters {
        (0x000 => pub tasks_startecb: WriteOnly<u32, Task::Register>),
        (0x004 => pub tasks_stopecb: WriteOnly<u32, Task::Register>),
        (0x008 => _reserved0),
        (0x100 => pub events_endecb: ReadWrite<u32, Event::Register>),
        (0x104 => pub events_errorecb: ReadWrite<u32, Event::Register>),
        (0x108 => _reserved1),
        (0x304 => pub intenset: ReadWrite<u32, Interrupt::Register>),
        (0x308 => pub intenclr: ReadWrite<u32, Interrupt::Register>),
        (0x30C => _reserved2),
        (0x504 => pub ecbdataptr: ReadWrite<u32>),
        (0x508 => @END),
    }
}

register_bitfields![u32,
    pub Interrupt [
        ENDECB OFFSET(0) NUMBITS(1) [],
        ERRORECB OFFSET(1) NUMBITS(1) []
    ]
];
