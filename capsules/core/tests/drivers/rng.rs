//! Driver 0x40001 on a source that counts.

use capsules_core::rng::{Entropy32ToRandom, RngDriver, DRIVER_NUM};
use kernel::hil::rng::Rng;
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

use testing::random::FakeEntropy;
use testing::{forever, HostKernel, Power};

fn setup() -> (HostKernel, &'static FakeEntropy) {
    let source = forever(FakeEntropy::default());
    let host = HostKernel::with_processes(2, |kernel| {
        let random = forever(Entropy32ToRandom::new(source));
        let driver = forever(RngDriver::new(
            random,
            kernel.create_grant(DRIVER_NUM, &Power),
        ));
        random.set_client(driver);
        vec![(DRIVER_NUM, driver)]
    });
    host.subscribe(0, DRIVER_NUM, 0);
    host.subscribe(1, DRIVER_NUM, 0);
    (host, source)
}

#[test]
fn fills_buffers_as_entropy_comes() {
    let (host, source) = setup();
    host.allow_rw(0, DRIVER_NUM, 0, 64, 6);
    assert_eq!(host.command(0, DRIVER_NUM, 1, 6, 0), SyscallReturn::Success);
    source.give(&[0x0403_0201], Ok(()));
    assert!(source.is_wanted());
    assert!(host.upcalls(0).is_empty());
    source.give(&[0x0807_0605, 0xFFFF_FFFF], Ok(()));
    assert!(!source.is_wanted());
    assert_eq!(host.upcalls(0), [(0, [0, 6, 0])]);
    assert_eq!(host.peek(0, 64, 6), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn no_two_apps_get_the_same_bytes() {
    let (host, source) = setup();
    for index in 0..2 {
        host.allow_rw(index, DRIVER_NUM, 0, 64, 100);
        host.command(index, DRIVER_NUM, 1, 4, 0);
    }
    source.give(&[0x1111_1111, 0x2222_2222], Ok(()));
    assert_ne!(host.peek(0, 64, 4), host.peek(1, 64, 4));
    assert_eq!(host.upcalls(0), [(0, [0, 4, 0])]);
    assert_eq!(host.upcalls(1), [(0, [0, 4, 0])]);
}

#[test]
fn a_request_beyond_the_buffer_is_served_with_what_fits() {
    let (host, source) = setup();
    host.allow_rw(0, DRIVER_NUM, 0, 64, 3);
    host.command(0, DRIVER_NUM, 1, usize::MAX, 0);
    source.give(&[7], Ok(()));
    assert_eq!(host.upcalls(0), [(0, [0, 3, 0])]);
    // Without a buffer nothing fits.
    host.command(1, DRIVER_NUM, 1, 4, 0);
    source.give(&[7], Ok(()));
    assert_eq!(host.upcalls(1), [(0, [0, 0, 0])]);
}

#[test]
fn a_request_for_no_bytes_is_answered_at_once() {
    let (host, source) = setup();
    host.allow_rw(0, DRIVER_NUM, 0, 64, 4);
    assert_eq!(host.command(0, DRIVER_NUM, 1, 0, 0), SyscallReturn::Success);
    assert_eq!(host.upcalls(0), [(0, [0, 0, 0])]);
    assert!(!source.is_wanted());
    // Also while the app, or another, waits for bytes.
    host.command(1, DRIVER_NUM, 1, 4, 0);
    host.command(0, DRIVER_NUM, 1, 4, 0);
    host.command(0, DRIVER_NUM, 1, 0, 0);
    assert_eq!(host.upcalls(0), [(0, [0, 0, 0])]);
    host.allow_rw(1, DRIVER_NUM, 0, 64, 4);
    source.give(&[7], Ok(()));
    assert_eq!(host.upcalls(1), [(0, [0, 4, 0])]);
    assert!(host.upcalls(0).is_empty());
}

#[test]
fn errors_are_told_and_do_not_block() {
    let (host, source) = setup();
    host.allow_rw(0, DRIVER_NUM, 0, 64, 4);
    source.off.set(true);
    assert_eq!(
        host.command(0, DRIVER_NUM, 1, 4, 0),
        SyscallReturn::Failure(ErrorCode::OFF)
    );
    source.off.set(false);
    host.command(0, DRIVER_NUM, 1, 4, 0);
    source.give(&[], Err(ErrorCode::FAIL));
    assert!(!source.is_wanted());
    assert_eq!(host.upcalls(0), [(0, [ErrorCode::FAIL as usize, 0, 0])]);
    host.command(0, DRIVER_NUM, 1, 4, 0);
    source.give(&[9], Ok(()));
    assert_eq!(host.upcalls(0), [(0, [0, 4, 0])]);
}
