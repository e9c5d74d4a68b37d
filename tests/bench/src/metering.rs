//! What metering costs, and how fast the emulator shows it.

use std::time::{Duration, Instant};

use anyhow::Result;
use audit::specimen::firmware::Firmware;
use audit::specimen::meter;
use system_tests::firmware;

use super::Figure;

const LOAD: &str = "sine:230V,5A,pf0.8,50Hz";
const CPU_HZ: f64 = 64e6;
const BLOCKS_PER_SECOND: u64 = 50;

/// Instructions of metering, and the emulator's speed while it meters.
pub fn measure() -> Result<Vec<Figure>> {
    const SECONDS: u64 = 30;
    let mut machine = meter::boot(Firmware::meter().bytes(), LOAD, 1);
    machine.run_for(Duration::from_secs(5));
    let before = machine.instructions();
    let start = Instant::now();
    machine.run_for(Duration::from_secs(SECONDS));
    let wall = start.elapsed().as_secs_f64();
    let per_second = (machine.instructions() - before) / SECONDS;
    let mips = (machine.instructions() - before) as f64 / wall / 1e6;
    Ok(vec![
        Figure::new(
            "metering, instructions a second (kernel included)",
            per_second,
            "",
        ),
        Figure::new(
            "metering, share of 64 MHz",
            format!("{:.2} %", per_second as f64 / CPU_HZ * 100.0),
            "<= 5 %",
        ),
        Figure::new(
            "one ADC block of 20 ms, from interrupt to sleep",
            per_second / BLOCKS_PER_SECOND,
            "",
        ),
        Figure::new(
            "samples lost",
            machine.statistics().samples_lost + machine.statistics().samples_overwritten,
            "0",
        ),
        Figure::new("emulator while metering", format!("{mips:.1} MIPS"), ""),
        Figure::new(
            "virtual time to wall time while metering",
            format!("{:.1}", SECONDS as f64 / wall),
            ">= 10",
        ),
        Figure::new("emulator without idle time", busy_mips()?, ""),
    ])
}

/// An app that spins: nothing but translated code.
fn busy_mips() -> Result<String> {
    let firmware = firmware::kernel_only().with_attacker("dlms", "spin", 0);
    let mut machine = meter::boot(firmware.bytes(), LOAD, 1);
    machine.run_for(Duration::from_millis(200));
    let before = machine.instructions();
    let start = Instant::now();
    machine.run_for(Duration::from_secs(2));
    let mips = (machine.instructions() - before) as f64 / start.elapsed().as_secs_f64() / 1e6;
    Ok(format!("{mips:.1} MIPS"))
}
