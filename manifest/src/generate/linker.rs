//! Linker scripts of the kernel and the apps.

use super::MARK;
use crate::model::{App, Manifest};

/// Kernel version in the attributes, the system-call ABI that the kernel reports.
const KERNEL_VERSION: (u16, u16, u16) = (2, 3, 0);

/// Bytes of the attributes that tockloader reads at the end of the kernel's
/// flash: three TLVs, version and sentinel.
const ATTRIBUTES_SIZE: u32 = 12 + 12 + 12 + 8;

/// Returns the kernel's linker script.
///
/// Sections `.vectors` and `.irqs` come first, in this order; the kernel's stack
/// is at the bottom of RAM, so that an overflow leaves RAM and faults.
#[must_use]
pub fn kernel_script(manifest: &Manifest) -> String {
    let flash = manifest.flash;
    let ram = manifest.ram;
    let attributes = flash.kernel.end() - u64::from(ATTRIBUTES_SIZE);
    let (major, minor, patch) = KERNEL_VERSION;
    format!(
        r#"/* {MARK} */

MEMORY
{{
    FLASH (rx)     : ORIGIN = {flash_start:#x}, LENGTH = {flash_length:#x}
    ATTRIBUTES (r) : ORIGIN = {attributes:#x}, LENGTH = {ATTRIBUTES_SIZE}
    RAM (rw)       : ORIGIN = {ram_start:#x}, LENGTH = {ram_length:#x}
    RETAINED (rw)  : ORIGIN = {retained_start:#x}, LENGTH = {retained_length:#x}
}}

ENTRY(initialize_ram_jump_to_main)

_sapps = {apps_start:#x};
_eapps = {apps_end:#x};
_sappmem = {app_memory_start:#x};
_eappmem = {app_memory_end:#x};
_sretained = ORIGIN(RETAINED);
_eretained = ORIGIN(RETAINED) + LENGTH(RETAINED);

SECTIONS
{{
    .text :
    {{
        _stext = .;
        KEEP(*(.vectors))
        KEEP(*(.irqs))
        *(.text .text.* .gnu.linkonce.t.*)
        . = ALIGN(4);
        *(.rodata .rodata.* .gnu.linkonce.r.*)
        . = ALIGN(4);
    }} > FLASH

    .stack (NOLOAD) :
    {{
        . = ALIGN(8);
        _sstack = .;
        . = . + {stack:#x};
        . = ALIGN(8);
        _estack = .;
    }} > RAM

    .relocate :
    {{
        . = ALIGN(4);
        _srelocate = .;
        *(.data .data.* .ramfunc .ramfunc.*)
        . = ALIGN(4);
        _erelocate = .;
    }} > RAM AT > FLASH
    /* Where the initial values of .relocate stand. */
    _etext = LOADADDR(.relocate);

    .bss (NOLOAD) :
    {{
        . = ALIGN(4);
        _szero = .;
        *(.bss .bss.* COMMON)
        . = ALIGN(4);
        _ezero = .;
    }} > RAM

    .retained (NOLOAD) :
    {{
        *(.retained .retained.*)
    }} > RETAINED

    _skernel_binary = ORIGIN(FLASH);
    _kernel_binary_length = LOADADDR(.relocate) + SIZEOF(.relocate) - ORIGIN(FLASH);

    .attributes :
    {{
        _sattributes = .;
        SHORT({major}) SHORT({minor}) SHORT({patch}) SHORT(0)
        SHORT(0x0103) SHORT(8)
        LONG(_skernel_binary) LONG(_kernel_binary_length)
        SHORT(0x0102) SHORT(8)
        LONG(_sappmem) LONG(_eappmem - _sappmem)
        SHORT(0x0101) SHORT(8)
        LONG(0x01000000)
        LONG(0x4B434F54)
    }} > ATTRIBUTES

    ASSERT(LOADADDR(.relocate) + SIZEOF(.relocate) <= ORIGIN(ATTRIBUTES),
           "the kernel runs into its attributes")

    /DISCARD/ : {{ *(.ARM.exidx .ARM.exidx.* .eh_frame .eh_frame_hdr) }}
}}
"#,
        flash_start = flash.kernel.start,
        flash_length = flash.kernel.size,
        ram_start = ram.kernel.start,
        ram_length = ram.kernel.size,
        retained_start = ram.retained.start,
        retained_length = ram.retained.size,
        apps_start = flash.apps.start,
        apps_end = flash.apps.end(),
        app_memory_start = ram.apps.start,
        app_memory_end = ram.apps.end(),
        stack = manifest.board.kernel_stack,
    )
}

/// Of how many bytes the length of an app's binary is a multiple: then two regions of the MPU,
/// of eight subregions each, open all of it and nothing behind it.
fn flash_granule(app: &App) -> u32 {
    const PARTS: u32 = 8 * 8;
    /// The least that the MPU tells apart.
    const LEAST: u32 = 32;
    (app.flash.size / PARTS).max(LEAST)
}

/// Returns `layout_memory.x` of an app: the part of libtock's linker script that differs
/// from slot to slot.
#[must_use]
pub fn app_memory_script(app: &App) -> String {
    format!(
        r"/* {MARK} */

MEMORY
{{
    FLASH (rx) : ORIGIN = {:#x}, LENGTH = {:#x}
    RAM (rw)   : ORIGIN = {:#x}, LENGTH = {:#x}
}}

STACK_SIZE = {:#x};
FLASH_GRANULE = {:#x};
",
        app.flash.start,
        app.flash.size,
        app.ram.start,
        app.ram.size,
        app.stack,
        flash_granule(app)
    )
}
