//! The checks. Each leaves one line; a name is said once and stays.

mod entry;
mod faults;
mod instructions;
mod priorities;
mod protection;
mod rights;
mod stacking;
mod timers;

use crate::log;
use crate::machine::exceptions::reset;

/// Counts the checks, and puts the machine in order between them.
pub struct Report {
    checks: u32,
}

impl Report {
    /// Writes the result of one check. `value` is what was measured.
    pub fn check(&mut self, name: &str, pass: bool, value: u32) {
        self.checks += 1;
        log::check(name, pass, value);
        reset();
    }

    /// A check that passes if the value is the expected one.
    pub fn equal(&mut self, name: &str, value: u32, expected: u32) {
        self.check(name, value == expected, value);
    }
}

/// Runs all checks and answers with their number.
pub fn run() -> u32 {
    let mut report = Report { checks: 0 };
    entry::run(&mut report);
    rights::run(&mut report);
    priorities::run(&mut report);
    protection::run(&mut report);
    stacking::run(&mut report);
    faults::run(&mut report);
    instructions::run(&mut report);
    timers::run(&mut report);
    report.checks
}
