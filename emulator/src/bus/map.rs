//! Where the part's memories lie, and how large they are.

/// First address of the data RAM.
pub const RAM_BASE: u32 = 0x2000_0000;
/// The same RAM on the code bus.
pub const CODE_RAM_BASE: u32 = 0x0080_0000;
/// Bytes of RAM.
pub const RAM_SIZE: u32 = 256 * 1024;
/// Bytes of flash, at address zero.
pub const FLASH_SIZE: u32 = 1024 * 1024;
/// Bytes of a flash page.
pub const PAGE_SIZE: u32 = 4096;
/// Pages of flash.
pub const PAGE_COUNT: usize = (FLASH_SIZE / PAGE_SIZE) as usize;
/// The factory information page.
pub const FICR_BASE: u32 = 0x1000_0000;
/// The user information page.
pub const UICR_BASE: u32 = 0x1000_1000;
