//! Makes the linker script of board.toml.

fn main() {
    manifest::build_script::kernel_script("boards/nrf52840dk-guest/board.toml");
}
