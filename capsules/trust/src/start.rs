//! The order of a start with signatures: seed, key store, apps.
//!
//! The key store seals what it writes with nonces of the generator, and the
//! versions that it keeps decide which apps may run. So the generator's first
//! seed opens the key store, and apps are loaded once that answers.

use kernel::process::ProcessLoadingAsync;
use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::ErrorCode;
use meter_hil::word_flash::WordFlash;
use zeroize::Zeroize;

use crate::entropy::DrbgClient;
use crate::key_store::vault::{Condition, Vault, VaultClient};
use crate::root::Root;

/// Hears of the generator and of the vault, and hands on what it hears.
pub struct TrustStart<'a, F: WordFlash<'a>> {
    numbers: &'a dyn DrbgClient,
    vault: &'a Vault<'a, F>,
    key_store: &'a dyn VaultClient,
    /// Until the vault has it.
    root: MapCell<Root>,
    /// Until it has started.
    loader: OptionalCell<&'a dyn ProcessLoadingAsync<'static>>,
    not_open: fn(Condition),
}

impl<'a, F: WordFlash<'a>> TrustStart<'a, F> {
    /// The caller makes it the client of the generator and of the vault. Without
    /// a root the key store stays closed, and apps run without it; `not_open` hears
    /// in which condition the vault is when it does not open.
    pub fn new(
        numbers: &'a dyn DrbgClient,
        vault: &'a Vault<'a, F>,
        key_store: &'a dyn VaultClient,
        root: Option<Root>,
        not_open: fn(Condition),
    ) -> Self {
        Self {
            numbers,
            vault,
            key_store,
            root: root.map_or(MapCell::empty(), MapCell::new),
            loader: OptionalCell::empty(),
            not_open,
        }
    }

    /// Sets what loads the apps when the time has come.
    pub fn set_loader(&self, loader: &'a dyn ProcessLoadingAsync<'static>) {
        self.loader.set(loader);
    }

    fn open(&self) {
        // Wiped where it stands: a value that is taken leaves its bytes behind.
        self.root.map(|root| {
            // It is opened here alone.
            let _ = self.vault.open(root);
            root.zeroize();
        });
        self.root.take();
        if self.vault.condition() != Condition::Settling {
            self.load();
        }
    }

    fn load(&self) {
        if let Some(loader) = self.loader.take() {
            if self.vault.condition() != Condition::Open {
                (self.not_open)(self.vault.condition());
            }
            loader.start();
        }
    }
}

impl<'a, F: WordFlash<'a>> DrbgClient for TrustStart<'a, F> {
    fn seeded(&self) {
        self.numbers.seeded();
        self.open();
    }

    fn failed(&self) {
        self.numbers.failed();
        // What needs no randomness goes on.
        self.open();
    }
}

impl<'a, F: WordFlash<'a>> VaultClient for TrustStart<'a, F> {
    fn committed(&self, result: Result<(), ErrorCode>) {
        self.key_store.committed(result);
    }

    fn settled(&self) {
        self.key_store.settled();
        self.load();
    }
}
