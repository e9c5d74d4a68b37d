//! The kernel's loader over whatever lies in flash, and what it starts of it.

use kernel::process::{self, FaultAction};

use super::tbf;
use capsules_system::tbf_objects::Objects;
use testing::{bare_kernel, forever, ram, round_robin, Always, Drivers, HostKernel, Power};

/// RAM for all processes, in bytes.
const RAM: usize = 16 * 1024;

/// Loads what it can and runs it for a while.
///
/// A kernel lives for ever, so each case leaks one, of about 20 KB.
pub fn run(data: &[u8]) {
    // What the loader cuts out must be what the parser promises.
    tbf::run(data);
    let (kernel, slots) = bare_kernel();
    let host = HostKernel::assemble(kernel, slots, Drivers::new(), round_robin(slots));
    let flash: &'static [u8] = Box::leak(data.to_vec().into_boxed_slice());
    let policy = forever(Always(FaultAction::Stop));
    // A full table is no mistake.
    let _ = process::load_processes(kernel, host.chip, flash, ram(RAM), policy, &Power);
    for slot in slots.as_slice() {
        if let Some(process) = slot.get() {
            let addresses = process.get_addresses();
            let bounds = flash.as_ptr_range();
            assert!(addresses.flash_start >= bounds.start.addr());
            assert!(addresses.flash_end <= bounds.end.addr());
            assert!(Objects::of(flash).any(|object| object.address == addresses.flash_start));
            assert!(addresses.sram_app_brk <= addresses.sram_grant_start);
            assert!(addresses.sram_grant_start <= addresses.sram_end);
        }
    }
    for _ in 0..8 {
        host.turn();
    }
    assert_eq!(flash, data);
}
