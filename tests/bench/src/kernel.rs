//! What system calls, switches and the boot cost, in instructions.

use std::time::Duration;

use anyhow::{ensure, Context, Result};
use audit::specimen::artifacts::built;
use audit::specimen::meter;
use emulator::Stop;
use system_tests::elf::Elf;
use system_tests::{firmware, switches};

use super::Figure;

/// Calls with an `svc` of their own in the bench app: symbol, words, goal.
const CALLS: [(&str, &str, &str); 8] = [
    ("null_command", "null command", "< 200"),
    ("missing_driver", "command to a missing driver", ""),
    ("yield_no_wait", "yield-no-wait", ""),
    ("subscribe", "subscribe", ""),
    ("unsubscribe", "unsubscribe", ""),
    ("allow", "read-write allow", ""),
    ("memop", "memop", ""),
    ("alarm_set", "alarm: set", ""),
];
const ROUNDS: usize = 31;
const LIMIT: Duration = Duration::from_secs(2);
const LOAD: &str = "sine:230V,5A,pf1,50Hz";

/// All figures of the kernel.
pub fn measure() -> Result<Vec<Figure>> {
    let app = Elf::read(&built("bench-app-dlms.elf"));
    let address = |name: &str| {
        app.address(name)
            .with_context(|| format!("there is no symbol {name}"))
    };
    let firmware = firmware::kernel_only().with_guest("bench-app", "dlms");
    let mut figures = Vec::new();
    for (symbol, words, goal) in CALLS {
        let mut machine = meter::boot(firmware.bytes(), LOAD, 1);
        let from = address(&format!("{symbol}_svc"))?;
        let to = address(&format!("{symbol}_after"))?;
        let count = median(|| machine.count_between(from, to, LIMIT))
            .with_context(|| format!("{symbol} never came"))?;
        figures.push(Figure::new(words, count, goal));
    }
    let mut machine = meter::boot(firmware.bytes(), LOAD, 1);
    let from = address("alarm_set_svc")?;
    let to = address("alarm_upcall")?;
    // Until then the generator of random numbers gathers its seed, with an interrupt
    // for each byte.
    machine.run_for(Duration::from_millis(300));
    let count = median(|| machine.count_between(from, to, LIMIT)).context("no alarm came")?;
    figures.push(Figure::new(
        "alarm: set, sleep, interrupt, upcall",
        count,
        "< 2,500",
    ));
    for (words, count) in [
        "switch to another app at the end of its slice",
        "switch back, with new slices for both",
    ]
    .into_iter()
    .zip(switches::measure(ROUNDS)?)
    {
        figures.push(Figure::new(words, count, "< 500"));
    }
    for (apps, goal) in [(1, "< 15,000"), (2, "")] {
        figures.push(Figure::new(
            &format!("reset to the first instruction of the first of {apps} apps"),
            boot(apps)?,
            goal,
        ));
    }
    Ok(figures)
}

fn median(mut count: impl FnMut() -> Option<u64>) -> Option<u64> {
    let mut counts = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        counts.push(count()?);
    }
    counts.sort_unstable();
    Some(counts[ROUNDS / 2])
}

/// From reset to the first instruction of the bench app; nobody has signed it, nor the
/// app beside it.
fn boot(apps: usize) -> Result<u64> {
    let mut firmware = firmware::kernel_only().with_guest("bench-app", "dlms");
    if apps > 1 {
        firmware = firmware.with_guest("attacker", "update");
    }
    let mut machine = meter::boot(firmware.bytes(), LOAD, 1);
    let app = Elf::read(&built("bench-app-dlms.elf"));
    let start = app.address("start").context("the app has no start")?;
    machine.add_breakpoint(start);
    let stop = machine.run_for(LIMIT);
    ensure!(stop == Stop::Breakpoint(start), "no app started: {stop:?}");
    Ok(machine.instructions())
}
