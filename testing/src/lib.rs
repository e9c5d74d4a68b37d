//! Test your capsule on the host.

pub mod app;
pub mod clock;
pub mod front_end;
pub mod host;
pub mod kernel_thread;
pub mod loading;
pub mod memory;
pub mod pin;
pub mod power;
pub mod probe;
pub mod random;
pub mod retry;
pub mod sector_flash;
pub mod supply;
pub mod syscalls;
pub mod uart;
pub mod word_cells;
pub mod words_in_ram;

pub use app::App;
pub use clock::Clock;
pub use host::{
    bare_kernel, round_robin, Drivers, Event, FakeChip, HostKernel, Slots, Step, Thread, SLOTS,
    WAKE,
};
pub use kernel_thread::on_kernel_thread;
pub use memory::{forever, peek, poke, ram};
pub use power::{Always, Power, Woken};
