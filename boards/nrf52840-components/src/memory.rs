//! Flash and RAM of the apps, as the linker script that is made of the manifest has them.

/// Flash and RAM of the apps.
///
/// # Safety
/// Once: the RAM is handed out as exclusive.
pub unsafe fn app_memory() -> (&'static [u8], &'static mut [u8]) {
    extern "C" {
        static _sapps: u8;
        static _eapps: u8;
        static mut _sappmem: u8;
        static _eappmem: u8;
    }
    let flash = &raw const _sapps;
    let flash_length = &raw const _eapps as usize - flash as usize;
    let ram = &raw mut _sappmem;
    let ram_length = &raw const _eappmem as usize - ram as usize;
    // SAFETY: the manifest gives both ranges to the apps alone, and the caller asks
    // once.
    unsafe {
        (
            core::slice::from_raw_parts(flash, flash_length),
            core::slice::from_raw_parts_mut(ram, ram_length),
        )
    }
}
