//! What is installed on the machine: headers of the apps and sections of the kernel, against the memory map.

use std::collections::BTreeSet;
use std::fs;

use manifest::{App, Manifest, Region};
use object::{Object as _, ObjectSection, SectionKind};
use walls::Walls;

use super::finding::{Finding, Topic};
use crate::specimen::artifacts::built;
use crate::specimen::signed::Object;

/// Types of header elements.
const FIXED_ADDRESSES: u16 = 5;
const PERMISSIONS: u16 = 6;
const STORAGE_PERMISSIONS: u16 = 7;
const SHORT_ID: u16 = 10;
/// Commands that one entry of the permissions covers.
const COMMANDS: u32 = 64;

/// Returns the object at the start of an app's slot; none if it does not lie in the slot.
pub fn object_of(flash: &[u8], app: &App) -> Option<Object> {
    let start = app.flash.start as usize;
    let total = word(flash, start + 4).filter(|total| (1..=app.flash.size).contains(total))?;
    Some(Object::new(flash[start..start + total as usize].to_vec()))
}

/// Checks the object at the start of an app's slot: it lies in the slot, with the app's own
/// id, addresses and permissions, and signed.
pub fn object(flash: &[u8], manifest: &Manifest, app: &App) -> Vec<Finding> {
    let check = |wall: &str, found: String, held: bool| {
        Finding::check(Topic::Machine, &app.name, wall, found, held)
    };
    let wall = "its TBF object lies in its slot, with its id and a signature";
    let Some(object) = object_of(flash, app) else {
        return vec![check(wall, "it does not".to_owned(), false)];
    };
    let total = object.bytes().len();
    let signed = object.has_signature();
    let own = object.header_element(SHORT_ID) == Some(&app.short_id.to_le_bytes()[..]);
    let found = format!("{total:#x} bytes, signature: {signed}, own id: {own}");
    let mut findings = vec![check(wall, found, signed && own)];

    let addresses = object.header_element(FIXED_ADDRESSES).unwrap_or_default();
    let (ram, code) = (word(addresses, 0), word(addresses, 4));
    let inside = |region: Region, address: Option<u32>| {
        address.is_some_and(|address| address >= region.start && u64::from(address) < region.end())
    };
    let [at, from] = [ram, code].map(|address| match address {
        Some(address) => format!("{address:#x}"),
        None => "nowhere".to_owned(),
    });
    let found = format!("RAM from {at}, code from {from}");
    let held = inside(app.ram, ram) && inside(app.flash, code);
    findings.push(check(
        "its program is made for its own flash and RAM",
        found,
        held,
    ));

    let given = permissions(object.header_element(PERMISSIONS).unwrap_or_default());
    let granted = granted(manifest, app);
    let more: Vec<_> = given.difference(&granted).collect();
    let less: Vec<_> = granted.difference(&given).collect();
    let found = format!(
        "{} commands, too many {more:x?}, missing {less:x?}",
        given.len()
    );
    let held = more.is_empty() && less.is_empty();
    findings.push(check(
        "its header permits what meter.toml grants",
        found,
        held,
    ));

    let none = object.header_element(STORAGE_PERMISSIONS).is_none();
    let wall = "its header claims no storage of others";
    findings.push(check(wall, format!("no such element: {none}"), none));
    findings
}

/// Drivers and commands in a permission element: a count, then entries of a driver,
/// an offset, and a bit for each command from there on.
fn permissions(element: &[u8]) -> BTreeSet<(u32, u32)> {
    let mut all = BTreeSet::new();
    for entry in element.get(2..).unwrap_or_default().chunks_exact(16) {
        let at = |offset| word(entry, offset).unwrap_or(0);
        let (driver, offset) = (at(0), at(4));
        let bits = u64::from(at(12)) << 32 | u64::from(at(8));
        let commands = (0..COMMANDS).filter(|bit| bits >> bit & 1 != 0);
        all.extend(commands.map(|bit| (driver, offset * COMMANDS + bit)));
    }
    all
}

/// What meter.toml grants of the drivers that are not restricted, with the question
/// whether there is the driver. The header of an app without any names a driver that
/// there is not, as none at all would permit everything.
fn granted(manifest: &Manifest, app: &App) -> BTreeSet<(u32, u32)> {
    let walls = manifest.command_walls();
    let own = walls
        .iter()
        .filter(|wall| wall.app == app.name && wall.allowed && !wall.restricted);
    let all: BTreeSet<_> = own
        .flat_map(|wall| [0, wall.command_number].map(|command| (wall.driver_number, command)))
        .collect();
    match all.is_empty() {
        true => BTreeSet::from([(u32::MAX, 0)]),
        false => all,
    }
}

/// Checks that each section of the kernel that takes memory lies in the kernel's flash or
/// RAM, and that the machine runs that very code.
///
/// # Panics
/// When the kernel is not built.
pub fn kernel(flash: &[u8], manifest: &Manifest) -> Vec<Finding> {
    let path = built("kernel.elf");
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let elf = object::File::parse(&*bytes).expect("an ELF file");
    let mut findings = Vec::new();
    for section in elf.sections().filter(|section| section.size() > 0) {
        if !matches!(
            section.kind(),
            SectionKind::Text
                | SectionKind::ReadOnlyData
                | SectionKind::Data
                | SectionKind::UninitializedData
        ) {
            continue;
        }
        let (start, end) = (section.address(), section.address() + section.size());
        // Where it is loaded from is read as code is; only RAM may change.
        let in_ram = start >= u64::from(manifest.ram.kernel.start);
        let home = match in_ram {
            true => manifest.ram.kernel,
            false => manifest.flash.kernel,
        };
        let name = section.name().unwrap_or("?");
        let mut held = start >= u64::from(home.start) && end <= home.end();
        let mut found = format!("{start:#x}..{end:#x}");
        if !in_ram {
            let same = section
                .data()
                .is_ok_and(|data| flash.get(start as usize..end as usize) == Some(data));
            held &= same;
            found = format!("{found}, as built: {same}");
        }
        let wall = format!("section {name} lies in the kernel's own memory");
        findings.push(Finding::check(Topic::Machine, "kernel", &wall, found, held));
    }
    findings
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at + 4)?.first_chunk()?;
    Some(u32::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_is_a_command() {
        let mut element = vec![2, 0];
        for (driver, offset, bits) in [(5u32, 0u32, 0b101u64), (5, 1, 1 << 63)] {
            element.extend(driver.to_le_bytes());
            element.extend(offset.to_le_bytes());
            element.extend(bits.to_le_bytes());
        }
        let expected = BTreeSet::from([(5, 0), (5, 2), (5, 127)]);
        assert_eq!(permissions(&element), expected);
        assert!(permissions(&[]).is_empty());
    }
}
