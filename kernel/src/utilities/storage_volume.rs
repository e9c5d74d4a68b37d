//! A piece of flash that a board sets aside for its data.

/// Declares the static `name`, `kb` kilobytes of flash in section `.storage`:
/// `storage_volume!(NAME, 32)`. Its content is what the image says until the
/// flash driver writes there, so it is read through the flash driver too.
#[macro_export]
macro_rules! storage_volume {
    ($N:ident, $kB:expr) => {
        #[cfg_attr(target_os = "none", link_section = ".storage")]
        #[used]
        #[no_mangle]
        pub static $N: [u8; $kB * 1024] = [0; $kB * 1024];
    };
}
