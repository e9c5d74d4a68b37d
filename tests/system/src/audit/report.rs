//! The findings of an audit: as Markdown for the console, and as one HTML page to keep.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::finding::{Finding, Topic};

/// All that an audit found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How many walls were tried.
    pub walls: usize,
    /// How many did not hold.
    pub failed: usize,
    /// Each of them.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The report of these findings.
    pub fn new(findings: Vec<Finding>) -> Self {
        Self {
            walls: findings.len(),
            failed: findings.iter().filter(|finding| !finding.held).count(),
            findings,
        }
    }

    /// The walls that did not hold.
    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.held)
    }

    /// The matrix of subjects and topics, then every wall that fell.
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
            format_args!("\n{} walls, {} failed", self.walls, self.failed),
        );
        out
    }

    /// One page without anything outside it.
    pub fn html(&self) -> String {
        let mut out = String::from(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <title>Audit of the meter's image</title><style>\
             body{font:14px sans-serif;margin:2em}table{border-collapse:collapse;margin:1em 0}\
             td,th{border:1px solid #bbb;padding:.2em .6em;text-align:left}\
             .failed{background:#fbb}.held{background:#dfd}</style></head><body>\n\
             <h1>Audit of the meter's image</h1>\n",
        );
        let verdict = if self.failed == 0 { "held" } else { "failed" };
        line(
            &mut out,
            format_args!(
                "<p class=\"{verdict}\">{} walls, {} failed</p>",
                self.walls, self.failed
            ),
        );
        out.push_str("<table><tr><th>topic<th>subject<th>walls<th>held</tr>\n");
        for (topic, subject, walls, held) in self.matrix() {
            let class = if walls == held { "held" } else { "failed" };
            let subject = escaped(subject);
            line(
                &mut out,
                format_args!(
                    "<tr class=\"{class}\"><td>{topic}<td>{subject}<td>{walls}<td>{held}</tr>"
                ),
            );
        }
        out.push_str("</table>\n");
        for topic in Topic::ALL {
            self.chapter(topic, &mut out);
        }
        out.push_str("</body></html>\n");
        out
    }

    fn chapter(&self, topic: Topic, out: &mut String) {
        let findings = || {
            self.findings
                .iter()
                .filter(|finding| finding.topic == topic)
        };
        if findings().next().is_none() {
            return;
        }
        line(
            out,
            format_args!(
                "<h2>{topic}</h2><table><tr><th>subject<th>wall<th>expected<th>found</tr>"
            ),
        );
        for finding in findings() {
            let class = if finding.held { "held" } else { "failed" };
            let [subject, wall, expected, found] = [
                &finding.subject,
                &finding.wall,
                &finding.expected,
                &finding.found,
            ]
            .map(|text| escaped(text));
            line(
                out,
                format_args!(
                    "<tr class=\"{class}\"><td>{subject}<td>{wall}<td>{expected}<td>{found}</tr>"
                ),
            );
        }
        out.push_str("</table>\n");
    }

    /// Topic, subject, walls tried, walls held.
    fn matrix(&self) -> Vec<(Topic, &str, usize, usize)> {
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

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a String takes all that is written");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_that_fell_is_named_everywhere() {
        let finding =
            |wall: &str, held| Finding::new(Topic::Keys, "tls", wall, "NODEVICE", "success", held);
        let report = Report::new(vec![finding("<sign>", false), finding("read", true)]);
        assert_eq!((report.walls, report.failed), (2, 1));
        assert!(report
            .markdown()
            .contains("FAILED: tls: <sign>: expected NODEVICE, found success"));
        assert!(report.markdown().contains("| tls | 2 | 1 | FAILED |"));
        assert!(report
            .html()
            .contains("<tr class=\"failed\"><td>tls<td>&lt;sign&gt;"));
    }
}
