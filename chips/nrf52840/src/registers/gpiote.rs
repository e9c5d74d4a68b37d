//! GPIOTE: events and tasks of pins.

use super::{Event, Task};
use kernel::utilities::registers::{register_bitfields, register_structs, ReadWrite, WriteOnly};

register_structs! {
    pub GpioteRegisters {
        (0x000 => pub tasks_out: [WriteOnly<u32, Task::Register>; 8]),
        (0x020 => _reserved0),
        (0x030 => pub tasks_set: [WriteOnly<u32, Task::Register>; 8]),
        (0x050 => _reserved1),
        (0x060 => pub tasks_clr: [WriteOnly<u32, Task::Register>; 8]),
        (0x080 => _reserved2),
        (0x100 => pub events_in: [ReadWrite<u32, Event::Register>; 8]),
        (0x120 => _reserved3),
        (0x17C => pub events_port: ReadWrite<u32, Event::Register>),
        (0x180 => _reserved4),
        (0x304 => pub intenset: ReadWrite<u32>),
        (0x308 => pub intenclr: ReadWrite<u32>),
        (0x30C => _reserved5),
        (0x510 => pub config: [ReadWrite<u32, Config::Register>; 8]),
        (0x530 => @END),
    }
}

register_bitfields![u32,
    pub Config [
        MODE OFFSET(0) NUMBITS(2) [
            Disabled = 0,
            Event = 1,
            Task = 3
        ],
        PSEL OFFSET(8) NUMBITS(5) [],
        PORT OFFSET(13) NUMBITS(1) [],
        POLARITY OFFSET(16) NUMBITS(2) [
            None = 0,
            LoToHi = 1,
            HiToLo = 2,
            Toggle = 3
        ],
        OUTINIT OFFSET(20) NUMBITS(1) []
    ]
];
