//! Makes the linker script of board.toml.

fn main() {
    manifest::build_script::link_kernel_of("boards/nrf52840dk-guest/board.toml");
}
