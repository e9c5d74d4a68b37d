//! Key store: keys, trust anchors, certificates and counters that apps use and never read (driver 0x80000004).
//!
//! 1. **A secret is used, never read.** Apps name an object and an operation
//!    ([`operations`]); no answer has private or symmetric key bytes.
//! 2. **What is not granted is refused.** The tables of [`policy`] are asked with
//!    the app's verified ShortId and the meter's state, when a command is given
//!    and again when its turn comes ([`access`]).
//! 3. **What was acknowledged stays, what was not sealed here is not believed.**
//!    The [`vault`] states it, and what it assumes.
//! 4. **Nothing is left over.** Keys are read from the vault when they are used;
//!    working buffers, and the stack below, are wiped after each operation, also
//!    when it fails or its app ends. [`sessions`] alone keeps keys in RAM, each as
//!    long as its process and the state last.
//! 5. **Nobody waits long.** Operations go in steps of a few milliseconds, one a
//!    deferred call; apps take turns.
//! 6. **Nobody wears the flash out.** Each change takes one from the budget that the
//!    policy gives to this app for this object ([`budgets`]).
//!
//! The board supplies a [`WordFlash`](meter_hil::word_flash::WordFlash) of eight
//! pages, a [`RandomSource`](meter_hil::random_source::RandomSource), the storage root and
//! the generated policy:
//!
//! ```text
//! let vault = Vault::new(flash, random);
//! flash.set_client(vault);
//! let store = KeyStore::new(vault, random, &POLICY, kernel.create_grant(DRIVER_NUM, &capability),
//!     steps, retry);
//! retry.set_client(store);
//! vault.set_client(store);
//! store.register();
//! vault.open(&root)?; // before any app is loaded; then the root is wiped
//! ```
//!
//! The ABI: docs/syscalls/80000004_key_store.md. Bytes in flash, capacity,
//! lifetime: docs/key-store.md.

pub mod access;
pub mod app_versions;
pub mod budgets;
mod driver;
pub mod nonces;
pub mod operations;
pub mod policy;
pub mod sessions;
pub mod vault;

pub use app_versions::{AppVersions, KeptVersions};
pub use driver::{App, AppGrant, KeyStore, DRIVER_NUM};
pub use vault::{Condition, Usage, Vault, VaultClient};
