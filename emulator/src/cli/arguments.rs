//! The command line.

use super::pins::{parse_button, parse_pin, Press};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Emulator of the nRF52840 and the meter's front end.
#[derive(Debug, Parser)]
#[command(name = "emulator", version, about)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a flash image.
    Run(Box<Run>),
}

/// Run a flash image. A raw image is written back at the end, so that the
/// meter's state survives; UICR and external flash go to IMAGE.uicr and
/// IMAGE.nor. An ELF file is never written. Unless --discard is given, no other
/// run may have the image meanwhile, and it must not be read-only.
#[derive(Debug, Args)]
pub struct Run {
    /// Flash image: raw from address 0, or ELF.
    pub image: PathBuf,
    /// ELF file laid over the image (may be given more than once).
    #[arg(long = "elf", value_name = "FILE")]
    pub overlays: Vec<PathBuf>,
    /// Content of the external flash, written back too [default: IMAGE.nor].
    #[arg(long, value_name = "FILE")]
    pub nor: Option<PathBuf>,
    /// Keep the flash of an ELF image in this raw file: loaded below the ELF
    /// if it exists, written at the end.
    #[arg(long, value_name = "FILE")]
    pub keep: Option<PathBuf>,
    /// Mains and load, as `sine:230V,5A,pf0.8,50Hz,h3:10%`, or a CSV recording
    /// (seconds, volts, amperes), as FILE, `loop:FILE` or `once:FILE`.
    #[arg(long, value_name = "SPEC", conflicts_with = "recording")]
    pub mains: Option<String>,
    /// A CSV recording (seconds, volts, amperes), played once.
    #[arg(long, value_name = "FILE.csv")]
    pub recording: Option<PathBuf>,
    /// Play the recording for ever.
    #[arg(long = "loop", requires = "recording")]
    pub looped: bool,
    /// No errors and no noise in the front end.
    #[arg(long)]
    pub ideal_front_end: bool,
    /// Virtual time to run: 10s, 500ms, 2h, 1d; a plain number is seconds.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_time)]
    pub time: Option<Duration>,
    /// How fast: `max`, or a multiple of real time (`real` is 1).
    #[arg(long, default_value = "max", value_name = "max|real|N")]
    pub speed: Speed,
    /// Where UARTE0 goes: stdio, pty, tcp:PORT, file:PATH, none.
    #[arg(long, default_value = "stdio", value_name = "PORT")]
    pub uart0: Port,
    /// Where UARTE1 goes.
    #[arg(long, default_value = "none", value_name = "PORT")]
    pub uart1: Port,
    /// Where RTT text goes: stdio, none, or a file.
    #[arg(long, default_value = "none", value_name = "stdio|FILE|none")]
    pub rtt: Port,
    /// Write the final report as JSON to a file, or `-` for standard output; text
    /// of ports on `stdio` then goes to standard error.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Seed of all randomness: front end, RAM at power-up, RNG, torn writes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Stop after exactly N instructions.
    #[arg(long, value_name = "N")]
    pub stop_after: Option<u64>,
    /// Cut the power in flash operation N (counted from 1), after N
    /// instructions, or at a virtual time: `flash:N`, `instruction:N`,
    /// `time:12.5s`.
    #[arg(long, value_name = "WHERE", value_parser = parse_cut)]
    pub cut_at: Option<emulator::machine::Cut>,
    /// The supply only begins to fall at the cut, and is gone this much later.
    #[arg(long, value_name = "TIME", requires = "cut_at", value_parser = parse_time)]
    pub hold_up: Option<Duration>,
    /// Power up again after the cut and go on.
    #[arg(long, requires = "cut_at")]
    pub power_up: bool,
    /// Drive an input pin: PIN=LEVEL[@TIME], as `P0.11=low@2s` (may be given more than
    /// once).
    #[arg(long = "pin", value_name = "PIN=LEVEL[@TIME]", value_parser = parse_pin)]
    pub pins: Vec<emulator::bus::outside::Edge>,
    /// Show curves, readings, processes and flash on the terminal, with keys for the load,
    /// the speed and the plug.
    #[arg(long, conflicts_with_all = ["gdb", "trace"])]
    pub screen: bool,
    /// Press a button of the kit: N@TIME[+HOLD], as `1@2s` (held for 100 ms); N alone is
    /// held down (may be given more than once).
    #[arg(long = "button", value_name = "N[@TIME[+HOLD]]", value_parser = parse_button)]
    pub buttons: Vec<Press>,
    /// Do not write the image, UICR and external flash back.
    #[arg(long)]
    pub discard: bool,
    /// Save the state of the machine to a file at the end.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Start from a saved state.
    #[arg(long, value_name = "FILE")]
    pub restore: Option<PathBuf>,
    /// Leave out the instruction at ADDR the first COUNT times (default 1).
    #[arg(long, value_name = "ADDR[:COUNT]", value_parser = parse_skip)]
    pub skip: Vec<emulator::machine::Skip>,
    /// Print the core's data accesses in a range: START-END or START+LENGTH.
    #[arg(long, value_name = "RANGE", value_parser = parse_range)]
    pub trace: Option<(u32, u32)>,
    /// Wait for GDB on this TCP port before the first instruction. When GDB detaches the
    /// run goes on, and GDB may come again.
    #[arg(long, value_name = "PORT")]
    pub gdb: Option<u16>,
    /// No summary on standard error.
    #[arg(long, short)]
    pub quiet: bool,
}

/// How fast virtual time goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// As fast as it goes.
    Max,
    /// A multiple of real time.
    Times(f64),
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "max" => Ok(Speed::Max),
            "real" => Ok(Speed::Times(1.0)),
            _ => match text.trim_end_matches('x').parse::<f64>() {
                Ok(times) if times > 0.0 && times.is_finite() => Ok(Speed::Times(times)),
                _ => Err("expected max, real or a number above 0".into()),
            },
        }
    }
}

/// Where bytes go to and come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    None,
    Stdio,
    Pty,
    Tcp(u16),
    File(PathBuf),
}

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            _ if text == "none" => Ok(Port::None),
            _ if text == "stdio" => Ok(Port::Stdio),
            _ if text == "pty" => Ok(Port::Pty),
            Some(("tcp", port)) => port
                .parse()
                .map(Port::Tcp)
                .map_err(|_| format!("{port:?} is no TCP port")),
            Some(("file", "")) => Err("a file name must follow file:".into()),
            Some(("file", path)) => Ok(Port::File(path.into())),
            _ if text.is_empty() => Err("empty".into()),
            // A plain file name, as --rtt takes it.
            _ => Ok(Port::File(text.into())),
        }
    }
}

pub fn parse_time(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, f64); 6] = [
        ("us", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("min", 60.0),
        ("h", 3600.0),
        ("d", 86_400.0),
    ];
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let scale = match unit {
        "" => 1.0,
        "m" => 60.0,
        _ => UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, scale)| *scale)
            .ok_or_else(|| format!("unknown unit {unit:?}: us, ms, s, min, h, d"))?,
    };
    let seconds = digits
        .parse::<f64>()
        .map_err(|_| format!("{digits:?} is no number"))?
        * scale;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn number(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("{text:?} is no number"))
}

fn address(text: &str) -> Result<u32, String> {
    u32::try_from(number(text)?).map_err(|_| format!("{text} is no 32-bit address"))
}

fn parse_cut(text: &str) -> Result<emulator::machine::Cut, String> {
    use emulator::machine::Cut;
    match text.split_once(':') {
        Some(("flash", n)) => match number(n)? {
            0 => Err("flash operations are counted from 1".into()),
            n => Ok(Cut::FlashOperation(n)),
        },
        Some(("instruction", n)) => Ok(Cut::Instruction(number(n)?)),
        Some(("time", time)) => Ok(Cut::Time(parse_time(time)?)),
        _ => Err("expected flash:N, instruction:N or time:TIME".into()),
    }
}

fn parse_skip(text: &str) -> Result<emulator::machine::Skip, String> {
    let (at, count) = text.split_once(':').unwrap_or((text, "1"));
    Ok(emulator::machine::Skip {
        address: address(at)? & !1,
        first: 1,
        count: number(count)?,
    })
}

fn parse_range(text: &str) -> Result<(u32, u32), String> {
    let range = if let Some((start, end)) = text.split_once('-') {
        (address(start)?, address(end)?)
    } else if let Some((start, length)) = text.split_once('+') {
        let start = address(start)?;
        let end = start.checked_add(address(length)?);
        (start, end.ok_or("past the end of the address space")?)
    } else {
        let start = address(text)?;
        (start, start.saturating_add(4))
    };
    if range.0 < range.1 {
        Ok(range)
    } else {
        Err("the range is empty".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn values_parse_or_say_why_not() {
        assert_eq!(parse_time("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_time("24h"), Ok(Duration::from_secs(86_400)));
        assert_eq!(parse_time("7"), Ok(Duration::from_secs(7)));
        assert!(parse_time("-1s").is_err());
        assert!(parse_time("1 week").is_err());
        assert_eq!("2.5x".parse(), Ok(Speed::Times(2.5)));
        assert!("0".parse::<Speed>().is_err());
        assert_eq!("tcp:7000".parse(), Ok(Port::Tcp(7000)));
        assert!("tcp:70000".parse::<Port>().is_err());
        assert_eq!("file:a:b".parse(), Ok(Port::File("a:b".into())));
        assert_eq!(parse_range("0x10-0x20"), Ok((0x10, 0x20)));
        assert_eq!(parse_range("0x10+4"), Ok((0x10, 0x14)));
        assert!(parse_range("5-5").is_err());
        assert!(parse_cut("flash:x").is_err());
        assert!(parse_cut("flash:0").is_err());
        assert_eq!(
            parse_cut("time:12.5s"),
            Ok(emulator::machine::Cut::Time(Duration::from_millis(12_500)))
        );
        assert!(parse_cut("time:-1s").is_err());
        assert_eq!(parse_skip("0x101:3").map(|skip| skip.count), Ok(3));
    }
}
