//! What a record on the external flash costs.

use anyhow::{ensure, Error, Result};
use audit::probe::STORAGE;
use audit::specimen::artifacts::manifest;
use audit::specimen::firmware::Firmware;
use audit::specimen::meter;
use audit::specimen::scripted_app::{Call, ScriptedApp};

use super::Figure;

const APPEND: u32 = 1;
const READ: u32 = 2;
const LOAD_PROFILE: u32 = 1;
const RECORD: u32 = 64;
const RECORDS: usize = 32;

/// Instructions of the whole meter for a record, system call, sealing, external flash
/// and upcall included; the owner is a scripted app, so nothing measures meanwhile.
pub fn measure() -> Result<Vec<Figure>> {
    let manifest = manifest();
    let firmware = Firmware::meter().with_scripted_app("metering");
    let mut machine = meter::boot(firmware.bytes(), "sine:230V,5A,pf1,50Hz", 1);
    let owner = ScriptedApp::find(&mut machine, &manifest, "metering").map_err(Error::msg)?;
    let arena = owner.arena();
    let shares = [
        Call::share(STORAGE, 0, arena, RECORD),
        Call::lend(STORAGE, 0, arena + RECORD, RECORD),
    ];
    owner.make(&mut machine, &shares).map_err(Error::msg)?;
    let mut cost = |call: Call| -> Result<u64> {
        let mut count = |calls: usize| -> Result<u64> {
            let before = machine.instructions();
            let answers = owner.make(&mut machine, &vec![call; calls]);
            for answer in answers.map_err(Error::msg)? {
                ensure!(answer.succeeded(), "{call:?}: {answer:?}");
            }
            Ok(machine.instructions() - before)
        };
        // What the mailbox itself costs goes out with the first.
        let one = count(1)?;
        Ok((count(RECORDS + 1)?.saturating_sub(one)) / RECORDS as u64)
    };
    let append = cost(Call::command(STORAGE, APPEND, LOAD_PROFILE, RECORD).and_wait())?;
    let read = cost(Call::command(STORAGE, READ, LOAD_PROFILE, 0).and_wait())?;
    Ok(vec![
        Figure::new("storage: append a record of 64 bytes", append, ""),
        Figure::new("storage: read a record of 64 bytes", read, ""),
    ])
}
