//! Chooses the attack and tells what became of it.

use crate::attacks;
use crate::machine;
use crate::script;
use attacker::scripted;
use attacker::selector::{Selector, MAGIC};
use attacker::ATTACKS;
use core::fmt::{self, Write};
use libtock::console::Console;
use libtock::low_level_debug::LowLevelDebug;
use libtock::platform::Syscalls;
use libtock::runtime::TockSyscalls;

libtock::runtime::set_main!(main);

/// What an attack that survives has found.
pub enum Verdict {
    /// A wall held; what it answered.
    Contained(&'static str, u32),
    /// A wall broke; how, and what came through.
    Breach(&'static str, u32),
}

/// An attack, with the selector's argument.
pub type Function = fn(u32) -> Verdict;

macro_rules! functions {
    ($($name:ident $expected:ident)*) => {
        /// In the order of [`ATTACKS`].
        const FUNCTIONS: [Function; ATTACKS.len()] = [$(attacks::$name),*];
    };
}

attacker::for_each_attack!(functions);

/// Tests change this in the image.
#[used]
static SELECTOR: Selector = Selector {
    magic: MAGIC,
    attack: u32::MAX,
    argument: 0,
};

/// A line in the making; what does not fit is cut.
struct Line {
    bytes: [u8; 128],
    length: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = &mut self.bytes[self.length..];
        let fits = text.len().min(free.len());
        free[..fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.length += fits;
        Ok(())
    }
}

fn say(arguments: fmt::Arguments<'_>) {
    let mut line = Line {
        bytes: [0; 128],
        length: 0,
    };
    // Writing to a `Line` cannot fail, and a console that fails leaves the
    // debug output to tell.
    let _ = line.write_fmt(arguments);
    let _ = Console::write(&line.bytes[..line.length]);
}

fn main() {
    let (attack, argument) = machine::read_selector(&SELECTOR);
    if attack == scripted::NUMBER {
        script::serve();
    }
    let Some((entry, function)) = usize::try_from(attack)
        .ok()
        .and_then(|index| ATTACKS.get(index).zip(FUNCTIONS.get(index)))
    else {
        say(format_args!("attack {attack}: no such attack\r\n"));
        return;
    };
    say(format_args!("attack {}: start\r\n", entry.name));
    match function(argument) {
        Verdict::Contained(what, value) => {
            LowLevelDebug::print_2(attack, 0);
            say(format_args!(
                "attack {}: contained ({what} {value:#x})\r\n",
                entry.name
            ));
        }
        Verdict::Breach(what, value) => {
            LowLevelDebug::print_2(attack, u32::MAX);
            say(format_args!(
                "attack {}: BREACH ({what} {value:#x})\r\n",
                entry.name
            ));
        }
    }
    loop {
        TockSyscalls::yield_wait();
    }
}
