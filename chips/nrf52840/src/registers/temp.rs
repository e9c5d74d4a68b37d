//! TEMP: the thermometer.

use super::{Event, Task};
use kernel::utilities::registers::{
    register_bitfields, register_structs, ReadOnly, ReadWrite, WriteOnly,
};

register_structs! {
    pub TempRegisters {
        (0x000 => pub tasks_start: WriteOnly<u32, Task::Register>),
        (0x004 => pub tasks_stop: WriteOnly<u32, Task::Register>),
        (0x008 => _reserved0),
        (0x100 => pub events_datardy: ReadWrite<u32, Event::Register>),
        (0x104 => _reserved1),
        (0x304 => pub intenset: ReadWrite<u32, Interrupt::Register>),
        (0x308 => pub intenclr: ReadWrite<u32, Interrupt::Register>),
        (0x30C => _reserved2),
        (0x508 => pub temp: ReadOnly<u32>),
        (0x50C => _reserved3),
        (0x520 => pub a: [ReadWrite<u32>; 6]),
        (0x538 => _reserved4),
        (0x540 => pub b: [ReadWrite<u32>; 6]),
        (0x558 => _reserved5),
        (0x560 => pub t: [ReadWrite<u32>; 5]),
        (0x574 => @END),
    }
}

register_bitfields![u32,
    pub Interrupt [
        DATARDY OFFSET(0) NUMBITS(1) []
    ]
];
