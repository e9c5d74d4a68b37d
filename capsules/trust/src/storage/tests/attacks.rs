//! Flash that somebody else wrote, and hardware that does not do what it should.

use super::rig::{Flash, Rig, LARGE, PARTITIONS, ROOT, SECTORS, SHORT, SISTER};
use crate::storage::layout::HEADER_BYTES;
use kernel::ErrorCode;
use testing::sector_flash::Weak;

const SLOT: usize = 1_064;

fn slot(partition: usize, number: u32) -> std::ops::Range<usize> {
    let start = PARTITIONS[partition].slot_address(number) as usize;
    start..start + PARTITIONS[partition].slot() as usize
}

/// The store after the flash was changed while it was off.
fn after(rig: &Rig, change: impl FnOnce(&mut Vec<u8>)) -> Rig {
    let flash = rig.flash.powered_up(Weak::Old);
    change(&mut flash.cells.borrow_mut());
    Rig::on(flash, &ROOT)
}

#[test]
fn numbers_of_the_format() {
    assert_eq!(PARTITIONS[LARGE].slot() as usize, SLOT);
    assert_eq!(PARTITIONS[LARGE].slots(), 3);
    assert_eq!(PARTITIONS[LARGE].capacity(), 6);
    assert_eq!(PARTITIONS[SHORT].slot(), 68);
    assert_eq!(PARTITIONS[SHORT].slots(), (4_096 - 36) / 68);
    assert_eq!(HEADER_BYTES, 36);
    // The second record of the second sector.
    assert_eq!(
        PARTITIONS[LARGE].slot_address(4) as usize,
        3 * 4_096 + HEADER_BYTES + SLOT
    );
}

#[test]
fn every_altered_byte_is_noticed() {
    let rig = Rig::new();
    let payload = [0xA5; 30];
    for _ in 0..3 {
        rig.appended(SHORT, &payload);
    }
    let range = slot(SHORT, 1);
    for place in range.clone() {
        for bit in [0, 3, 7] {
            let other = after(&rig, |cells| cells[place] ^= 1 << bit);
            let found = other.read(SHORT, 1);
            match place - range.start {
                0..4 => assert_eq!(found, Err(ErrorCode::UNINSTALLED)),
                // A trace of the end mark is as good as all of it.
                64.. => assert_eq!(found, Ok(payload.to_vec())),
                _ => assert_eq!(found, Err(ErrorCode::FAIL)),
            }
            assert_eq!(other.read(SHORT, 0), Ok(payload.to_vec()));
            assert_eq!(other.range(SHORT), (0, 3));
        }
    }
}

#[test]
fn a_moved_record_is_refused() {
    let rig = Rig::new();
    for number in 0..8 {
        rig.appended(LARGE, &[number; 700]);
        rig.appended(SISTER, &[number ^ 0xFF; 700]);
    }
    for (from, to) in [
        ((LARGE, 4), (LARGE, 5)),
        ((LARGE, 4), (LARGE, 7)),
        ((LARGE, 1), (LARGE, 4)),
        // The same number of the same owner's other partition.
        ((LARGE, 4), (SISTER, 4)),
        ((SISTER, 6), (LARGE, 6)),
    ] {
        let other = after(&rig, |cells| {
            let record = cells[slot(from.0, from.1)].to_vec();
            cells[slot(to.0, to.1)].copy_from_slice(&record);
        });
        assert_eq!(other.read(to.0, to.1), Err(ErrorCode::FAIL));
        assert!(other.read(from.0, from.1).is_ok());
    }
    // A whole sector, with its header, in another place of the ring.
    let other = after(&rig, |cells| {
        let sector = cells[3 * 4_096..4 * 4_096].to_vec();
        cells[4 * 4_096..5 * 4_096].copy_from_slice(&sector);
    });
    for number in 6..8 {
        assert!(other.read(LARGE, number).is_err());
    }
}

#[test]
fn an_old_record_in_the_place_of_its_successor_is_refused() {
    let rig = Rig::new();
    for number in 0..3 {
        rig.appended(LARGE, &[number; 9]);
    }
    let old = rig.flash.cells.borrow()[slot(LARGE, 1)].to_vec();
    for number in 3..12 {
        rig.appended(LARGE, &[number; 9]);
    }
    assert_eq!(slot(LARGE, 1), slot(LARGE, 10));
    let other = after(&rig, |cells| {
        cells[slot(LARGE, 10)].copy_from_slice(&old);
    });
    assert_eq!(other.read(LARGE, 10), Err(ErrorCode::FAIL));
    assert_eq!(other.read(LARGE, 11), Ok(vec![11; 9]));
}

#[test]
fn headers_cannot_be_made_up() {
    let rig = Rig::new();
    for number in 0..5 {
        rig.appended(LARGE, &[number; 9]);
    }
    for sequence in [2u32, 4, 5, 0x7FFF_FFFF, u32::MAX / 3 * 3 - 1, u32::MAX] {
        let other = after(&rig, |cells| {
            let address = PARTITIONS[LARGE].sector_address(1) as usize;
            let target = PARTITIONS[LARGE].sector_address(sequence) as usize;
            let header = cells[address..address + HEADER_BYTES].to_vec();
            cells[target..target + HEADER_BYTES].copy_from_slice(&header);
            cells[target + 4..target + 8].copy_from_slice(&sequence.to_le_bytes());
        });
        let (_, next) = other.range(LARGE);
        assert!(next == 5 || next == 3, "{sequence}: {next}");
    }
}

#[test]
fn another_root_sees_nothing() {
    let rig = Rig::new();
    for number in 0..5 {
        rig.appended(LARGE, &[number; 9]);
    }
    let other = Rig::on(rig.flash.powered_up(Weak::Old), &[1; 32]);
    assert_eq!(other.range(LARGE), (0, 0));
    assert_eq!(other.read(LARGE, 0), Err(ErrorCode::UNINSTALLED));
    assert_eq!(other.appended(LARGE, &[1]), 0);
    assert_eq!(other.read(LARGE, 0), Ok(vec![1]));
}

#[test]
fn flash_full_of_anything_can_be_used() {
    let mut state = 1u64;
    for fill in [0x00, 0xFF, 0x01, 0x55] {
        let flash = Flash::erased(SECTORS);
        for byte in flash.cells.borrow_mut().iter_mut() {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            *byte = if fill == 1 { (state >> 56) as u8 } else { fill };
        }
        let rig = Rig::on(flash, &ROOT);
        for partition in [LARGE, SHORT, SISTER] {
            assert_eq!(rig.range(partition), (0, 0));
            for number in 0..5 {
                assert_eq!(rig.appended(partition, &[7]), number);
            }
            assert_eq!(rig.read(partition, 4), Ok(vec![7]));
        }
    }
}

#[test]
fn payload_is_nowhere_on_the_flash_and_never_twice_the_same() {
    let rig = Rig::new();
    let payload = [0xC9; 600];
    rig.appended(LARGE, &payload);
    rig.appended(LARGE, &payload);
    let cells = rig.flash.cells.borrow();
    assert!(!cells.windows(8).any(|window| window == &payload[..8]));
    let bodies = [0, 1].map(|number| cells[slot(LARGE, number)][16..].to_vec());
    let same = bodies[0].iter().zip(&bodies[1]).filter(|(a, b)| a == b);
    assert!(same.count() < 40);
}

#[test]
fn a_bad_sector_costs_its_numbers_and_no_records() {
    let rig = Rig::new();
    rig.flash.bad_sector.set(Some(5 + 3));
    let slots = PARTITIONS[SHORT].slots();
    let mut numbers = Vec::new();
    for _ in 0..10 * slots {
        match rig.append(SHORT, &[3]).expect("power") {
            Ok(number) => numbers.push(number),
            Err(error) => assert_eq!(error, ErrorCode::FAIL),
        }
    }
    assert!(numbers.is_sorted());
    let bad = |number: u32| number / slots % 8 == 3;
    assert!(!numbers.iter().any(|number| bad(*number)));
    let rig = rig.again(Weak::Old);
    let (oldest, next) = rig.range(SHORT);
    for number in (oldest..next).filter(|number| !bad(*number)) {
        assert_eq!(rig.read(SHORT, number), Ok(vec![3]));
    }
}

#[test]
fn without_randomness_or_payload_nothing_is_used_up() {
    let rig = Rig::new();
    rig.random.fails.set(Some(ErrorCode::BUSY));
    assert_eq!(rig.append(LARGE, &[1]), Some(Err(ErrorCode::BUSY)));
    rig.random.fails.set(None);
    assert_eq!(rig.append(LARGE, &[1]), Some(Ok(0)));
    rig.random.fails.set(Some(ErrorCode::FAIL));
    assert_eq!(rig.append(LARGE, &[1]), Some(Err(ErrorCode::FAIL)));
    rig.random.fails.set(None);
    rig.client.gone.set(true);
    assert_eq!(rig.append(LARGE, &[1]), Some(Err(ErrorCode::CANCEL)));
    rig.client.gone.set(false);
    assert_eq!(rig.append(LARGE, &[1]), Some(Ok(1)));
}
