//! Driver 0x80000001 on a front end whose blocks the tests fill.

use capsules_metering::meter_adc::{
    MeterAdc, BLOCK_BYTES as BLOCK, CONVERTED_BLOCK_BYTES, CONVERTED_BUFFERS, DRIVER_NUM,
    QUEUE_BLOCKS,
};
use decimation::CONVERTED_PERIOD_US;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;
use meter_hil::front_end::MeterFrontEnd;

use testing::front_end::{FakeFrontEnd, BLOCK_US, REFERENCE};
use testing::{forever, HostKernel, Power};

const PERIOD_US: u32 = 153;
const SCANS: u32 = 128;
const HEADER: usize = 32;

fn setup() -> (HostKernel, &'static FakeFrontEnd) {
    let front_end = forever(FakeFrontEnd::default());
    let host = HostKernel::with_processes(2, |kernel| {
        let converted =
            [(); CONVERTED_BUFFERS].map(|()| &mut *Box::leak(Box::new([0; CONVERTED_BLOCK_BYTES])));
        let blocks = [(); QUEUE_BLOCKS].map(|()| &mut *Box::leak(Box::new([0; BLOCK])));
        let grant = kernel.create_grant(DRIVER_NUM, &Power);
        let driver = forever(MeterAdc::new(front_end, converted, blocks, grant));
        front_end.set_client(driver);
        vec![(DRIVER_NUM, driver)]
    });
    for app in 0..2 {
        host.subscribe(app, DRIVER_NUM, 0);
        host.allow_rw(app, DRIVER_NUM, 0, 256, HEADER + BLOCK);
    }
    (host, front_end)
}

fn start(host: &HostKernel, app: usize) -> SyscallReturn {
    host.command(app, DRIVER_NUM, 1, PERIOD_US as usize, 0)
}

fn stop(host: &HostKernel, app: usize) -> SyscallReturn {
    host.command(app, DRIVER_NUM, 2, 0, 0)
}

fn take(host: &HostKernel, app: usize) -> SyscallReturn {
    host.command(app, DRIVER_NUM, 4, 0, 0)
}

/// A block as the app finds it.
#[derive(Debug, PartialEq)]
struct Block {
    sequence: u32,
    flags: u32,
    time: u64,
    scans: u32,
    lost: u32,
    reference: i16,
    temperature: i16,
    content: u8,
}

fn taken(host: &HostKernel, app: usize) -> Block {
    let length = (HEADER + BLOCK) as u32;
    assert_eq!(take(host, app), SyscallReturn::SuccessU32(length));
    let bytes = host.peek(app, 256, HEADER + BLOCK);
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    // The filter has settled within half a block, and what rests passes it unchanged.
    let settled = &bytes[HEADER + BLOCK / 2..];
    let content = settled[0];
    assert!(settled.chunks(2).all(|sample| sample == &settled[..2]));
    assert_eq!(word(28), 0);
    Block {
        sequence: word(0),
        flags: word(4),
        time: u64::from(word(8)) | u64::from(word(12)) << 32,
        scans: word(16),
        lost: word(20),
        reference: word(24) as i16,
        temperature: (word(24) >> 16) as i16,
        content,
    }
}

fn failure(error: ErrorCode) -> SyscallReturn {
    SyscallReturn::Failure(error)
}

#[test]
fn blocks_arrive_in_order_with_their_headers() {
    let (host, front_end) = setup();
    assert_eq!(host.command(0, DRIVER_NUM, 0, 0, 0), SyscallReturn::Success);
    assert_eq!(
        host.command(0, DRIVER_NUM, 3, 0, 0),
        SyscallReturn::SuccessU32U32(PERIOD_US, SCANS)
    );
    assert_eq!(
        host.command(0, DRIVER_NUM, 1, 4000, 0),
        failure(ErrorCode::INVAL)
    );
    assert_eq!(take(&host, 0), failure(ErrorCode::RESERVE));
    assert_eq!(start(&host, 0), SyscallReturn::Success);
    assert_eq!(front_end.period_us(), Some(CONVERTED_PERIOD_US));
    assert_eq!(start(&host, 0), failure(ErrorCode::ALREADY));
    assert_eq!(take(&host, 0), failure(ErrorCode::NOMEM));
    for number in 1..100u32 {
        front_end.fill(if number == 7 { 0b101 } else { 0 });
        let flags = if number == 7 { 0b1010 } else { 0 };
        let sequence = number - 1;
        assert_eq!(
            host.upcalls(0),
            [(0, [1, sequence as usize, flags as usize])]
        );
        let block = Block {
            sequence,
            flags,
            time: u64::from(number) * BLOCK_US,
            scans: SCANS,
            lost: 0,
            reference: REFERENCE,
            temperature: i16::MIN,
            content: number as u8,
        };
        assert_eq!(taken(&host, 0), block);
        assert_eq!(take(&host, 0), failure(ErrorCode::NOMEM));
    }
}

#[test]
fn a_late_app_loses_the_oldest_and_is_told() {
    let (host, front_end) = setup();
    start(&host, 0);
    (0..8).for_each(|_| front_end.fill(0));
    // Within 156 ms nothing is lost.
    assert_eq!(taken(&host, 0).sequence, 0);
    (0..4).for_each(|_| front_end.fill(0));
    let first = taken(&host, 0);
    assert_eq!((first.sequence, first.flags), (4, 1));
    assert_eq!((first.lost, first.content), (3 * SCANS, 5));
    let second = taken(&host, 0);
    assert_eq!((second.sequence, second.flags, second.lost), (5, 0, 0));
    // For ever late: every scan is accounted for.
    for _ in 0..100 {
        (0..10).for_each(|_| front_end.fill(0));
        host.upcalls(0);
    }
    let mut next = 6;
    for _ in 0..8 {
        let block = taken(&host, 0);
        assert_eq!(block.lost, (block.sequence - next) * SCANS);
        next = block.sequence + 1;
    }
    assert_eq!(next, 1012);
    assert_eq!(take(&host, 0), failure(ErrorCode::NOMEM));
}

#[test]
fn what_the_hardware_missed_counts_as_lost() {
    let (host, front_end) = setup();
    start(&host, 0);
    front_end.fill(0);
    front_end.miss(2);
    front_end.fill(0);
    assert_eq!(taken(&host, 0).lost, 0);
    let block = taken(&host, 0);
    assert_eq!((block.sequence, block.flags, block.lost), (3, 1, 2 * SCANS));
    // A dropped block hands its own loss on.
    front_end.miss(1);
    (0..9).for_each(|_| front_end.fill(0));
    let block = taken(&host, 0);
    assert_eq!((block.sequence, block.lost), (6, 2 * SCANS));
}

#[test]
fn upcalls_do_not_flood_an_app_that_is_late() {
    let (host, front_end) = setup();
    start(&host, 0);
    (0..100).for_each(|_| front_end.fill(0));
    let upcalls = host.upcalls(0);
    let waiting: Vec<usize> = upcalls.iter().map(|(_, arguments)| arguments[0]).collect();
    assert_eq!(waiting, [1, 4, 8, 8, 8]);
    taken(&host, 0);
    front_end.fill(0);
    assert_eq!(host.upcalls(0).len(), 1);
}

#[test]
fn a_short_buffer_takes_nothing() {
    let (host, front_end) = setup();
    start(&host, 0);
    front_end.fill(0);
    for length in [0, 10, HEADER, HEADER + BLOCK - 1] {
        host.allow_rw(0, DRIVER_NUM, 0, 256, length);
        assert_eq!(take(&host, 0), failure(ErrorCode::SIZE));
    }
    host.allow_rw(0, DRIVER_NUM, 0, 256, HEADER + BLOCK);
    assert_eq!(taken(&host, 0).sequence, 0);
}

#[test]
fn channels_that_have_changed_places_are_told() {
    let (host, front_end) = setup();
    start(&host, 0);
    for (code, flags) in [
        (11_999, 1 << 4),
        (12_000, 0),
        (15_500, 0),
        (15_501, 1 << 4),
        // What a channel rests at, and what it may reach.
        (8_192, 1 << 4),
        (16_383, 1 << 4),
    ] {
        front_end.set_reference(code);
        front_end.fill(0);
        let block = taken(&host, 0);
        assert_eq!((block.reference, block.flags), (code, flags));
    }
}

#[test]
fn one_owner_at_a_time() {
    let (host, front_end) = setup();
    start(&host, 0);
    assert_eq!(start(&host, 1), failure(ErrorCode::BUSY));
    assert_eq!(stop(&host, 1), failure(ErrorCode::RESERVE));
    front_end.fill(0);
    assert_eq!(take(&host, 1), failure(ErrorCode::RESERVE));
    assert!(host.upcalls(1).is_empty());

    assert_eq!(stop(&host, 0), SyscallReturn::Success);
    assert_eq!(take(&host, 0), failure(ErrorCode::RESERVE));
    // The hardware still is stopping: a last block goes nowhere.
    front_end.fill(0);
    assert_eq!(start(&host, 1), SyscallReturn::Success);
    assert_eq!(take(&host, 1), failure(ErrorCode::NOMEM));
    front_end.stopped();
    assert!(
        front_end.period_us().is_some(),
        "the new owner's start is carried out"
    );
    front_end.fill(0);
    let block = taken(&host, 1);
    assert_eq!((block.sequence, block.time), (0, BLOCK_US));
}

#[test]
fn stop_and_start_again_for_ever() {
    let (host, front_end) = setup();
    for _ in 0..30 {
        assert_eq!(start(&host, 0), SyscallReturn::Success);
        (0..3).for_each(|_| front_end.fill(0));
        assert_eq!(taken(&host, 0).sequence, 0);
        assert_eq!(stop(&host, 0), SyscallReturn::Success);
        front_end.stopped();
    }
    front_end.refuses.set(true);
    assert_eq!(start(&host, 0), failure(ErrorCode::FAIL));
    assert_eq!(stop(&host, 0), failure(ErrorCode::RESERVE));
    front_end.refuses.set(false);
    assert_eq!(start(&host, 0), SyscallReturn::Success);
}

#[test]
fn a_restarted_owner_has_the_scans_again_at_once() {
    let (host, front_end) = setup();
    start(&host, 0);
    (0..5).for_each(|_| front_end.fill(0));
    host.restart(0);
    host.subscribe(0, DRIVER_NUM, 0);
    host.allow_rw(0, DRIVER_NUM, 0, 256, HEADER + BLOCK);
    assert_eq!(take(&host, 0), failure(ErrorCode::RESERVE));
    assert_eq!(start(&host, 0), SyscallReturn::Success);
    assert!(front_end.period_us().is_some());
    assert_eq!(take(&host, 0), failure(ErrorCode::NOMEM));
    front_end.fill(0);
    let block = taken(&host, 0);
    assert_eq!((block.sequence, block.time, block.lost), (0, BLOCK_US, 0));
}

#[test]
fn a_dead_owner_releases_the_scans() {
    let (host, front_end) = setup();
    start(&host, 0);
    front_end.fill(0);
    host.end(0);
    // Noticed at the next block: the hardware is told to stop.
    front_end.fill(0);
    front_end.stopped();
    assert!(front_end.period_us().is_none());
    assert_eq!(start(&host, 1), SyscallReturn::Success);
    front_end.fill(0);
    assert_eq!(taken(&host, 1).sequence, 0);
    // Or at the next start, when that is earlier.
    host.end(1);
    assert_eq!(front_end.buffers(), 2);
}

#[test]
fn unknown_commands_are_refused() {
    let (host, _) = setup();
    for number in [5, 6, 100, usize::MAX] {
        assert_eq!(
            host.command(0, DRIVER_NUM, number, 0, 0),
            failure(ErrorCode::NOSUPPORT)
        );
    }
}
