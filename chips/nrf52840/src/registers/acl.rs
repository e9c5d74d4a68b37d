//! ACL: access control lists of the flash.

use kernel::utilities::registers::{register_bitfields, register_structs, ReadWrite};

register_structs! {
    pub Region {
        (0x00 => pub addr: ReadWrite<u32>),
        (0x04 => pub size: ReadWrite<u32>),
        (0x08 => pub perm: ReadWrite<u32, Permission::Register>),
        (0x0C => _unused),
        (0x10 => @END),
    }
}

register_structs! {
    pub AclRegisters {
        (0x000 => _reserved0),
        (0x800 => pub acl: [Region; 8]),
        (0x880 => @END),
    }
}

register_bitfields![u32,
    pub Permission [
        WRITE OFFSET(1) NUMBITS(1) [
            Allow = 0,
            Block = 1
        ],
        READ OFFSET(2) NUMBITS(1) [
            Allow = 0,
            Block = 1
        ]
    ]
];
