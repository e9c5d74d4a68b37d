//! What a debugger sets in the machine: breakpoints and watchpoints. They go when it goes.

use emulator::machine::{Watch, Watched};
use emulator::Machine;
use std::collections::BTreeSet;

/// The breakpoints and watchpoints of one debugger.
#[derive(Debug, Default)]
pub struct Points {
    breakpoints: BTreeSet<u32>,
    watchpoints: BTreeSet<Watch>,
}

/// Bytes that a watchpoint may span.
const MOST_WATCHED: u32 = 0x1_0000;

impl Points {
    /// Sets what a `Z` packet asks for, or takes away what a `z` packet does: the answer.
    /// An empty one says that there are no such points.
    pub fn change(&mut self, machine: &mut Machine, set: bool, packet: &str) -> &'static str {
        // Conditions and commands after a semicolon are the debugger's to evaluate.
        let place = packet.split(';').next().unwrap_or_default();
        let mut fields = place.split(',');
        let kind = fields.next();
        let mut number = || u32::from_str_radix(fields.next()?, 16).ok();
        let (address, length) = (number(), number());
        let watched = match kind {
            Some("0" | "1") => None,
            Some("2") => Some(Watched::Writes),
            Some("3") => Some(Watched::Reads),
            Some("4") => Some(Watched::Both),
            _ => return "",
        };
        let Some(address) = address else {
            return "E01";
        };
        let done = match watched {
            None if set => !self.breakpoints.insert(address) || machine.add_breakpoint(address),
            None => {
                if self.breakpoints.remove(&address) {
                    machine.remove_hooks(address);
                }
                true
            }
            Some(watched) => {
                let Some(length) = length.filter(|length| (1..=MOST_WATCHED).contains(length))
                else {
                    return "E01";
                };
                let watch = Watch {
                    start: address,
                    length,
                    watched,
                };
                if !set {
                    self.watchpoints.remove(&watch);
                    machine.remove_watchpoint(watch);
                } else if self.watchpoints.insert(watch) {
                    machine.add_watchpoint(watch);
                }
                true
            }
        };
        if done {
            "OK"
        } else {
            self.breakpoints.remove(&address);
            "E01"
        }
    }

    /// Takes all of them away.
    pub fn clear(&mut self, machine: &mut Machine) {
        for address in std::mem::take(&mut self.breakpoints) {
            machine.remove_hooks(address);
        }
        for watch in std::mem::take(&mut self.watchpoints) {
            machine.remove_watchpoint(watch);
        }
    }
}
