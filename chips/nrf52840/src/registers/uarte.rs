//! UARTE: serial port with EasyDMA.

use super::{Event, PinSelect, Task};
use kernel::utilities::registers::{
    register_bitfields, register_structs, ReadOnly, ReadWrite, WriteOnly,
};

register_structs! {
    pub UarteRegisters {
        (0x000 => pub tasks_startrx: WriteOnly<u32, Task::Register>),
        (0x004 => pub tasks_stoprx: WriteOnly<u32, Task::Register>),
        (0x008 => pub tasks_starttx: WriteOnly<u32, Task::Register>),
        (0x00C => pub tasks_stoptx: WriteOnly<u32, Task::Register>),
        (0x010 => _reserved0),
        (0x02C => pub tasks_flushrx: WriteOnly<u32, Task::Register>),
        (0x030 => _reserved1),
        (0x100 => pub events_cts: ReadWrite<u32, Event::Register>),
        (0x104 => pub events_ncts: ReadWrite<u32, Event::Register>),
        (0x108 => pub events_rxdrdy: ReadWrite<u32, Event::Register>),
        (0x10C => _reserved2),
        (0x110 => pub events_endrx: ReadWrite<u32, Event::Register>),
        (0x114 => _reserved3),
        (0x11C => pub events_txdrdy: ReadWrite<u32, Event::Register>),
        (0x120 => pub events_endtx: ReadWrite<u32, Event::Register>),
        (0x124 => pub events_error: ReadWrite<u32, Event::Register>),
        (0x128 => _reserved4),
        (0x144 => pub events_rxto: ReadWrite<u32, Event::Register>),
        (0x148 => _reserved5),
        (0x14C => pub events_rxstarted: ReadWrite<u32, Event::Register>),
        (0x150 => pub events_txstarted: ReadWrite<u32, Event::Register>),
        (0x154 => _reserved6),
        (0x158 => pub events_txstopped: ReadWrite<u32, Event::Register>),
        (0x15C => _reserved7),
        (0x200 => pub shorts: ReadWrite<u32>),
        (0x204 => _reserved8),
        (0x304 => pub intenset: ReadWrite<u32, Interrupt::Register>),
        (0x308 => pub intenclr: ReadWrite<u32, Interrupt::Register>),
        (0x30C => _reserved9),
        (0x480 => pub errorsrc: ReadWrite<u32, ErrorSource::Register>),
        (0x484 => _reserved10),
        (0x500 => pub enable: ReadWrite<u32, Enable::Register>),
        (0x504 => _reserved11),
        (0x508 => pub psel_rts: ReadWrite<u32, PinSelect::Register>),
        (0x50C => pub psel_txd: ReadWrite<u32, PinSelect::Register>),
        (0x510 => pub psel_cts: ReadWrite<u32, PinSelect::Register>),
        (0x514 => pub psel_rxd: ReadWrite<u32, PinSelect::Register>),
        (0x518 => _reserved12),
        (0x524 => pub baudrate: ReadWrite<u32>),
        (0x528 => _reserved13),
        (0x534 => pub rxd_ptr: ReadWrite<u32>),
        (0x538 => pub rxd_maxcnt: ReadWrite<u32>),
        (0x53C => pub rxd_amount: ReadOnly<u32>),
        (0x540 => _reserved14),
        (0x544 => pub txd_ptr: ReadWrite<u32>),
        (0x548 => pub txd_maxcnt: ReadWrite<u32>),
        (0x54C => pub txd_amount: ReadOnly<u32>),
        (0x550 => _reserved15),
        (0x56C => pub config: ReadWrite<u32, Config::Register>),
        (0x570 => @END),
    }
}

register_bitfields![u32,
    pub Interrupt [
        ENDRX OFFSET(4) NUMBITS(1) [],
        ENDTX OFFSET(8) NUMBITS(1) [],
        ERROR OFFSET(9) NUMBITS(1) [],
        RXTO OFFSET(17) NUMBITS(1) [],
        TXSTOPPED OFFSET(22) NUMBITS(1) []
    ],
    pub ErrorSource [
        OVERRUN OFFSET(0) NUMBITS(1) [],
        PARITY OFFSET(1) NUMBITS(1) [],
        FRAMING OFFSET(2) NUMBITS(1) [],
        BREAK OFFSET(3) NUMBITS(1) []
    ],
    pub Enable [
        ENABLE OFFSET(0) NUMBITS(4) [
            Off = 0,
            On = 8
        ]
    ],
    pub Config [
        HWFC OFFSET(0) NUMBITS(1) [],
        PARITY OFFSET(1) NUMBITS(3) [
            Excluded = 0,
            IncludedEven = 7
        ],
        STOP OFFSET(4) NUMBITS(1) [
            One = 0,
            Two = 1
        ]
    ]
];
