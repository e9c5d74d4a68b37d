//! What the SAADC model asks of the analogue world: one code for one conversion.

/// Reference voltage of a conversion (CH\[n\].CONFIG.REFSEL).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// The internal 0.6 V reference.
    Internal,
    /// A quarter of the supply voltage.
    QuarterSupply,
}

/// How one conversion is configured; all that a front end needs for a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConversionConfig {
    /// SAADC channel, 0 to 7.
    pub channel: u8,
    /// Gain as a fraction: (numerator, denominator), (1, 5) for 1/5.
    pub gain: (u8, u8),
    /// Reference voltage.
    pub reference: Reference,
    /// Differential (CONFIG.MODE = Diff): `negative` is the other input.
    pub differential: bool,
    /// The negative input of a differential conversion (PSELN numbering:
    /// 1 to 8 are AIN0 to AIN7, 9 is VDD, 13 is VDDH/5), 0 if none.
    pub negative: u8,
    /// Bits of the result: 8, 10, 12 or 14.
    pub resolution: u8,
}

impl ConversionConfig {
    /// Steps from zero to full scale: 2^resolution single-ended,
    /// 2^(resolution - 1) differential.
    pub fn full_scale_steps(&self) -> i32 {
        1 << (u32::from(self.resolution) - u32::from(self.differential))
    }

    /// The input voltage (V) that gives `full_scale_steps`, with a 3 V supply.
    pub fn full_scale_volts(&self) -> f64 {
        let reference = match self.reference {
            Reference::Internal => 0.6,
            Reference::QuarterSupply => 3.0 / 4.0,
        };
        reference * f64::from(self.gain.1) / f64::from(self.gain.0)
    }

    /// The ideal code of `volts`, clipped as the SAADC clips it: single-ended
    /// results may be a little negative (offset), so the lower end is minus
    /// full scale in both modes.
    pub fn ideal_code(&self, volts: f64) -> i16 {
        let steps = self.full_scale_steps();
        let code = (volts / self.full_scale_volts() * f64::from(steps)).round();
        code.clamp(f64::from(-steps), f64::from(steps - 1)) as i16
    }
}

/// The analogue world at the pins of the part.
///
/// An implementation must answer the same for the same sequence of calls, so
/// that a run repeats. Calls come in order of time.
pub trait AnalogInput: Send {
    /// The code the SAADC gives for input `input` at `time_ns` nanoseconds
    /// since the machine's first power-up.
    ///
    /// `input` is the analogue input as the pins are named: 0 to 7 for AIN0 to
    /// AIN7, [`INPUT_SUPPLY`] for VDD, [`INPUT_HIGH_SUPPLY`] for VDDH/5,
    /// [`INPUT_NONE`] if PSELP is not connected. The code lies within
    /// `config.full_scale_steps()`, clipped.
    fn convert(&mut self, input: u8, time_ns: u64, config: ConversionConfig) -> i16;

    /// The SAADC ran its offset calibration (TASKS_CALIBRATEOFFSET): an offset
    /// that the implementation adds may go.
    fn calibrate(&mut self) {}

    /// The part was reset, which loses the calibration.
    fn forget_calibration(&mut self) {}
}

/// `input` when the supply is converted (PSELP = VDD).
pub const INPUT_SUPPLY: u8 = 8;
/// `input` when a fifth of the high supply is converted (PSELP = VDDHDIV5).
pub const INPUT_HIGH_SUPPLY: u8 = 12;
/// `input` when nothing is connected (PSELP = NC).
pub const INPUT_NONE: u8 = 0xFF;

/// A quiet world: every input rests at one voltage, conversions are ideal.
#[derive(Clone, Debug)]
pub struct Still {
    /// Voltage of every analogue input in volts.
    pub volts: f64,
}

impl Default for Still {
    fn default() -> Self {
        Still { volts: 1.5 }
    }
}

impl AnalogInput for Still {
    fn convert(&mut self, input: u8, _time_ns: u64, config: ConversionConfig) -> i16 {
        let volts = match input {
            0..=7 => self.volts,
            INPUT_SUPPLY => 3.0,
            INPUT_HIGH_SUPPLY => 1.0,
            _ => 0.0,
        };
        let negative = match config.negative {
            _ if !config.differential => 0.0,
            1..=8 => self.volts,
            9 => 3.0,
            _ => 0.0,
        };
        config.ideal_code(volts - negative)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter_channel() -> ConversionConfig {
        ConversionConfig {
            channel: 0,
            gain: (1, 5),
            reference: Reference::Internal,
            differential: false,
            negative: 0,
            resolution: 14,
        }
    }

    #[test]
    fn the_bias_is_half_of_full_scale() {
        assert_eq!(meter_channel().full_scale_volts(), 3.0);
        assert_eq!(meter_channel().ideal_code(1.5), 8192);
        assert_eq!(meter_channel().ideal_code(9.0), 16383);
        assert_eq!(meter_channel().ideal_code(-9.0), -16384);
    }

    #[test]
    fn differential_halves_the_steps() {
        let config = ConversionConfig {
            differential: true,
            negative: 1,
            ..meter_channel()
        };
        assert_eq!(config.ideal_code(1.5), 4096);
        assert_eq!(Still::default().convert(1, 0, config), 0);
    }
}
