//! What the attacks of one chapter found.

use crate::errors::{self, describe};
use crate::finding::{Finding, Topic};
use crate::specimen::scripted_app::Answer;

/// Adds to the findings of a chapter.
pub struct Recorder<'a> {
    topic: Topic,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Recorder<'a> {
    /// Records what the attacks of one chapter find.
    pub fn new(topic: Topic, findings: &'a mut Vec<Finding>) -> Self {
        Self { topic, findings }
    }

    /// Whether something holds.
    pub fn check(&mut self, app: &str, wall: &str, found: impl Into<String>, held: bool) {
        self.findings
            .push(Finding::check(self.topic, app, wall, found, held));
    }

    /// The call must be refused with this error.
    pub fn refused(&mut self, app: &str, wall: &str, error: u32, answer: &Answer) {
        self.found(
            app,
            wall,
            &errors::name(error),
            describe(answer),
            answer.error() == Some(error),
        );
    }

    /// The call must succeed: what an attack leaves alone goes on.
    pub fn works(&mut self, app: &str, wall: &str, answer: &Answer) {
        self.found(app, wall, "success", describe(answer), answer.succeeded());
    }

    /// What was expected and found, in words.
    pub fn found(
        &mut self,
        app: &str,
        wall: &str,
        expected: &str,
        found: impl Into<String>,
        held: bool,
    ) {
        self.findings
            .push(Finding::new(self.topic, app, wall, expected, found, held));
    }
}
