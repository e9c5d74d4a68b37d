//! QSPI: external serial flash.

use super::{Event, PinSelect, Task};
use kernel::utilities::registers::{
    register_bitfields, register_structs, ReadOnly, ReadWrite, WriteOnly,
};

register_structs! {
    pub QspiRegisters {
        (0x000 => pub tasks_activate: WriteOnly<u32, Task::Register>),
        (0x004 => pub tasks_readstart: WriteOnly<u32, Task::Register>),
        (0x008 => pub tasks_writestart: WriteOnly<u32, Task::Register>),
        (0x00C => pub tasks_erasestart: WriteOnly<u32, Task::Register>),
        (0x010 => pub tasks_deactivate: WriteOnly<u32, Task::Register>),
        (0x014 => _reserved0),
        (0x100 => pub events_ready: ReadWrite<u32, Event::Register>),
        (0x104 => _reserved1),
        (0x304 => pub intenset: ReadWrite<u32, Interrupt::Register>),
        (0x308 => pub intenclr: ReadWrite<u32, Interrupt::Register>),
        (0x30C => _reserved2),
        (0x500 => pub enable: ReadWrite<u32>),
        (0x504 => pub read_src: ReadWrite<u32>),
        (0x508 => pub read_dst: ReadWrite<u32>),
        (0x50C => pub read_cnt: ReadWrite<u32>),
        (0x510 => pub write_dst: ReadWrite<u32>),
        (0x514 => pub write_src: ReadWrite<u32>),
        (0x518 => pub write_cnt: ReadWrite<u32>),
        (0x51C => pub erase_ptr: ReadWrite<u32>),
        (0x520 => pub erase_len: ReadWrite<u32, EraseLength::Register>),
        (0x524 => pub psel_sck: ReadWrite<u32, PinSelect::Register>),
        (0x528 => pub psel_csn: ReadWrite<u32, PinSelect::Register>),
        (0x52C => _reserved3),
        (0x530 => pub psel_io: [ReadWrite<u32, PinSelect::Register>; 4]),
        (0x540 => pub xipoffset: ReadWrite<u32>),
        (0x544 => pub ifconfig0: ReadWrite<u32, Interface0::Register>),
        (0x548 => _reserved4),
        (0x600 => pub ifconfig1: ReadWrite<u32, Interface1::Register>),
        (0x604 => pub status: ReadOnly<u32>),
        (0x608 => _reserved5),
        (0x634 => pub cinstrconf: ReadWrite<u32, Instruction::Register>),
        (0x638 => pub cinstrdat0: ReadWrite<u32>),
        (0x63C => pub cinstrdat1: ReadWrite<u32>),
        (0x640 => pub iftiming: ReadWrite<u32>),
        (0x644 => @END),
    }
}

register_bitfields![u32,
    pub Interrupt [
        READY OFFSET(0) NUMBITS(1) []
    ],
    pub EraseLength [
        LEN OFFSET(0) NUMBITS(2) [
            Sector4K = 0,
            Block64K = 1,
            All = 2
        ]
    ],
    pub Interface0 [
        READOC OFFSET(0) NUMBITS(3) [
            FastRead = 0,
            Read2O = 1,
            Read2IO = 2,
            Read4O = 3,
            Read4IO = 4
        ],
        WRITEOC OFFSET(3) NUMBITS(3) [
            PageProgram = 0,
            PageProgram2O = 1,
            PageProgram4O = 2,
            PageProgram4IO = 3
        ],
        ADDRMODE OFFSET(6) NUMBITS(1) [],
        DPMENABLE OFFSET(7) NUMBITS(1) [],
        PPSIZE OFFSET(12) NUMBITS(1) [
            Bytes256 = 0,
            Bytes512 = 1
        ]
    ],
    pub Interface1 [
        SCKDELAY OFFSET(0) NUMBITS(8) [],
        DPMEN OFFSET(24) NUMBITS(1) [],
        SPIMODE OFFSET(25) NUMBITS(1) [],
        SCKFREQ OFFSET(28) NUMBITS(4) []
    ],
    pub Instruction [
        OPCODE OFFSET(0) NUMBITS(8) [],
        LENGTH OFFSET(8) NUMBITS(4) [],
        LIO2 OFFSET(12) NUMBITS(1) [],
        LIO3 OFFSET(13) NUMBITS(1) [],
        WIPWAIT OFFSET(14) NUMBITS(1) [],
        WREN OFFSET(15) NUMBITS(1) [],
        LFEN OFFSET(16) NUMBITS(1) [],
        LFSTOP OFFSET(17) NUMBITS(1) []
    ]
];
