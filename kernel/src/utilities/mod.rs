//! Small tools that the whole kernel uses.

pub mod binary_write;
pub mod capability_ptr;
pub mod copy_slice;
pub mod helpers;
pub mod hex;
pub mod io_write;
pub mod leasable_buffer;
pub mod machine_register;
pub mod math;
pub mod mut_imut_buffer;
pub mod single_thread_value;
pub mod static_init;
mod static_ref;
pub mod storage_volume;

pub use self::static_ref::StaticRef;

/// Access to memory-mapped registers: crate `tock_registers`.
pub mod registers {
    pub use tock_registers::fields::{Field, FieldValue};
    pub use tock_registers::interfaces;
    pub use tock_registers::registers::InMemoryRegister;
    pub use tock_registers::registers::{Aliased, ReadOnly, ReadWrite, WriteOnly};
    pub use tock_registers::{register_bitfields, register_structs};
    pub use tock_registers::{LocalRegisterCopy, RegisterLongName};
}

/// Cells with interior mutability: crate `tock_cells`.
pub mod cells {
    pub use tock_cells::map_cell::MapCell;
    pub use tock_cells::numeric_cell_ext::NumericCellExt;
    pub use tock_cells::optional_cell::OptionalCell;
    pub use tock_cells::take_cell::TakeCell;
    pub use tock_cells::volatile_cell::VolatileCell;
}
