//! One key for another: wrapped with one and opened with another, sealed by one and opened by another.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::Aes128Gcm;
use aes_kw::KekAes128;
use drivers::key_store::Command;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::Signature;

use super::life::object::{
    DLMS_AGREEMENT, DLMS_MASTER, DLMS_UNICAST, ENROLMENT_SECRET, OPERATOR, UPDATE_AUTHOR,
};
use super::life::{author, MASTER, UNICAST};
use super::recorder::Recorder;
use super::request::Request;
use crate::errors::{FAIL, NODEVICE};
use crate::fixture::{Fixture, BASE_POINT};
use crate::probe::SLOTS;
use crate::specimen::scripted_app::Silent;

const TEXT: &[u8] = b"a meter's own words";
const SLOT: u32 = SLOTS.start;
/// Derivation of DLMS, in the second argument of `agree`.
const FOR_DLMS: u32 = 1 << 16;

fn wrapped(with: &[u8; 16], key: &[u8; 16]) -> Vec<u8> {
    let mut out = vec![0; 24];
    KekAes128::from(*with)
        .wrap(key, &mut out)
        .expect("a key of the right length");
    out
}

/// What the key seals [`TEXT`] as.
fn sealed(key: &[u8; 16], nonce: &[u8; 12]) -> Vec<u8> {
    Aes128Gcm::new(key.into())
        .encrypt(nonce.into(), TEXT)
        .expect("a short text")
}

/// Carries out the attacks of this chapter.
pub fn attack(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    wrapping(fixture, recorder)?;
    sealing(fixture, recorder)?;
    signing(fixture, recorder)
}

/// Whether `dlms_unicast` holds this key.
fn unicast_is(
    fixture: &mut Fixture,
    recorder: &mut Recorder<'_>,
    key: &[u8; 16],
    wall: &str,
) -> Result<(), Silent> {
    let nonce = fixture.fresh_nonce();
    let request = Request::sealing((Command::Encrypt, DLMS_UNICAST, 16), TEXT, &nonce);
    let (answer, output) = request.make(fixture, "dlms")?;
    let held = answer.succeeded() && output == sealed(key, &nonce);
    recorder.check("dlms", wall, format!("{output:02x?}"), held);
    Ok(())
}

fn wrapping(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    const NEW: [u8; 16] = *b"the next unicast";
    let good = wrapped(&MASTER, &NEW);
    let mut altered = good.clone();
    altered[11] ^= 0x10;
    let others = [
        (
            "wrapped with the key it is to replace",
            wrapped(&UNICAST, &NEW),
        ),
        ("wrapped with itself", wrapped(&NEW, &NEW)),
        ("wrapped with the master and altered", altered),
    ];
    for (how, bytes) in &others {
        let request = Request::new((Command::Unwrap, DLMS_MASTER, DLMS_UNICAST), bytes);
        let (answer, _) = request.make(fixture, "dlms")?;
        let wall = format!("replace dlms_unicast by a key {how}");
        recorder.refused("dlms", &wall, FAIL, &answer);
    }
    unicast_is(
        fixture,
        recorder,
        &UNICAST,
        "a key that could not be unwrapped replaces none",
    )?;
    for (target, name) in [
        (ENROLMENT_SECRET, "enrolment_secret"),
        (UPDATE_AUTHOR, "update_author"),
    ] {
        let request = Request::new((Command::Unwrap, DLMS_MASTER, target), &good);
        let (answer, _) = request.make(fixture, "dlms")?;
        let wall = format!("replace {name} by a key wrapped with dlms_master");
        recorder.refused("dlms", &wall, NODEVICE, &answer);
    }
    let with_unicast = Request::new((Command::Unwrap, DLMS_UNICAST, DLMS_UNICAST), &good);
    let (answer, _) = with_unicast.make(fixture, "dlms")?;
    recorder.refused(
        "dlms",
        "unwrap with dlms_unicast, which only seals",
        NODEVICE,
        &answer,
    );
    let master = Request::new((Command::Unwrap, DLMS_MASTER, SLOT), &good);
    let (answer, _) = master.make(fixture, "dlms")?;
    let found = format!("into the slot: {answer:?}");
    let nonce = fixture.fresh_nonce();
    let request = Request::sealing((Command::Encrypt, SLOT, 16), TEXT, &nonce);
    let (answer, _) = request.make(fixture, "dlms")?;
    let wall = "a key unwrapped into a slot seals nothing, as dlms_master grants no session";
    recorder.check("dlms", wall, found, answer.error() == Some(NODEVICE));
    let request = Request::new((Command::Unwrap, DLMS_MASTER, DLMS_UNICAST), &good);
    let (answer, _) = request.make(fixture, "dlms")?;
    recorder.works(
        "dlms",
        "replace dlms_unicast as meter.toml grants it",
        &answer,
    );
    unicast_is(
        fixture,
        recorder,
        &NEW,
        "the key that was unwrapped is the one in use",
    )
}

fn sealing(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    for (name, derivation) in [("HKDF", 0), ("DLMS", FOR_DLMS)] {
        let slot = SLOT + 1 + u32::from(derivation != 0);
        let agree = Request::new(
            (Command::Agree, DLMS_AGREEMENT, slot | derivation),
            &BASE_POINT,
        );
        let (answer, _) = agree.make(fixture, "dlms")?;
        recorder.works(
            "dlms",
            &format!("agree with the derivation of {name}"),
            &answer,
        );
    }
    let (of_slot, of_object) = (fixture.fresh_nonce(), fixture.fresh_nonce());
    let by_slot = Request::sealing((Command::Encrypt, SLOT + 1, 16), TEXT, &of_slot);
    let (_, by_slot) = by_slot.make(fixture, "dlms")?;
    let by_object = Request::sealing((Command::Encrypt, DLMS_UNICAST, 12), TEXT, &of_object);
    let (_, by_object) = by_object.make(fixture, "dlms")?;
    let tries = [
        (
            "a session's text with dlms_unicast",
            DLMS_UNICAST,
            16,
            &by_slot,
        ),
        (
            "a text of dlms_unicast with a session key",
            SLOT + 1,
            12,
            &by_object,
        ),
        (
            "a session's text with a key of another derivation",
            SLOT + 2,
            16,
            &by_slot,
        ),
        (
            "a text with a tag of 12 bytes as one of 16",
            DLMS_UNICAST,
            16,
            &by_object,
        ),
        (
            "a text with a tag of 16 bytes as one of 12",
            SLOT + 1,
            12,
            &by_slot,
        ),
    ];
    for (what, object, tag, text) in tries {
        let nonce = if *text == by_slot {
            &of_slot
        } else {
            &of_object
        };
        let request = Request::sealing((Command::Decrypt, object, tag), text, nonce);
        let (answer, _) = request.make(fixture, "dlms")?;
        recorder.refused("dlms", &format!("decrypt {what}"), FAIL, &answer);
    }
    let right = Request::sealing((Command::Decrypt, SLOT + 1, 16), &by_slot, &of_slot);
    let (answer, text) = right.make(fixture, "dlms")?;
    let held = answer.succeeded() && text == TEXT;
    recorder.check(
        "dlms",
        "decrypt a session's text with its own key",
        format!("{answer:?}"),
        held,
    );
    Ok(())
}

fn signing(fixture: &mut Fixture, recorder: &mut Recorder<'_>) -> Result<(), Silent> {
    let digest = [0x6D; 32];
    let signature: Signature = author()
        .sign_prehash(&digest)
        .map_err(|error| error.to_string())?;
    let both = [&digest[..], &signature.to_bytes()[..]].concat();
    let request = Request::new((Command::Verify, OPERATOR, 0), &both);
    let (answer, _) = request.make(fixture, "update")?;
    recorder.refused(
        "update",
        "an author's signature as the operator's",
        FAIL,
        &answer,
    );
    let request = Request::new((Command::Verify, UPDATE_AUTHOR, 0), &both);
    let (answer, _) = request.make(fixture, "update")?;
    recorder.works("update", "an author's signature as an author's", &answer);
    Ok(())
}
