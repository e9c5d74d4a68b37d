//! What is generated from meter.toml and the register of codes and kept in the checkout, for reviewers.

use crate::generate::{codes_document, isolation_document};
use crate::model::Manifest;

/// Returns the path from the top of the checkout, and the text, of each file.
#[must_use]
pub fn files(manifest: &Manifest) -> Vec<(&'static str, String)> {
    vec![
        ("docs/isolation.md", isolation_document(manifest)),
        ("docs/codes.md", codes_document()),
    ]
}
