//! PPI: events wired to tasks.

use super::Task;
use kernel::utilities::registers::{register_structs, ReadWrite, WriteOnly};

register_structs! {
    pub GroupTasks {
        (0x0 => pub enable: WriteOnly<u32, Task::Register>),
        (0x4 => pub disable: WriteOnly<u32, Task::Register>),
        (0x8 => @END),
    }
}

register_structs! {
    pub Channel {
        (0x0 => pub eep: ReadWrite<u32>),
        (0x4 => pub tep: ReadWrite<u32>),
        (0x8 => @END),
    }
}

register_structs! {
    pub PpiRegisters {
        (0x000 => pub tasks_chg: [GroupTasks; 6]),
        (0x030 => _reserved0),
        (0x500 => pub chen: ReadWrite<u32>),
        (0x504 => pub chenset: ReadWrite<u32>),
        (0x508 => pub chenclr: ReadWrite<u32>),
        (0x50C => _reserved1),
        (0x510 => pub ch: [Channel; 20]),
        (0x5B0 => _reserved2),
        (0x800 => pub chg: [ReadWrite<u32>; 6]),
        (0x818 => _reserved3),
        (0x910 => pub fork_tep: [ReadWrite<u32>; 32]),
        (0x990 => @END),
    }
}
