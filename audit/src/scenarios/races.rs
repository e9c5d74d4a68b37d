//! Time of check to time of use: the app changes, takes back or swaps a buffer while the key store works on it.

use drivers::key_store::Command;
use drivers::rng;
use std::time::Duration;

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::Aes128Gcm;
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p256::ecdsa::{Signature, VerifyingKey};

use super::life::object::{DEVICE_IDENTITY, DLMS_SIGNING, DLMS_UNICAST, UPDATE_AUTHOR};
use super::life::{author, UNICAST};
use super::recorder::Recorder;
use super::request::{take_back, Request, INPUT, NONCE, OUTPUT, SPARE};
use super::restarts::comes_back;
use crate::errors;
use crate::fixture::Fixture;
use crate::probe::{KEY_STORE, RNG};
use crate::specimen::scripted_app::{Answer, Call, Silent};

/// When the app interferes, in milliseconds after the command: a signature takes 112.
const MOMENTS: [u32; 3] = [0, 5, 60];
const SIGN: (Command, u32, u32) = (Command::Sign, DLMS_SIGNING, 0);
const SIGNATURE: usize = 64;
const BEFORE: [u8; 32] = [0xB4; 32];
const AFTER: [u8; 32] = [0xAF; 32];

/// What the app does while its command runs, and what is there then.
struct Run {
    /// Status and length that the upcall told.
    upcall: [u32; 2],
    output: Vec<u8>,
    spare: Vec<u8>,
}

impl Run {
    fn succeeded(&self) -> bool {
        self.upcall[0] == 0
    }

    fn found(&self) -> String {
        match self.upcall {
            [0, length] => format!("success, {length} bytes"),
            [status, _] => errors::name(status),
        }
    }

    fn is_refused_untouched(&self) -> bool {
        let mut bytes = self.output.iter().chain(&self.spare);
        !self.succeeded() && bytes.all(|byte| *byte == 0)
    }
}

/// Begins a command, and after a while makes the other calls; the app then waits for
/// the end of it.
fn interfere(
    fixture: &mut Fixture,
    app: &str,
    request: &Request<'_>,
    moment: u32,
    calls: &[Call],
) -> Result<Run, Silent> {
    let scripted = fixture.scripted_app(app)?;
    scripted.fill(&mut fixture.machine, SPARE, &[0; 128]);
    // The upcall's arguments are in the registers that the wait gives back.
    let mut all = request.prepare(fixture, app)?;
    let begun = all.len();
    all.push(request.call());
    if moment > 0 {
        all.push(Call::sleep(moment));
    }
    all.extend(calls);
    let wait = all.len();
    all.push(Call::wait(KEY_STORE));
    all.extend(take_back());
    let answers = fixture.make(app, &all)?;
    if !answers[begun].succeeded() {
        return Err(format!("{app}: {request:?}: {:?}", answers[begun]));
    }
    let [status, length, ..] = answers[wait].registers;
    Ok(Run {
        upcall: [status, length],
        output: scripted.look(&mut fixture.machine, OUTPUT, 128),
        spare: scripted.look(&mut fixture.machine, SPARE, 128),
    })
}

/// The stores that turn what stands at `address` into `bytes`.
fn stores(address: u32, bytes: &[u8]) -> Vec<Call> {
    let words = bytes.chunks_exact(4);
    (address..)
        .step_by(4)
        .zip(words)
        .map(|(at, word)| Call::store(at, u32::from_le_bytes([word[0], word[1], word[2], word[3]])))
        .collect()
}

/// All that stands in a buffer while its words change one after the other.
fn moments_between(before: &[u8], after: &[u8]) -> Vec<Vec<u8>> {
    (0..=before.len())
        .step_by(4)
        .map(|at| [&after[..at], &before[at..]].concat())
        .collect()
}

fn verifies(key: &VerifyingKey, digest: &[u8], signature: &[u8]) -> bool {
    Signature::from_slice(&signature[..SIGNATURE])
        .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
}

/// Carries out the attacks of this chapter.
pub fn attack(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let public = Request::new((Command::PublicKey, DLMS_SIGNING, 0), &[]);
    let (_, public) = public.make(fixture, "dlms")?;
    let key = VerifyingKey::from_sec1_bytes(&public).map_err(|error| error.to_string())?;
    for moment in MOMENTS {
        digest_changed(fixture, recorder, &key, moment)?;
        buffers_taken_back(fixture, recorder, &key, moment)?;
        output_swapped(fixture, recorder, &key, moment)?;
        sealing_changed(fixture, recorder, moment)?;
        verification_swapped(fixture, recorder, moment)?;
    }
    end_in_the_middle(fixture, recorder, "crashed", Call::store(0, 0))?;
    end_in_the_middle(fixture, recorder, "started anew", Call::restart())?;
    random_in_the_middle(fixture, recorder)?;
    signed_together(fixture, recorder)
}

fn digest_changed(
    fixture: &mut Fixture,
    recorder: &mut Recorder<'_>,
    key: &VerifyingKey,
    moment: u32,
) -> Result<(), Silent> {
    let arena = fixture.scripted_app("dlms")?.arena();
    let calls = stores(arena + INPUT, &AFTER);
    let run = interfere(
        fixture,
        "dlms",
        &Request::new(SIGN, &BEFORE),
        moment,
        &calls,
    )?;
    let digests = moments_between(&BEFORE, &AFTER);
    let signed = digests
        .iter()
        .position(|digest| verifies(key, digest, &run.output));
    recorder.check(
        "dlms",
        &format!("a digest that changes {moment} ms into sign: the signature is for one that stood there"),
        format!("{}, state {signed:?} of {}", run.found(), digests.len()),
        match moment {
            0 => !run.succeeded() || signed.is_some(),
            // Copied long since.
            _ => run.succeeded() && signed == Some(0),
        },
    );
    Ok(())
}

fn buffers_taken_back(
    fixture: &mut Fixture,
    recorder: &mut Recorder<'_>,
    key: &VerifyingKey,
    moment: u32,
) -> Result<(), Silent> {
    let input = [Call::share(KEY_STORE, 0, 0, 0)];
    let run = interfere(
        fixture,
        "dlms",
        &Request::new(SIGN, &BEFORE),
        moment,
        &input,
    )?;
    recorder.check(
        "dlms",
        &format!("the digest taken back {moment} ms into sign: its signature, or an error"),
        run.found(),
        match moment {
            0 => !run.succeeded() || verifies(key, &BEFORE, &run.output),
            _ => run.succeeded() && verifies(key, &BEFORE, &run.output),
        },
    );
    let output = [Call::lend(KEY_STORE, 0, 0, 0)];
    let run = interfere(
        fixture,
        "dlms",
        &Request::new(SIGN, &BEFORE),
        moment,
        &output,
    )?;
    recorder.check(
        "dlms",
        &format!("the output taken back {moment} ms into sign: an error, and nothing is written"),
        run.found(),
        run.is_refused_untouched(),
    );
    Ok(())
}

fn output_swapped(
    fixture: &mut Fixture,
    recorder: &mut Recorder<'_>,
    key: &VerifyingKey,
    moment: u32,
) -> Result<(), Silent> {
    let arena = fixture.scripted_app("dlms")?.arena();
    let swap = [Call::lend(KEY_STORE, 0, arena + SPARE, SIGNATURE as u32)];
    let run = interfere(fixture, "dlms", &Request::new(SIGN, &BEFORE), moment, &swap)?;
    let untouched = run.output.iter().all(|byte| *byte == 0);
    let held = untouched && (!run.succeeded() || verifies(key, &BEFORE, &run.spare));
    recorder.check(
        "dlms",
        &format!("another output {moment} ms into sign: written there alone"),
        format!("{}, the first untouched: {untouched}", run.found()),
        held,
    );
    let short = [Call::lend(KEY_STORE, 0, arena + SPARE, 16)];
    let run = interfere(
        fixture,
        "dlms",
        &Request::new(SIGN, &BEFORE),
        moment,
        &short,
    )?;
    recorder.check(
        "dlms",
        &format!("a shorter output {moment} ms into sign: an error, and nothing is written"),
        run.found(),
        run.is_refused_untouched(),
    );
    Ok(())
}

fn sealing_changed(
    fixture: &mut Fixture,
    recorder: &mut Recorder<'_>,
    moment: u32,
) -> Result<(), Silent> {
    let arena = fixture.scripted_app("dlms")?.arena();
    let (nonce, mut other) = (fixture.fresh_nonce(), fixture.fresh_nonce());
    other[..8].fill(0x02);
    let calls = [stores(arena + INPUT, &AFTER), stores(arena + NONCE, &other)].concat();
    let request = Request::sealing((Command::Encrypt, DLMS_UNICAST, 16), &BEFORE, &nonce);
    let run = interfere(fixture, "dlms", &request, moment, &calls)?;
    let texts = moments_between(&BEFORE, &AFTER);
    let nonces = moments_between(&nonce, &other);
    // The text changes first, then the nonce.
    let states = texts.iter().map(|text| (text, &nonces[0])).chain(
        nonces[1..]
            .iter()
            .map(|nonce| (&texts[texts.len() - 1], nonce)),
    );
    let cipher = Aes128Gcm::new(&UNICAST.into());
    let mut known = states.map(|(text, nonce)| {
        cipher
            .encrypt(nonce.as_slice().into(), text.as_slice())
            .expect("a short text")
    });
    let sealed = known.position(|sealed| run.output.starts_with(&sealed));
    recorder.check(
        "dlms",
        &format!("text and nonce that change {moment} ms into encrypt: sealed as they stood once"),
        format!("{}, state {sealed:?}", run.found()),
        match moment {
            0 => !run.succeeded() || sealed.is_some(),
            _ => run.succeeded() && sealed == Some(0),
        },
    );
    Ok(())
}

fn verification_swapped(
    fixture: &mut Fixture,
    recorder: &mut Recorder<'_>,
    moment: u32,
) -> Result<(), Silent> {
    let signed = |digest: &[u8; 32]| -> Result<Vec<u8>, Silent> {
        let signature: Signature = author()
            .sign_prehash(digest)
            .map_err(|error| error.to_string())?;
        Ok([&digest[..], &signature.to_bytes()[..]].concat())
    };
    let (first, second) = (signed(&BEFORE)?, signed(&AFTER)?);
    let scripted = fixture.scripted_app("update")?;
    let place = SPARE + 128;
    scripted.fill(&mut fixture.machine, place, &second);
    let swap = [Call::share(
        KEY_STORE,
        0,
        scripted.arena() + place,
        second.len() as u32,
    )];
    let request = Request::new((Command::Verify, UPDATE_AUTHOR, 0), &first);
    let run = interfere(fixture, "update", &request, moment, &swap)?;
    recorder.check(
        "update",
        &format!("one good signature for another {moment} ms into verify: good"),
        run.found(),
        run.succeeded(),
    );
    Ok(())
}

/// The app's run ends while the key store works for it.
fn end_in_the_middle(
    fixture: &mut Fixture,
    recorder: &mut Recorder<'_>,
    how: &str,
    end: Call,
) -> Result<(), Silent> {
    let scripted = fixture.scripted_app("dlms")?;
    let request = Request::new(SIGN, &BEFORE);
    let mut calls = request.prepare(fixture, "dlms")?;
    calls.extend([request.call(), Call::sleep(30), end]);
    scripted.start(&mut fixture.machine, &calls);
    scripted.forget(&mut fixture.machine);
    comes_back(fixture, "dlms")?;
    let sign = Request::new((Command::Sign, DEVICE_IDENTITY, 0), &BEFORE);
    let (answer, _): (Answer, _) = sign.make(fixture, "tls")?;
    recorder.works(
        "tls",
        &format!("it signs after dlms has {how} in the middle of sign"),
        &answer,
    );
    let scripted = fixture.scripted_app("dlms")?;
    let output = scripted.look(&mut fixture.machine, OUTPUT, SIGNATURE);
    let clean = output.iter().all(|byte| *byte == 0);
    let wall = format!("{how} in the middle of sign: nothing of it in the next run's memory");
    recorder.check("dlms", &wall, format!("untouched: {clean}"), clean);
    let (answer, _) = request.make(fixture, "dlms")?;
    recorder.works("dlms", &format!("it signs after it has {how}"), &answer);
    Ok(())
}

/// The app starts anew while a buffer of its is still to be filled with random bytes.
fn random_in_the_middle(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const LENGTH: u32 = 128;
    let scripted = fixture.scripted_app("dlms")?;
    let buffer = scripted.arena() + OUTPUT;
    let get = [
        Call::lend(RNG, 0, buffer, LENGTH),
        Call::command(RNG, rng::Command::Get, LENGTH, 0),
    ];
    let mut calls = get.to_vec();
    calls.push(Call::restart());
    scripted.start(&mut fixture.machine, &calls);
    scripted.forget(&mut fixture.machine);
    comes_back(fixture, "dlms")?;
    fixture.machine.run_for(Duration::from_millis(200));
    let scripted = fixture.scripted_app("dlms")?;
    let bytes = scripted.look(&mut fixture.machine, OUTPUT, LENGTH as usize);
    let clean = bytes.iter().all(|byte| *byte == 0);
    let wall = "started anew in the middle of rng: nothing of it in the next run's memory";
    recorder.check("dlms", wall, format!("untouched: {clean}"), clean);
    let answers = fixture.make("dlms", &[get[0], get[1].and_wait()])?;
    recorder.works("dlms", "its next run gets random bytes", &answers[1]);
    let bytes = scripted.look(&mut fixture.machine, OUTPUT, LENGTH as usize);
    let filled = bytes.iter().any(|byte| *byte != 0);
    let wall = "they are in the buffer of that run";
    recorder.check("dlms", wall, format!("filled: {filled}"), filled);
    Ok(())
}

/// Two apps sign at the same moment: each gets a signature by its own key.
fn signed_together(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const SIGNERS: [(&str, u32); 2] = [("tls", DEVICE_IDENTITY), ("dlms", DLMS_SIGNING)];
    let mut keys = Vec::new();
    let mut batches = Vec::new();
    for (app, object) in SIGNERS {
        let public = Request::new((Command::PublicKey, object, 0), &[]);
        let (_, public) = public.make(fixture, app)?;
        let key = VerifyingKey::from_sec1_bytes(&public);
        keys.push(key.map_err(|error| error.to_string())?);
        let sign = Request::new((Command::Sign, object, 0), &BEFORE);
        let mut calls = sign.prepare(fixture, app)?;
        calls.push(sign.call().and_wait());
        batches.push((app, calls));
    }
    let answers = fixture.make_together(&batches)?;
    for (((app, _), key), answers) in batches.iter().zip(&keys).zip(&answers) {
        let output = fixture
            .scripted_app(app)?
            .look(&mut fixture.machine, OUTPUT, SIGNATURE);
        let done = answers.last().is_some_and(Answer::succeeded);
        let own = verifies(key, &BEFORE, &output);
        let wall = "it signs at the same moment as another: by its own key";
        recorder.check(
            app,
            wall,
            format!("success: {done}, own key: {own}"),
            done && own,
        );
        fixture.make(app, &take_back())?;
    }
    Ok(())
}
