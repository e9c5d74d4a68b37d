//! FICR: factory information.

use kernel::utilities::registers::{register_structs, ReadOnly};

register_structs! {
    pub FicrRegisters {
        (0x000 => _reserved0),
        (0x010 => pub codepagesize: ReadOnly<u32>),
        (0x014 => pub codesize: ReadOnly<u32>),
        (0x018 => _reserved1),
        (0x060 => pub deviceid: [ReadOnly<u32>; 2]),
        (0x068 => _reserved2),
        (0x080 => pub er: [ReadOnly<u32>; 4]),
        (0x090 => pub ir: [ReadOnly<u32>; 4]),
        (0x0A0 => pub deviceaddrtype: ReadOnly<u32>),
        (0x0A4 => pub deviceaddr: [ReadOnly<u32>; 2]),
        (0x0AC => _reserved3),
        (0x100 => pub part: ReadOnly<u32>),
        (0x104 => pub variant: ReadOnly<u32>),
        (0x108 => pub package: ReadOnly<u32>),
        (0x10C => pub ram: ReadOnly<u32>),
        (0x110 => pub flash: ReadOnly<u32>),
        (0x114 => _reserved4),
        (0x404 => pub temp_a: [ReadOnly<u32>; 6]),
        (0x41C => pub temp_b: [ReadOnly<u32>; 6]),
        (0x434 => pub temp_t: [ReadOnly<u32>; 5]),
        (0x448 => @END),
    }
}
