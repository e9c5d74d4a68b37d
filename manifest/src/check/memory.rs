//! Regions lie on the part, apart from each other, in whole pages.

use super::rules::{path, refuse_if, Refusal};
use crate::model::{Manifest, Region};

const FLASH: Region = Region {
    start: 0,
    size: 0x10_0000,
};
const RAM: Region = Region {
    start: 0x2000_0000,
    size: 0x4_0000,
};
/// Flash page of the part, and sector of the NOR, in bytes.
pub const PAGE: u32 = 0x1000;

pub fn check(manifest: &Manifest) -> Result<(), Refusal> {
    let flash = [
        ("flash.bootloader", manifest.flash.bootloader),
        ("flash.kernel", manifest.flash.kernel),
        ("flash.apps", manifest.flash.apps),
        ("flash.key_store", manifest.flash.key_store),
        ("flash.anchor", manifest.flash.anchor),
        ("flash.energy_store", manifest.flash.energy_store),
    ];
    let ram = [
        ("ram.kernel", manifest.ram.kernel),
        ("ram.retained", manifest.ram.retained),
        ("ram.apps", manifest.ram.apps),
    ];
    disjoint_within(&flash, FLASH, "the part")?;
    disjoint_within(&ram, RAM, "the part")?;
    for (name, region) in flash {
        whole_pages(name, region)?;
    }
    let secret = manifest.flash.device_secret;
    refuse_if!(
        secret.size != PAGE || secret.end() != manifest.flash.bootloader.end(),
        path("flash.device_secret"),
        "flash.device_secret is not the last page of flash.bootloader"
    );
    refuse_if!(
        !manifest.board.kernel_stack.is_multiple_of(8)
            || manifest.board.kernel_stack >= manifest.ram.kernel.size,
        path("board.kernel_stack"),
        "board.kernel_stack must be a multiple of 8 and fit in ram.kernel"
    );
    let nor = manifest.external_nor;
    let regions = [
        ("external_nor.staging", nor.staging),
        ("external_nor.previous", nor.previous),
        ("external_nor.storage", nor.storage),
    ];
    let whole = Region {
        start: 0,
        size: nor.size,
    };
    disjoint_within(&regions, whole, "the NOR")?;
    for (name, region) in regions {
        whole_pages(name, region)?;
    }
    Ok(())
}

pub fn whole_pages(name: &str, region: Region) -> Result<(), Refusal> {
    refuse_if!(
        !region.start.is_multiple_of(PAGE) || !region.size.is_multiple_of(PAGE),
        path(name),
        "{name} is not made of whole {PAGE:#x}-byte pages"
    );
    Ok(())
}

pub fn disjoint_within<Name: AsRef<str>>(
    regions: &[(Name, Region)],
    whole: Region,
    place: &str,
) -> Result<(), Refusal> {
    for (index, (name, region)) in regions.iter().enumerate() {
        let name = name.as_ref();
        refuse_if!(
            region.size == 0 || !whole.contains(*region),
            path(name),
            "{name} is empty or not on {place}"
        );
        for (other_name, other) in &regions[index + 1..] {
            refuse_if!(
                region.overlaps(*other),
                path(name),
                "{name} and {} overlap",
                other_name.as_ref()
            );
        }
    }
    Ok(())
}
