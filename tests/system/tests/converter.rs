//! The converter for apps, driver 0x5, on the running image while nothing meters.

use audit::specimen::artifacts::manifest;
use audit::specimen::meter;
use audit::specimen::scripted_app::{Answer, Call, ScriptedApp};
use emulator::Machine;
use system_tests::firmware;

const ADC: u32 = 5;
const SUCCESS: u32 = 128;

mod command {
    pub const SAMPLE: u32 = 1;
    pub const REPEAT: u32 = 2;
    pub const BUFFER: u32 = 3;
    pub const CONTINUOUS: u32 = 4;
    pub const STOP: u32 = 5;
}

struct App {
    machine: Machine,
    scripted: ScriptedApp,
}

impl App {
    fn start() -> Self {
        let firmware = firmware::bring_up()
            .without("metering")
            .with_scripted_guest("dlms");
        let mut machine = meter::boot(firmware.bytes(), "sine:230V,1A,pf1,50Hz", 1);
        let scripted =
            ScriptedApp::find(&mut machine, &manifest(), "dlms").expect("the scripted app");
        Self { machine, scripted }
    }

    fn call(&mut self, call: Call) -> Answer {
        self.scripted
            .call(&mut self.machine, call)
            .expect("an answer")
    }

    /// A command that succeeds.
    fn command(&mut self, number: u32, channel: u32, frequency: u32) {
        let answer = self.call(Call::command(ADC, number, channel, frequency));
        assert_eq!(answer.registers[0], SUCCESS, "{number}: {answer:x?}");
    }

    /// A command that succeeds, and the upcall that it leads to.
    fn upcall(&mut self, number: u32, channel: u32, frequency: u32) -> [u32; 3] {
        let answer = self.call(Call::command(ADC, number, channel, frequency).and_wait());
        assert_eq!(answer.registers[0], SUCCESS, "{number}: {answer:x?}");
        answer.upcall.expect("it waited")
    }

    /// Lends so many samples of the arena from an offset in bytes on, filled with what
    /// is no sample: those have 12 bits, left-justified.
    fn lend(&mut self, number: u32, offset: u32, samples: u32) {
        let marks = vec![0x55; 2 * samples as usize];
        self.scripted.fill(&mut self.machine, offset, &marks);
        let address = self.scripted.arena() + offset;
        let answer = self.call(Call::lend(ADC, number, address, 2 * samples));
        assert_eq!(answer.registers[0], 130, "{answer:x?}");
    }

    /// Whether all samples from an offset on were written.
    fn is_full(&mut self, offset: u32, samples: usize) -> bool {
        let bytes = self.scripted.look(&mut self.machine, offset, 2 * samples);
        bytes.len() == 2 * samples && bytes.chunks(2).all(|sample| sample[0] & 0xF == 0)
    }
}

#[test]
fn what_repeats_can_be_stopped_and_followed_at_once() {
    let mut app = App::start();
    for channel in 0..3 {
        let [mode, told, sample] = app.upcall(command::REPEAT, channel, 100);
        assert_eq!((mode, told), (1, channel));
        assert_eq!(sample & 0xF, 0, "left-justified: {sample:#x}");
        app.command(command::STOP, 0, 0);
        // Forgets the samples that nobody waited for.
        app.call(Call::subscribe(ADC, 0, 0));
        let [mode, told, _] = app.upcall(command::SAMPLE, channel, 0);
        assert_eq!((mode, told), (0, channel));
    }
}

#[test]
fn buffers_of_any_length_are_filled() {
    let mut app = App::start();
    // Within one of the driver's buffers, in two, and in three.
    for samples in [1, 100, 128, 129, 300] {
        app.lend(0, 0, samples);
        let [mode, what, address] = app.upcall(command::BUFFER, 1, 2_000);
        assert_eq!((mode, what), (2, samples << 8 | 1));
        assert_eq!(address, app.scripted.arena());
        assert!(app.is_full(0, samples as usize), "{samples}");
    }
}

#[test]
fn two_buffers_are_filled_in_turn_until_it_is_stopped() {
    let mut app = App::start();
    for round in 0..3 {
        app.lend(0, 0, 200);
        app.lend(1, 1024, 150);
        let [mode, what, _] = app.upcall(command::CONTINUOUS, 0, 4_000);
        assert_eq!((mode, what), (3, 200 << 8), "round {round}");
        app.call(Call::wait(ADC));
        assert!(app.is_full(0, 200) && app.is_full(1024, 150));
        app.command(command::STOP, 0, 0);
    }
}
