//! The power-fail comparator as the supply capsule's monitor.

use kernel::utilities::cells::OptionalCell;
use meter_hil::supply_monitor::{SupplyClient, SupplyMonitor};
use nrf52840::power::{Power, PowerFailClient, PowerFailThreshold};

/// The highest that the part has: the earlier the warning, the longer the supply
/// holds up (docs/hardware.md).
const THRESHOLD: PowerFailThreshold = PowerFailThreshold::V28;

/// Compares the supply of the part with [`THRESHOLD`].
pub struct Comparator {
    power: &'static Power<'static>,
    client: OptionalCell<&'static dyn SupplyClient>,
}

impl Comparator {
    /// The comparator; the board makes it the power driver's client.
    pub fn new(power: &'static Power<'static>) -> Self {
        Self {
            power,
            client: OptionalCell::empty(),
        }
    }
}

impl SupplyMonitor<'static> for Comparator {
    fn set_client(&self, client: &'static dyn SupplyClient) {
        self.client.set(client);
    }

    fn watch(&self) {
        self.power.watch_supply(THRESHOLD);
    }
}

impl PowerFailClient for Comparator {
    fn supply_low(&self) {
        if let Some(client) = self.client.get() {
            client.supply_low();
        }
    }
}
