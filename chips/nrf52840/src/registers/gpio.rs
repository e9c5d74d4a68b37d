//! GPIO: one port.

use kernel::utilities::registers::{register_bitfields, register_structs, ReadOnly, ReadWrite};

register_structs! {
    pub GpioRegisters {
        (0x000 => _reserved0),
        (0x504 => pub out: ReadWrite<u32>),
        (0x508 => pub outset: ReadWrite<u32>),
        (0x50C => pub outclr: ReadWrite<u32>),
        (0x510 => pub input: ReadOnly<u32>),
        (0x514 => pub dir: ReadWrite<u32>),
        (0x518 => pub dirset: ReadWrite<u32>),
        (0x51C => pub dirclr: ReadWrite<u32>),
        (0x520 => pub latch: ReadWrite<u32>),
        (0x524 => pub detectmode: ReadWrite<u32>),
        (0x528 => _reserved1),
        (0x700 => pub pin_cnf: [ReadWrite<u32, PinConfig::Register>; 32]),
        (0x780 => @END),
    }
}

register_bitfields![u32,
    pub PinConfig [
        DIR OFFSET(0) NUMBITS(1) [
            Input = 0,
            Output = 1
        ],
        INPUT OFFSET(1) NUMBITS(1) [
            Connect = 0,
            Disconnect = 1
        ],
        PULL OFFSET(2) NUMBITS(2) [
            Disabled = 0,
            Down = 1,
            Up = 3
        ],
        DRIVE OFFSET(8) NUMBITS(3) [
            S0S1 = 0,
            H0S1 = 1,
            S0H1 = 2,
            H0H1 = 3
        ],
        SENSE OFFSET(16) NUMBITS(2) [
            Disabled = 0,
            High = 2,
            Low = 3
        ]
    ]
];
