//! docs/codes.md: the register of codes, for whoever saw one.

use std::fmt::Write;

use reasons::{Area, Reason};

use super::isolation::RENEWAL;

/// Returns the page of the book that shows the register of error and reason codes.
#[must_use]
pub fn codes_document() -> String {
    let mut out = format!(
        "# Codes\n\n\
         What a number in a report, or an exit code, means and what to do about it. A number never\n\
         changes its meaning and is never used twice. Generated from the register,\n\
         `libraries/reasons`, by `{RENEWAL}`; do not edit.\n"
    );
    for area in Area::ALL {
        let numbers = area.numbers();
        let (first, last) = (numbers.start(), numbers.end());
        let _ = writeln!(
            out,
            "\n## {}: {first} to {last}\n\n{}",
            title(area),
            use_of(area)
        );
        let mut reasons = Reason::ALL
            .iter()
            .filter(|reason| reason.area() == area)
            .peekable();
        if reasons.peek().is_some() {
            out.push_str("\n| code | name | what happened | what to do |\n|---|---|---|---|\n");
        }
        for reason in reasons {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                reason.number(),
                reason.name(),
                reason.text(),
                reason.remedy()
            );
        }
    }
    out
}

/// The name of an area as a title.
fn title(area: Area) -> String {
    let mut letters = area.name().chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Where the codes of an area are met.
fn use_of(area: Area) -> &'static str {
    match area {
        Area::Loading => {
            "Why an app in flash was not let run: the byte `reason` of the [crash log](crash-log.md),\n\
             which the emulator's report shows by its name."
        }
        Area::Host => {
            "Exit codes of the emulator, `cargo xtask`, the audit and the manifest's `policy`. 0 is\n\
             success: a run that ended as asked (a power cut, System OFF or Ctrl-C included), walls that\n\
             all hold. `cargo xtask` passes on what a program of these exited with; `make` itself exits\n\
             with 2 whatever failed. 101 is a panic, and 130 a second Ctrl-C, after which nothing is\n\
             written."
        }
        Area::Boot | Area::Update | Area::Factory => "Kept; none is given yet.",
    }
}
