//! TIMER: 16 MHz timers. TIMER0 to 2 have four capture/compare registers, 3 and 4 six.

use super::{Event, Task};
use kernel::utilities::registers::{register_bitfields, register_structs, ReadWrite, WriteOnly};

register_structs! {
    pub TimerRegisters {
        (0x000 => pub tasks_start: WriteOnly<u32, Task::Register>),
        (0x004 => pub tasks_stop: WriteOnly<u32, Task::Register>),
        (0x008 => pub tasks_count: WriteOnly<u32, Task::Register>),
        (0x00C => pub tasks_clear: WriteOnly<u32, Task::Register>),
        (0x010 => pub tasks_shutdown: WriteOnly<u32, Task::Register>),
        (0x014 => _reserved0),
        (0x040 => pub tasks_capture: [WriteOnly<u32, Task::Register>; 6]),
        (0x058 => _reserved1),
        (0x140 => pub events_compare: [ReadWrite<u32, Event::Register>; 6]),
        (0x158 => _reserved2),
        (0x200 => pub shorts: ReadWrite<u32>),
        (0x204 => _reserved3),
        (0x304 => pub intenset: ReadWrite<u32>),
        (0x308 => pub intenclr: ReadWrite<u32>),
        (0x30C => _reserved4),
        (0x504 => pub mode: ReadWrite<u32, Mode::Register>),
        (0x508 => pub bitmode: ReadWrite<u32, BitMode::Register>),
        (0x50C => _reserved5),
        (0x510 => pub prescaler: ReadWrite<u32>),
        (0x514 => _reserved6),
        (0x540 => pub cc: [ReadWrite<u32>; 6]),
        (0x558 => @END),
    }
}

register_bitfields![u32,
    pub Mode [
        MODE OFFSET(0) NUMBITS(2) [
            Timer = 0,
            Counter = 1,
            LowPowerCounter = 2
        ]
    ],
    pub BitMode [
        BITMODE OFFSET(0) NUMBITS(2) [
            Bits16 = 0,
            Bits8 = 1,
            Bits24 = 2,
            Bits32 = 3
        ]
    ]
];
