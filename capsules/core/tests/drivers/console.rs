//! Driver 0x1 on a port that the test plays.

use std::cell::{Cell, RefCell};

use capsules_core::console::{Console, DRIVER_NUM};
use kernel::hil::uart::{self, Receive, ReceiveClient, Transmit, TransmitClient};
use kernel::syscall::SyscallReturn;
use kernel::ErrorCode;

use testing::bench::{grants, Bench};
use testing::host::forever;

type Pending = RefCell<Option<(&'static mut [u8], usize)>>;

#[derive(Default)]
struct Port {
    tx: Pending,
    rx: Pending,
    aborted: Cell<bool>,
}

impl<'a> Transmit<'a> for Port {
    fn set_transmit_client(&self, _client: &'a dyn TransmitClient) {}

    fn transmit_buffer(
        &self,
        tx_buffer: &'static mut [u8],
        tx_len: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        assert!(self.tx.replace(Some((tx_buffer, tx_len))).is_none());
        Ok(())
    }

    fn transmit_word(&self, _word: u32) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn transmit_abort(&self) -> Result<(), ErrorCode> {
        Ok(())
    }
}

impl<'a> Receive<'a> for Port {
    fn set_receive_client(&self, _client: &'a dyn ReceiveClient) {}

    fn receive_buffer(
        &self,
        rx_buffer: &'static mut [u8],
        rx_len: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        assert!(self.rx.replace(Some((rx_buffer, rx_len))).is_none());
        Ok(())
    }

    fn receive_word(&self) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn receive_abort(&self) -> Result<(), ErrorCode> {
        self.aborted.set(true);
        Err(ErrorCode::BUSY)
    }
}

struct Setup {
    bench: Bench,
    port: &'static Port,
    console: &'static Console<'static>,
}

const WRITE_DONE: usize = 1;
const READ_DONE: usize = 2;

fn setup() -> Setup {
    let port = forever(Port::default());
    let made = Cell::new(None);
    let bench = Bench::new(|kernel| {
        let console: &'static Console = forever(Console::new(
            port,
            Box::leak(Box::new([0; 8])),
            Box::leak(Box::new([0; 8])),
            kernel.create_grant(DRIVER_NUM, grants()),
        ));
        made.set(Some(console));
        vec![(DRIVER_NUM, console)]
    });
    for index in 0..2 {
        bench.subscribe(index, DRIVER_NUM, WRITE_DONE);
        bench.subscribe(index, DRIVER_NUM, READ_DONE);
    }
    Setup {
        bench,
        port,
        console: made.take().unwrap(),
    }
}

impl Setup {
    /// Sends everything; returns it.
    fn sent(&self) -> String {
        let mut text = String::new();
        while let Some((buffer, length)) = self.port.tx.take() {
            text.push_str(core::str::from_utf8(&buffer[..length]).unwrap());
            self.console.transmitted_buffer(buffer, length, Ok(()));
        }
        text
    }

    fn receive(&self, data: &[u8], result: Result<(), ErrorCode>, error: uart::Error) {
        let (buffer, _) = self.port.rx.take().expect("a reception runs");
        buffer[..data.len()].copy_from_slice(data);
        self.console
            .received_buffer(buffer, data.len(), result, error);
    }
}

#[test]
fn writes_whole_lines_in_turn() {
    let setup = setup();
    let bench = &setup.bench;
    bench.allow_ro(0, DRIVER_NUM, 1, b"first app, one line\n");
    bench.allow_ro(1, DRIVER_NUM, 1, b"second\n");
    assert_eq!(
        bench.command(0, DRIVER_NUM, 0, 0, 0),
        SyscallReturn::Success
    );
    assert_eq!(
        bench.command(0, DRIVER_NUM, 1, 20, 0),
        SyscallReturn::Success
    );
    // More than is allowed is cut to what is.
    assert_eq!(
        bench.command(1, DRIVER_NUM, 1, 1000, 0),
        SyscallReturn::Success
    );
    assert_eq!(setup.sent(), "first app, one line\nsecond\n");
    assert_eq!(bench.upcalls(0), [(WRITE_DONE, [20, 0, 0])]);
    assert_eq!(bench.upcalls(1), [(WRITE_DONE, [7, 0, 0])]);
}

#[test]
fn writing_nothing_is_done_at_once() {
    let setup = setup();
    setup.bench.command(1, DRIVER_NUM, 1, 5, 0);
    assert!(setup.port.tx.borrow().is_none());
    assert_eq!(setup.bench.upcalls(1), [(WRITE_DONE, [0, 0, 0])]);
}

#[test]
fn a_buffer_that_is_taken_back_ends_the_write() {
    let setup = setup();
    let bench = &setup.bench;
    bench.allow_ro(0, DRIVER_NUM, 1, b"0123456789abcdef");
    bench.command(0, DRIVER_NUM, 1, 16, 0);
    bench.allow_ro(0, DRIVER_NUM, 1, b"");
    assert_eq!(setup.sent(), "01234567");
    assert_eq!(bench.upcalls(0), [(WRITE_DONE, [8, 0, 0])]);
}

#[test]
fn a_writer_without_an_end_does_not_keep_others_away() {
    let setup = setup();
    let bench = &setup.bench;
    bench.allow_ro(0, DRIVER_NUM, 1, b"flood flood\n");
    bench.allow_ro(1, DRIVER_NUM, 1, b"a line of the other app\n");
    bench.command(0, DRIVER_NUM, 1, 12, 0);
    bench.command(1, DRIVER_NUM, 1, 24, 0);
    let mut text = String::new();
    for _ in 0..8 {
        // It asks again before its last request is over.
        bench.command(0, DRIVER_NUM, 1, 12, 0);
        let (buffer, length) = setup.port.tx.take().expect("something is sent");
        text.push_str(core::str::from_utf8(&buffer[..length]).unwrap());
        setup.console.transmitted_buffer(buffer, length, Ok(()));
    }
    assert!(text.contains("a line of the other app\n"), "{text}");
    assert_eq!(bench.upcalls(1), [(WRITE_DONE, [24, 0, 0])]);
}

#[test]
fn the_end_of_a_writer_frees_the_port() {
    let setup = setup();
    let bench = &setup.bench;
    bench.allow_ro(0, DRIVER_NUM, 1, b"0123456789abcdef");
    bench.allow_ro(1, DRIVER_NUM, 1, b"next");
    bench.command(0, DRIVER_NUM, 1, 16, 0);
    bench.command(1, DRIVER_NUM, 1, 4, 0);
    bench.end(0);
    assert_eq!(setup.sent(), "01234567next");
    assert_eq!(bench.upcalls(1), [(WRITE_DONE, [4, 0, 0])]);
}

#[test]
fn one_app_reads_at_a_time() {
    let setup = setup();
    let bench = &setup.bench;
    bench.allow_rw(0, DRIVER_NUM, 1, 100, 8);
    bench.allow_rw(1, DRIVER_NUM, 1, 100, 100);
    assert_eq!(
        bench.command(1, DRIVER_NUM, 2, 9, 0),
        SyscallReturn::Failure(ErrorCode::INVAL)
    );
    assert_eq!(
        bench.command(0, DRIVER_NUM, 2, 5, 0),
        SyscallReturn::Success
    );
    assert_eq!(
        bench.command(1, DRIVER_NUM, 2, 5, 0),
        SyscallReturn::Failure(ErrorCode::BUSY)
    );
    // Nor can another app end it.
    bench.command(1, DRIVER_NUM, 3, 0, 0);
    assert!(!setup.port.aborted.get());
    setup.receive(b"hello", Ok(()), uart::Error::None);
    assert_eq!(bench.upcalls(0), [(READ_DONE, [0, 5, 0])]);
    assert_eq!(bench.peek(0, 100, 5), b"hello");
}

#[test]
fn a_reception_may_end_early() {
    let setup = setup();
    let bench = &setup.bench;
    bench.allow_rw(0, DRIVER_NUM, 1, 100, 8);
    bench.command(0, DRIVER_NUM, 2, 8, 0);
    bench.command(0, DRIVER_NUM, 3, 0, 0);
    assert!(setup.port.aborted.take());
    setup.receive(b"abc", Err(ErrorCode::CANCEL), uart::Error::Aborted);
    assert_eq!(
        bench.upcalls(0),
        [(READ_DONE, [ErrorCode::CANCEL as usize, 3, 0])]
    );
    assert_eq!(bench.peek(0, 100, 3), b"abc");

    bench.command(0, DRIVER_NUM, 2, 8, 0);
    setup.receive(b"x", Err(ErrorCode::FAIL), uart::Error::ParityError);
    assert_eq!(
        bench.upcalls(0),
        [(READ_DONE, [ErrorCode::FAIL as usize, 0, 0])]
    );

    // The app has allowed less since.
    bench.command(0, DRIVER_NUM, 2, 8, 0);
    bench.allow_rw(0, DRIVER_NUM, 1, 200, 2);
    setup.receive(b"12345678", Ok(()), uart::Error::None);
    assert_eq!(
        bench.upcalls(0),
        [(READ_DONE, [ErrorCode::SIZE as usize, 2, 0])]
    );
    assert_eq!(bench.peek(0, 200, 2), b"12");

    // A reader that has ended leaves the port to the others.
    bench.command(0, DRIVER_NUM, 2, 2, 0);
    bench.end(0);
    setup.receive(b"zz", Ok(()), uart::Error::None);
    bench.allow_rw(1, DRIVER_NUM, 1, 100, 8);
    assert_eq!(
        bench.command(1, DRIVER_NUM, 2, 1, 0),
        SyscallReturn::Success
    );
}
