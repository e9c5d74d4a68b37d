//! GDB's `monitor`: what a debugger asks of the emulator itself.

use super::packet::{hex, unhex};
use emulator::Machine;

const HELP: &str = "\
monitor reset   press the reset button; the core halts before its first instruction
monitor power   cut the power and switch it on again: RAM is lost, flash stays
monitor time    the virtual time, and the instructions retired
";

/// Does what a `qRcmd` packet asks for, in hexadecimal digits; the answer in them.
pub fn command(machine: &mut Machine, digits: &str) -> String {
    let bytes = unhex(digits).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut words = text.split_whitespace();
    let answer = match (words.next(), words.next()) {
        // As OpenOCD, J-Link and pyOCD write it: it halts here anyway.
        (Some("reset"), None | Some("halt" | "init" | "run")) => {
            machine.reset_pin();
            "reset\n".to_owned()
        }
        (Some("power"), None) => {
            machine.power_cycle();
            "power cut, and on again\n".to_owned()
        }
        (Some("time"), None) => format!(
            "{:.9} s, {} instructions\n",
            machine.seconds(),
            machine.instructions()
        ),
        // It is halted while it listens.
        (Some("halt"), None) => "halted\n".to_owned(),
        (Some("help"), _) => HELP.to_owned(),
        _ => format!("{text:?} is no command\n{HELP}"),
    };
    hex(answer.as_bytes())
}
