//! The report as one HTML page: the verdict on top, the matrix, then a chapter for each topic.

use std::collections::BTreeSet;

use super::finding::{Finding, Topic};
use super::report::{line, Report};

const STYLE: &str = "\
body{font:14px/1.4 sans-serif;margin:2em auto;max-width:90em;padding:0 1em;color:#222}\
h1{font-size:1.5em}h2{font-size:1.15em;display:inline}\
table{border-collapse:collapse;margin:.6em 0}\
td,th{border:1px solid #ccc;padding:.2em .6em;text-align:left;vertical-align:top}\
th{background:#eee}th[data-sort]{cursor:pointer}\
td{overflow-wrap:break-word}td:last-child{overflow-wrap:anywhere}td.n{text-align:right;white-space:nowrap}\
.verdict{font-size:1.3em;padding:.6em .8em;font-weight:bold}\
.failed{background:#fbb}.held{background:#e3f5e1}\
tr.held td:last-child{color:#555}\
details{margin:.7em 0}summary{cursor:pointer}code{overflow-wrap:anywhere}\
.about th{background:none;border:0}.about td{border:0}\
input{font:inherit;padding:.2em;width:22em}";

/// Sorts a chapter by a column, and shows the walls that a word stands in.
const SCRIPT: &str = "\
for(const head of document.querySelectorAll('th[data-sort]'))head.onclick=()=>{\
const body=head.closest('table').tBodies[0],column=head.cellIndex,\
down=head.dataset.sort==='up';head.dataset.sort=down?'down':'up';\
const text=row=>row.cells[column].textContent;\
[...body.rows].sort((a,b)=>(down?-1:1)*text(a).localeCompare(text(b),'en',{numeric:true}))\
.forEach(row=>body.append(row))};\
const word=document.getElementById('word'),failed=document.getElementById('only');\
word.oninput=failed.onchange=()=>{const wanted=word.value.toLowerCase();\
for(const chapter of document.querySelectorAll('details')){let shown=0;\
for(const row of chapter.querySelectorAll('tbody tr')){\
const show=row.textContent.toLowerCase().includes(wanted)&&(!failed.checked||row.className==='failed');\
row.hidden=!show;shown+=show}\
chapter.hidden=!shown;if(wanted||failed.checked)chapter.open=shown>0}};\
const unfold=()=>{const chapter=document.getElementById(location.hash.slice(1));if(chapter)chapter.open=true};\
onhashchange=unfold;unfold();";

impl Report {
    /// Returns the report as one HTML page that needs no other file.
    pub fn html(&self) -> String {
        let mut out = String::from(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <title>Audit of the meter's image</title>",
        );
        line(
            &mut out,
            format_args!("<style>{STYLE}</style></head><body>"),
        );
        line(
            &mut out,
            format_args!("<h1>Audit of the meter's image</h1>"),
        );
        self.head(&mut out);
        self.overview(&mut out);
        out.push_str(
            "<h1>Every wall</h1>\n<p>Only walls with <input id=\"word\" \
             placeholder=\"a word: an app, a key, a driver\"> \
             <label><input type=\"checkbox\" id=\"only\" style=\"width:auto\"> that did not hold\
             </label>. A click on a column's head sorts.</p>\n",
        );
        for topic in Topic::ALL {
            self.chapter(topic, &mut out);
        }
        line(
            &mut out,
            format_args!("<script>{SCRIPT}</script></body></html>"),
        );
        out
    }

    /// Verdict, what it is about, and the walls that did not hold.
    fn head(&self, out: &mut String) {
        let class = class(self.held);
        let (walls, failed) = (self.walls, self.failed);
        let verdict = self.verdict();
        line(
            out,
            format_args!(
                "<p class=\"verdict {class}\">{verdict}: {walls} walls tried, {failed} did not hold</p>"
            ),
        );
        let about = &self.about;
        line(out, format_args!("<table class=\"about\">"));
        for (what, value) in [
            ("Date", about.date.clone()),
            ("Flash image, SHA-256", about.image_sha256.clone()),
            ("meter.toml, SHA-256", about.manifest_sha256.clone()),
            ("Versions", about.versions.join(", ")),
            (
                "Took",
                format!("{} min {} s", about.seconds / 60, about.seconds % 60),
            ),
        ] {
            let value = escaped(&value);
            line(
                out,
                format_args!("<tr><th>{what}<td><code>{value}</code></tr>"),
            );
        }
        line(out, format_args!("</table>"));
        if failed > 0 {
            line(out, format_args!("<h1>Walls that did not hold</h1>"));
            table(out, self.failures(), true);
        }
    }

    /// Topics by subjects: walls that held, and of how many if not of all.
    fn overview(&self, out: &mut String) {
        let matrix = self.matrix();
        let subjects: BTreeSet<&str> = matrix.iter().map(|(_, subject, ..)| *subject).collect();
        line(
            out,
            format_args!("<h1>Overview</h1><table><thead><tr><th>topic"),
        );
        for subject in &subjects {
            line(out, format_args!("<th>{}", escaped(subject)));
        }
        line(out, format_args!("<th>all</tr></thead><tbody>"));
        for topic in Topic::ALL {
            let row: Vec<_> = matrix.iter().filter(|(of, ..)| *of == topic).collect();
            if row.is_empty() {
                continue;
            }
            let id = id(topic);
            line(out, format_args!("<tr><td><a href=\"#{id}\">{topic}</a>"));
            for subject in &subjects {
                let cell = row.iter().find(|(_, of, ..)| of == subject);
                match cell {
                    Some((.., walls, held)) => count(out, *walls, *held),
                    None => line(out, format_args!("<td>")),
                }
            }
            let all = row.iter().map(|(.., walls, _)| walls).sum();
            count(out, all, row.iter().map(|(.., held)| held).sum());
            line(out, format_args!("</tr>"));
        }
        line(out, format_args!("</tbody></table>"));
    }

    fn chapter(&self, topic: Topic, out: &mut String) {
        let findings = || {
            self.findings
                .iter()
                .filter(|finding| finding.topic == topic)
        };
        let walls = findings().count();
        if walls == 0 {
            return;
        }
        let failed = findings().filter(|finding| !finding.held).count();
        let (id, class) = (id(topic), class(failed == 0));
        let open = if failed > 0 { " open" } else { "" };
        line(
            out,
            format_args!(
                "<details id=\"{id}\"{open}><summary class=\"{class}\"><h2>{topic}</h2> \
                 {walls} walls, {failed} did not hold</summary>"
            ),
        );
        table(out, findings(), false);
        line(out, format_args!("</details>"));
    }
}

fn class(held: bool) -> &'static str {
    if held {
        "held"
    } else {
        "failed"
    }
}

fn id(topic: Topic) -> String {
    format!("{topic:?}").to_lowercase()
}

fn count(out: &mut String, walls: usize, held: usize) {
    let class = class(walls == held);
    match walls == held {
        true => line(out, format_args!("<td class=\"n {class}\">{held}")),
        false => line(
            out,
            format_args!("<td class=\"n {class}\">{held} of {walls}"),
        ),
    }
}

fn table<'a>(out: &mut String, findings: impl Iterator<Item = &'a Finding>, with_topic: bool) {
    out.push_str("<table><thead><tr>");
    let columns = ["subject", "wall", "expected", "found"];
    for column in with_topic.then_some("topic").into_iter().chain(columns) {
        line(out, format_args!("<th data-sort>{column}"));
    }
    line(out, format_args!("</tr></thead><tbody>"));
    for finding in findings {
        let texts = [
            &finding.subject,
            &finding.wall,
            &finding.expected,
            &finding.found,
        ];
        let [subject, wall, expected, found] = texts.map(|text| escaped(text));
        let class = class(finding.held);
        let topic = match with_topic {
            true => format!("<td>{}", finding.topic),
            false => String::new(),
        };
        line(
            out,
            format_args!(
                "<tr class=\"{class}\">{topic}<td>{subject}<td>{wall}<td>{expected}<td>{found}</tr>"
            ),
        );
    }
    line(out, format_args!("</tbody></table>"));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
