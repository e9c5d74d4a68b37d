//! POWER: reset reasons, power-fail comparator, retention, regulators.

use super::{Event, Task};
use kernel::utilities::registers::{
    register_bitfields, register_structs, ReadOnly, ReadWrite, WriteOnly,
};

register_structs! {
    pub RamBlock {
        (0x0 => pub power: ReadWrite<u32>),
        (0x4 => pub powerset: WriteOnly<u32>),
        (0x8 => pub powerclr: WriteOnly<u32>),
        (0xC => _reserved0),
        (0x10 => @END),
    }
}

register_structs! {
    pub PowerRegisters {
        (0x000 => _reserved0),
        (0x078 => pub tasks_constlat: WriteOnly<u32, Task::Register>),
        (0x07C => pub tasks_lowpwr: WriteOnly<u32, Task::Register>),
        (0x080 => _reserved1),
        (0x108 => pub events_pofwarn: ReadWrite<u32, Event::Register>),
        (0x10C => _reserved8),
        (0x304 => pub intenset: ReadWrite<u32, Interrupt::Register>),
        (0x308 => pub intenclr: ReadWrite<u32, Interrupt::Register>),
        (0x30C => _reserved9),
        (0x400 => pub resetreas: ReadWrite<u32, ResetReason::Register>),
        (0x404 => _reserved2),
        (0x500 => pub systemoff: WriteOnly<u32>),
        (0x504 => _reserved3),
        (0x510 => pub pofcon: ReadWrite<u32, PowerFail::Register>),
        (0x514 => _reserved4),
        (0x51C => pub gpregret: ReadWrite<u32>),
        (0x520 => pub gpregret2: ReadWrite<u32>),
        (0x524 => _reserved5),
        (0x578 => pub dcdcen: ReadWrite<u32>),
        (0x57C => _reserved6),
        (0x580 => pub dcdcen0: ReadWrite<u32>),
        (0x584 => _reserved7),
        (0x640 => pub mainregstatus: ReadOnly<u32>),
        (0x644 => _reserved10),
        (0x900 => pub ram: [RamBlock; 9]),
        (0x990 => @END),
    }
}

register_bitfields![u32,
    pub Interrupt [
        POFWARN OFFSET(2) NUMBITS(1) []
    ],
    pub PowerFail [
        POF OFFSET(0) NUMBITS(1) [],
        THRESHOLD OFFSET(1) NUMBITS(4) [
            V20 = 7,
            V24 = 11,
            V27 = 14,
            V28 = 15
        ]
    ],
    pub ResetReason [
        RESETPIN OFFSET(0) NUMBITS(1) [],
        DOG OFFSET(1) NUMBITS(1) [],
        SREQ OFFSET(2) NUMBITS(1) [],
        LOCKUP OFFSET(3) NUMBITS(1) [],
        OFF OFFSET(16) NUMBITS(1) [],
        LPCOMP OFFSET(17) NUMBITS(1) [],
        DIF OFFSET(18) NUMBITS(1) [],
        NFC OFFSET(19) NUMBITS(1) [],
        VBUS OFFSET(20) NUMBITS(1) []
    ]
];
