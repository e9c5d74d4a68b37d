//! What is generated from meter.toml and kept in the checkout, for reviewers and tests.

use crate::generate::{channel_table, isolation_page, key_store_table, storage_table};
use crate::model::Manifest;

/// Path from the top of the checkout, and text, of each file.
#[must_use]
pub fn files(manifest: &Manifest) -> Vec<(&'static str, String)> {
    vec![
        ("docs/isolation.md", isolation_page(manifest)),
        (
            "manifest/tests/tables/key_store.rs",
            key_store_table(manifest),
        ),
        ("manifest/tests/tables/channel.rs", channel_table(manifest)),
        ("manifest/tests/tables/storage.rs", storage_table(manifest)),
    ]
}
