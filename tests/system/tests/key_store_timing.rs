//! The key store's time says nothing of its keys, and nobody waits long for it.

use std::time::Duration;

use audit::specimen::firmware::Firmware;
use audit::specimen::meter;
use drivers::key_store::Command;
use emulator::report::crash_log;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::SecretKey;
use system_tests::firmware;
use system_tests::key_bridge::{Bridge, Request, KEY, NOTHING, SLOT};
use system_tests::waiting::{Busy, OCCUPATIONS};

/// The order of the curve, n.
const ORDER: [u8; 32] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
];

/// Secrets between 1 and n - 1, most of them extreme.
fn secrets() -> Vec<[u8; 32]> {
    let small = |value: u8| {
        let mut secret = [0; 32];
        secret[31] = value;
        secret
    };
    let below_order = |less: u8| {
        let mut secret = ORDER;
        secret[31] -= less;
        secret
    };
    let only = |range: std::ops::Range<usize>, value: u8| {
        let mut secret = [0; 32];
        secret[range].fill(value);
        secret
    };
    let mut all = vec![
        small(1),
        small(2),
        small(3),
        small(15),
        small(16),
        below_order(1),
        below_order(2),
        below_order(16),
        only(0..1, 0x80),
        only(0..1, 0x01),
        only(4..32, 0xFF),
        only(16..32, 0xFF),
        only(0..4, 0xFE),
        only(0..32, 0x11),
        only(0..32, 0x55),
        only(0..32, 0xAA),
        only(0..32, 0xF0),
    ];
    // 2^128, and two without any pattern.
    all.push(only(15..16, 1));
    for seed in [0x1D, 0x6B] {
        all.push(std::array::from_fn(|at| {
            (at as u8).wrapping_mul(seed).wrapping_add(seed) ^ 0x35
        }));
    }
    all
}

/// Instructions of the whole meter from the bridge's request to its next turn:
/// system calls, every step, the reading of the key from the vault, the upcall and
/// the bridge's own, which are always the same. Nothing else runs: no app measures,
/// and each measurement starts in the same saved state of the machine but for the
/// key, so that timers stand alike.
fn counts(request: Request<'_>) -> Vec<u64> {
    let mut bridge = Bridge::quiet();
    let blank = bridge.machine.save();
    let mut counts = Vec::new();
    for secret in secrets() {
        bridge.machine.restore(&blank).expect("its own state");
        assert_eq!(bridge.import(KEY, &secret), Ok(()));
        let before = bridge.machine.instructions();
        let answer = bridge.carry_out(request);
        counts.push(bridge.machine.instructions() - before);
        assert_eq!(answer.result, Ok(()));
    }
    counts
}

fn assert_same(name: &str, counts: &[u64]) {
    let (least, most) = (counts.iter().min(), counts.iter().max());
    println!(
        "{name}: {} keys, {least:?} to {most:?} instructions",
        counts.len()
    );
    assert!(counts.len() >= 16);
    assert_eq!(
        least, most,
        "{name} takes other time for another key: {counts:?}"
    );
}

#[test]
fn every_key_signs_in_the_same_number_of_instructions() {
    let digest = [0x3C; 32];
    let counts = counts(Request {
        command: (Command::Sign, KEY, 0),
        inputs: [&digest, &[], &[]],
        output: 64,
        rounds: 1,
    });
    assert_same("sign", &counts);
}

#[test]
fn every_key_agrees_in_the_same_number_of_instructions() {
    let peer = SecretKey::from_slice(&[0x29; 32]).expect("a number below n");
    let point = peer.public_key().to_encoded_point(false);
    let counts = counts(Request {
        command: (Command::Agree, KEY, SLOT),
        inputs: [point.as_bytes(), b"information", b"salt"],
        output: 0,
        rounds: 1,
    });
    assert_same("agree", &counts);
}

/// Signatures one after the other for seconds, beside an app that measures.
#[test]
fn the_meter_loses_no_sample_while_an_app_signs_all_the_time() {
    no_sample_is_lost_on(&firmware::key_bridge());
}

/// On a kernel that serves deferred calls before processes, as upstream's does: an alarm
/// spaces the steps.
#[test]
fn the_meter_loses_no_sample_where_an_alarm_spaces_the_steps() {
    no_sample_is_lost_on(&firmware::key_bridge_by_alarm());
}

fn no_sample_is_lost_on(firmware: &Firmware) {
    let mut bridge = Bridge::boot(firmware);
    assert_eq!(bridge.call(Command::Generate, KEY, 0, NOTHING), Ok(vec![]));
    let digest = [0x3C; 32];
    let request = Request {
        command: (Command::Sign, KEY, 0),
        inputs: [&digest, &[], &[]],
        output: 64,
        rounds: u32::MAX,
    };
    bridge.post(request);
    bridge.machine.run_for(Duration::from_secs(2));
    let signatures = bridge.get(key_bridge::mailbox::Word::Done);
    println!("{signatures} signatures in 2 s");
    assert!(signatures >= 10, "{signatures} signatures");
    let statistics = bridge.machine.statistics();
    assert_eq!(statistics.samples_lost + statistics.samples_overwritten, 0);
    assert_eq!(statistics.resets[1..].iter().sum::<u64>(), 0);
    let reading = meter::last_reading(&bridge.machine);
    assert_eq!(reading["lost"], 0.0);
    assert!((850.0..990.0).contains(&reading["W"]), "{reading:?}");
    let log = crash_log::read(&mut bridge.machine).expect("a process table");
    for process in &log.processes {
        assert_eq!(
            (process.faults, process.restarts),
            (0, 0),
            "{}",
            process.name
        );
    }
}

/// docs/key-store.md states 5 ms for the longest step; interrupts and metering, which is
/// more urgent, may come on top.
#[test]
fn no_other_app_waits_longer_than_stated() {
    nobody_waits_long_on(&firmware::key_bridge(), 1, Duration::from_millis(6));
}

/// Where an alarm spaces the steps, its interrupt comes on top, and docs/upstream.md states
/// the bound.
#[test]
fn no_other_app_waits_longer_where_an_alarm_spaces_the_steps() {
    nobody_waits_long_on(
        &firmware::key_bridge_by_alarm(),
        3,
        Duration::from_millis(7),
    );
}

fn nobody_waits_long_on(firmware: &Firmware, patience: usize, bound: Duration) {
    let mut busy = Busy::with(firmware, patience).expect("two apps");
    for occupation in &OCCUPATIONS {
        let wait = busy.longest_wait(occupation).expect("an app that waits");
        let name = occupation.name;
        println!("while another app {name}: {wait:?} at the longest");
        assert!(wait <= bound, "{name}: {wait:?}");
    }
}
