//! UICR: user configuration, written as flash is.

use kernel::utilities::registers::{register_structs, ReadOnly};

register_structs! {
    pub UicrRegisters {
        (0x000 => _reserved0),
        (0x080 => pub customer: [ReadOnly<u32>; 32]),
        (0x100 => _reserved1),
        (0x200 => pub pselreset: [ReadOnly<u32>; 2]),
        (0x208 => pub approtect: ReadOnly<u32>),
        (0x20C => pub nfcpins: ReadOnly<u32>),
        (0x210 => pub debugctrl: ReadOnly<u32>),
        (0x214 => _reserved2),
        (0x304 => pub regout0: ReadOnly<u32>),
        (0x308 => @END),
    }
}
