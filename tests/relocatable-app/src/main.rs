//! A position-independent app: wherever it is put, it says where on the console, twice a second.
//!
//! It fixes its addresses as the start code of libtock-c does, from a header of ten
//! words (`layout.ld`), and reaches its data through r9 alone. Its line appears only
//! if all of this came out right: the text is found through a pointer in .data that a
//! relocation fixed, which is found through the table of addresses, as are the buffer
//! and the function of the upcall.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod start;

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[cfg(not(target_os = "none"))]
fn main() {}
