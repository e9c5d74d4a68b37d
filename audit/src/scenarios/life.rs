//! A meter brought into service with keys that the host knows, and whether it still measures.

use drivers::channel;
use drivers::key_store::Command;
use std::time::Duration;

use emulator::report::crash_log;
use emulator::Machine;
use manifest::State;
use p256::ecdsa::SigningKey;

use super::recorder::Recorder;
use super::request::Request;
use crate::errors::describe;
use crate::fixture::Fixture;
use crate::probe::CHANNEL;
use crate::specimen::meter;
use crate::specimen::scripted_app::{Call, Silent};

/// Objects of meter.toml, by their names there.
#[allow(missing_docs)]
pub mod object {
    pub const DEVICE_IDENTITY: u32 = 0x101;
    pub const DLMS_SIGNING: u32 = 0x103;
    pub const DLMS_AGREEMENT: u32 = 0x104;
    pub const UPDATE_AGREEMENT: u32 = 0x105;
    pub const ENROLMENT_SECRET: u32 = 0x201;
    pub const DLMS_UNICAST: u32 = 0x202;
    pub const DLMS_MASTER: u32 = 0x204;
    pub const UPDATE_AUTHOR: u32 = 0x302;
    pub const OPERATOR: u32 = 0x303;
    pub const OPERATIONAL_CERTIFICATE: u32 = 0x402;
    pub const DLMS_INVOCATION: u32 = 0x503;
}

/// The key in `dlms_unicast`.
pub const UNICAST: [u8; 16] = *b"unicast of audit";
/// The key in `dlms_master`.
pub const MASTER: [u8; 16] = *b"master of audits";
/// What the counter of nonces stands at.
pub const NONCES: u32 = 1_000;
/// The channel that metering writes to.
pub const READINGS: u32 = 1;
/// Bytes of a message there.
pub const MESSAGE: u32 = 100;

/// Power factor 0.8 at 230 V and 5 A, with the tolerance of an uncalibrated front end.
const WATTS: std::ops::Range<f64> = 850.0..990.0;
/// A line comes each second.
const PATIENCE: Duration = Duration::from_secs(3);

/// Returns the key of the one who signs updates.
pub fn author() -> SigningKey {
    SigningKey::from_slice(&[0x17; 32]).expect("a number below n")
}

/// Returns the key of the one who gives orders.
pub fn operator() -> SigningKey {
    SigningKey::from_slice(&[0x18; 32]).expect("a number below n")
}

fn public(key: &SigningKey) -> Vec<u8> {
    key.verifying_key()
        .to_encoded_point(false)
        .as_bytes()
        .to_vec()
}

/// Does what the factory does: it makes keys, stores trust anchors, and advances the state.
///
/// # Errors
/// It cannot be done.
pub fn bring_into_service(fixture: &mut Fixture) -> Result<(), Silent> {
    use self::object::*;
    let author = public(&author());
    let operator = public(&operator());
    let works: [(Command, u32, &[u8]); 9] = [
        (Command::Generate, DEVICE_IDENTITY, &[]),
        (Command::Generate, DLMS_SIGNING, &[]),
        (Command::Generate, DLMS_AGREEMENT, &[]),
        (Command::Generate, UPDATE_AGREEMENT, &[]),
        (Command::Import, ENROLMENT_SECRET, &[0x5E; 32]),
        (Command::Import, DLMS_UNICAST, &UNICAST),
        (Command::Import, DLMS_MASTER, &MASTER),
        (Command::Store, UPDATE_AUTHOR, &author),
        (Command::Store, OPERATOR, &operator),
    ];
    for (number, object, input) in works {
        let request = Request::new((number, object, 0), input);
        let (answer, _) = request.make(fixture, "factory")?;
        if !answer.succeeded() {
            return Err(format!("factory: {request:?}: {answer:?}"));
        }
    }
    fixture.advance_to(State::Operational)?;
    let reserve = Request::new((Command::Advance, DLMS_INVOCATION, NONCES), &[]);
    let (answer, _) = reserve.make(fixture, "dlms")?;
    let reserved = answer.succeeded();
    reserved.then_some(()).ok_or(format!("dlms: {answer:?}"))
}

/// Checks, after an attack, that a new line of measurements and a new message come, and
/// that nothing was lost.
///
/// # Errors
/// The reader of the channel is silent.
pub fn measures_on(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const READER: &str = "tls";
    let arena = fixture.scripted_app(READER)?.arena();
    let receive = Call::command(CHANNEL, channel::Command::Receive, READINGS, 0);
    // What waits is from before.
    let mut drain = vec![Call::lend(CHANNEL, 0, arena, 128)];
    drain.extend([receive; 6]);
    fixture.make(READER, &drain)?;
    let (found, held) = meter_measures(&mut fixture.machine);
    recorder.check("metering", "it measures on and loses nothing", found, held);
    let answers = fixture.make(READER, &[receive, Call::lend(CHANNEL, 0, 0, 0)])?;
    let length = answers[0].registers[1];
    let held = answers[0].succeeded() && length == MESSAGE;
    let found = format!("{}, {length} bytes", describe(&answers[0]));
    recorder.check("metering", "it publishes its readings", found, held);
    Ok(())
}

/// Returns what the next line of measurements says, and whether all is well.
pub fn meter_measures(machine: &mut Machine) -> (String, bool) {
    machine.take_uart_output(0);
    let begin = machine.nanoseconds();
    while meter::readings(machine).is_empty()
        && machine.nanoseconds() - begin < PATIENCE.as_nanos() as u64
    {
        machine.run_for(Duration::from_millis(20));
    }
    let reading = meter::readings(machine).pop();
    let value = |key: &str| {
        let value = reading.as_ref().and_then(|reading| reading.get(key));
        value.copied().unwrap_or(f64::NAN)
    };
    let (watts, lost) = (value("W"), value("lost"));
    let statistics = machine.statistics();
    let samples = statistics.samples_lost + statistics.samples_overwritten;
    let resets: u64 = statistics.resets[1..].iter().sum();
    let metering = crash_log::read(machine).and_then(|log| {
        let mut processes = log.processes.into_iter();
        processes.find(|process| process.name == "metering")
    });
    let faults = metering.map_or(u32::MAX, |process| process.faults + process.restarts);
    let held = WATTS.contains(&watts) && lost == 0.0 && samples == 0 && resets == 0 && faults == 0;
    let found =
        format!("{watts} W, {lost} and {samples} samples lost, {resets} resets, {faults} faults");
    (found, held)
}
