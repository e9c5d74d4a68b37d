//! The lines that the app writes (docs/console.md).

use crate::event_log::Event;
use crate::text::Text;
use metrology::{EnergyTotals, Measurement, ProfileEntry};

/// Longest line: every value as wide as it can be.
pub const LINE_BYTES: usize = 400;

/// A line of the app's output.
pub type Line = Text<LINE_BYTES>;

/// What a meter line tells beside the measurement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Session {
    /// Time since start in microseconds.
    pub time_us: u64,
    /// Scans taken since start.
    pub scans: u64,
    /// Scans lost since start.
    pub lost_scans: u64,
}

/// The line of one second.
pub fn meter_line(session: &Session, measurement: &Measurement, totals: &EnergyTotals) -> Line {
    let mut line = Line::new();
    line.str("meter t=").fixed(session.time_us, 6, 0);
    line.str(" V=").fixed(measurement.volts_uv.into(), 6, 3);
    line.str(" A=").fixed(measurement.amperes_ua.into(), 6, 4);
    line.str(" W=").signed_fixed(measurement.active_uw, 6, 3);
    line.str(" var=")
        .signed_fixed(measurement.reactive_uvar, 6, 3);
    line.str(" VA=").fixed(measurement.apparent_uva, 6, 3);
    line.str(" PF=")
        .signed_fixed(measurement.power_factor_ppm.into(), 6, 4);
    line.str(" Hz=")
        .fixed(measurement.frequency_uhz.into(), 6, 3);
    energies(&mut line, totals);
    line.str(" samples=").number(session.scans);
    line.str(" lost=").number(session.lost_scans);
    line.str(" flags=").hex16(measurement.flags.0);
    line.str("\r\n");
    line
}

/// The line of a load-profile interval.
pub fn profile_line(entry: &ProfileEntry) -> Line {
    let mut line = Line::new();
    line.str("profile end=").number(entry.end);
    energies(&mut line, &entry.energy);
    line.str(" total_import_Wh=")
        .fixed(entry.registers.import_nwh, 9, 6);
    line.str(" samples=").number(entry.scans.into());
    line.str(" flags=").hex16(entry.flags.0);
    line.str("\r\n");
    line
}

/// The line of an event.
pub fn event_line(event: &Event) -> Line {
    let mut line = Line::new();
    line.str("event code=").number((event.code as u8).into());
    line.str(" time=").number(event.seconds);
    line.str(" doubtful=").number(event.doubtful.into());
    line.str(" lasted_ms=").number(event.lasted_ms.into());
    line.str(" V=").fixed(event.value_uv.into(), 6, 3);
    line.str(" left_out=").number(event.left_out.into());
    line.str("\r\n");
    line
}

fn energies(line: &mut Line, totals: &EnergyTotals) {
    line.str(" import_Wh=").fixed(totals.import_nwh, 9, 6);
    line.str(" export_Wh=").fixed(totals.export_nwh, 9, 6);
    line.str(" import_varh=").fixed(totals.import_nvarh, 9, 6);
    line.str(" export_varh=").fixed(totals.export_nvarh, 9, 6);
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrology::Flags;

    #[test]
    fn the_meter_line_is_as_documented() {
        let session = Session {
            time_us: 12_000_000,
            scans: 48_000,
            lost_scans: 0,
        };
        let measurement = Measurement {
            volts_uv: 230_012_000,
            amperes_ua: 5_001_200,
            active_uw: 920_341_000,
            reactive_uvar: 690_112_000,
            apparent_uva: 1_150_310_000,
            power_factor_ppm: 800_100,
            frequency_uhz: 50_000_000,
            ..Measurement::default()
        };
        let totals = EnergyTotals {
            import_nwh: 3_067_801_000,
            import_nvarh: 2_300_373_000,
            ..EnergyTotals::default()
        };
        let line = meter_line(&session, &measurement, &totals);
        assert_eq!(
            core::str::from_utf8(line.as_bytes()).unwrap(),
            "meter t=12 V=230.012 A=5.0012 W=920.341 var=690.112 VA=1150.310 PF=0.8001 \
             Hz=50.000 import_Wh=3.067801 export_Wh=0.000000 import_varh=2.300373 \
             export_varh=0.000000 samples=48000 lost=0 flags=0x0000\r\n"
        );
    }

    #[test]
    fn the_widest_values_fit() {
        let session = Session {
            time_us: u64::MAX,
            scans: u64::MAX,
            lost_scans: u64::MAX,
        };
        let widest = EnergyTotals {
            import_nwh: u64::MAX,
            export_nwh: u64::MAX,
            import_nvarh: u64::MAX,
            export_nvarh: u64::MAX,
        };
        let measurement = Measurement {
            volts_uv: u32::MAX,
            amperes_ua: u32::MAX,
            active_uw: i64::MIN,
            reactive_uvar: i64::MIN,
            apparent_uva: u64::MAX,
            power_factor_ppm: i32::MIN,
            frequency_uhz: u32::MAX,
            flags: Flags(u16::MAX),
            ..Measurement::default()
        };
        assert!(!meter_line(&session, &measurement, &widest).is_cut());
        let entry = ProfileEntry {
            end: u64::MAX,
            energy: widest,
            registers: widest,
            scans: u32::MAX,
            flags: Flags(u16::MAX),
        };
        assert!(!profile_line(&entry).is_cut());
    }
}
