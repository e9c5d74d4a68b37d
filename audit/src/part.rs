//! The parts of an audit: each on a machine of its own, and none can take the others' findings with it.

use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::finding::{Finding, Topic};
use crate::specimen::scripted_app::Silent;
use crate::workers::on_all_cores;

type Work<'a> = Box<dyn Fn(&mut Vec<Finding>) -> Result<(), Silent> + Send + Sync + 'a>;

/// A part that can be carried out whatever becomes of the others.
pub struct Part<'a> {
    topic: Topic,
    name: String,
    work: Work<'a>,
}

impl<'a> Part<'a> {
    /// Returns a part of a chapter. What it finds before it fails counts.
    pub fn new(
        topic: Topic,
        name: impl Into<String>,
        work: impl Fn(&mut Vec<Finding>) -> Result<(), Silent> + Send + Sync + 'a,
    ) -> Self {
        Self {
            topic,
            name: name.into(),
            work: Box::new(work),
        }
    }

    /// A part that cannot be carried out to its end is a wall that did not hold.
    fn carry_out(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let ended = catch_unwind(AssertUnwindSafe(|| (self.work)(&mut findings)));
        let failure = match ended {
            Ok(Ok(())) => return findings,
            Ok(Err(silent)) => silent,
            Err(panic) => format!("panic: {}", message(panic.as_ref())),
        };
        let wall = format!("{} can be tried to the end", self.name);
        let finding = Finding::new(self.topic, "audit", wall, "an end", failure, false);
        findings.push(finding);
        findings
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a word")
}

/// A part that is done.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Parts that are done, and all.
    pub parts: (usize, usize),
    /// The chapter.
    pub topic: Topic,
    /// The part's name.
    pub name: String,
    /// Walls that it tried, and those that did not hold.
    pub walls: (usize, usize),
    /// How long it took, and how long the audit goes on by now.
    pub took: (Duration, Duration),
}

/// Carries out all parts, begun in their order, on all cores. The findings come by
/// topic, and within one in the order of the parts, however they were begun and ended.
pub fn carry_out(parts: &[Part<'_>], tell: &(dyn Fn(&Progress) + Sync)) -> Vec<Finding> {
    let begin = Instant::now();
    let done = AtomicUsize::new(0);
    let findings = on_all_cores(parts, |part| {
        let own_begin = Instant::now();
        let findings = part.carry_out();
        let failed = findings.iter().filter(|finding| !finding.held).count();
        tell(&Progress {
            parts: (done.fetch_add(1, Ordering::Relaxed) + 1, parts.len()),
            topic: part.topic,
            name: part.name.clone(),
            walls: (findings.len(), failed),
            took: (own_begin.elapsed(), begin.elapsed()),
        });
        findings
    });
    let mut findings = findings.concat();
    findings.sort_by_key(|finding| finding.topic);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn held(wall: &str) -> Finding {
        Finding::check(Topic::Keys, "tls", wall, "", true)
    }

    #[test]
    fn a_part_that_fails_loses_nobodys_findings() {
        let parts = [
            Part::new(Topic::Replay, "falls silent", |findings| {
                findings.push(held("before it"));
                Err("no answer".into())
            }),
            Part::new(Topic::Keys, "panics", |_| panic!("at {}", 7)),
            Part::new(Topic::Keys, "goes on", |findings| {
                findings.push(held("after both"));
                Ok(())
            }),
        ];
        let told = Mutex::new(Vec::new());
        let findings = carry_out(&parts, &|progress| {
            told.lock().expect("no panic").push(progress.walls);
        });
        let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "tls: before it: expected holds, found ",
                "audit: panics can be tried to the end: expected an end, found panic: at 7",
                "tls: after both: expected holds, found ",
                "audit: falls silent can be tried to the end: expected an end, found no answer",
            ]
        );
        let mut told = told.into_inner().expect("no panic");
        told.sort();
        assert_eq!(told, [(1, 0), (1, 1), (2, 1)]);
    }
}
