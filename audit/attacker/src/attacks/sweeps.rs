//! System calls with numbers that nobody has, and those that others have.

use super::{
    command, memop, CLASS_ALLOW_READABLE, CLASS_ALLOW_RO, CLASS_ALLOW_RW, CLASS_EXIT,
    CLASS_SUBSCRIBE, CLASS_YIELD, SUCCESS,
};
use crate::machine::system_call;
use crate::target::Verdict;

const METER_ADC: u32 = 0x8000_0001;
const ENERGY_STORE: u32 = 0x8000_0002;

/// Drivers that exist, could, or never will.
const DRIVERS: [u32; 28] = [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    0x10,
    0x1_0000,
    0x1_0001,
    0x1_0002,
    0x2_0001,
    0x3_0000,
    0x4_0001,
    0x4_0003,
    0x5_0000,
    0x5_0001,
    0x5_0003,
    0x8000_0000,
    METER_ADC,
    ENERGY_STORE,
    0x8000_0003,
    0x8000_0005,
    0x8000_0006,
    0xFFFF_FFFF,
];

/// Arguments that are hard to add, multiply and index with.
const ARGUMENTS: [u32; 5] = [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF];

/// Arguments and numbers from a fixed seed.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 ^ self.0 >> 13
    }
}

fn is_restricted(driver: u32) -> bool {
    matches!(driver, METER_ADC | ENERGY_STORE)
}

/// A class that is not defined: a fault by the ABI.
pub fn unknown_class(_: u32) -> Verdict {
    Verdict::Breach("answered", system_call::<8>([0; 4])[0])
}

/// The last class that an instruction can name.
pub fn last_class(_: u32) -> Verdict {
    Verdict::Breach("answered", system_call::<255>([0; 4])[0])
}

/// A yield variant that is not defined: a fault by the ABI.
pub fn unknown_yield(_: u32) -> Verdict {
    Verdict::Breach("returned", system_call::<CLASS_YIELD>([3, 0, 0, 0])[0])
}

/// Exit variants that are not defined: an error by the ABI.
pub fn unknown_exit(_: u32) -> Verdict {
    for variant in [2, 3, 255, u32::MAX] {
        let [tag, error, ..] = system_call::<CLASS_EXIT>([variant, 0, 0, 0]);
        if tag >= SUCCESS {
            return Verdict::Breach("accepted", variant);
        }
        if error != 10 {
            return Verdict::Breach("error", error);
        }
    }
    Verdict::Contained("refused", 4)
}

/// Memops that are not defined.
pub fn unknown_memops(_: u32) -> Verdict {
    for operation in (12..100).chain([0x8000_0000, u32::MAX]) {
        match memop(operation, 0) {
            Ok(_) => return Verdict::Breach("accepted", operation),
            Err(10) => {}
            Err(error) => return Verdict::Breach("error", error),
        }
    }
    for region in [0, 1, u32::MAX] {
        if memop(8, region).is_ok() || memop(9, region).is_ok() {
            return Verdict::Breach("flash region", region);
        }
    }
    Verdict::Contained("refused", 90)
}

/// Every command below 40 of every driver, with every argument. The console's
/// write and the debug output's would flood the report, so they get none.
pub fn command_sweep(_: u32) -> Verdict {
    let mut accepted = 0;
    for driver in DRIVERS {
        for number in (0..40).chain([101, 102, u32::MAX]) {
            if matches!((driver, number), (1, 1) | (8, 1..=3)) {
                continue;
            }
            for first in ARGUMENTS {
                for second in [0, u32::MAX] {
                    if command(driver, number, first, second).is_ok() {
                        if is_restricted(driver) {
                            return Verdict::Breach("restricted driver answered", number);
                        }
                        accepted += 1;
                    }
                }
            }
        }
    }
    Verdict::Contained("accepted", accepted)
}

/// Commands to drivers by chance.
pub fn command_noise(argument: u32) -> Verdict {
    let mut noise = Noise(argument ^ 0x5EED);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let driver = noise.next() >> (noise.next() & 31);
        let (number, first, second) = (noise.next() & 0xFF, noise.next(), noise.next());
        if matches!((driver, number), (1, 1) | (8, 1..=3)) {
            continue;
        }
        if command(driver, number, first, second).is_ok() {
            if is_restricted(driver) {
                return Verdict::Breach("restricted driver answered", number);
            }
            accepted += 1;
        }
    }
    Verdict::Contained("accepted", accepted)
}

/// The function of every subscription below; never due.
extern "C" fn never(_: u32, _: u32, _: u32, _: u32) {}

/// Subscribe numbers far beyond what drivers have.
pub fn subscribe_sweep(_: u32) -> Verdict {
    let function = never as *const () as u32;
    let mut accepted = 0;
    for driver in DRIVERS {
        for number in (0..300).chain([0x7FFF_FFFF, 0x8000_0000, u32::MAX]) {
            let [tag, ..] = system_call::<CLASS_SUBSCRIBE>([driver, number, function, number]);
            if tag >= SUCCESS {
                if is_restricted(driver) {
                    return Verdict::Breach("restricted driver answered", number);
                }
                if number > 16 {
                    return Verdict::Breach("subscribed", number);
                }
                accepted += 1;
                system_call::<CLASS_SUBSCRIBE>([driver, number, 0, 0]);
            }
        }
    }
    Verdict::Contained("accepted", accepted)
}

/// Buffer numbers far beyond what drivers have.
pub fn allow_sweep(_: u32) -> Verdict {
    let buffer = [0u32; 4];
    let address = core::hint::black_box(&buffer).as_ptr().addr() as u32;
    let mut accepted = 0;
    for driver in DRIVERS {
        for number in (0..300).chain([0x7FFF_FFFF, 0x8000_0000, u32::MAX]) {
            let tags = [
                system_call::<CLASS_ALLOW_RW>([driver, number, address, 16])[0],
                system_call::<CLASS_ALLOW_RO>([driver, number, address, 16])[0],
                system_call::<CLASS_ALLOW_READABLE>([driver, number, address, 16])[0],
            ];
            if tags.iter().any(|&tag| tag >= SUCCESS) {
                if is_restricted(driver) {
                    return Verdict::Breach("restricted driver answered", number);
                }
                if number > 16 {
                    return Verdict::Breach("allowed", number);
                }
                accepted += 1;
            }
            system_call::<CLASS_ALLOW_RW>([driver, number, 0, 0]);
            system_call::<CLASS_ALLOW_RO>([driver, number, 0, 0]);
            system_call::<CLASS_ALLOW_READABLE>([driver, number, 0, 0]);
        }
    }
    Verdict::Contained("accepted", accepted)
}

/// Wants the samples.
pub fn restricted_meter_adc(_: u32) -> Verdict {
    for (number, argument) in [(0, 0), (1, 153), (2, 0), (3, 0), (4, 0)] {
        if let Ok(value) = command(METER_ADC, number, argument, 0) {
            return Verdict::Breach("meter ADC answered", value);
        }
    }
    Verdict::Contained("refused", 5)
}

/// Wants to write the registers.
pub fn restricted_energy_store(_: u32) -> Verdict {
    let record = [0u32; 12];
    let address = core::hint::black_box(&record).as_ptr().addr() as u32;
    system_call::<CLASS_ALLOW_RO>([ENERGY_STORE, 0, address, 48]);
    for (number, first, second) in [(0, 0, 0), (1, 0, 48), (1, 1, 48), (2, 0, 0), (3, 0, 0)] {
        if let Ok(value) = command(ENERGY_STORE, number, first, second) {
            return Verdict::Breach("energy store answered", value);
        }
    }
    Verdict::Contained("refused", 5)
}
