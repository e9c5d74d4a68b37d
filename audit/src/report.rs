//! The findings of an audit: as Markdown for the console; as JSON, and in `html` as one HTML page, to keep.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::about::About;
use super::finding::{Finding, Topic};

/// All that an audit found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether all walls held.
    pub held: bool,
    /// What was audited.
    pub about: About,
    /// How many walls were tried.
    pub walls: usize,
    /// How many did not hold.
    pub failed: usize,
    /// Each of them.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Returns the report of these findings.
    pub fn new(findings: Vec<Finding>, about: About) -> Self {
        let failed = findings.iter().filter(|finding| !finding.held).count();
        Self {
            // An audit that has tried nothing has shown nothing.
            held: failed == 0 && !findings.is_empty(),
            about,
            walls: findings.len(),
            failed,
            findings,
        }
    }

    /// Returns the walls that did not hold.
    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.held)
    }

    /// Returns the matrix of subjects and topics, then every wall that fell.
    pub fn markdown(&self) -> String {
        let mut out =
            String::from("| topic | subject | walls | held | verdict |\n|---|---|---|---|---|\n");
        for (topic, subject, walls, held) in self.matrix() {
            let verdict = if walls == held { "held" } else { "FAILED" };
            line(
                &mut out,
                format_args!("| {topic} | {subject} | {walls} | {held} | {verdict} |"),
            );
        }
        for finding in self.failures() {
            line(&mut out, format_args!("\nFAILED: {finding}"));
        }
        line(
            &mut out,
            format_args!(
                "\n{}: {} walls tried, {} did not hold",
                self.verdict(),
                self.walls,
                self.failed
            ),
        );
        out
    }

    /// Returns the verdict in a word.
    pub fn verdict(&self) -> &'static str {
        if self.held {
            "HELD"
        } else {
            "FAILED"
        }
    }

    /// Topic, subject, walls tried, walls held.
    pub(super) fn matrix(&self) -> Vec<(Topic, &str, usize, usize)> {
        let mut counts: BTreeMap<(Topic, &str), (usize, usize)> = BTreeMap::new();
        for finding in &self.findings {
            let count = counts.entry((finding.topic, &finding.subject)).or_default();
            count.0 += 1;
            count.1 += usize::from(finding.held);
        }
        counts
            .into_iter()
            .map(|((topic, subject), (walls, held))| (topic, subject, walls, held))
            .collect()
    }
}

pub(super) fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a String takes all that is written");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_that_fell_is_named_everywhere() {
        let finding =
            |wall: &str, held| Finding::new(Topic::Keys, "tls", wall, "NODEVICE", "success", held);
        let report = Report::new(
            vec![finding("<sign>", false), finding("read", true)],
            About::default(),
        );
        assert_eq!((report.walls, report.failed), (2, 1));
        assert!(report
            .markdown()
            .contains("FAILED: tls: <sign>: expected NODEVICE, found success"));
        assert!(report.markdown().contains("| tls | 2 | 1 | FAILED |"));
        assert!(report
            .html()
            .contains("<tr class=\"failed\"><td>tls<td>&lt;sign&gt;"));
        assert_eq!((report.held, report.verdict()), (false, "FAILED"));
    }

    #[test]
    fn an_audit_without_a_wall_has_not_held() {
        assert!(!Report::new(Vec::new(), About::default()).held);
    }
}
