//! Driver 0x80000002 on flash in RAM, whose operations end when the tests say so.

use std::cell::Cell;

use capsules_metering::energy_store::{
    EnergyStore, EnergyStoreDriver, Records, DRIVER_NUM, MAX_PAYLOAD,
};
use capsules_support::allowance::{Earner, Rate};
use kernel::hil::time::Alarm;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;
use meter_hil::word_flash::WordFlash;

use testing::retry::retry_on;
use testing::words_in_ram::{blank, Words, WordsInRam, PAGE_WORDS};
use testing::{forever, Clock, HostKernel, Power, AMPLE};

const REGISTERS: usize = 0;
const CALIBRATION: usize = 1;

/// The upcall's kind after a repair.
const REPAIRED: usize = 0xFFFF_FFFF;

struct Setup {
    host: HostKernel,
    flash: &'static WordsInRam<'static>,
    clock: &'static Clock,
    driver: &'static EnergyStoreDriver<'static, WordsInRam<'static>>,
}

/// More than any test but those of the budget writes.
const RECORDS: Records = Records {
    rate: AMPLE,
    lifetime: u32::MAX,
};

/// A start with this flash content.
fn start(words: &Words) -> Setup {
    start_with(words, RECORDS)
}

/// The same with another budget.
fn start_with(words: &Words, records: Records) -> Setup {
    let flash = forever(WordsInRam::new(words));
    let clock = forever(Clock::default());
    let made = Cell::new(None);
    let host = HostKernel::with_processes(2, |kernel| {
        let retry = retry_on(clock);
        let store = forever(EnergyStore::new(flash));
        flash.set_client(store);
        let grant = kernel.create_grant(DRIVER_NUM, &Power);
        let driver = forever(EnergyStoreDriver::new(store, grant, retry, records));
        store.set_client(driver);
        retry.set_client(driver);
        made.set(Some(driver));
        vec![(DRIVER_NUM, driver)]
    });
    let driver = made.take().expect("it was made");
    let setup = Setup {
        host,
        flash,
        clock,
        driver,
    };
    setup.prepare(0);
    setup.prepare(1);
    setup
}

impl Setup {
    fn prepare(&self, app: usize) {
        self.host.subscribe(app, DRIVER_NUM, 0);
        self.host.allow_rw(app, DRIVER_NUM, 0, 512, MAX_PAYLOAD);
    }

    fn append(&self, app: usize, kind: usize, payload: &[u8]) -> SyscallReturn {
        self.host.allow_ro(app, DRIVER_NUM, 0, payload);
        self.host.command(app, DRIVER_NUM, 1, kind, payload.len())
    }

    /// Appends and waits for the upcall; the sequence.
    fn appended(&self, app: usize, kind: usize, payload: &[u8]) -> usize {
        assert_eq!(self.append(app, kind, payload), SyscallReturn::Success);
        assert!(self.host.upcalls(app).is_empty(), "not durable yet");
        self.flash.run();
        match self.host.upcalls(app)[..] {
            [(0, [0, reported, sequence])] if reported == kind => sequence,
            ref other => panic!("{other:?}"),
        }
    }

    fn newest(&self, app: usize, kind: usize) -> Result<(Vec<u8>, u32), ErrorCode> {
        match self.host.command(app, DRIVER_NUM, 2, kind, 0) {
            SyscallReturn::SuccessU32U32(length, sequence) => {
                Ok((self.host.peek(app, 512, length as usize), sequence))
            }
            SyscallReturn::Failure(error) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    fn wear(&self) -> SyscallReturn {
        self.host.command(0, DRIVER_NUM, 3, 0, 0)
    }
}

fn failure(error: ErrorCode) -> SyscallReturn {
    SyscallReturn::Failure(error)
}

#[test]
fn records_are_kept_over_a_start() {
    let words = blank();
    let setup = start(&words);
    assert_eq!(
        setup.host.command(0, DRIVER_NUM, 0, 0, 0),
        SyscallReturn::Success
    );
    assert_eq!(setup.newest(0, REGISTERS), Err(ErrorCode::UNINSTALLED));
    assert_eq!(setup.appended(0, REGISTERS, b"first"), 1);
    assert_eq!(setup.appended(0, CALIBRATION, &[7; MAX_PAYLOAD]), 2);
    assert_eq!(setup.appended(0, REGISTERS, b"second"), 3);
    for setup in [setup, start(&words)] {
        assert_eq!(setup.newest(0, REGISTERS), Ok((b"second".to_vec(), 3)));
        let calibration = vec![7; MAX_PAYLOAD];
        assert_eq!(setup.newest(1, CALIBRATION), Ok((calibration, 2)));
        assert_eq!(setup.wear(), SyscallReturn::SuccessU32U32(3, 1));
    }
}

#[test]
fn a_start_reads_nothing_before_the_first_command_and_writes_nothing() {
    let words = blank();
    start(&words).appended(0, REGISTERS, b"record");
    let setup = start(&words);
    // Had the store read the flash by now, it would not see this.
    words.borrow_mut().fill(u32::MAX);
    assert_eq!(setup.newest(0, REGISTERS), Err(ErrorCode::UNINSTALLED));
    assert_eq!(setup.flash.operations(), 0);
}

#[test]
fn only_durable_records_are_shown() {
    let setup = start(&blank());
    setup.appended(0, REGISTERS, b"old");
    assert_eq!(setup.append(0, REGISTERS, b"new"), SyscallReturn::Success);
    assert_eq!(
        setup.append(0, REGISTERS, b"next"),
        failure(ErrorCode::BUSY)
    );
    while setup.flash.is_running() {
        assert_eq!(setup.newest(0, REGISTERS).unwrap().0, b"old");
        setup.flash.step();
    }
    assert_eq!(setup.newest(0, REGISTERS).unwrap().0, b"new");
}

#[test]
fn wrong_arguments_are_refused() {
    let setup = start(&blank());
    assert_eq!(setup.append(0, 2, b"x"), failure(ErrorCode::INVAL));
    assert_eq!(setup.append(0, REGISTERS, b""), failure(ErrorCode::SIZE));
    assert_eq!(
        setup.append(0, REGISTERS, &[1; MAX_PAYLOAD + 1]),
        failure(ErrorCode::SIZE)
    );
    setup.host.allow_ro(0, DRIVER_NUM, 0, b"four");
    for length in [5, 112, 113, usize::MAX] {
        assert_eq!(
            setup.host.command(0, DRIVER_NUM, 1, REGISTERS, length),
            failure(ErrorCode::SIZE)
        );
    }
    assert_eq!(setup.newest(0, 2), Err(ErrorCode::INVAL));
    assert_eq!(setup.flash.operations(), 0);
    setup.appended(0, REGISTERS, b"12345");
    setup.host.allow_rw(0, DRIVER_NUM, 0, 512, 4);
    assert_eq!(setup.newest(0, REGISTERS), Err(ErrorCode::SIZE));
    assert_eq!(
        setup.host.command(0, DRIVER_NUM, 4, 0, 0),
        failure(ErrorCode::NOSUPPORT)
    );
}

#[test]
fn one_writer_at_a_time() {
    let setup = start(&blank());
    setup.appended(0, REGISTERS, b"first app");
    assert_eq!(setup.append(1, REGISTERS, b"x"), failure(ErrorCode::BUSY));
    assert_eq!(setup.newest(1, REGISTERS).unwrap().0, b"first app");
    setup.host.restart(0);
    setup.prepare(0);
    setup.appended(0, REGISTERS, b"restarted");
    setup.host.end(0);
    assert_eq!(setup.appended(1, REGISTERS, b"second app"), 3);
}

#[test]
fn a_record_of_a_dead_app_is_written_all_the_same() {
    let setup = start(&blank());
    setup.append(0, REGISTERS, b"last words");
    setup.host.end(0);
    setup.flash.run();
    assert!(setup.host.upcalls(1).is_empty());
    assert_eq!(setup.newest(1, REGISTERS).unwrap().0, b"last words");
}

/// Flash after a cut that left the last record without its commit word.
fn interrupted() -> Words {
    let words = blank();
    let setup = start(&words);
    setup.appended(0, REGISTERS, b"old");
    setup.append(0, REGISTERS, b"new");
    let before = words.borrow().clone();
    setup.flash.run();
    let last = (0..before.len())
        .rev()
        .find(|&word| words.borrow()[word] != before[word])
        .unwrap();
    words.borrow_mut()[last] = u32::MAX;
    words
}

#[test]
fn a_reader_is_told_when_a_repair_is_done() {
    let setup = start(&interrupted());
    assert_eq!(setup.newest(1, REGISTERS), Err(ErrorCode::BUSY));
    assert!(setup.host.upcalls(1).is_empty());
    assert!(setup.flash.is_running());
    setup.flash.run();
    assert_eq!(setup.host.upcalls(1), [(0, [0, REPAIRED, 0])]);
    assert_eq!(setup.newest(1, REGISTERS), Ok((b"new".to_vec(), 2)));
}

#[test]
fn a_record_waits_for_a_repair() {
    let setup = start(&interrupted());
    assert_eq!(setup.newest(1, REGISTERS), Err(ErrorCode::BUSY));
    (0..3).for_each(|_| _ = setup.flash.step());
    assert_eq!(setup.append(0, REGISTERS, b"newer"), SyscallReturn::Success);
    setup.flash.run();
    assert_eq!(setup.host.upcalls(0), [(0, [0, REGISTERS, 3])]);
    assert_eq!(setup.host.upcalls(1), [(0, [0, REPAIRED, 0])]);
    assert_eq!(setup.newest(1, REGISTERS), Ok((b"newer".to_vec(), 3)));
}

#[test]
fn the_end_of_a_record_and_of_a_repair_outlive_a_full_queue_of_upcalls() {
    let setup = start(&interrupted());
    assert_eq!(setup.newest(0, REGISTERS), Err(ErrorCode::BUSY));
    assert_eq!(setup.append(0, REGISTERS, b"newer"), SyscallReturn::Success);
    setup.host.stall(0);
    setup.flash.run();
    setup.clock.pass_ms(3_000);
    setup.host.resume(0);
    assert!(setup.host.upcalls(0).is_empty(), "not tried again yet");
    assert_eq!(
        setup.append(0, REGISTERS, b"newest"),
        failure(ErrorCode::BUSY),
        "it has not heard of the one before"
    );
    setup.clock.pass_ms(1_100);
    assert_eq!(
        setup.host.upcalls(0),
        [(0, [0, REGISTERS, 3]), (0, [0, REPAIRED, 0])]
    );
    assert!(!setup.clock.is_armed());
    assert_eq!(setup.appended(0, REGISTERS, b"newest"), 4);
}

#[test]
fn starts_without_a_record_wear_no_page() {
    let nearly_full = || {
        let words = blank();
        let setup = start(&words);
        setup.appended(0, REGISTERS, b"0");
        // The page that is next shows when it is erased.
        words.borrow_mut()[PAGE_WORDS..2 * PAGE_WORDS].fill(0);
        loop {
            let before = words.borrow().clone();
            setup.appended(0, REGISTERS, b"1");
            if words.borrow()[PAGE_WORDS] != 0 {
                *words.borrow_mut() = before;
                return words;
            }
        }
    };
    let torn = || {
        let words = blank();
        start(&words).appended(0, REGISTERS, b"0");
        let last = words.borrow().iter().rposition(|&word| word != u32::MAX);
        words.borrow_mut()[last.unwrap() + 3] = 0xFFFF_0FF0;
        words
    };
    let other_kind = || {
        let words = blank();
        let setup = start(&words);
        setup.appended(0, REGISTERS, b"0");
        setup.appended(0, CALIBRATION, b"0");
        words
    };
    for words in [nearly_full(), torn(), other_kind()] {
        for _ in 0..20 {
            let setup = start(&words);
            setup.newest(0, REGISTERS).unwrap();
            let _ = setup.newest(0, CALIBRATION);
            setup.flash.run();
            assert_eq!(setup.flash.operations(), 0);
        }
        // The first record erases the next page, before it or behind it.
        words.borrow_mut()[PAGE_WORDS..2 * PAGE_WORDS].fill(0);
        start(&words).appended(0, REGISTERS, b"1");
        assert_ne!(words.borrow()[PAGE_WORDS], 0);
    }
}

#[test]
fn flash_that_does_not_work_is_reported() {
    let failed = [(0, [usize::from(ErrorCode::FAIL), REGISTERS, 0])];
    let setup = start(&blank());
    setup.appended(0, REGISTERS, b"good");
    // It takes what is written and forgets it.
    setup.flash.broken.set(true);
    assert_eq!(setup.append(0, REGISTERS, b"bad"), SyscallReturn::Success);
    setup.flash.run();
    assert_eq!(setup.host.upcalls(0), failed);
    // It does not even start.
    setup.flash.refuses.set(true);
    assert_eq!(setup.append(0, REGISTERS, b"bad"), SyscallReturn::Success);
    assert_eq!(setup.host.upcalls(0), failed);
    assert_eq!(setup.newest(0, REGISTERS).unwrap().0, b"good");
    // It works again.
    setup.flash.broken.set(false);
    setup.flash.refuses.set(false);
    assert_eq!(setup.appended(0, REGISTERS, b"better"), 2);
}

#[test]
fn a_repair_that_fails_comes_to_an_end() {
    let setup = start(&interrupted());
    let steps = || (0..10_000).take_while(|_| setup.flash.step()).count();
    for _ in 0..2 {
        // Nothing that is written holds; it is tried again when somebody asks.
        assert_eq!(setup.newest(0, REGISTERS), Err(ErrorCode::BUSY));
        setup.flash.broken.set(true);
        assert!((9..9_999).contains(&steps()));
        assert!(setup.host.upcalls(0).is_empty());
    }
    setup.flash.broken.set(false);
    assert_eq!(setup.newest(0, REGISTERS), Err(ErrorCode::BUSY));
    setup.flash.run();
    assert_eq!(setup.host.upcalls(0), [(0, [0, REPAIRED, 0])]);
    assert_eq!(setup.newest(0, REGISTERS).unwrap().0, b"new");
}

#[test]
fn one_worn_page_is_passed_over() {
    let words = blank();
    let setup = start(&words);
    for number in 0..1000u32 {
        setup.appended(0, REGISTERS, &number.to_le_bytes());
        // Page 3 cannot be erased any more.
        words.borrow_mut()[3 * PAGE_WORDS + 77] = 0;
    }
    let (last, _) = start(&words).newest(0, REGISTERS).unwrap();
    assert_eq!(last, 999u32.to_le_bytes());
}

#[test]
fn no_more_records_are_written_than_the_budget_has() {
    const FEW: Records = Records {
        rate: Rate {
            per_week: 7,
            most: 12,
        },
        lifetime: 10,
    };
    const WEEK: u32 = 7 * 24 * 3_600;
    let refused = failure(ErrorCode::RESERVE);
    let words = blank();
    let setup = start_with(&words, FEW);
    // A start brings a quarter.
    for sequence in 1..=3 {
        assert_eq!(setup.appended(0, REGISTERS, b"record"), sequence);
    }
    assert_eq!(setup.append(0, REGISTERS, b"record"), refused);
    setup.driver.earn(WEEK / 7);
    assert_eq!(setup.appended(0, REGISTERS, b"record"), 4);
    assert_eq!(setup.append(0, REGISTERS, b"record"), refused);
    // What is refused for another reason takes nothing.
    setup.driver.earn(WEEK / 7);
    assert_eq!(setup.append(0, 9, b"record"), failure(ErrorCode::INVAL));
    assert_eq!(setup.appended(0, REGISTERS, b"record"), 5);
    // The lifetime is counted in flash.
    let setup = start_with(&words, FEW);
    setup.driver.earn(100 * WEEK);
    for sequence in 6..=10 {
        assert_eq!(setup.appended(0, REGISTERS, b"record"), sequence);
    }
    assert_eq!(setup.append(0, REGISTERS, b"record"), refused);
    assert_eq!(setup.newest(0, REGISTERS), Ok((b"record".to_vec(), 10)));
}
