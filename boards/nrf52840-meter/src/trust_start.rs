//! The order of a start with signatures: seed, key store, apps.
//!
//! The key store seals what it writes with nonces of the generator, and the
//! versions that it keeps decide which apps may run. So the generator's first
//! seed opens the key store, and apps are loaded once that answers.

use capsules_trust::entropy::DrbgClient;
use capsules_trust::key_store::vault::{Condition, VaultClient};
use kernel::debug;
use kernel::process::ProcessLoadingAsync;
use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::ErrorCode;
use zeroize::Zeroize;

use crate::policy::DEBUG_RTT;
use crate::root::Root;
use crate::start::Loader;
use crate::wiring::randomness::Numbers;
use crate::wiring::trust::{KeyStore, Vault};

/// Hears of the generator and of the vault, and hands on what it hears.
pub struct TrustStart {
    numbers: &'static Numbers,
    vault: &'static Vault,
    key_store: &'static KeyStore,
    /// Until the vault has it.
    root: MapCell<Root>,
    /// Until it has started.
    loader: OptionalCell<&'static Loader>,
}

impl TrustStart {
    /// The board makes it the client of the generator and of the vault. Without
    /// a root the key store stays closed, and apps run without it.
    pub fn new(
        numbers: &'static Numbers,
        vault: &'static Vault,
        key_store: &'static KeyStore,
        root: Option<Root>,
    ) -> Self {
        Self {
            numbers,
            vault,
            key_store,
            root: root.map_or(MapCell::empty(), MapCell::new),
            loader: OptionalCell::empty(),
        }
    }

    /// Sets what loads the apps when the time has come.
    pub fn set_loader(&self, loader: &'static Loader) {
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
            if DEBUG_RTT && self.vault.condition() != Condition::Open {
                debug!("key store: {:?}", self.vault.condition());
            }
            loader.start();
        }
    }
}

impl DrbgClient for TrustStart {
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

impl VaultClient for TrustStart {
    fn committed(&self, result: Result<(), ErrorCode>) {
        self.key_store.committed(result);
    }

    fn settled(&self) {
        self.key_store.settled();
        self.load();
    }
}
