//! SAADC: analogue to digital converter.

use super::{Event, Task};
use kernel::utilities::registers::{
    register_bitfields, register_structs, ReadOnly, ReadWrite, WriteOnly,
};

register_structs! {
    pub LimitEvents {
        (0x0 => pub high: ReadWrite<u32, Event::Register>),
        (0x4 => pub low: ReadWrite<u32, Event::Register>),
        (0x8 => @END),
    }
}

register_structs! {
    pub Channel {
        (0x0 => pub pselp: ReadWrite<u32>),
        (0x4 => pub pseln: ReadWrite<u32>),
        (0x8 => pub config: ReadWrite<u32, Config::Register>),
        (0xC => pub limit: ReadWrite<u32, Limit::Register>),
        (0x10 => @END),
    }
}

register_structs! {
    pub SaadcRegisters {
        (0x000 => pub tasks_start: WriteOnly<u32, Task::Register>),
        (0x004 => pub tasks_sample: WriteOnly<u32, Task::Register>),
        (0x008 => pub tasks_stop: WriteOnly<u32, Task::Register>),
        (0x00C => pub tasks_calibrateoffset: WriteOnly<u32, Task::Register>),
        (0x010 => _reserved0),
        (0x100 => pub events_started: ReadWrite<u32, Event::Register>),
        (0x104 => pub events_end: ReadWrite<u32, Event::Register>),
        (0x108 => pub events_done: ReadWrite<u32, Event::Register>),
        (0x10C => pub events_resultdone: ReadWrite<u32, Event::Register>),
        (0x110 => pub events_calibratedone: ReadWrite<u32, Event::Register>),
        (0x114 => pub events_stopped: ReadWrite<u32, Event::Register>),
        (0x118 => pub events_ch: [LimitEvents; 8]),
        (0x158 => _reserved1),
        (0x304 => pub intenset: ReadWrite<u32, Interrupt::Register>),
        (0x308 => pub intenclr: ReadWrite<u32, Interrupt::Register>),
        (0x30C => _reserved2),
        (0x400 => pub status: ReadOnly<u32>),
        (0x404 => _reserved3),
        (0x500 => pub enable: ReadWrite<u32>),
        (0x504 => _reserved4),
        (0x510 => pub ch: [Channel; 8]),
        (0x590 => _reserved5),
        (0x5F0 => pub resolution: ReadWrite<u32, Resolution::Register>),
        (0x5F4 => pub oversample: ReadWrite<u32>),
        (0x5F8 => pub samplerate: ReadWrite<u32>),
        (0x5FC => _reserved6),
        (0x62C => pub result_ptr: ReadWrite<u32>),
        (0x630 => pub result_maxcnt: ReadWrite<u32>),
        (0x634 => pub result_amount: ReadOnly<u32>),
        (0x638 => @END),
    }
}

register_bitfields![u32,
    pub Interrupt [
        STARTED OFFSET(0) NUMBITS(1) [],
        END OFFSET(1) NUMBITS(1) [],
        DONE OFFSET(2) NUMBITS(1) [],
        RESULTDONE OFFSET(3) NUMBITS(1) [],
        CALIBRATEDONE OFFSET(4) NUMBITS(1) [],
        STOPPED OFFSET(5) NUMBITS(1) []
    ],
    pub Config [
        RESP OFFSET(0) NUMBITS(2) [],
        RESN OFFSET(4) NUMBITS(2) [],
        GAIN OFFSET(8) NUMBITS(3) [
            Gain1_6 = 0,
            Gain1_5 = 1,
            Gain1_4 = 2,
            Gain1_3 = 3,
            Gain1_2 = 4,
            Gain1 = 5,
            Gain2 = 6,
            Gain4 = 7
        ],
        REFSEL OFFSET(12) NUMBITS(1) [
            Internal = 0,
            VddQuarter = 1
        ],
        TACQ OFFSET(16) NUMBITS(3) [
            Us3 = 0,
            Us5 = 1,
            Us10 = 2,
            Us15 = 3,
            Us20 = 4,
            Us40 = 5
        ],
        MODE OFFSET(20) NUMBITS(1) [
            SingleEnded = 0,
            Differential = 1
        ],
        BURST OFFSET(24) NUMBITS(1) []
    ],
    pub Limit [
        LOW OFFSET(0) NUMBITS(16) [],
        HIGH OFFSET(16) NUMBITS(16) []
    ],
    pub Resolution [
        VAL OFFSET(0) NUMBITS(3) [
            Bits8 = 0,
            Bits10 = 1,
            Bits12 = 2,
            Bits14 = 3
        ]
    ]
];
