//! Addresses of others in system calls: results, buffers and functions where an app may have none.

use super::recorder::Recorder;
use crate::errors::{INVAL, NOMEM};
use crate::fixture::Fixture;
use crate::probe::{CHANNEL, KEY_STORE, RNG, STORAGE};
use crate::specimen::scripted_app::{Call, Silent};
use drivers::alarm;

const APP: &str = "dlms";
const YIELD: u32 = 0;
const NO_WAIT: u32 = 0;
const MEMOP: u32 = 5;
/// Bytes that no call may change.
const CANARY: [u8; 4] = [0xC5; 4];
/// The part's registers: SYSTEMOFF (nRF52840 PS, 5.3.7.13) and the MPU's CTRL
/// (ARMv7-M, B3.5.5): one byte there stops the meter or opens it.
const SYSTEM_OFF: u32 = 0x4000_0500;
const MPU_CONTROL: u32 = 0xE000_ED94;
/// UARTE0's ENABLE (6.34.9.46): a zero there silences the local port.
const PORT_ENABLE: u32 = 0x4000_2500;

/// How it is seen that nothing was written.
#[derive(Clone, Copy)]
enum Kept {
    /// What the host has put there stays.
    Canary,
    /// What stood there stays.
    AsBefore,
    /// The kernel writes there too; the app is served on.
    Alive,
}

/// What an app may not have written.
struct Place {
    name: &'static str,
    address: u32,
    kept: Kept,
}

/// Carries out the attacks of this chapter.
pub fn attack(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let places = places(fixture)?;
    results(fixture, recorder, &places)?;
    buffers(fixture, recorder, &places)?;
    functions(fixture, recorder, &places)?;
    shrink(fixture, recorder)
}

fn places(fixture: &mut Fixture) -> Result<Vec<Place>, Silent> {
    let app = fixture.manifest.app(APP).ok_or("no such app")?.clone();
    let metering = fixture
        .manifest
        .app("metering")
        .ok_or("no metering")?
        .clone();
    let kernel = fixture.manifest.ram.kernel;
    let flash = fixture.manifest.flash;
    let end = Call::class(MEMOP, [1, 0, 0, 0]);
    let app_break = fixture.call(APP, end)?.registers[1];
    let own_end = app.ram.end() as u32;
    let place = |name, address, kept| Place {
        name,
        address,
        kept,
    };
    use Kept::{Alive, AsBefore, Canary};
    Ok(vec![
        // The end of a stack, which is never reached; that of metering below.
        place("the kernel's stack", kernel.start + 64, Canary),
        place(
            "the memory of tls",
            fixture.scripted_app("tls")?.arena() + 1_200,
            Canary,
        ),
        place("its own memory above its break", app_break + 64, Canary),
        place("the memory of metering", metering.ram.start + 64, Canary),
        place("its own control block", own_end - 64, Alive),
        place(
            "the code of metering",
            metering.flash.start + 0x200,
            AsBefore,
        ),
        place(
            "the key store's flash",
            flash.key_store.start + 64,
            AsBefore,
        ),
        place("the device secret", flash.device_secret.start, AsBefore),
        place("the register that switches off", SYSTEM_OFF, AsBefore),
        place(
            "the register that enables the local port",
            PORT_ENABLE,
            AsBefore,
        ),
        place("the register that opens the MPU", MPU_CONTROL, AsBefore),
        place("the end of the address space", u32::MAX - 7, AsBefore),
    ])
}

/// Yield writes its result where it is told.
fn results(
    fixture: &mut Fixture,
    recorder: &mut Recorder<'_>,
    places: &[Place],
) -> Result<(), Silent> {
    let app = fixture.manifest.app(APP).ok_or("no such app")?.flash.start;
    let own_code = Place {
        name: "its own code",
        address: app + 0x200,
        kept: Kept::AsBefore,
    };
    for place in places.iter().chain([&own_code]) {
        let before = fixture.machine.read_word(place.address);
        if matches!(place.kept, Kept::Canary) {
            fixture.machine.write_data(place.address, &CANARY);
        }
        let call = Call::class(YIELD, [NO_WAIT, place.address, 0, 0]);
        fixture.call(APP, call)?;
        let after = fixture.machine.read_word(place.address);
        let kept = match place.kept {
            Kept::Canary => after == Some(u32::from_le_bytes(CANARY)),
            Kept::AsBefore => after == before,
            Kept::Alive => fixture
                .call(
                    APP,
                    Call::command(alarm::NUMBER, alarm::Command::Exists, 0, 0),
                )?
                .succeeded(),
        };
        let wall = format!(
            "yield with its result in {}: nothing is written",
            place.name
        );
        recorder.check(APP, &wall, format!("untouched: {kept}"), kept);
    }
    Ok(())
}

/// Buffers for each driver that the app may call.
fn buffers(
    fixture: &mut Fixture,
    recorder: &mut Recorder<'_>,
    places: &[Place],
) -> Result<(), Silent> {
    for place in places {
        for (driver, name) in [
            (KEY_STORE, "key_store"),
            (CHANNEL, "channel"),
            (STORAGE, "storage"),
            (RNG, "rng"),
        ] {
            let answer = fixture.call(APP, Call::lend(driver, 0, place.address, 8))?;
            let wall = format!("lend {} to {name} for writing", place.name);
            recorder.refused(APP, &wall, INVAL, &answer);
        }
        let answer = fixture.call(APP, Call::share(KEY_STORE, 0, place.address, 8))?;
        let wall = format!("share {} with key_store for reading", place.name);
        recorder.refused(APP, &wall, INVAL, &answer);
    }
    Ok(())
}

/// Functions for upcalls.
fn functions(
    fixture: &mut Fixture,
    recorder: &mut Recorder<'_>,
    places: &[Place],
) -> Result<(), Silent> {
    for place in places {
        let function = place.address | 1;
        let answer = fixture.call(APP, Call::subscribe(KEY_STORE, 0, function))?;
        let wall = format!("subscribe with a function in {}", place.name);
        recorder.refused(APP, &wall, INVAL, &answer);
    }
    Ok(())
}

/// Memory that is shared cannot be given back, and then belong to a grant.
fn shrink(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const BYTES: u32 = 512;
    for (how, shares) in [("lent", true), ("shared", false)] {
        let heap = fixture.call(APP, Call::move_break(BYTES as i32))?.registers[1];
        let top = heap + BYTES / 2;
        let share = match shares {
            true => Call::lend(KEY_STORE, 0, top, BYTES / 2),
            false => Call::share(KEY_STORE, 0, top, BYTES / 2),
        };
        let answers = fixture.make(APP, &[share, Call::move_break(-(BYTES as i32))])?;
        recorder.works(APP, &format!("memory {how} with key_store"), &answers[0]);
        let wall = format!("give back memory that is {how}");
        recorder.refused(APP, &wall, NOMEM, &answers[1]);
        // The break is where it was: a byte more is nobody's.
        let above = Call::share(KEY_STORE, 1, heap + BYTES, 1);
        let answer = fixture.call(APP, above)?;
        let wall = format!("share a byte above its break, with memory {how} below");
        recorder.refused(APP, &wall, INVAL, &answer);
    }
    fixture.make(APP, &super::request::take_back())?;
    Ok(())
}
