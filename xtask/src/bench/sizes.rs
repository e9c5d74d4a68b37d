//! Flash and RAM of each part of the image.

use anyhow::Result;
use system_tests::firmware::built;

use super::elf::Elf;
use super::Figure;
use crate::project::Project;

/// Bytes of flash and RAM, kernel and apps.
pub fn measure(project: &Project) -> Result<Vec<Figure>> {
    let kernel = Elf::read(&built("kernel.elf"))?;
    let mut figures = vec![
        Figure::new("kernel text, bytes", kernel.section(".text"), "<= 65,536"),
        Figure::new(
            "kernel data and bss, bytes",
            kernel.section(".relocate") + kernel.section(".bss"),
            "",
        ),
        Figure::new("kernel stack, bytes", kernel.section(".stack"), ""),
    ];
    for app in &project.manifest.apps {
        if app.package.is_none() {
            continue;
        }
        let elf = Elf::read(&built(&format!("{}.elf", app.name)))?;
        let flash = [".start", ".text", ".rodata", ".data"]
            .iter()
            .map(|section| elf.section(section))
            .sum::<u64>();
        let ram = elf.section(".data") + elf.section(".bss");
        let stack = elf.section(".stack");
        figures.push(Figure::new(
            &format!("{} flash, bytes", app.name),
            flash,
            "",
        ));
        figures.push(Figure::new(
            &format!("{} data and bss + stack, bytes", app.name),
            format!("{ram} + {stack}"),
            "",
        ));
    }
    Ok(figures)
}
