//! Whatever the samples, headers and constants are: no panic, no overflow, and
//! registers that only grow.

mod common;

use common::{Load, Source};
use metrology::{
    Block, Calibration, Calibrator, EnergyRegisters, Meter, Range, Reference, BLOCK_HEADER_BYTES,
    CALIBRATION_BYTES, REGISTERS_BYTES, SCANS_PER_BLOCK, SCAN_BYTES,
};

/// Xorshift: the tests need variety, not quality.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }
}

/// Samples of one block, of a kind that changes from block to block.
fn scans(random: &mut Random, kind: u64, start: u64) -> Vec<u8> {
    let count = match random.below(8) {
        0 => random.below(SCANS_PER_BLOCK as u64) as usize,
        _ => SCANS_PER_BLOCK,
    };
    let wave = Load {
        volts: 300.0,
        amperes: 70.0,
        lag_degrees: 200.0,
        hertz: 45.0 + random.below(20) as f64,
    };
    let mut bytes = Vec::new();
    for n in 0..count {
        let time = (start + n as u64) as f64 * common::PERIOD;
        let scan = match kind {
            0 => [i16::MIN; 3],
            1 => [i16::MAX; 3],
            2 => [0; 3],
            3 => [
                random.next() as i16,
                random.next() as i16,
                random.next() as i16,
            ],
            4 if (start + n as u64) % 80 < 40 => [i16::MIN, i16::MAX, i16::MIN],
            4 => [i16::MAX, i16::MIN, i16::MAX],
            5 if n % 2 == 0 => [i16::MAX; 3],
            5 => [i16::MIN; 3],
            6 => [16_383, 0, 16_383],
            _ => wave.scan(time),
        };
        for sample in scan {
            bytes.extend_from_slice(&sample.to_le_bytes());
        }
    }
    bytes
}

fn extreme_calibration() -> Calibration {
    let mut bytes = Calibration::NOMINAL.to_bytes();
    // Noise and power offset of both channels, and offsets far from any rest.
    bytes[6..12].copy_from_slice(&[0x00, 0x80, 0xFF, 0x7F, 0x00, 0x80]);
    bytes[20..28].copy_from_slice(&[0xFF; 8]);
    bytes[32..40].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x80]);
    Calibration::from_bytes(&bytes).unwrap()
}

#[test]
fn hostile_blocks_do_no_harm() {
    for seed in 1..=12u64 {
        let mut random = Random(seed * 0x9E37_79B9);
        let calibration = if seed % 2 == 0 {
            Calibration::NOMINAL
        } else {
            extreme_calibration()
        };
        let mut registers = EnergyRegisters::ZERO;
        if seed % 3 == 0 {
            registers.totals.import_nwh = u64::MAX - 5;
            registers.totals.export_nvarh = u64::MAX - 5;
        }
        let mut meter = Meter::with_registers(calibration, registers);
        let mut start = 0u64;
        let mut kind = 0;
        for sequence in 0..6_000u32 {
            // Long enough in one kind for windows full of it.
            if random.below(100) == 0 {
                kind = random.below(9);
            }
            let bytes = scans(&mut random, kind, start);
            start += SCANS_PER_BLOCK as u64;
            let lost_scans = match random.below(200) {
                0 => random.next() as u32,
                1 => u32::MAX,
                2 => 80,
                _ => 0,
            };
            let flags = if random.below(50) == 0 {
                random.next() as u32
            } else {
                0
            };
            let time_us = match random.below(500) {
                0 => random.next(),
                1 => u64::MAX,
                _ => start * 153,
            };
            match random.below(2_000) {
                0 => meter.set_calibration(extreme_calibration()),
                1 => meter.set_clock(random.next(), random.next()),
                2 => meter.set_clock(u64::MAX, 0),
                3 => meter.note_power_failure(),
                _ => {}
            }
            let block = Block::from_parts(sequence, flags, time_us, lost_scans, &bytes);
            let before = *meter.registers();
            meter.process(&block);
            let after = meter.registers();
            assert_eq!(after.totals.max(&before.totals), after.totals);
            assert!(after.measured_us >= before.measured_us);
        }
        assert!(meter.registers().measured_us > 0);
    }
}

#[test]
fn hostile_blocks_do_no_harm_to_a_calibration() {
    let reference = Reference {
        volts_uv: u32::MAX,
        amperes_ua: u32::MAX,
        lag_millidegrees: i32::MIN,
    };
    for seed in 1..=16u64 {
        let mut random = Random(seed);
        let range = if seed % 2 == 0 {
            Range::Low
        } else {
            Range::High
        };
        let base = extreme_calibration();
        let mut calibrator = Calibrator::new(range, reference, &base, 2).unwrap();
        let kind = seed % 9;
        for sequence in 0..400 {
            let bytes = scans(&mut random, kind, u64::from(sequence) * 80);
            let block = Block::from_parts(sequence, 0, 0, 0, &bytes);
            if let Some(result) = calibrator.process(&block) {
                assert!(result.is_err());
            }
        }
    }
}

#[test]
fn arbitrary_bytes_decode_to_an_error_or_to_something_sound() {
    let mut random = Random(77);
    let mut sound = 0;
    for _ in 0..200_000 {
        let mut bytes = Calibration::NOMINAL.to_bytes();
        for _ in 0..random.below(3) {
            bytes[random.below(CALIBRATION_BYTES as u64) as usize] = random.next() as u8;
        }
        if let Ok(calibration) = Calibration::from_bytes(&bytes) {
            sound += 1;
            assert_eq!(calibration.to_bytes(), bytes);
            calibration.low.gain.gain_at(random.next() as u32);
        }
        let mut registers = [0; REGISTERS_BYTES];
        for byte in &mut registers {
            *byte = random.next() as u8;
        }
        registers[0] = 2;
        registers[1..4].fill(0);
        let read = EnergyRegisters::from_bytes(&registers).unwrap();
        assert_eq!(read.to_bytes(), registers);
        let length = random.below(600) as usize;
        let mut block: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        if length > BLOCK_HEADER_BYTES && random.below(2) == 0 {
            block[16..20].copy_from_slice(&(random.below(140) as u32).to_le_bytes());
        }
        if let Ok(parsed) = Block::parse(&block) {
            assert!(parsed.len() * SCAN_BYTES + BLOCK_HEADER_BYTES <= length);
        }
    }
    assert!(sound > 1_000);
}

#[test]
fn noise_alone_does_not_creep() {
    let mut random = Random(5);
    let mut meter = Meter::new(Calibration::NOMINAL);
    let mut source = Source::default();
    let idle = Load {
        volts: 264.5,
        amperes: 0.0,
        lag_degrees: 0.0,
        hertz: 50.0,
    };
    let mut pulses = 0;
    for _ in 0..common::blocks(120) {
        let outcome = source.block(
            0,
            0,
            |time| {
                idle.scan(time)
                    .map(|code| code + random.below(25) as i16 - 12)
            },
            |block| meter.process(block),
        );
        pulses += outcome.pulses;
    }
    assert_eq!(pulses, 0);
    assert_eq!(meter.registers().totals, EnergyRegisters::ZERO.totals);
}
