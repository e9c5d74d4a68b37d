//! Driver 0x80000006 between apps that the policy names and apps that it does not.

use std::cell::Cell;

use capsules_trust::storage::policy::Partition;
use capsules_trust::storage::{
    buffer_size, is_consistent, Memory, StorageDriver, Store, DRIVER_NUM,
};
use kernel::hil::time::Alarm;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;
use meter_hil::random_source::RandomSource;
use meter_hil::sector_flash::{SectorFlash, SectorFlashClient};

use testing::bench::{grants, Bench};
use testing::host::{self, forever, Clock};
use testing::identity::{bench, on_kernel_thread, retry_on};
use testing::words_in_ram::SectorsInRam;

const OWNER: u32 = 0x201;
const READER: u32 = 0x202;

/// Places of the processes on the bench.
const O: usize = 0;
const R: usize = 1;
const GUEST: usize = 2;

/// Of the owner, with a reader.
const PROFILE: usize = 4;
/// Of the reader alone.
const OWN: usize = 6;

const PARTITIONS: &[Partition] = &[
    Partition {
        number: PROFILE as u16,
        owner: OWNER,
        readers: &[READER],
        record: 100,
        first_sector: 0,
        sectors: 3,
    },
    Partition {
        number: OWN as u16,
        owner: READER,
        readers: &[],
        record: 50,
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
    let start = flash.buffer.get().expect("was used");
    (start..start + length).map(host::peek).collect()
}

#[derive(Default)]
struct Counting(Cell<u32>);

impl RandomSource for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ErrorCode> {
        self.0.set(self.0.get() + 1);
        bytes.fill(0);
        bytes[..4].copy_from_slice(&self.0.get().to_le_bytes());
        Ok(())
    }
}

type TestStore = Store<'static, Flash, Counting>;

/// Three processes and a store that has not been started.
fn unstarted() -> (Bench, &'static Flash, &'static TestStore) {
    on_clock(forever(Clock::default()))
}

fn on_clock(clock: &'static Clock) -> (Bench, &'static Flash, &'static TestStore) {
    let flash = forever(Flash::new(vec![0; CAPACITY as usize]));
    let mut made = None;
    let bench = bench(&[OWNER, READER, 0], |kernel| {
        let memory: &'static mut Memory<{ PARTITIONS.len() }, { buffer_size(PARTITIONS) }> =
            Box::leak(Box::new(Memory::new()));
        let random = forever(Counting::default());
        let store = Store::new(PARTITIONS, CAPACITY, memory, &[7; 32], flash, random);
        let store = forever(store.expect("a good table"));
        flash.set_client(store);
        made = Some(store);
        let grant = kernel.create_grant(DRIVER_NUM, grants());
        let retry = retry_on(clock);
        let driver = forever(StorageDriver::new(store, grant, retry));
        store.set_client(driver);
        retry.set_client(driver);
        vec![(DRIVER_NUM, driver)]
    });
    (0..3).for_each(|index| join(&bench, index));
    (bench, flash, made.unwrap())
}

fn setup() -> (Bench, &'static Flash) {
    let (bench, flash, store) = unstarted();
    store.ready(Ok(()));
    flash.run();
    (bench, flash)
}

fn join(bench: &Bench, index: usize) {
    bench.subscribe(index, DRIVER_NUM, 0);
    bench.allow_rw(index, DRIVER_NUM, 0, TARGET, 256);
}

fn append(bench: &Bench, index: usize, partition: usize, payload: &[u8]) -> SyscallReturn {
    bench.allow_ro(index, DRIVER_NUM, 0, payload);
    bench.command(index, DRIVER_NUM, 1, partition, payload.len())
}

fn read(bench: &Bench, index: usize, partition: usize, number: usize) -> SyscallReturn {
    bench.command(index, DRIVER_NUM, 2, partition, number)
}

fn range(bench: &Bench, index: usize, partition: usize) -> SyscallReturn {
    bench.command(index, DRIVER_NUM, 3, partition, 0)
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
        let (bench, flash) = setup();
        assert_eq!(bench.command(GUEST, DRIVER_NUM, 0, 0, 0), OK);
        for (number, length) in [0usize, 1, 50, 99, 100].into_iter().enumerate() {
            let payload = vec![number as u8 + 1; length];
            assert_eq!(append(&bench, O, PROFILE, &payload), OK);
            assert!(bench.upcalls(O).is_empty(), "not durable yet");
            flash.run();
            assert_eq!(bench.upcalls(O), [(0, [0, PROFILE, number])]);
            for index in [O, R] {
                assert_eq!(
                    range(&bench, index, PROFILE),
                    SyscallReturn::SuccessU32U32(0, number as u32 + 1)
                );
                assert_eq!(read(&bench, index, PROFILE, number), OK);
                flash.run();
                assert_eq!(bench.upcalls(index), [(0, [0, PROFILE, length])]);
                assert_eq!(bench.peek(index, TARGET, length), payload);
            }
            // Nothing is left of it.
            assert!(rest_of_buffer(flash, 100).iter().all(|byte| *byte == 0));
        }
        for index in [O, R] {
            assert_eq!(
                bench.command(index, DRIVER_NUM, 4, PROFILE, 0),
                SyscallReturn::SuccessU32U32(2 * 29, 100)
            );
        }
    });
}

#[test]
fn who_is_not_named_sees_no_partition() {
    on_kernel_thread(|| {
        let (bench, flash) = setup();
        append(&bench, O, PROFILE, &[1]);
        append(&bench, R, OWN, &[2]);
        flash.run();
        bench.upcalls(R);
        // The reader reads, and does not append.
        assert_eq!(append(&bench, R, PROFILE, &[1]), NODEVICE);
        for (index, partition) in [(GUEST, PROFILE), (GUEST, OWN), (O, OWN)] {
            assert_eq!(append(&bench, index, partition, &[1]), NODEVICE);
            for command in [1, 2, 3, 4] {
                for argument in [0, 1, usize::MAX] {
                    assert_eq!(
                        bench.command(index, DRIVER_NUM, command, partition, argument),
                        NODEVICE
                    );
                }
            }
        }
        for partition in [0, 5, PROFILE + 0x1_0000, 0xFFFF, usize::MAX] {
            for index in [O, R, GUEST] {
                for command in [1, 2, 3, 4] {
                    assert_eq!(
                        bench.command(index, DRIVER_NUM, command, partition, 0),
                        NODEVICE
                    );
                }
            }
        }
        for command in [5, 6, 0x8000_0000, usize::MAX] {
            assert_eq!(
                bench.command(O, DRIVER_NUM, command, PROFILE, 0),
                failure(ErrorCode::NOSUPPORT)
            );
        }
        flash.run();
        assert!(bench.upcalls(R).is_empty() && bench.upcalls(GUEST).is_empty());
    });
}

#[test]
fn arguments_out_of_range() {
    on_kernel_thread(|| {
        let (bench, flash) = setup();
        bench.allow_ro(O, DRIVER_NUM, 0, &[1; 200]);
        for length in [101, 102, 200, 0x1_0000, usize::MAX] {
            assert_eq!(
                bench.command(O, DRIVER_NUM, 1, PROFILE, length),
                failure(ErrorCode::SIZE)
            );
        }
        bench.allow_ro(O, DRIVER_NUM, 0, &[1; 10]);
        assert_eq!(
            bench.command(O, DRIVER_NUM, 1, PROFILE, 11),
            failure(ErrorCode::SIZE)
        );
        append(&bench, O, PROFILE, &[1; 10]);
        flash.run();
        bench.upcalls(O);
        for number in [
            1,
            2,
            1_000,
            u32::MAX as usize,
            u32::MAX as usize + 1,
            usize::MAX,
        ] {
            assert_eq!(read(&bench, O, PROFILE, number), OK);
            flash.run();
            let expected = (0, [status(ErrorCode::UNINSTALLED), PROFILE, 0]);
            assert_eq!(bench.upcalls(O), [expected]);
        }
        // A record larger than the buffer is not cut.
        bench.allow_rw(O, DRIVER_NUM, 0, TARGET, 9);
        read(&bench, O, PROFILE, 0);
        flash.run();
        assert_eq!(
            bench.upcalls(O),
            [(0, [status(ErrorCode::SIZE), PROFILE, 0])]
        );
        assert_eq!(bench.peek(O, TARGET, 9), [0; 9]);
    });
}

#[test]
fn an_altered_record_is_not_shown() {
    on_kernel_thread(|| {
        let (bench, flash) = setup();
        append(&bench, O, PROFILE, &[1; 100]);
        flash.run();
        bench.upcalls(O);
        flash.cells.borrow_mut()[36 + 40] ^= 1;
        read(&bench, O, PROFILE, 0);
        flash.run();
        assert_eq!(
            bench.upcalls(O),
            [(0, [status(ErrorCode::FAIL), PROFILE, 0])]
        );
        assert_eq!(bench.peek(O, TARGET, 100), [0; 100]);
    });
}

#[test]
fn apps_take_turns_and_have_one_operation_each() {
    on_kernel_thread(|| {
        let (bench, flash) = setup();
        assert_eq!(append(&bench, O, PROFILE, &[1]), OK);
        assert_eq!(append(&bench, R, OWN, &[2]), OK);
        for index in [O, R] {
            assert_eq!(read(&bench, index, PROFILE, 0), failure(ErrorCode::BUSY));
        }
        assert_eq!(append(&bench, O, PROFILE, &[3]), failure(ErrorCode::BUSY));
        flash.run();
        assert_eq!(bench.upcalls(O), [(0, [0, PROFILE, 0])]);
        assert_eq!(bench.upcalls(R), [(0, [0, OWN, 0])]);
        // One that asks again as soon as it was served does not starve the other.
        bench.allow_ro(R, DRIVER_NUM, 0, &[9]);
        let mut served = 0;
        bench.command(R, DRIVER_NUM, 1, OWN, 1);
        for _ in 0..2_000 {
            if bench.command(O, DRIVER_NUM, 1, PROFILE, 1) == OK {
                served += 1;
            }
            if served == 3 {
                break;
            }
            flash.step();
        }
        assert_eq!(bench.upcalls(R), [(0, [0, OWN, 1])]);
    });
}

#[test]
fn the_payload_is_taken_once() {
    on_kernel_thread(|| {
        let (bench, flash) = setup();
        append(&bench, O, PROFILE, &[1; 20]);
        flash.run();
        append(&bench, O, PROFILE, &[2; 20]);
        // Taken when it was the app's turn: what the app writes now is too late.
        for offset in 0..20 {
            host::poke(bench.memory(O) + offset, 3);
        }
        bench.allow_ro(O, DRIVER_NUM, 0, &[]);
        flash.run();
        assert_eq!(
            bench.upcalls(O),
            [(0, [0, PROFILE, 0]), (0, [0, PROFILE, 1])]
        );
        read(&bench, O, PROFILE, 1);
        flash.run();
        assert_eq!(bench.peek(O, TARGET, 20), [2; 20]);
        bench.upcalls(O);
        // Not yet its turn: there is nothing to take any more.
        append(&bench, R, OWN, &[5]);
        append(&bench, O, PROFILE, &[4; 20]);
        bench.allow_ro(O, DRIVER_NUM, 0, &[]);
        flash.run();
        assert_eq!(
            bench.upcalls(O),
            [(0, [status(ErrorCode::SIZE), PROFILE, 0])]
        );
        assert_eq!(
            range(&bench, O, PROFILE),
            SyscallReturn::SuccessU32U32(0, 2)
        );
    });
}

#[test]
fn an_app_that_ends_holds_nobody_up() {
    on_kernel_thread(|| {
        // After each number of operations of the flash.
        for turns in 0..9 {
            let (bench, flash) = setup();
            append(&bench, O, PROFILE, &[1; 100]);
            append(&bench, R, OWN, &[2]);
            (0..turns).for_each(|_| _ = flash.step());
            bench.restart(O);
            flash.run();
            assert_eq!(bench.upcalls(R), [(0, [0, OWN, 0])]);
            join(&bench, O);
            assert!(bench.upcalls(O).is_empty(), "of the earlier run");
            assert_eq!(append(&bench, O, PROFILE, &[3]), OK);
            flash.run();
            let [(0, [0, PROFILE, number])] = bench.upcalls(O)[..] else {
                panic!("appended");
            };
            read(&bench, R, PROFILE, number);
            flash.run();
            assert_eq!(bench.peek(R, TARGET, 1), [3]);
            // Its read ends in nothing as well.
            read(&bench, O, PROFILE, number);
            bench.end(O);
            flash.run();
            bench.upcalls(R);
            assert_eq!(append(&bench, R, OWN, &[4]), OK);
            flash.run();
            assert_eq!(bench.upcalls(R), [(0, [0, OWN, 1])]);
        }
    });
}

/// An upcall that finds no room is kept until there is some; meanwhile nothing of
/// that app is taken, and others are served.
#[test]
fn an_upcall_is_never_lost() {
    on_kernel_thread(|| {
        let clock = forever(Clock::default());
        let (bench, flash, store) = on_clock(clock);
        store.ready(Ok(()));
        flash.run();
        append(&bench, O, PROFILE, &[1]);
        bench.stall(O);
        flash.run();
        clock.pass_ms(3_000);
        append(&bench, R, OWN, &[2]);
        flash.run();
        assert_eq!(bench.upcalls(R), [(0, [0, OWN, 0])]);
        bench.resume(O);
        assert!(bench.upcalls(O).is_empty());
        clock.pass_ms(1_100);
        assert_eq!(bench.upcalls(O), [(0, [0, PROFILE, 0])]);
        assert!(!clock.is_armed());
        assert_eq!(append(&bench, O, PROFILE, &[3]), OK);
        flash.run();
        assert_eq!(bench.upcalls(O), [(0, [0, PROFILE, 1])]);
    });
}

#[test]
fn before_the_flash_is_there_and_without_it() {
    on_kernel_thread(|| {
        let (bench, flash, store) = unstarted();
        assert_eq!(range(&bench, O, PROFILE), failure(ErrorCode::BUSY));
        assert_eq!(append(&bench, O, PROFILE, &[1]), OK);
        store.ready(Ok(()));
        flash.run();
        assert_eq!(bench.upcalls(O), [(0, [0, PROFILE, 0])]);

        let (bench, flash, store) = unstarted();
        assert_eq!(append(&bench, O, PROFILE, &[1]), OK);
        store.ready(Err(ErrorCode::NODEVICE));
        flash.run();
        let expected = (0, [status(ErrorCode::OFF), PROFILE, 0]);
        assert_eq!(bench.upcalls(O), [expected]);
        assert_eq!(append(&bench, O, PROFILE, &[1]), failure(ErrorCode::OFF));
        assert_eq!(read(&bench, R, PROFILE, 0), failure(ErrorCode::OFF));
        assert_eq!(range(&bench, R, PROFILE), failure(ErrorCode::OFF));
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
