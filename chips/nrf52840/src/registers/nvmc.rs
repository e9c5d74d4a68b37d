//! NVMC: flash controller.

use kernel::utilities::registers::{register_bitfields, register_structs, ReadOnly, ReadWrite};

register_structs! {
    pub NvmcRegisters {
        (0x000 => _reserved0),
        (0x400 => pub ready: ReadOnly<u32, Ready::Register>),
        (0x404 => _reserved1),
        (0x504 => pub config: ReadWrite<u32, Config::Register>),
        (0x508 => pub erasepage: ReadWrite<u32>),
        (0x50C => _reserved2),
        (0x518 => pub erasepagepartial: ReadWrite<u32>),
        (0x51C => pub erasepagepartialcfg: ReadWrite<u32, PartialConfig::Register>),
        (0x520 => _reserved3),
        (0x540 => pub icachecnf: ReadWrite<u32, CacheConfig::Register>),
        (0x544 => _reserved4),
        (0x548 => pub ihit: ReadWrite<u32>),
        (0x54C => pub imiss: ReadWrite<u32>),
        (0x550 => @END),
    }
}

register_bitfields![u32,
    pub Ready [
        READY OFFSET(0) NUMBITS(1) []
    ],
    pub Config [
        WEN OFFSET(0) NUMBITS(2) [
            ReadOnly = 0,
            Write = 1,
            Erase = 2
        ]
    ],
    pub PartialConfig [
        DURATION OFFSET(0) NUMBITS(7) []
    ],
    pub CacheConfig [
        CACHEEN OFFSET(0) NUMBITS(1) [],
        CACHEPROFEN OFFSET(8) NUMBITS(1) []
    ]
];
