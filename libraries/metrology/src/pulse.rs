//! Spreads the energy of a window over the blocks of the next one as pulses.

/// Energy of one pulse: 1,000 a kilowatt-hour.
const NWH_PER_PULSE: u64 = 1_000_000_000;
/// Blocks a second.
const BLOCKS_PER_WINDOW: u64 = 50;

/// The metrological pulse output: its count is the energy registers', at most
/// a second late.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PulseOutput {
    /// Counted in the registers, not yet output.
    waiting_nwh: u64,
    /// To be output a block.
    step_nwh: u64,
    /// Output since the last pulse.
    phase_nwh: u64,
}

impl PulseOutput {
    /// Starts in step with registers that hold `active_nwh`.
    pub(crate) const fn starting_at(active_nwh: u64) -> PulseOutput {
        PulseOutput {
            waiting_nwh: 0,
            step_nwh: 0,
            phase_nwh: active_nwh % NWH_PER_PULSE,
        }
    }

    /// Takes note that the registers grew by `nwh` nanowatt-hours.
    pub(crate) fn add(&mut self, nwh: u64) {
        self.waiting_nwh = self.waiting_nwh.saturating_add(nwh);
        self.step_nwh = self.waiting_nwh.div_ceil(BLOCKS_PER_WINDOW);
    }

    /// Returns how many pulses are due in the next block.
    pub(crate) fn block(&mut self) -> u32 {
        let step = self.step_nwh.min(self.waiting_nwh);
        self.waiting_nwh -= step;
        self.phase_nwh = self.phase_nwh.saturating_add(step);
        if self.phase_nwh < NWH_PER_PULSE {
            return 0;
        }
        let pulses = self.phase_nwh / NWH_PER_PULSE;
        self.phase_nwh %= NWH_PER_PULSE;
        u32::try_from(pulses).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_watt_hour_gives_one_pulse() {
        let mut output = PulseOutput::starting_at(NWH_PER_PULSE * 7 + 400_000_000);
        let mut pulses = 0;
        for _ in 0..100 {
            output.add(123_456_789);
            for _ in 0..BLOCKS_PER_WINDOW {
                pulses += u64::from(output.block());
            }
        }
        assert_eq!(pulses, (400_000_000 + 12_345_678_900) / NWH_PER_PULSE);
    }

    #[test]
    fn pulses_are_spread_over_the_second() {
        let mut output = PulseOutput::default();
        output.add(4 * NWH_PER_PULSE);
        let most = (0..BLOCKS_PER_WINDOW).map(|_| output.block()).max();
        assert_eq!(most, Some(1));
        assert_eq!(output.block(), 0);
    }

    #[test]
    fn the_largest_energy_does_no_harm() {
        let mut output = PulseOutput::default();
        for _ in 0..3 {
            output.add(u64::MAX);
            for _ in 0..100 {
                output.block();
            }
        }
    }
}
