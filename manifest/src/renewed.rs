//! What is generated from meter.toml and the register of codes and kept in the checkout, for reviewers.

use crate::generate::{codes_page, isolation_page};
use crate::model::Manifest;

/// Path from the top of the checkout, and text, of each file.
#[must_use]
pub fn files(manifest: &Manifest) -> Vec<(&'static str, String)> {
    vec![
        ("docs/isolation.md", isolation_page(manifest)),
        ("docs/codes.md", codes_page()),
    ]
}
