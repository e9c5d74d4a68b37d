//! Register layouts of the nRF52840, as its product specification (v1.7) gives them.
//!
//! Only layouts: what a register is for is said where a driver uses it.

pub mod acl;
pub mod clock;
pub mod ecb;
pub mod ficr;
pub mod gpio;
pub mod gpiote;
pub mod nvmc;
pub mod power;
pub mod ppi;
pub mod qspi;
pub mod rng;
pub mod rtc;
pub mod saadc;
pub mod temp;
pub mod timer;
pub mod uarte;
pub mod uicr;
pub mod wdt;

use kernel::utilities::registers::register_bitfields;

register_bitfields![u32,
    /// Any TASKS_ register: writing 1 triggers.
    pub Task [
        TRIGGER OFFSET(0) NUMBITS(1) []
    ],
    /// Any EVENTS_ register: 1 when it happened, cleared by writing 0.
    pub Event [
        HAPPENED OFFSET(0) NUMBITS(1) []
    ],
    /// Any PSEL register: pin and port, or disconnected.
    pub PinSelect [
        PIN OFFSET(0) NUMBITS(5) [],
        PORT OFFSET(5) NUMBITS(1) [],
        CONNECT OFFSET(31) NUMBITS(1) [
            Connected = 0,
            Disconnected = 1
        ]
    ]
];
