//! The report of a run, for machines (JSON) and for people.

pub mod crash_log;
pub mod meter;

use crate::bus::map::PAGE_SIZE;
use crate::bus::notes::Note;
use crate::bus::outside::LED_PINS;
use crate::machine::{Machine, Stop};
use crate::time::seconds;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// All that is said of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Why it stopped.
    pub stop: String,
    /// Virtual time since the first power-up.
    pub virtual_seconds: f64,
    /// Real time that the run took.
    pub wall_seconds: f64,
    /// Virtual over real time.
    pub virtual_to_wall: f64,
    /// Instructions retired.
    pub instructions: u64,
    /// Million instructions in a second of real time.
    pub mips: f64,
    /// Part of the virtual time in which the CPU ran.
    pub cpu_load: f64,
    /// Virtual seconds in which the CPU stood still for the flash.
    pub flash_stall_seconds: f64,
    /// The last `meter` line of the console.
    pub meter: Option<BTreeMap<String, f64>>,
    /// The SAADC.
    pub samples: Samples,
    /// The flash.
    pub flash: Flash,
    /// The external flash.
    pub nor: Nor,
    /// LED pulses by name.
    pub leds: BTreeMap<String, Led>,
    /// UARTE0 and UARTE1.
    pub uarts: Vec<Uart>,
    /// The kernel's processes and crashes, if its log is in RAM.
    pub crash_log: Option<crash_log::CrashLog>,
    /// Times the power-fail comparator warned of a falling supply.
    pub supply_warnings: u64,
    /// Resets by kind.
    pub resets: BTreeMap<&'static str, u64>,
    /// Times each interrupt came, by name.
    pub interrupts: BTreeMap<String, u64>,
    /// Registers without a model that firmware touched.
    pub unmodelled: Vec<Touched>,
    /// Addresses that the part does not have.
    pub absent: Vec<Touched>,
    /// EasyDMA pointers outside RAM.
    pub dma_outside_ram: Vec<Touched>,
}

/// What the SAADC did.
#[derive(Clone, Debug, Serialize)]
pub struct Samples {
    /// Results stored.
    pub taken: u64,
    /// Results lost for want of a buffer.
    pub lost: u64,
    /// Results overwritten before firmware gave a new buffer.
    pub overwritten: u64,
    /// SAMPLE tasks during a scan.
    pub ignored_tasks: u64,
}

/// What became of the flash.
#[derive(Clone, Debug, Serialize)]
pub struct Flash {
    /// Operations as power cuts count them.
    pub operations: u64,
    /// Words written.
    pub writes: u64,
    /// Pages erased.
    pub erases: u64,
    /// Parts of partial erases.
    pub erase_parts: u64,
    /// Writes to a word beyond the second since its erase.
    pub overwritten_words: u64,
    /// Where those were.
    pub overwritten: Vec<Touched>,
    /// Operations refused: not enabled, or locked.
    pub refused: Vec<Touched>,
    /// Pages with erases or writes.
    pub wear: Vec<Wear>,
}

/// One page.
#[derive(Clone, Debug, Serialize)]
pub struct Wear {
    /// Its address.
    pub address: String,
    /// Times it was erased.
    pub erases: u32,
    /// Words written in it.
    pub writes: u32,
}

/// What became of the external flash.
#[derive(Clone, Debug, Serialize)]
pub struct Nor {
    /// Erases, in sectors of 4 KB.
    pub sector_erases: u64,
    /// Bytes programmed.
    pub bytes_programmed: u64,
    /// The most erases of one sector.
    pub most_erased: u32,
}

/// One LED.
#[derive(Clone, Debug, Serialize)]
pub struct Led {
    /// Its pin.
    pub pin: String,
    /// Times it lit up.
    pub pulses: u64,
}

/// One UART.
#[derive(Clone, Debug, Serialize)]
pub struct Uart {
    /// Bytes sent by the part.
    pub sent: u64,
    /// Bytes received by the part.
    pub received: u64,
    /// Bytes that came while nobody could take them.
    pub lost: u64,
}

/// An address that was touched.
#[derive(Clone, Debug, Serialize)]
pub struct Touched {
    /// The address.
    pub address: String,
    /// `read` or `write`, the first time.
    pub access: &'static str,
    /// The value written the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// When first, in virtual seconds.
    pub first_seconds: f64,
    /// How often.
    pub count: u64,
}

const RESET_NAMES: [&str; 5] = ["power", "pin", "watchdog", "software", "lockup"];

impl Report {
    /// The report of `machine` after a run that took `wall_seconds`.
    /// `meter` are the values of the console's last meter line; `earlier` the
    /// instructions and cycles before this run (after a restore).
    pub fn new(
        machine: &mut Machine,
        stop: Stop,
        wall_seconds: f64,
        meter: Option<&BTreeMap<String, f64>>,
        earlier: (u64, u64),
    ) -> Self {
        let crash_log = crash_log::read(machine);
        let statistics = machine.statistics();
        let notes = machine.notes();
        let cycles = machine.now() - earlier.1;
        let instructions = machine.instructions() - earlier.0;
        let nor = &machine.part().peripherals.qspi.nor;
        let busy = machine.now() - statistics.idle_cycles - statistics.stalled_cycles;
        Report {
            stop: stop_name(stop),
            virtual_seconds: machine.seconds(),
            wall_seconds,
            virtual_to_wall: seconds(cycles) / wall_seconds.max(1e-9),
            instructions: machine.instructions(),
            mips: instructions as f64 / wall_seconds.max(1e-9) / 1e6,
            cpu_load: busy as f64 / machine.now().max(1) as f64,
            flash_stall_seconds: seconds(statistics.stalled_cycles),
            meter: meter.cloned(),
            samples: Samples {
                taken: statistics.samples,
                lost: statistics.samples_lost,
                overwritten: statistics.samples_overwritten,
                ignored_tasks: statistics.sample_tasks_ignored,
            },
            flash: Flash {
                operations: machine.flash_operations(),
                writes: statistics.flash_writes,
                erases: statistics.flash_erases,
                erase_parts: statistics.flash_erase_parts,
                overwritten_words: statistics.overwritten_words,
                overwritten: touched(&notes.overwritten_words),
                refused: touched(&notes.refused_flash),
                wear: wear(&statistics.page_erases, &statistics.page_writes),
            },
            nor: Nor {
                sector_erases: statistics.nor_erases,
                bytes_programmed: statistics.nor_bytes_programmed,
                most_erased: nor.sector_erases.iter().copied().max().unwrap_or(0),
            },
            leds: LED_PINS
                .iter()
                .enumerate()
                .map(|(index, pin)| {
                    let led = Led {
                        pin: format!("P0.{pin:02}"),
                        pulses: machine.pin_falls(*pin),
                    };
                    (format!("LED{}", index + 1), led)
                })
                .collect(),
            uarts: machine
                .part()
                .context
                .outside
                .serial
                .iter()
                .map(|line| Uart {
                    sent: line.sent,
                    received: line.received,
                    lost: line.lost,
                })
                .collect(),
            crash_log,
            supply_warnings: statistics.supply_warnings,
            resets: RESET_NAMES.into_iter().zip(statistics.resets).collect(),
            interrupts: statistics
                .interrupts
                .iter()
                .enumerate()
                .filter(|(_, count)| **count > 0)
                .map(|(number, count)| (interrupt_name(number), *count))
                .collect(),
            unmodelled: touched(&notes.unmodelled),
            absent: touched(&notes.absent),
            dma_outside_ram: touched(&notes.dma_outside_ram),
        }
    }

    /// The report as JSON, with a newline at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data serialises");
        text.push('\n');
        text
    }

    /// A few lines for people.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        let mut line = |arguments: std::fmt::Arguments| {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{arguments}");
        };
        line(format_args!(
            "{:.3} s of virtual time in {:.2} s ({:.1} times real time), {} instructions, {:.1} MIPS, CPU {:.2} %, stopped: {}",
            self.virtual_seconds,
            self.wall_seconds,
            self.virtual_to_wall,
            self.instructions,
            self.mips,
            100.0 * self.cpu_load,
            self.stop
        ));
        if let Some(display) = self.meter.as_ref().and_then(meter::display) {
            line(format_args!("meter: {display}"));
        }
        let samples = &self.samples;
        if samples.taken > 0 {
            line(format_args!(
                "SAADC: {} samples, {} lost, {} overwritten",
                samples.taken, samples.lost, samples.overwritten
            ));
        }
        for (name, led) in &self.leds {
            if led.pulses > 0 {
                line(format_args!(
                    "{name} ({}): lit {} times",
                    led.pin, led.pulses
                ));
            }
        }
        if self.flash.operations > 0 {
            line(format_args!(
                "flash: {} words written, {} pages erased ({} parts)",
                self.flash.writes, self.flash.erases, self.flash.erase_parts
            ));
        }
        for (what, list) in [
            ("register without a model", &self.unmodelled),
            ("address that the part does not have", &self.absent),
            ("EasyDMA outside RAM", &self.dma_outside_ram),
            ("flash operation refused", &self.flash.refused),
            ("word written too often", &self.flash.overwritten),
        ] {
            for touched in list {
                line(format_args!(
                    "{what}: {} ({}, first at {:.6} s, {} times)",
                    touched.address, touched.access, touched.first_seconds, touched.count
                ));
            }
        }
        if let Some(log) = &self.crash_log {
            for process in &log.processes {
                line(format_args!(
                    "process {}: {}, {} faults, {} restarts",
                    process.name, process.state, process.faults, process.restarts
                ));
            }
        }
        text
    }
}

fn stop_name(stop: Stop) -> String {
    match stop {
        Stop::Time => "time".into(),
        Stop::Instructions => "instructions".into(),
        Stop::Found => "found".into(),
        Stop::Breakpoint(pc) => format!("breakpoint at {pc:#010x}"),
        Stop::PowerCut => "power cut".into(),
        Stop::SystemOff => "System OFF".into(),
        Stop::Halted(pc) => format!("halted at {pc:#010x}"),
        Stop::Watchpoint(address, _) => format!("watchpoint at {address:#010x}"),
    }
}

fn touched(notes: &BTreeMap<u32, Note>) -> Vec<Touched> {
    notes
        .iter()
        .map(|(address, note)| Touched {
            address: format!("{address:#010x}"),
            access: if note.write { "write" } else { "read" },
            value: note.write.then(|| format!("{:#010x}", note.value)),
            first_seconds: seconds(note.first),
            count: note.count,
        })
        .collect()
}

fn wear(erases: &[u32], writes: &[u32]) -> Vec<Wear> {
    erases
        .iter()
        .zip(writes)
        .enumerate()
        .filter(|(_, (erases, writes))| **erases + **writes > 0)
        .map(|(page, (erases, writes))| Wear {
            address: format!("{:#010x}", page as u32 * PAGE_SIZE),
            erases: *erases,
            writes: *writes,
        })
        .collect()
}

fn interrupt_name(number: usize) -> String {
    let name = match number {
        0 => "POWER_CLOCK",
        2 => "UARTE0",
        3 => "SPIM0_TWIM0",
        4 => "SPIM1_TWIM1",
        6 => "GPIOTE",
        7 => "SAADC",
        8 => "TIMER0",
        9 => "TIMER1",
        10 => "TIMER2",
        11 => "RTC0",
        12 => "TEMP",
        13 => "RNG",
        14 => "ECB",
        16 => "WDT",
        17 => "RTC1",
        20..=25 => return format!("EGU{}", number - 20),
        26 => "TIMER3",
        27 => "TIMER4",
        28 => "PWM0",
        33 => "PWM1",
        34 => "PWM2",
        35 => "SPIM2",
        36 => "RTC2",
        40 => "UARTE1",
        41 => "QSPI",
        45 => "PWM3",
        47 => "SPIM3",
        _ => return format!("IRQ{number}"),
    };
    name.into()
}
