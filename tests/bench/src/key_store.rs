//! What the key store's operations cost, and how long the kernel does nothing else meanwhile.

use std::time::Duration;

use anyhow::{ensure, Context, Result};
use audit::specimen::artifacts::built;
use audit::specimen::firmware::Firmware;
use drivers::key_store::Command;
use emulator::Stop;
use system_tests::elf::Elf;
use system_tests::firmware;
use system_tests::key_bridge::{Bridge, Request, AES, ANCHOR, KEY, NOTHING, SECRET, SLOT};
use system_tests::waiting::{Busy, OCCUPATIONS};

use super::Figure;

/// The longest message.
const MESSAGE: [u8; 1_024] = [0x5A; 1_024];
const DIGEST: [u8; 32] = [0x3C; 32];
const LIMIT: Duration = Duration::from_secs(20);
/// Names of the kernel's functions that begin and go on with an operation, as they are
/// mangled.
const BEGIN: &str = "operations7Working5begin17";
const STEP: &str = "operations7Working4step17";

/// Operations in instructions, whole system call and upcall included, on a meter
/// that does nothing else; the longest step of a signature.
pub fn measure() -> Result<Vec<Figure>> {
    let mut bridge = Bridge::quiet();
    for (object, kind) in [(KEY, "p256"), (AES, "aes128"), (SECRET, "secret")] {
        let made = bridge.call(Command::Generate, object, 0, NOTHING);
        ensure!(made.is_ok(), "no {kind} key: {made:?}");
    }
    let public = output(&mut bridge, (Command::PublicKey, KEY, 0), NOTHING)?;
    output(
        &mut bridge,
        (Command::Store, ANCHOR, 0),
        [&public, &[], &[]],
    )?;
    let sign = (Command::Sign, KEY, 0);
    let signature = output(&mut bridge, sign, [&DIGEST, &[], &[]])?;
    let signed = [&DIGEST[..], &signature].concat();
    let mut figures = Vec::new();
    for (name, command, inputs) in [
        ("key store: sign", sign, [&DIGEST[..], &[], &[]]),
        (
            "key store: verify",
            (Command::Verify, ANCHOR, 0),
            [&signed[..], &[], &[]],
        ),
        (
            "key store: agree",
            (Command::Agree, KEY, SLOT),
            [&public[..], b"information", b"salt"],
        ),
        (
            "key store: HMAC of 32 bytes",
            (Command::Hmac, SECRET, 0),
            [&DIGEST[..], &[], &[]],
        ),
        (
            "key store: HMAC of 1,024 bytes",
            (Command::Hmac, SECRET, 0),
            [&MESSAGE[..], &[], &[]],
        ),
    ] {
        let count = instructions(&mut bridge, command, inputs)?;
        figures.push(Figure::new(name, count, ""));
    }
    let encrypt = (Command::Encrypt, AES, 16);
    let mut sealing = |text: &[u8]| instructions(&mut bridge, encrypt, [text, &[], &[7; 12]]);
    let (none, all) = (sealing(&[])?, sealing(&MESSAGE)?);
    figures.push(Figure::new(
        "key store: AES-128-GCM, empty message",
        none,
        "",
    ));
    figures.push(Figure::new(
        "key store: AES-128-GCM, a byte of 1,024",
        format!("{:.0}", (all - none) as f64 / MESSAGE.len() as f64),
        "",
    ));
    let sealed = longest_service(&mut bridge, encrypt, [&MESSAGE, &[], &[7; 12]])?;
    for (name, instructions) in [
        (
            "signature",
            longest_step(&mut bridge, sign, [&DIGEST, &[], &[]])?,
        ),
        (
            "verification",
            longest_step(
                &mut bridge,
                (Command::Verify, ANCHOR, 0),
                [&signed, &[], &[]],
            )?,
        ),
    ] {
        figures.push(Figure::new(
            &format!("kernel not pre-emptible: longest step of a {name}"),
            milliseconds(instructions),
            "",
        ));
    }
    figures.push(Figure::new(
        "kernel not pre-emptible: AES-128-GCM of 1,024 bytes, in one step",
        milliseconds(sealed),
        "",
    ));
    let one = firmware::key_bridge().without("metering");
    let five = firmware::key_bridge().with_scripted_apps(&["tls", "update", "factory"]);
    for (apps, firmware) in [("one app", one), ("five apps", five)] {
        figures.push(Figure::new(
            &format!("reset to the first instruction of a signed app, {apps}"),
            boot(&firmware)?,
            "",
        ));
    }
    figures.extend(waits()?);
    Ok(figures)
}

/// How long an app waits while another keeps the key store busy, and metering goes on.
fn waits() -> Result<Vec<Figure>> {
    let mut busy = Busy::boot().map_err(anyhow::Error::msg)?;
    OCCUPATIONS
        .iter()
        .map(|occupation| {
            let wait = busy.longest_wait(occupation).map_err(anyhow::Error::msg)?;
            let name = occupation.name;
            Ok(Figure::new(
                &format!("longest wait of an app while another {name} all the time"),
                format!("{:.1} ms", wait.as_secs_f64() * 1e3),
                "<= 6 ms",
            ))
        })
        .collect()
}

fn milliseconds(instructions: u64) -> String {
    let time = instructions as f64 / 64_000.0;
    format!("{instructions} instructions, {time:.1} ms")
}

fn request<'a>(command: (Command, u32, u32), inputs: [&'a [u8]; 3]) -> Request<'a> {
    Request {
        command,
        inputs,
        output: 1_040,
        rounds: 1,
    }
}

fn output(
    bridge: &mut Bridge,
    command: (Command, u32, u32),
    inputs: [&[u8]; 3],
) -> Result<Vec<u8>> {
    let answer = bridge.carry_out(request(command, inputs));
    ensure!(answer.result.is_ok(), "{command:?}: {:?}", answer.result);
    Ok(answer.output)
}

fn instructions(
    bridge: &mut Bridge,
    command: (Command, u32, u32),
    inputs: [&[u8]; 3],
) -> Result<u64> {
    let before = bridge.machine.instructions();
    output(bridge, command, inputs)?;
    Ok(bridge.machine.instructions() - before)
}

/// The most instructions from one step to the next: the step, and the kernel's loop,
/// which serves interrupts, once.
fn longest_step(
    bridge: &mut Bridge,
    command: (Command, u32, u32),
    inputs: [&[u8]; 3],
) -> Result<u64> {
    let kernel = Elf::read(&built("key-bridge/kernel.elf"));
    let step = kernel.places(&[STEP])[0].start;
    bridge.post(request(command, inputs));
    bridge.machine.add_breakpoint(step);
    let (mut longest, mut last) = (0, None);
    while bridge.machine.run_for(LIMIT) == Stop::Breakpoint(step) {
        let now = bridge.machine.instructions();
        longest = longest.max(last.map_or(0, |last| now - last));
        last = Some(now);
    }
    bridge.machine.remove_hooks(step);
    last.context("the operation has no steps")?;
    Ok(longest)
}

/// The longer of the two turns of an operation that begins, which reads its keys, and
/// then does all in one step; each with its wiping.
fn longest_service(
    bridge: &mut Bridge,
    command: (Command, u32, u32),
    inputs: [&[u8]; 3],
) -> Result<u64> {
    bridge.post(request(command, inputs));
    let begin = span(bridge, BEGIN)?;
    let step = span(bridge, STEP)?;
    bridge.run_to_turn(LIMIT).context("the bridge waits")?;
    Ok(begin.max(step))
}

/// Instructions from the first of a function of the kernel to its return.
fn span(bridge: &mut Bridge, function: &str) -> Result<u64> {
    let kernel = Elf::read(&built("key-bridge/kernel.elf"));
    let start = kernel.places(&[function])[0].start;
    let machine = &mut bridge.machine;
    machine.add_breakpoint(start);
    let reached = machine.run_for(LIMIT) == Stop::Breakpoint(start);
    machine.remove_hooks(start);
    ensure!(reached, "{function} is not reached");
    let before = machine.instructions();
    let back = machine.registers().r[14] & !1;
    machine.add_breakpoint(back);
    let ended = machine.run_for(LIMIT) == Stop::Breakpoint(back);
    machine.remove_hooks(back);
    ensure!(ended, "{function} does not end");
    Ok(machine.instructions() - before)
}

/// From reset to the first instruction of the bridge.
fn boot(firmware: &Firmware) -> Result<u64> {
    let mut machine = audit::specimen::meter::boot(firmware.bytes(), "sine:230V,5A,pf1,50Hz", 1);
    let start = Elf::read(&built("key-bridge/dlms.elf")).places(&["bridge_turn"])[0].start;
    ensure!(machine.add_breakpoint(start), "no breakpoint");
    ensure!(
        machine.run_for(LIMIT) == Stop::Breakpoint(start),
        "the bridge does not start"
    );
    Ok(machine.instructions())
}
