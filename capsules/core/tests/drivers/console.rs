//! Driver 0x1 on a port that the test plays.

use std::iter;

use capsules_core::console::{Console, DRIVER_NUM};
use kernel::hil::uart::{self, Receive, Transmit};
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

use testing::forever;
use testing::uart::FakeUart;
use testing::{HostKernel, Power};

struct Setup {
    host: HostKernel,
    port: &'static FakeUart,
}

const WRITE_DONE: usize = 1;
const READ_DONE: usize = 2;

fn setup() -> Setup {
    let port = forever(FakeUart::default());
    let host = HostKernel::with_processes(2, |kernel| {
        let console: &'static Console = forever(Console::new(
            port,
            Box::leak(Box::new([0; 8])),
            Box::leak(Box::new([0; 8])),
            kernel.create_grant(DRIVER_NUM, &Power),
        ));
        port.set_transmit_client(console);
        port.set_receive_client(console);
        vec![(DRIVER_NUM, console)]
    });
    for index in 0..2 {
        host.subscribe(index, DRIVER_NUM, WRITE_DONE);
        host.subscribe(index, DRIVER_NUM, READ_DONE);
    }
    Setup { host, port }
}

impl Setup {
    /// Sends everything; returns it.
    fn sent(&self) -> String {
        let sent: Vec<u8> = iter::from_fn(|| self.port.end_transmission())
            .flatten()
            .collect();
        String::from_utf8(sent).unwrap()
    }

    /// A reception that does not end by what comes ends with an error.
    fn receive(&self, data: &[u8], result: Result<(), ErrorCode>, error: uart::Error) {
        self.port.arrive(data);
        if result.is_err() {
            self.port.end_reception(result, error);
        }
    }
}

#[test]
fn writes_whole_lines_in_turn() {
    let setup = setup();
    let host = &setup.host;
    host.allow_ro(0, DRIVER_NUM, 1, b"first app, one line\n");
    host.allow_ro(1, DRIVER_NUM, 1, b"second\n");
    assert_eq!(host.command(0, DRIVER_NUM, 0, 0, 0), SyscallReturn::Success);
    assert_eq!(
        host.command(0, DRIVER_NUM, 1, 20, 0),
        SyscallReturn::Success
    );
    // More than is allowed is cut to what is.
    assert_eq!(
        host.command(1, DRIVER_NUM, 1, 1000, 0),
        SyscallReturn::Success
    );
    assert_eq!(setup.sent(), "first app, one line\nsecond\n");
    assert_eq!(host.upcalls(0), [(WRITE_DONE, [20, 0, 0])]);
    assert_eq!(host.upcalls(1), [(WRITE_DONE, [7, 0, 0])]);
}

#[test]
fn writing_nothing_is_done_at_once() {
    let setup = setup();
    setup.host.command(1, DRIVER_NUM, 1, 5, 0);
    assert!(setup.port.transmission().is_none());
    assert_eq!(setup.host.upcalls(1), [(WRITE_DONE, [0, 0, 0])]);
}

#[test]
fn a_buffer_that_is_taken_back_ends_the_write() {
    let setup = setup();
    let host = &setup.host;
    host.allow_ro(0, DRIVER_NUM, 1, b"0123456789abcdef");
    host.command(0, DRIVER_NUM, 1, 16, 0);
    host.allow_ro(0, DRIVER_NUM, 1, b"");
    assert_eq!(setup.sent(), "01234567");
    assert_eq!(host.upcalls(0), [(WRITE_DONE, [8, 0, 0])]);
}

#[test]
fn a_writer_without_an_end_does_not_keep_others_away() {
    let setup = setup();
    let host = &setup.host;
    host.allow_ro(0, DRIVER_NUM, 1, b"flood flood\n");
    host.allow_ro(1, DRIVER_NUM, 1, b"a line of the other app\n");
    host.command(0, DRIVER_NUM, 1, 12, 0);
    host.command(1, DRIVER_NUM, 1, 24, 0);
    let mut text = String::new();
    for _ in 0..8 {
        // It asks again before its last request is over.
        host.command(0, DRIVER_NUM, 1, 12, 0);
        let sent = setup.port.end_transmission().expect("something is sent");
        text.push_str(core::str::from_utf8(&sent).unwrap());
    }
    assert!(text.contains("a line of the other app\n"), "{text}");
    assert_eq!(host.upcalls(1), [(WRITE_DONE, [24, 0, 0])]);
}

#[test]
fn the_end_of_a_writer_frees_the_port() {
    let setup = setup();
    let host = &setup.host;
    host.allow_ro(0, DRIVER_NUM, 1, b"0123456789abcdef");
    host.allow_ro(1, DRIVER_NUM, 1, b"next");
    host.command(0, DRIVER_NUM, 1, 16, 0);
    host.command(1, DRIVER_NUM, 1, 4, 0);
    host.end(0);
    assert_eq!(setup.sent(), "01234567next");
    assert_eq!(host.upcalls(1), [(WRITE_DONE, [4, 0, 0])]);
}

#[test]
fn one_app_reads_at_a_time() {
    let setup = setup();
    let host = &setup.host;
    host.allow_rw(0, DRIVER_NUM, 1, 100, 8);
    host.allow_rw(1, DRIVER_NUM, 1, 100, 100);
    assert_eq!(
        host.command(1, DRIVER_NUM, 2, 9, 0),
        SyscallReturn::Failure(ErrorCode::INVAL)
    );
    assert_eq!(host.command(0, DRIVER_NUM, 2, 5, 0), SyscallReturn::Success);
    assert_eq!(
        host.command(1, DRIVER_NUM, 2, 5, 0),
        SyscallReturn::Failure(ErrorCode::BUSY)
    );
    // Nor can another app end it.
    host.command(1, DRIVER_NUM, 3, 0, 0);
    assert!(!setup.port.take_aborted());
    setup.receive(b"hello", Ok(()), uart::Error::None);
    assert_eq!(host.upcalls(0), [(READ_DONE, [0, 5, 0])]);
    assert_eq!(host.peek(0, 100, 5), b"hello");
}

#[test]
fn a_reception_may_end_early() {
    let setup = setup();
    let host = &setup.host;
    host.allow_rw(0, DRIVER_NUM, 1, 100, 8);
    host.command(0, DRIVER_NUM, 2, 8, 0);
    host.command(0, DRIVER_NUM, 3, 0, 0);
    assert!(setup.port.take_aborted());
    setup.receive(b"abc", Err(ErrorCode::CANCEL), uart::Error::Aborted);
    assert_eq!(
        host.upcalls(0),
        [(READ_DONE, [ErrorCode::CANCEL as usize, 3, 0])]
    );
    assert_eq!(host.peek(0, 100, 3), b"abc");

    host.command(0, DRIVER_NUM, 2, 8, 0);
    setup.receive(b"x", Err(ErrorCode::FAIL), uart::Error::ParityError);
    assert_eq!(
        host.upcalls(0),
        [(READ_DONE, [ErrorCode::FAIL as usize, 0, 0])]
    );

    // The app has allowed less since.
    host.command(0, DRIVER_NUM, 2, 8, 0);
    host.allow_rw(0, DRIVER_NUM, 1, 200, 2);
    setup.receive(b"12345678", Ok(()), uart::Error::None);
    assert_eq!(
        host.upcalls(0),
        [(READ_DONE, [ErrorCode::SIZE as usize, 2, 0])]
    );
    assert_eq!(host.peek(0, 200, 2), b"12");

    // A reader that has ended leaves the port to the others.
    host.command(0, DRIVER_NUM, 2, 2, 0);
    host.end(0);
    setup.receive(b"zz", Ok(()), uart::Error::None);
    host.allow_rw(1, DRIVER_NUM, 1, 100, 8);
    assert_eq!(host.command(1, DRIVER_NUM, 2, 1, 0), SyscallReturn::Success);
}
