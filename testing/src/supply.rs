//! A supply that falls and comes back when the test says so.

use std::cell::Cell;

use kernel::utilities::cells::OptionalCell;
use meter_hil::supply_monitor::{SupplyClient, SupplyMonitor};

/// A comparator at a supply that is good until the test lets it fall.
#[derive(Default)]
pub struct FakeSupply {
    low: Cell<bool>,
    watched: Cell<bool>,
    client: OptionalCell<&'static dyn SupplyClient>,
}

impl FakeSupply {
    /// Lets the supply fall or come back, and compares.
    pub fn set_low(&self, low: bool) {
        self.low.set(low);
        self.compare();
    }

    /// Warns the client if the supply is low and watched, as hardware does shortly after
    /// it was told to watch.
    pub fn compare(&self) {
        if self.low.get() && self.watched.take() {
            self.client.map(|client| client.supply_low());
        }
    }
}

impl SupplyMonitor<'static> for FakeSupply {
    fn set_client(&self, client: &'static dyn SupplyClient) {
        self.client.set(client);
    }

    fn watch(&self) {
        self.watched.set(true);
    }
}
