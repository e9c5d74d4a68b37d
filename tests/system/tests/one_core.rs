//! A machine whose cores take turns runs to the instruction as one with a single core does.

use audit::specimen::firmware::Firmware;
use audit::specimen::meter;
use emulator::front_end::FrontEnd;
use emulator::image::Image;
use emulator::mains::Mains;
use emulator::{Config, Machine, MachineError};

const LOAD: &str = "sine:230V,5A,pf0.8,50Hz";
const SEED: u64 = 1;
const RAM: (u32, usize) = (0x2000_0000, 256 * 1024);
/// MPU_TYPE to MPU_RASR.
const MPU: (u32, usize) = (0xE000_ED90, 0x14);

type Make = fn(&Image, Config) -> Result<Machine, MachineError>;

fn machine(make: Make, flash: &[u8]) -> Machine {
    let image = Image::from_raw(flash).expect("a flash image");
    let mains = Mains::parse(LOAD).expect("a load");
    let config = Config {
        seed: SEED,
        analog: Box::new(FrontEnd::from_seed(mains, SEED)),
        ..Config::default()
    };
    make(&image, config).expect("a machine")
}

/// Both machines are in the same state.
fn assert_equal(many: &mut Machine, one: &mut Machine, when: &str) {
    assert_eq!(many.instructions(), one.instructions(), "{when}");
    assert_eq!(many.now(), one.now(), "{when}");
    assert_eq!(many.registers(), one.registers(), "{when}");
    assert_eq!(meter::console(many), meter::console(one), "{when}");
    assert!(many.flash() == one.flash(), "flash {when}");
    for (start, length) in [RAM, MPU] {
        let same = many.read_memory(start, length) == one.read_memory(start, length);
        assert!(same, "memory at {start:#x} {when}");
    }
    let statistics = |machine: &Machine| format!("{:?}", machine.statistics());
    assert_eq!(statistics(many), statistics(one), "{when}");
}

#[test]
fn two_apps_that_spin_beside_the_meter() {
    let firmware = Firmware::meter()
        .with_attacker("dlms", "spin", 0)
        .with_attacker("update", "spin", 0);
    let mut many = machine(Machine::new, firmware.bytes());
    let mut one = machine(Machine::with_one_core, firmware.bytes());
    // A prime number of instructions: the cuts fall everywhere.
    const STEP: u64 = 1_999_993;
    for step in 0..40 {
        let stop = many.run_instructions(STEP);
        assert_eq!(one.run_instructions(STEP), stop);
        assert_equal(&mut many, &mut one, &format!("after step {step}"));
    }
    assert!(many.hand_overs() > 50, "the cores take turns");
    assert_eq!(one.hand_overs(), 0);
}
