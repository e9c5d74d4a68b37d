//! RTC: real-time counter.

use super::{Event, Task};
use kernel::utilities::registers::{register_structs, ReadOnly, ReadWrite, WriteOnly};

register_structs! {
    pub RtcRegisters {
        (0x000 => pub tasks_start: WriteOnly<u32, Task::Register>),
        (0x004 => pub tasks_stop: WriteOnly<u32, Task::Register>),
        (0x008 => pub tasks_clear: WriteOnly<u32, Task::Register>),
        (0x00C => pub tasks_trigovrflw: WriteOnly<u32, Task::Register>),
        (0x010 => _reserved0),
        (0x100 => pub events_tick: ReadWrite<u32, Event::Register>),
        (0x104 => pub events_ovrflw: ReadWrite<u32, Event::Register>),
        (0x108 => _reserved1),
        (0x140 => pub events_compare: [ReadWrite<u32, Event::Register>; 4]),
        (0x150 => _reserved2),
        (0x304 => pub intenset: ReadWrite<u32>),
        (0x308 => pub intenclr: ReadWrite<u32>),
        (0x30C => _reserved3),
        (0x504 => pub counter: ReadOnly<u32>),
        (0x508 => pub prescaler: ReadWrite<u32>),
        (0x50C => _reserved4),
        (0x540 => pub cc: [ReadWrite<u32>; 4]),
        (0x550 => @END),
    }
}
