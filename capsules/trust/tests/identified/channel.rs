//! Driver 0x80000005 between apps that the policy names and apps that it does not.

use capsules_trust::channel::policy::{Channel, Overflow};
use capsules_trust::channel::{
    arena_size, is_consistent, reader_count, ChannelDriver, Memory, DRIVER_NUM,
};
use kernel::hil::time::Alarm;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

use testing::on_kernel_thread;
use testing::retry::retry_on;
use testing::{forever, Clock};
use testing::{HostKernel, Power};

const WRITER: u32 = 0x101;
const READER: u32 = 0x102;
const SECOND_READER: u32 = 0x103;

/// Places of the processes on the host.
const W: usize = 0;
const R: usize = 1;
const S: usize = 2;
const GUEST: usize = 3;

/// Gives way to the newest.
const NEWS: usize = 7;
/// Refuses what it has no room for.
const ORDERS: usize = 9;
/// From a reader of the others to their writer.
const BACK: usize = 11;

const CHANNELS: &[Channel] = &[
    Channel {
        number: NEWS as u16,
        writer: WRITER,
        readers: &[READER, SECOND_READER],
        message: 64,
        depth: 3,
        overflow: Overflow::Oldest,
    },
    Channel {
        number: ORDERS as u16,
        writer: WRITER,
        readers: &[READER, SECOND_READER],
        message: 16,
        depth: 2,
        overflow: Overflow::Refuse,
    },
    Channel {
        number: BACK as u16,
        writer: READER,
        readers: &[WRITER],
        message: 300,
        depth: 1,
        overflow: Overflow::Refuse,
    },
];

type ChannelMemory =
    Memory<{ CHANNELS.len() }, { reader_count(CHANNELS) }, { arena_size(CHANNELS) }>;

const _: () = assert!(is_consistent(CHANNELS));

/// Where a process has its buffer for messages.
const TARGET: usize = 1024;

fn setup() -> (HostKernel, &'static Clock) {
    let clock = forever(Clock::default());
    let host = HostKernel::with_identities(&[WRITER, READER, SECOND_READER, 0], |kernel| {
        let memory = Box::leak(Box::new(ChannelMemory::new()));
        let grant = kernel.create_grant(DRIVER_NUM, &Power);
        let retry = retry_on(clock);
        let driver = ChannelDriver::new(CHANNELS, memory, grant, retry).expect("a good table");
        let driver = forever(driver);
        retry.set_client(driver);
        vec![(DRIVER_NUM, driver)]
    });
    (0..4).for_each(|index| join(&host, index));
    (host, clock)
}

fn join(host: &HostKernel, index: usize) {
    host.subscribe(index, DRIVER_NUM, 0);
    host.subscribe(index, DRIVER_NUM, 1);
    host.allow_rw(index, DRIVER_NUM, 0, TARGET, 512);
}

fn send(host: &HostKernel, index: usize, channel: usize, message: &[u8]) -> SyscallReturn {
    host.allow_ro(index, DRIVER_NUM, 0, message);
    host.command(index, DRIVER_NUM, 1, channel, message.len())
}

fn receive(host: &HostKernel, index: usize, channel: usize) -> SyscallReturn {
    host.command(index, DRIVER_NUM, 2, channel, 0)
}

fn state(host: &HostKernel, index: usize, channel: usize) -> SyscallReturn {
    host.command(index, DRIVER_NUM, 3, channel, 0)
}

/// A message that must be there, and how many were lost before it.
fn received(host: &HostKernel, index: usize, channel: usize) -> (Vec<u8>, u32) {
    match receive(host, index, channel) {
        SyscallReturn::SuccessU32U32(length, lost) => {
            (host.peek(index, TARGET, length as usize), lost)
        }
        other => panic!("no message: {other:?}"),
    }
}

fn failure(error: ErrorCode) -> SyscallReturn {
    SyscallReturn::Failure(error)
}

fn pair(first: u32, second: u32) -> SyscallReturn {
    SyscallReturn::SuccessU32U32(first, second)
}

const OK: SyscallReturn = SyscallReturn::Success;
const BUSY: SyscallReturn = SyscallReturn::Failure(ErrorCode::BUSY);
const NOMEM: SyscallReturn = SyscallReturn::Failure(ErrorCode::NOMEM);
const NODEVICE: SyscallReturn = SyscallReturn::Failure(ErrorCode::NODEVICE);
const SIZE: SyscallReturn = SyscallReturn::Failure(ErrorCode::SIZE);

#[test]
fn messages_arrive_whole_and_in_order_at_every_reader() {
    on_kernel_thread(|| {
        let (host, _) = setup();
        assert_eq!(host.command(GUEST, DRIVER_NUM, 0, 0, 0), OK);
        for round in 0..20u8 {
            let longest: Vec<u8> = (0..64).map(|byte| byte ^ round).collect();
            assert_eq!(send(&host, W, NEWS, &longest), OK);
            assert_eq!(send(&host, W, NEWS, &[]), OK);
            assert_eq!(send(&host, W, NEWS, &[round]), OK);
            for reader in [R, S] {
                assert_eq!(state(&host, reader, NEWS), pair(3, 0));
                assert_eq!(received(&host, reader, NEWS), (longest.clone(), 0));
                assert_eq!(received(&host, reader, NEWS), (vec![], 0));
                assert_eq!(received(&host, reader, NEWS), (vec![round], 0));
                assert_eq!(receive(&host, reader, NEWS), NOMEM);
            }
        }
    });
}

#[test]
fn a_message_is_the_copy_that_was_sent() {
    on_kernel_thread(|| {
        let (host, _) = setup();
        send(&host, W, NEWS, &[1; 8]);
        // The writer goes on writing in its buffer, and gives another.
        for offset in 0..8 {
            testing::poke(host.memory(W) + offset, 9);
        }
        send(&host, W, NEWS, &[2; 4]);
        assert_eq!(received(&host, R, NEWS).0, [1; 8]);
        // What a reader does with its buffer is not seen by the other.
        testing::poke(host.memory(R) + TARGET, 77);
        assert_eq!(received(&host, S, NEWS).0, [1; 8]);
        // A reader's buffer may change between two calls.
        host.allow_rw(R, DRIVER_NUM, 0, 600, 4);
        assert_eq!(receive(&host, R, NEWS), pair(4, 0));
        assert_eq!(host.peek(R, 600, 4), [2; 4]);
        // Nothing beyond the message's length was touched.
        assert_eq!(host.peek(R, TARGET + 1, 7), [1; 7]);
    });
}

#[test]
fn the_oldest_gives_way_for_the_late_reader_alone() {
    on_kernel_thread(|| {
        let (host, _) = setup();
        for number in 0..10u8 {
            assert_eq!(send(&host, W, NEWS, &[number]), OK);
            assert_eq!(received(&host, S, NEWS), (vec![number], 0));
        }
        assert_eq!(state(&host, R, NEWS), pair(3, 7));
        assert_eq!(state(&host, W, NEWS), pair(0, 7));
        assert_eq!(received(&host, R, NEWS), (vec![7], 7));
        assert_eq!(received(&host, R, NEWS), (vec![8], 0));
        assert_eq!(state(&host, W, NEWS), pair(2, 7));
        send(&host, W, NEWS, &[10]);
        assert_eq!(received(&host, R, NEWS), (vec![9], 0));
        assert_eq!(received(&host, R, NEWS), (vec![10], 0));
        assert_eq!(receive(&host, R, NEWS), NOMEM);
    });
}

#[test]
fn a_refusing_channel_refuses_for_all_and_tells_of_room() {
    on_kernel_thread(|| {
        let (host, _) = setup();
        assert_eq!(send(&host, W, ORDERS, &[1]), OK);
        assert_eq!(send(&host, W, ORDERS, &[2]), OK);
        for _ in 0..5 {
            assert_eq!(send(&host, W, ORDERS, &[3]), BUSY);
        }
        assert_eq!(state(&host, W, ORDERS), pair(0, 0));
        assert_eq!(received(&host, R, ORDERS).0, [1]);
        // The other reader still is full.
        assert_eq!(send(&host, W, ORDERS, &[3]), BUSY);
        assert_eq!(state(&host, R, ORDERS), pair(1, 0));
        assert!(host.upcalls(W).is_empty());
        assert_eq!(received(&host, S, ORDERS).0, [1]);
        assert_eq!(host.upcalls(W), [(1, [ORDERS, 1, 0])]);
        // Told once, not at each message taken.
        assert_eq!(received(&host, S, ORDERS).0, [2]);
        assert!(host.upcalls(W).is_empty());
        assert_eq!(send(&host, W, ORDERS, &[3]), OK);
        assert_eq!(received(&host, R, ORDERS), (vec![2], 0));
        assert_eq!(received(&host, R, ORDERS), (vec![3], 0));
        assert_eq!(received(&host, S, ORDERS), (vec![3], 0));
    });
}

#[test]
fn lengths_are_checked_and_a_message_waits_for_room() {
    on_kernel_thread(|| {
        let (host, _) = setup();
        host.allow_ro(W, DRIVER_NUM, 0, &[5; 64]);
        for length in [65, 66, 0xFFFF, 0x1_0000, 0x1_0001, usize::MAX] {
            assert_eq!(host.command(W, DRIVER_NUM, 1, NEWS, length), SIZE);
        }
        // The channel would take it, the buffer does not have it.
        host.allow_ro(W, DRIVER_NUM, 0, &[5; 10]);
        assert_eq!(host.command(W, DRIVER_NUM, 1, NEWS, 11), SIZE);
        host.allow_ro(W, DRIVER_NUM, 0, &[]);
        assert_eq!(host.command(W, DRIVER_NUM, 1, NEWS, 1), SIZE);
        assert_eq!(receive(&host, R, NEWS), NOMEM);
        // Less than the buffer has.
        host.allow_ro(W, DRIVER_NUM, 0, &[6, 7, 8, 9]);
        assert_eq!(host.command(W, DRIVER_NUM, 1, NEWS, 2), OK);
        for length in [0, 1] {
            host.allow_rw(R, DRIVER_NUM, 0, TARGET, length);
            assert_eq!(receive(&host, R, NEWS), SIZE);
        }
        host.allow_rw(R, DRIVER_NUM, 0, TARGET, 2);
        assert_eq!(received(&host, R, NEWS), (vec![6, 7], 0));
        // The longest of the largest channel.
        let longest = [0xC3; 300];
        assert_eq!(send(&host, R, BACK, &longest), OK);
        assert_eq!(received(&host, W, BACK), (longest.to_vec(), 0));
    });
}

#[test]
fn who_is_not_named_sees_no_channel() {
    on_kernel_thread(|| {
        let (host, _) = setup();
        let everywhere = [NEWS, ORDERS, BACK];
        let strangers = |channel: usize| match channel {
            BACK => [S, GUEST],
            _ => [GUEST, GUEST],
        };
        for channel in everywhere {
            for stranger in strangers(channel) {
                assert_eq!(send(&host, stranger, channel, &[1]), NODEVICE);
                assert_eq!(receive(&host, stranger, channel), NODEVICE);
                assert_eq!(state(&host, stranger, channel), NODEVICE);
            }
        }
        // Readers do not write, writers do not read.
        for reader in [R, S] {
            assert_eq!(send(&host, reader, NEWS, &[1]), NODEVICE);
            assert_eq!(send(&host, reader, ORDERS, &[1]), NODEVICE);
        }
        assert_eq!(send(&host, W, BACK, &[1]), NODEVICE);
        assert_eq!(receive(&host, W, NEWS), NODEVICE);
        assert_eq!(receive(&host, R, BACK), NODEVICE);
        for channel in [0, 1, NEWS + 0x1_0000, 0xFFFF, usize::MAX] {
            for command in [1, 2, 3] {
                for index in [W, R, S, GUEST] {
                    assert_eq!(
                        host.command(index, DRIVER_NUM, command, channel, 0),
                        NODEVICE
                    );
                }
            }
        }
        for command in [4, 5, 0x8000_0000, usize::MAX] {
            assert_eq!(
                host.command(W, DRIVER_NUM, command, NEWS, 0),
                failure(ErrorCode::NOSUPPORT)
            );
        }
        for reader in [R, S] {
            assert_eq!(receive(&host, reader, NEWS), NOMEM);
            assert!(host.upcalls(reader).is_empty());
        }
    });
}

#[test]
fn a_dead_reader_blocks_nobody() {
    on_kernel_thread(|| {
        let (host, clock) = setup();
        send(&host, W, ORDERS, &[1]);
        send(&host, W, ORDERS, &[2]);
        assert_eq!(received(&host, S, ORDERS).0, [1]);
        assert_eq!(received(&host, S, ORDERS).0, [2]);
        assert_eq!(send(&host, W, ORDERS, &[3]), BUSY);
        host.end(R);
        // The writer that waits hears of it without asking.
        assert!(host.upcalls(W).is_empty());
        clock.pass_ms(1_100);
        assert_eq!(host.upcalls(W), [(1, [ORDERS, 2, 0])]);
        assert!(!clock.is_armed());
        for number in 3..20 {
            assert_eq!(send(&host, W, ORDERS, &[number]), OK);
            assert_eq!(received(&host, S, ORDERS), (vec![number], 0));
        }
        // Nor does a channel without any reader left.
        host.end(S);
        for _ in 0..10 {
            assert_eq!(send(&host, W, ORDERS, &[0]), OK);
            assert_eq!(send(&host, W, NEWS, &[0]), OK);
        }
        assert_eq!(state(&host, W, ORDERS), pair(2, 0));
        assert_eq!(state(&host, W, NEWS), pair(3, 0));
    });
}

#[test]
fn a_restarted_reader_starts_with_nothing() {
    on_kernel_thread(|| {
        let (host, _) = setup();
        for number in 0..5 {
            send(&host, W, NEWS, &[number]);
        }
        send(&host, W, ORDERS, &[1]);
        send(&host, W, ORDERS, &[2]);
        host.upcalls(R);
        host.restart(R);
        // It runs but has not come back to the driver: nothing waits for it.
        received(&host, S, ORDERS);
        assert_eq!(send(&host, W, ORDERS, &[3]), OK);
        join(&host, R);
        assert_eq!(state(&host, R, NEWS), pair(0, 0));
        assert_eq!(receive(&host, R, NEWS), NOMEM);
        assert_eq!(receive(&host, R, ORDERS), NOMEM);
        assert!(host.upcalls(R).is_empty());
        // From its first call on it has all, on every channel.
        assert_eq!(send(&host, W, NEWS, &[9]), OK);
        assert_eq!(host.upcalls(R), [(0, [NEWS, 1, 0])]);
        assert_eq!(received(&host, R, NEWS), (vec![9], 0));
    });
}

#[test]
fn a_restarted_writer_goes_on() {
    on_kernel_thread(|| {
        let (host, clock) = setup();
        send(&host, W, ORDERS, &[1]);
        send(&host, W, ORDERS, &[2]);
        assert_eq!(send(&host, W, ORDERS, &[3]), BUSY);
        send(&host, W, NEWS, &[4]);
        host.restart(W);
        join(&host, W);
        // What it sent is still there; that it was refused is forgotten.
        for reader in [R, S] {
            assert_eq!(received(&host, reader, ORDERS).0, [1]);
            assert_eq!(received(&host, reader, ORDERS).0, [2]);
            assert_eq!(received(&host, reader, NEWS).0, [4]);
        }
        clock.pass_ms(3_000);
        assert!(host.upcalls(W).is_empty());
        assert!(!clock.is_armed());
        assert_eq!(send(&host, W, ORDERS, &[5]), OK);
        assert_eq!(received(&host, R, ORDERS), (vec![5], 0));
    });
}

#[test]
fn a_flood_reaches_nobody_else() {
    on_kernel_thread(|| {
        let (host, _) = setup();
        send(&host, R, BACK, &[1; 300]);
        send(&host, W, ORDERS, &[2]);
        host.upcalls(R);
        host.upcalls(S);
        host.allow_ro(W, DRIVER_NUM, 0, &[3; 64]);
        for _ in 0..500 {
            assert_eq!(host.command(W, DRIVER_NUM, 1, NEWS, 64), OK);
        }
        // One wake-up, however many messages.
        for reader in [R, S] {
            assert_eq!(host.upcalls(reader), [(0, [NEWS, 1, 0])]);
            assert_eq!(received(&host, reader, ORDERS), (vec![2], 0));
            assert_eq!(received(&host, reader, NEWS), (vec![3; 64], 497));
        }
        assert_eq!(received(&host, W, BACK), (vec![1; 300], 0));
    });
}

#[test]
fn a_wake_up_outlives_a_full_queue_of_upcalls() {
    on_kernel_thread(|| {
        let (host, clock) = setup();
        host.stall(R);
        send(&host, W, NEWS, &[1]);
        send(&host, W, ORDERS, &[2]);
        clock.pass_ms(25);
        // The reader gets its other upcalls, and no more messages come.
        host.resume(R);
        assert!(host.upcalls(R).is_empty(), "still owed");
        clock.pass_ms(10);
        let mut told: Vec<usize> = host
            .upcalls(R)
            .iter()
            .map(|(_, [channel, ..])| *channel)
            .collect();
        told.sort_unstable();
        assert_eq!(told, [NEWS, ORDERS]);
        assert!(!clock.is_armed());
    });
}

#[test]
fn a_reader_that_stays_full_costs_an_alarm_a_second() {
    on_kernel_thread(|| {
        let (host, clock) = setup();
        host.stall(R);
        send(&host, W, NEWS, &[1]);
        clock.pass_ms(3_000);
        let rings = clock.pass_ms(10_000);
        assert!((9..=11).contains(&rings), "{rings}");
        // It dies: nothing is owed any more.
        host.end(R);
        clock.pass_ms(1_100);
        assert!(!clock.is_armed());
    });
}

#[test]
fn every_number_in_every_place() {
    on_kernel_thread(|| {
        let (host, _) = setup();
        let mut state = 0x2545_F491_4F6C_DD1Du64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize
        };
        let mut sent = [0u64; 2];
        for _ in 0..3_000 {
            let index = random() % 4;
            let number = [0, 1, 1, 2, 2, 3, random()][random() % 7];
            let channel = [NEWS, ORDERS, BACK, 0, random()][random() % 5];
            let length = [0, 1, 16, 64, 300, random()][random() % 6];
            if random() % 5 == 0 {
                let buffer = vec![index as u8; random() % 320];
                host.allow_ro(index, DRIVER_NUM, 0, &buffer);
            }
            if random() % 9 == 0 {
                host.allow_rw(index, DRIVER_NUM, 0, TARGET, random() % 320);
            }
            let answer = host.command(index, DRIVER_NUM, number, channel, length);
            if number == 1 && answer == OK {
                assert!(matches!((index, channel), (W, NEWS | ORDERS) | (R, BACK)));
                sent[usize::from(index == R)] += 1;
            }
            if let (2, SyscallReturn::SuccessU32U32(length, _)) = (number, answer) {
                // Only ever the bytes of the right writer.
                let writer = if channel == BACK { R } else { W };
                let message = host.peek(index, TARGET, length as usize);
                assert!(message.iter().all(|byte| usize::from(*byte) == writer));
            }
        }
        assert!(sent.iter().all(|count| *count > 20), "{sent:?}");
    });
}

#[test]
fn tables_that_contradict_themselves_are_refused() {
    const GOOD: Channel = CHANNELS[0];
    assert!(is_consistent(&[]));
    assert!(is_consistent(&[GOOD]));
    for bad in [
        Channel { depth: 0, ..GOOD },
        Channel { writer: 0, ..GOOD },
        Channel {
            readers: &[WRITER],
            ..GOOD
        },
        Channel {
            readers: &[READER, READER],
            ..GOOD
        },
        Channel {
            readers: &[0],
            ..GOOD
        },
    ] {
        assert!(!is_consistent(&[bad]), "{bad:?}");
    }
    assert!(!is_consistent(&[GOOD, GOOD]));
    on_kernel_thread(|| {
        let slots = forever(kernel::process::ProcessArray::<1>::new());
        let kernel = forever(kernel::Kernel::new(slots.as_slice()));
        let clock = forever(Clock::default());
        let memory: &'static mut Memory<3, 5, 10> = Box::leak(Box::new(Memory::new()));
        let grant = kernel.create_grant(DRIVER_NUM, &Power);
        let refused = ChannelDriver::new(CHANNELS, memory, grant, retry_on(clock));
        assert_eq!(refused.err(), Some(ErrorCode::SIZE));
    });
}
