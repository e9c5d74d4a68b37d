//! The register keeps to its own rules. (That no number stands twice, the compiler sees.)

use crate::{Area, Reason};

#[test]
fn each_number_lies_in_the_range_of_its_area() {
    for reason in Reason::ALL {
        let (number, area) = (reason.number(), reason.area());
        assert!(area.numbers().contains(&number), "{number} in {area:?}");
    }
}

#[test]
fn ranges_share_no_number_and_leave_0_alone() {
    let mut last = 0;
    for area in Area::ALL {
        let numbers = area.numbers();
        assert!(*numbers.start() > last, "{area:?}");
        assert!(numbers.start() < numbers.end(), "{area:?}");
        last = *numbers.end();
    }
}

#[test]
fn exit_codes_are_none_of_shell_runtime_or_signal() {
    let numbers = Area::Host.numbers();
    let taken = [0, 1, 2, 101, 126, 127, 128, 130, 143, 255];
    assert!(taken.iter().all(|code| !numbers.contains(code)));
}

#[test]
fn a_number_is_found_again_and_others_are_not() {
    for number in 0..=u8::MAX {
        let found = Reason::from_number(number);
        let listed = Reason::ALL.iter().find(|reason| **reason as u8 == number);
        assert_eq!(found, listed.copied(), "{number}");
    }
    assert_eq!(Reason::from_number(0), None);
    assert_eq!(Reason::from_number(4), Some(Reason::WrongPlace));
}

#[test]
fn texts_are_sentences_and_names_differ() {
    for (index, reason) in Reason::ALL.iter().enumerate() {
        for text in [reason.text(), reason.remedy()] {
            assert!(text.ends_with('.') && !text.contains('|'), "{text}");
        }
        let earlier = &Reason::ALL[..index];
        assert!(
            earlier.iter().all(|other| other.name() != reason.name()),
            "{reason:?}"
        );
    }
}

#[test]
fn numbers_by_area_rise() {
    let numbers: Vec<u8> = Reason::ALL.iter().map(|reason| reason.number()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}
