//! Power fails in every operation on the flash, from many states, and again while the store finds out what happened.

use std::collections::BTreeMap;

use super::rig::{Flash, Rig, LARGE, PARTITIONS, ROOT, SECTORS, SHORT};
use kernel::ErrorCode;
use testing::sector_flash::Weak;

const WEAK: [Weak; 3] = [Weak::Old, Weak::New, Weak::Either];
/// Parts in 256 of an operation that are done when power fails.
const PARTS: [u8; 8] = [0, 1, 30, 77, 128, 200, 254, 255];

/// What was acknowledged, by partition and number.
#[derive(Clone, Default)]
struct Model {
    records: BTreeMap<(usize, u32), Vec<u8>>,
    /// The first number that no ring may have overwritten.
    kept_from: BTreeMap<usize, u32>,
    /// The last append that power cut, which may be there or not.
    torn: Option<(usize, u32, Vec<u8>)>,
}

impl Model {
    fn payload(partition: usize, number: u32) -> Vec<u8> {
        let longest = u32::from(PARTITIONS[partition].record);
        let length = (number * 37 + 5) % (longest + 1);
        (0..length).map(|byte| (byte ^ number) as u8).collect()
    }

    fn acknowledged(&self, partition: usize) -> Option<u32> {
        let all = (partition, 0)..=(partition, u32::MAX);
        self.records.range(all).next_back().map(|((_, n), _)| *n)
    }

    /// Appends one record; whether power lasted.
    fn append(&mut self, rig: &Rig, partition: usize) -> bool {
        let (_, next) = rig.range(partition);
        let payload = Model::payload(partition, next);
        // What entering the sector of `next` may overwrite.
        let policy = &PARTITIONS[partition];
        let first = (policy.sector_of(next) + 1).saturating_sub(policy.sectors) * policy.slots();
        let kept = self.kept_from.entry(partition).or_default();
        *kept = first.max(*kept);
        match rig.append(partition, &payload) {
            None => {
                self.torn = Some((partition, next, payload));
                false
            }
            Some(result) => {
                assert_eq!(result, Ok(next));
                assert!(Some(next) > self.acknowledged(partition), "numbers grow");
                self.records.insert((partition, next), payload);
                true
            }
        }
    }

    /// What a start gave up: at most what is beyond the capacity.
    fn start(&mut self, rig: &Rig) {
        for (partition, policy) in PARTITIONS.iter().enumerate() {
            let (oldest, next) = rig.range(partition);
            assert!(next - oldest >= policy.capacity().min(next));
            let kept = self.kept_from.entry(partition).or_default();
            *kept = oldest.max(*kept);
        }
    }

    /// All acknowledged records are there.
    fn check_acknowledged(&mut self, rig: &Rig) {
        self.start(rig);
        for ((partition, number), payload) in &self.records {
            if *number >= self.kept_from[partition] {
                assert_eq!(rig.read(*partition, *number).as_ref(), Ok(payload));
            }
        }
    }

    /// All that must be there is, and nothing else.
    fn check(&mut self, rig: &Rig) {
        self.start(rig);
        for partition in 0..PARTITIONS.len() {
            let (oldest, next) = rig.range(partition);
            assert!(self.acknowledged(partition).is_none_or(|last| last < next));
            let kept = self.kept_from.get(&partition).copied().unwrap_or(0);
            assert!(oldest <= kept.min(next), "{oldest} {kept}");
            for number in oldest.saturating_sub(3)..next + 3 {
                let found = rig.read(partition, number);
                match self.records.get(&(partition, number)) {
                    Some(payload) if number >= kept => {
                        assert_eq!(found.as_ref(), Ok(payload), "{partition} {number}");
                    }
                    Some(payload) => assert!(
                        found.as_ref() == Ok(payload) || number < oldest,
                        "{partition} {number}: {found:?}"
                    ),
                    None => {
                        let torn = self
                            .torn
                            .as_ref()
                            .filter(|torn| (torn.0, torn.1) == (partition, number));
                        assert!(
                            found == Err(ErrorCode::UNINSTALLED)
                                || torn.is_some_and(|torn| found.as_ref() == Ok(&torn.2)),
                            "{partition} {number}: {found:?}"
                        );
                    }
                }
            }
        }
    }
}

/// A store with this many records in a partition, and its model.
fn filled(partition: usize, records: u32) -> (Rig, Model) {
    let rig = Rig::new();
    let mut model = Model::default();
    for _ in 0..records {
        assert!(model.append(&rig, partition));
    }
    (rig, model)
}

/// Cuts each change of the flash that `count` appends make, in each way; after
/// each cut `then` has the flash that is left, and the model.
fn cut_everywhere(
    start: &(Rig, Model),
    partition: usize,
    count: u32,
    then: &mut dyn FnMut(&Flash, &Model),
) {
    for number in 0.. {
        let mut cut = false;
        for part in PARTS {
            let flash = start.0.flash.powered_up(Weak::Either);
            flash.cut.set(Some((number, part)));
            let rig = Rig::on(flash, &ROOT);
            let mut model = start.1.clone();
            // While it opens, it programs as well.
            if !rig.flash.off.get() {
                model.start(&rig);
                let _ = (0..count).all(|_| model.append(&rig, partition));
            }
            cut |= rig.flash.off.get();
            if rig.flash.off.get() {
                then(rig.flash, &model);
            }
        }
        if !cut {
            assert!(number > 3, "nothing was cut");
            return;
        }
    }
}

/// After a cut: all is there, and the store goes on for longer than a sector.
fn check_after(flash: &Flash, model: &Model, partition: usize) {
    for weak in WEAK {
        let rig = Rig::on(flash.powered_up(weak), &ROOT);
        let mut model = model.clone();
        model.check(&rig);
        for _ in 0..PARTITIONS[partition].slots() + 1 {
            assert!(model.append(&rig, partition));
        }
        model.check(&rig);
        model.check(&rig.again(weak));
    }
}

fn cuts_from(partition: usize, records: u32) {
    let start = filled(partition, records);
    let mut cuts = 0;
    cut_everywhere(&start, partition, 2, &mut |flash, model| {
        cuts += 1;
        check_after(flash, model, partition);
    });
    assert!(cuts > 50, "{cuts}");
}

#[test]
fn cuts_from_empty() {
    cuts_from(LARGE, 0);
}

#[test]
fn cuts_while_half_full() {
    cuts_from(LARGE, 4);
}

#[test]
fn cuts_while_a_sector_is_entered() {
    // Nine records fill the ring: the next goes over the oldest.
    for records in [2, 8, 9] {
        cuts_from(LARGE, records);
    }
}

#[test]
fn cuts_of_short_records() {
    let slots = PARTITIONS[SHORT].slots();
    for records in [slots - 1, 8 * slots - 1] {
        let start = filled(SHORT, records);
        cut_everywhere(&start, SHORT, 2, &mut |flash, model| {
            let rig = Rig::on(flash.powered_up(Weak::Either), &ROOT);
            let mut model = model.clone();
            model.check(&rig);
            assert!(model.append(&rig, SHORT));
            model.check(&rig.again(Weak::Either));
        });
    }
}

#[test]
fn cuts_after_an_earlier_cut() {
    for records in [0, 1, 2, 8, 9] {
        let start = filled(LARGE, records);
        let mut number = 0;
        cut_everywhere(&start, LARGE, 1, &mut |flash, model| {
            number += 1;
            // Every way of the first cut with a third of the ways of the second.
            let weak = WEAK[number % 3];
            for change in 0..12 {
                let again = flash.powered_up(weak);
                again.cut.set(Some((change, PARTS[(number + change) % 8])));
                let rig = Rig::on(again, &ROOT);
                let mut model = model.clone();
                if !rig.flash.off.get() {
                    model.start(&rig);
                    // The torn record of the first cut may be told from now on.
                    if let Some((partition, torn, payload)) = model.torn.take() {
                        if rig.read(partition, torn).as_ref() == Ok(&payload) {
                            model.records.insert((partition, torn), payload);
                        }
                    }
                    let _ = (0..2).all(|_| model.append(&rig, LARGE));
                }
                let after = Rig::on(rig.flash.powered_up(WEAK[change % 3]), &ROOT);
                let acknowledged = model.acknowledged(LARGE);
                assert!(acknowledged < Some(after.range(LARGE).1));
                model.check_acknowledged(&after);
            }
        });
    }
}

#[test]
fn a_thousand_cuts() {
    let mut flash = Flash::erased(SECTORS);
    let mut model = Model::default();
    let mut seed = 12_345u32;
    let mut random = move |limit: u32| {
        seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        (seed >> 16) % limit
    };
    for _ in 0..1_000 {
        let weak = WEAK[random(3) as usize];
        let on = flash.powered_up(weak);
        on.cut.set(Some((random(40) as usize, random(256) as u8)));
        let rig = Rig::on(on, &ROOT);
        if !rig.flash.off.get() {
            model.start(&rig);
            let partition = random(2) as usize;
            let _ = (0..random(12)).all(|_| model.append(&rig, partition));
        }
        flash = rig.flash.powered_up(weak);
        let rig = Rig::on(flash.powered_up(weak), &ROOT);
        model.check_acknowledged(&rig);
        // Checked often enough.
        let Model {
            records, kept_from, ..
        } = &mut model;
        records.retain(|(partition, number), _| *number >= kept_from[partition]);
    }
    assert!(model.acknowledged(LARGE) > Some(500));
}

#[test]
fn the_ring_keeps_its_capacity() {
    for partition in [LARGE, SHORT] {
        let rig = Rig::new();
        let policy = &PARTITIONS[partition];
        for number in 0..3 * policy.sectors * policy.slots() {
            assert_eq!(rig.appended(partition, &number.to_le_bytes()), number);
            let (oldest, next) = rig.range(partition);
            assert_eq!(next, number + 1);
            assert!(next - oldest >= policy.capacity().min(next));
        }
        let rig = rig.again(Weak::Either);
        let (oldest, next) = rig.range(partition);
        assert!(next - oldest >= policy.capacity());
        for number in oldest..next {
            assert_eq!(
                rig.read(partition, number),
                Ok(number.to_le_bytes().to_vec())
            );
        }
        assert_eq!(rig.read(partition, oldest - 1), Err(ErrorCode::UNINSTALLED));
    }
}
