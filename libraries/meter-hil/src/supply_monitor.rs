//! A comparator that warns when the supply begins to fall.

/// Hardware that watches a low supply has warned by then, in milliseconds.
pub const SETTLE_MS: u32 = 2;

/// Hardware that compares the supply with a threshold.
pub trait SupplyMonitor<'a> {
    /// Who hears of a low supply.
    fn set_client(&self, client: &'a dyn SupplyClient);

    /// Watches the supply until it has told the client once that it is low,
    /// which comes within [`SETTLE_MS`] if it is low now; never from within
    /// this call.
    fn watch(&self);
}

/// Hears of a low supply.
pub trait SupplyClient {
    /// The supply is below the threshold, and not watched any more.
    fn supply_low(&self);
}
