//! Driver 0x80000006 between apps that the policy names and apps that it does not.

use capsules_support::allowance::{Earner, Rate};
use capsules_trust::storage::policy::Partition;
use capsules_trust::storage::{
    buffer_size, is_consistent, Memory, StorageDriver, Store, DRIVER_NUM,
};
use kernel::hil::time::Alarm;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;
use meter_hil::sector_flash::{SectorFlash, SectorFlashClient};

use testing::random::SeededRandom;
use testing::retry::retry_on;
use testing::sector_flash::SectorsInRam;
use testing::{forever, on_kernel_thread, Clock, HostKernel, Power, AMPLE};

const OWNER: u32 = 0x201;
const READER: u32 = 0x202;

/// Places of the processes on the host.
const O: usize = 0;
const R: usize = 1;
const GUEST: usize = 2;

/// Of the owner, with a reader.
const PROFILE: usize = 4;
/// Of the reader alone.
const OWN: usize = 6;

/// Of the reader's own partition: more than the other tests append.
const FEW: Rate = Rate {
    per_week: 7,
    most: 1_200,
};

const PARTITIONS: &[Partition] = &[
    Partition {
        number: PROFILE as u16,
        owner: OWNER,
        readers: &[READER],
        record: 100,
        rate: AMPLE,
        first_sector: 0,
        sectors: 3,
    },
    Partition {
        number: OWN as u16,
        owner: READER,
        readers: &[],
        record: 50,
        rate: FEW,
        first_sector: 3,
        sectors: 4,
    },
];
const CAPACITY: u32 = 7 * 4_096;
const _: () = assert!(is_consistent(PARTITIONS, CAPACITY));

/// Where a process has its buffer for records.
const TARGET: usize = 1024;

type Flash = SectorsInRam<'static>;

/// What is in the store's buffer while the flash has nothing to do.
fn rest_of_buffer(flash: &Flash, length: usize) -> Vec<u8> {
    assert!(!flash.is_running());
    let start = flash.buffer().expect("was used");
    (start..start + length).map(testing::peek).collect()
}

type TestStore = Store<'static, Flash, SeededRandom>;

/// Three processes and a store that has not been started.
fn unstarted() -> (HostKernel, &'static Flash, &'static TestStore) {
    on_clock(forever(Clock::default()))
}

fn on_clock(clock: &'static Clock) -> (HostKernel, &'static Flash, &'static TestStore) {
    let (host, flash, store, _) = with_driver(clock);
    (host, flash, store)
}

type TestDriver = StorageDriver<'static, Flash, SeededRandom>;

fn with_driver(
    clock: &'static Clock,
) -> (
    HostKernel,
    &'static Flash,
    &'static TestStore,
    &'static TestDriver,
) {
    let flash = forever(Flash::new(vec![0; CAPACITY as usize]));
    let mut made = None;
    let host = HostKernel::with_identities(&[OWNER, READER, 0], |kernel| {
        let memory: &'static mut Memory<{ PARTITIONS.len() }, { buffer_size(PARTITIONS) }> =
            Box::leak(Box::new(Memory::new()));
        let random = forever(SeededRandom::new(1));
        let store = Store::new(PARTITIONS, CAPACITY, memory, &[7; 32], flash, random);
        let store = forever(store.expect("a good table"));
        flash.set_client(store);
        let grant = kernel.create_grant(DRIVER_NUM, &Power);
        let retry = retry_on(clock);
        let driver = forever(StorageDriver::new(store, grant, retry));
        store.set_client(driver);
        retry.set_client(driver);
        made = Some((store, driver));
        vec![(DRIVER_NUM, driver)]
    });
    (0..3).for_each(|index| join(&host, index));
    let (store, driver) = made.unwrap();
    (host, flash, store, driver)
}

fn setup() -> (HostKernel, &'static Flash) {
    let (host, flash, store) = unstarted();
    store.ready(Ok(()));
    flash.run();
    (host, flash)
}

fn join(host: &HostKernel, index: usize) {
    host.subscribe(index, DRIVER_NUM, 0);
    host.allow_rw(index, DRIVER_NUM, 0, TARGET, 256);
}

fn append(host: &HostKernel, index: usize, partition: usize, payload: &[u8]) -> SyscallReturn {
    host.allow_ro(index, DRIVER_NUM, 0, payload);
    host.command(index, DRIVER_NUM, 1, partition, payload.len())
}

fn read(host: &HostKernel, index: usize, partition: usize, number: usize) -> SyscallReturn {
    host.command(index, DRIVER_NUM, 2, partition, number)
}

fn range(host: &HostKernel, index: usize, partition: usize) -> SyscallReturn {
    host.command(index, DRIVER_NUM, 3, partition, 0)
}

fn failure(error: ErrorCode) -> SyscallReturn {
    SyscallReturn::Failure(error)
}

fn status(error: ErrorCode) -> usize {
    kernel::errorcode::into_statuscode(Err(error))
}

const OK: SyscallReturn = SyscallReturn::Success;
const NODEVICE: SyscallReturn = SyscallReturn::Failure(ErrorCode::NODEVICE);

#[test]
fn records_go_in_and_come_out_for_owner_and_reader() {
    on_kernel_thread(|| {
        let (host, flash) = setup();
        assert_eq!(host.command(GUEST, DRIVER_NUM, 0, 0, 0), OK);
        for (number, length) in [0usize, 1, 50, 99, 100].into_iter().enumerate() {
            let payload = vec![number as u8 + 1; length];
            assert_eq!(append(&host, O, PROFILE, &payload), OK);
            assert!(host.upcalls(O).is_empty(), "not durable yet");
            flash.run();
            assert_eq!(host.upcalls(O), [(0, [0, PROFILE, number])]);
            for index in [O, R] {
                assert_eq!(
                    range(&host, index, PROFILE),
                    SyscallReturn::SuccessU32U32(0, number as u32 + 1)
                );
                assert_eq!(read(&host, index, PROFILE, number), OK);
                flash.run();
                assert_eq!(host.upcalls(index), [(0, [0, PROFILE, length])]);
                assert_eq!(host.peek(index, TARGET, length), payload);
            }
            // Nothing is left of it.
            assert!(rest_of_buffer(flash, 100).iter().all(|byte| *byte == 0));
        }
        for index in [O, R] {
            assert_eq!(
                host.command(index, DRIVER_NUM, 4, PROFILE, 0),
                SyscallReturn::SuccessU32U32(2 * 29, 100)
            );
        }
    });
}

#[test]
fn who_is_not_named_sees_no_partition() {
    on_kernel_thread(|| {
        let (host, flash) = setup();
        append(&host, O, PROFILE, &[1]);
        append(&host, R, OWN, &[2]);
        flash.run();
        host.upcalls(R);
        // The reader reads, and does not append.
        assert_eq!(append(&host, R, PROFILE, &[1]), NODEVICE);
        for (index, partition) in [(GUEST, PROFILE), (GUEST, OWN), (O, OWN)] {
            assert_eq!(append(&host, index, partition, &[1]), NODEVICE);
            for command in [1, 2, 3, 4] {
                for argument in [0, 1, usize::MAX] {
                    assert_eq!(
                        host.command(index, DRIVER_NUM, command, partition, argument),
                        NODEVICE
                    );
                }
            }
        }
        for partition in [0, 5, PROFILE + 0x1_0000, 0xFFFF, usize::MAX] {
            for index in [O, R, GUEST] {
                for command in [1, 2, 3, 4] {
                    assert_eq!(
                        host.command(index, DRIVER_NUM, command, partition, 0),
                        NODEVICE
                    );
                }
            }
        }
        for command in [5, 6, 0x8000_0000, usize::MAX] {
            assert_eq!(
                host.command(O, DRIVER_NUM, command, PROFILE, 0),
                failure(ErrorCode::NOSUPPORT)
            );
        }
        flash.run();
        assert!(host.upcalls(R).is_empty() && host.upcalls(GUEST).is_empty());
    });
}

#[test]
fn arguments_out_of_range() {
    on_kernel_thread(|| {
        let (host, flash) = setup();
        host.allow_ro(O, DRIVER_NUM, 0, &[1; 200]);
        for length in [101, 102, 200, 0x1_0000, usize::MAX] {
            assert_eq!(
                host.command(O, DRIVER_NUM, 1, PROFILE, length),
                failure(ErrorCode::SIZE)
            );
        }
        host.allow_ro(O, DRIVER_NUM, 0, &[1; 10]);
        assert_eq!(
            host.command(O, DRIVER_NUM, 1, PROFILE, 11),
            failure(ErrorCode::SIZE)
        );
        append(&host, O, PROFILE, &[1; 10]);
        flash.run();
        host.upcalls(O);
        for number in [
            1,
            2,
            1_000,
            u32::MAX as usize,
            u32::MAX as usize + 1,
            usize::MAX,
        ] {
            assert_eq!(read(&host, O, PROFILE, number), OK);
            flash.run();
            let expected = (0, [status(ErrorCode::UNINSTALLED), PROFILE, 0]);
            assert_eq!(host.upcalls(O), [expected]);
        }
        // A record larger than the buffer is not cut.
        host.allow_rw(O, DRIVER_NUM, 0, TARGET, 9);
        read(&host, O, PROFILE, 0);
        flash.run();
        assert_eq!(
            host.upcalls(O),
            [(0, [status(ErrorCode::SIZE), PROFILE, 0])]
        );
        assert_eq!(host.peek(O, TARGET, 9), [0; 9]);
    });
}

#[test]
fn an_altered_record_is_not_shown() {
    on_kernel_thread(|| {
        let (host, flash) = setup();
        append(&host, O, PROFILE, &[1; 100]);
        flash.run();
        host.upcalls(O);
        flash.cells.borrow_mut()[36 + 40] ^= 1;
        read(&host, O, PROFILE, 0);
        flash.run();
        assert_eq!(
            host.upcalls(O),
            [(0, [status(ErrorCode::FAIL), PROFILE, 0])]
        );
        assert_eq!(host.peek(O, TARGET, 100), [0; 100]);
    });
}

#[test]
fn apps_take_turns_and_have_one_operation_each() {
    on_kernel_thread(|| {
        let (host, flash) = setup();
        assert_eq!(append(&host, O, PROFILE, &[1]), OK);
        assert_eq!(append(&host, R, OWN, &[2]), OK);
        for index in [O, R] {
            assert_eq!(read(&host, index, PROFILE, 0), failure(ErrorCode::BUSY));
        }
        assert_eq!(append(&host, O, PROFILE, &[3]), failure(ErrorCode::BUSY));
        flash.run();
        assert_eq!(host.upcalls(O), [(0, [0, PROFILE, 0])]);
        assert_eq!(host.upcalls(R), [(0, [0, OWN, 0])]);
        // One that asks again as soon as it was served does not starve the other.
        host.allow_ro(R, DRIVER_NUM, 0, &[9]);
        let mut served = 0;
        host.command(R, DRIVER_NUM, 1, OWN, 1);
        for _ in 0..2_000 {
            if host.command(O, DRIVER_NUM, 1, PROFILE, 1) == OK {
                served += 1;
            }
            if served == 3 {
                break;
            }
            flash.step();
        }
        assert_eq!(host.upcalls(R), [(0, [0, OWN, 1])]);
    });
}

#[test]
fn the_payload_is_taken_once() {
    on_kernel_thread(|| {
        let (host, flash) = setup();
        append(&host, O, PROFILE, &[1; 20]);
        flash.run();
        append(&host, O, PROFILE, &[2; 20]);
        // Taken when it was the app's turn: what the app writes now is too late.
        for offset in 0..20 {
            testing::poke(host.memory(O) + offset, 3);
        }
        host.allow_ro(O, DRIVER_NUM, 0, &[]);
        flash.run();
        assert_eq!(
            host.upcalls(O),
            [(0, [0, PROFILE, 0]), (0, [0, PROFILE, 1])]
        );
        read(&host, O, PROFILE, 1);
        flash.run();
        assert_eq!(host.peek(O, TARGET, 20), [2; 20]);
        host.upcalls(O);
        // Not yet its turn: there is nothing to take any more.
        append(&host, R, OWN, &[5]);
        append(&host, O, PROFILE, &[4; 20]);
        host.allow_ro(O, DRIVER_NUM, 0, &[]);
        flash.run();
        assert_eq!(
            host.upcalls(O),
            [(0, [status(ErrorCode::SIZE), PROFILE, 0])]
        );
        assert_eq!(range(&host, O, PROFILE), SyscallReturn::SuccessU32U32(0, 2));
    });
}

#[test]
fn an_app_that_ends_holds_nobody_up() {
    on_kernel_thread(|| {
        // After each number of operations of the flash.
        for turns in 0..9 {
            let (host, flash) = setup();
            append(&host, O, PROFILE, &[1; 100]);
            append(&host, R, OWN, &[2]);
            (0..turns).for_each(|_| _ = flash.step());
            host.restart(O);
            flash.run();
            assert_eq!(host.upcalls(R), [(0, [0, OWN, 0])]);
            join(&host, O);
            assert!(host.upcalls(O).is_empty(), "of the earlier run");
            assert_eq!(append(&host, O, PROFILE, &[3]), OK);
            flash.run();
            let [(0, [0, PROFILE, number])] = host.upcalls(O)[..] else {
                panic!("appended");
            };
            read(&host, R, PROFILE, number);
            flash.run();
            assert_eq!(host.peek(R, TARGET, 1), [3]);
            // Its read ends in nothing as well.
            read(&host, O, PROFILE, number);
            host.end(O);
            flash.run();
            host.upcalls(R);
            assert_eq!(append(&host, R, OWN, &[4]), OK);
            flash.run();
            assert_eq!(host.upcalls(R), [(0, [0, OWN, 1])]);
        }
    });
}

/// An upcall that finds no room is kept until there is some; meanwhile nothing of
/// that app is taken, and others are served.
#[test]
fn an_upcall_is_never_lost() {
    on_kernel_thread(|| {
        let clock = forever(Clock::default());
        let (host, flash, store) = on_clock(clock);
        store.ready(Ok(()));
        flash.run();
        append(&host, O, PROFILE, &[1]);
        host.stall(O);
        flash.run();
        clock.pass_ms(3_000);
        append(&host, R, OWN, &[2]);
        flash.run();
        assert_eq!(host.upcalls(R), [(0, [0, OWN, 0])]);
        host.resume(O);
        assert!(host.upcalls(O).is_empty());
        clock.pass_ms(1_100);
        assert_eq!(host.upcalls(O), [(0, [0, PROFILE, 0])]);
        assert!(!clock.is_armed());
        assert_eq!(append(&host, O, PROFILE, &[3]), OK);
        flash.run();
        assert_eq!(host.upcalls(O), [(0, [0, PROFILE, 1])]);
    });
}

#[test]
fn before_the_flash_is_there_and_without_it() {
    on_kernel_thread(|| {
        let (host, flash, store) = unstarted();
        assert_eq!(range(&host, O, PROFILE), failure(ErrorCode::BUSY));
        assert_eq!(append(&host, O, PROFILE, &[1]), OK);
        store.ready(Ok(()));
        flash.run();
        assert_eq!(host.upcalls(O), [(0, [0, PROFILE, 0])]);

        let (host, flash, store) = unstarted();
        assert_eq!(append(&host, O, PROFILE, &[1]), OK);
        store.ready(Err(ErrorCode::NODEVICE));
        flash.run();
        let expected = (0, [status(ErrorCode::OFF), PROFILE, 0]);
        assert_eq!(host.upcalls(O), [expected]);
        assert_eq!(append(&host, O, PROFILE, &[1]), failure(ErrorCode::OFF));
        assert_eq!(read(&host, R, PROFILE, 0), failure(ErrorCode::OFF));
        assert_eq!(range(&host, R, PROFILE), failure(ErrorCode::OFF));
    });
}

#[test]
fn tables_that_contradict_themselves_are_refused() {
    const GOOD: Partition = PARTITIONS[0];
    const OTHER: Partition = PARTITIONS[1];
    assert!(is_consistent(&[], 0));
    assert!(is_consistent(PARTITIONS, CAPACITY));
    assert!(!is_consistent(PARTITIONS, CAPACITY - 1));
    for bad in [
        Partition { owner: 0, ..GOOD },
        Partition { sectors: 2, ..GOOD },
        Partition {
            sectors: u32::MAX,
            ..GOOD
        },
        Partition {
            first_sector: u32::MAX,
            ..GOOD
        },
        Partition {
            record: 1_025,
            ..GOOD
        },
        Partition { sectors: 4, ..GOOD },
        Partition {
            number: OWN as u16,
            ..GOOD
        },
        Partition {
            first_sector: 4,
            ..GOOD
        },
    ] {
        assert!(!is_consistent(&[OTHER, bad], CAPACITY), "{bad:?}");
    }
}

#[test]
fn no_more_records_are_appended_than_the_partition_allows() {
    on_kernel_thread(|| {
        let (host, flash, store, driver) = with_driver(forever(Clock::default()));
        store.ready(Ok(()));
        flash.run();
        let appends = || {
            let appended = (0..).take_while(|_| {
                let answer = append(&host, R, OWN, b"record");
                flash.run();
                host.upcalls(R);
                assert!([OK, failure(ErrorCode::RESERVE)].contains(&answer));
                answer == OK
            });
            appended.count()
        };
        // A start brings a quarter.
        assert_eq!(appends(), 300);
        assert_eq!(appends(), 0);
        // Another partition has its own.
        assert_eq!(append(&host, O, PROFILE, b"record"), OK);
        flash.run();
        driver.earn(7 * 24 * 3_600);
        assert_eq!(appends(), 7);
    });
}
