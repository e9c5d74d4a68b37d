//! The points at which the meter's accuracy is shown, after IEC 62053-21.

/// Rated current Ib, amperes.
pub const BASIC_AMPERES: f64 = 5.0;
/// Largest current Imax, amperes.
pub const MAXIMUM_AMPERES: f64 = 60.0;
/// Starting current, 0.004 Ib, amperes.
pub const STARTING_AMPERES: f64 = 0.02;
/// Reference voltage Un, volts.
pub const REFERENCE_VOLTS: f64 = 230.0;
/// Reference frequency, hertz.
pub const REFERENCE_HERTZ: f64 = 50.0;
/// What this meter promises at every point, percent.
pub const PROMISED_PERCENT: f64 = 0.5;
/// What this meter aims at, percent.
pub const AIM_PERCENT: f64 = 0.3;

/// A power factor of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerFactor {
    /// 1.
    One,
    /// 0.5, the current lags.
    HalfInductive,
    /// 0.8, the current leads.
    EightTenthsCapacitive,
}

impl PowerFactor {
    /// All of them, in the order of the table.
    pub const ALL: [PowerFactor; 3] = [
        PowerFactor::One,
        PowerFactor::HalfInductive,
        PowerFactor::EightTenthsCapacitive,
    ];

    /// Returns the angle by which the current lags, in degrees.
    pub fn lag_degrees(self) -> f64 {
        match self {
            PowerFactor::One => 0.0,
            PowerFactor::HalfInductive => 60.0,
            PowerFactor::EightTenthsCapacitive => -0.8f64.acos().to_degrees(),
        }
    }

    /// Returns the name that tables and diagrams use.
    pub fn label(self) -> &'static str {
        match self {
            PowerFactor::One => "1",
            PowerFactor::HalfInductive => "0.5 inductive",
            PowerFactor::EightTenthsCapacitive => "0.8 capacitive",
        }
    }

    /// Returns the name that the emulator's description of a synthetic load uses.
    pub fn item(self) -> &'static str {
        match self {
            PowerFactor::One => "pf1",
            PowerFactor::HalfInductive => "pf0.5ind",
            PowerFactor::EightTenthsCapacitive => "pf0.8cap",
        }
    }
}

/// One point of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IecPoint {
    /// Root mean square of the current, amperes.
    pub amperes: f64,
    /// Power factor.
    pub power_factor: PowerFactor,
    /// Limit of error of class 1 (IEC 62053-21, table 6), percent; `None`
    /// where the standard sets none.
    pub class_1_percent: Option<f64>,
}

impl IecPoint {
    /// Returns the `--mains` description of this point.
    pub fn mains(&self) -> String {
        format!(
            "sine:{REFERENCE_VOLTS}V,{}A,{},{REFERENCE_HERTZ}Hz",
            self.amperes,
            self.power_factor.item()
        )
    }

    /// Returns the active power at this point in watts.
    pub fn watts(&self) -> f64 {
        REFERENCE_VOLTS * self.amperes * self.power_factor.lag_degrees().to_radians().cos()
    }
}

/// What was found at one point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// Root mean square of the current, amperes.
    pub amperes: f64,
    /// Power factor.
    pub power_factor: PowerFactor,
    /// Error of the active energy, percent.
    pub error_percent: f64,
}

/// Returns the points from 0.05 Ib to Imax at every power factor, by rising current.
pub fn iec_points() -> Vec<IecPoint> {
    let amperes = [0.25, 0.5, 1.0, 2.5, 4.0, 5.0, 10.0, 20.0, 40.0, 60.0];
    let mut points = Vec::new();
    for power_factor in PowerFactor::ALL {
        for amperes in amperes {
            points.push(IecPoint {
                amperes,
                power_factor,
                class_1_percent: class_1(amperes / BASIC_AMPERES, power_factor),
            });
        }
    }
    points
}

fn class_1(of_basic: f64, power_factor: PowerFactor) -> Option<f64> {
    // Where limits change: unity has them from 0.05 Ib, others from 0.1 Ib.
    let (from, tighter) = match power_factor {
        PowerFactor::One => (0.05, 0.1),
        _ => (0.1, 0.2),
    };
    if of_basic >= tighter {
        Some(1.0)
    } else if of_basic >= from {
        Some(1.5)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_spans_what_is_promised() {
        let points = iec_points();
        for power_factor in PowerFactor::ALL {
            let of: Vec<_> = points
                .iter()
                .filter(|point| point.power_factor == power_factor)
                .collect();
            assert_eq!(of[0].amperes, 0.05 * BASIC_AMPERES);
            assert_eq!(of[of.len() - 1].amperes, MAXIMUM_AMPERES);
            assert!(of.windows(2).all(|two| two[0].amperes < two[1].amperes));
        }
        assert_eq!(points[0].class_1_percent, Some(1.5));
        assert_eq!(points[10].class_1_percent, None);
        assert_eq!(points[11].class_1_percent, Some(1.5));
        assert_eq!(points[10].mains(), "sine:230V,0.25A,pf0.5ind,50Hz");
    }
}
