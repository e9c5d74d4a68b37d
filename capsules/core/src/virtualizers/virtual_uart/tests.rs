//! A shared port on one that the test plays.

use super::*;
use core::cell::RefCell;
use kernel::hil::uart::{ReceiveClient, TransmitClient};
use std::boxed::Box;
use std::vec;
use std::vec::Vec;
use testing::uart::FakeUart;

#[derive(Debug, PartialEq)]
enum Event {
    Sent(u8, usize, Result<(), ErrorCode>),
    Received(u8, Vec<u8>, Result<(), ErrorCode>),
}

#[derive(Default)]
struct Log(RefCell<Vec<Event>>);

struct User {
    name: u8,
    log: &'static Log,
    device: &'static UartDevice<'static>,
    /// Lengths to receive again with from within the callback.
    again: RefCell<Vec<usize>>,
    /// Sends what was sent again, from within the callback.
    floods: Cell<bool>,
}

impl TransmitClient for User {
    fn transmitted_buffer(
        &self,
        buffer: &'static mut [u8],
        tx_len: usize,
        rval: Result<(), ErrorCode>,
    ) {
        let event = Event::Sent(self.name, tx_len, rval);
        self.log.0.borrow_mut().push(event);
        if self.floods.get() {
            assert!(self.device.transmit_buffer(buffer, tx_len).is_ok());
        }
    }
}

impl ReceiveClient for User {
    fn received_buffer(
        &self,
        buffer: &'static mut [u8],
        rx_len: usize,
        rval: Result<(), ErrorCode>,
        _error: Error,
    ) {
        let event = Event::Received(self.name, buffer[..rx_len].to_vec(), rval);
        self.log.0.borrow_mut().push(event);
        if let Some(length) = self.again.borrow_mut().pop() {
            assert!(self.device.receive_buffer(buffer, length).is_ok());
        }
    }
}

struct Bench {
    port: &'static FakeUart,
    mux: &'static MuxUart<'static>,
    log: &'static Log,
}

fn bytes(length: usize) -> &'static mut [u8] {
    Box::leak(vec![0; length].into_boxed_slice())
}

impl Bench {
    fn new() -> Self {
        let port: &'static FakeUart = Box::leak(Box::default());
        let mux: &'static MuxUart = Box::leak(Box::new(MuxUart::new(port, bytes(16), 115_200)));
        mux.initialize();
        port.set_transmit_client(mux);
        port.set_receive_client(mux);
        assert_eq!(port.parameters().unwrap().baud_rate, 115_200);
        Bench {
            port,
            mux,
            log: Box::leak(Box::default()),
        }
    }

    fn user(&self, name: u8) -> &'static User {
        let device: &'static UartDevice = Box::leak(Box::new(UartDevice::new(self.mux, true)));
        device.setup();
        let user: &'static User = Box::leak(Box::new(User {
            name,
            log: self.log,
            device,
            again: RefCell::default(),
            floods: Cell::new(false),
        }));
        device.set_transmit_client(user);
        device.set_receive_client(user);
        user
    }

    fn sent(&self) -> u8 {
        let sent = self.port.end_transmission();
        sent.expect("something is being sent")[0]
    }

    /// The port reports the reception that was cancelled.
    fn cancel(&self) {
        assert!(self.port.take_aborted());
        self.port
            .end_reception(Err(ErrorCode::CANCEL), Error::Aborted);
    }

    fn events(&self) -> Vec<Event> {
        self.log.0.take()
    }
}

#[test]
fn users_send_in_turn() {
    let bench = Bench::new();
    let users = [bench.user(0), bench.user(1), bench.user(2)];
    for user in users {
        let buffer = bytes(4);
        buffer[0] = user.name;
        assert!(user.device.transmit_buffer(buffer, 4).is_ok());
        assert_eq!(
            user.device.transmit_buffer(bytes(1), 1).unwrap_err().0,
            ErrorCode::BUSY
        );
    }
    assert_eq!(bench.sent(), 0);
    // User 0 has more at once, and still waits for the others.
    assert!(users[0].device.transmit_buffer(bytes(4), 4).is_ok());
    let mut order = [bench.sent(), bench.sent()];
    order.sort();
    assert_eq!(order, [1, 2]);
    assert_eq!(bench.sent(), 0);
    assert!(bench.port.transmission().is_none());
    assert_eq!(bench.events().len(), 4);
}

#[test]
fn a_user_that_floods_does_not_keep_others_away() {
    let bench = Bench::new();
    let users = [bench.user(0), bench.user(1)];
    users[0].floods.set(true);
    for user in users {
        let buffer = bytes(1);
        buffer[0] = user.name;
        assert!(user.device.transmit_buffer(buffer, 1).is_ok());
    }
    assert_eq!([bench.sent(), bench.sent(), bench.sent()], [0, 1, 0]);
}

#[test]
fn a_refused_buffer_comes_back() {
    let bench = Bench::new();
    let (a, b) = (bench.user(0), bench.user(1));
    assert_eq!(
        a.device.transmit_buffer(bytes(2), 3).unwrap_err().0,
        ErrorCode::SIZE
    );
    assert!(a.device.transmit_buffer(bytes(2), 2).is_ok());
    assert!(b.device.transmit_buffer(bytes(2), 2).is_ok());
    bench.port.refuses.set(true);
    bench.sent();
    assert_eq!(
        bench.events(),
        [
            Event::Sent(0, 2, Ok(())),
            Event::Sent(1, 0, Err(ErrorCode::OFF))
        ]
    );
    assert_eq!(
        a.device.transmit_buffer(bytes(2), 2).unwrap_err().0,
        ErrorCode::OFF
    );
    bench.port.refuses.set(false);
    assert!(a.device.transmit_buffer(bytes(2), 2).is_ok());
}

#[test]
fn every_user_gets_what_comes() {
    let bench = Bench::new();
    let (a, b) = (bench.user(0), bench.user(1));
    assert!(a.device.receive_buffer(bytes(8), 5).is_ok());
    assert!(b.device.receive_buffer(bytes(8), 2).is_ok());
    // The longer reception makes way for the shorter one.
    bench.cancel();
    bench.port.arrive(b"hello");
    assert_eq!(
        bench.events(),
        [
            Event::Received(1, b"he".to_vec(), Ok(())),
            Event::Received(0, b"hello".to_vec(), Ok(()))
        ]
    );
    assert!(!bench.port.is_receiving());
}

#[test]
fn a_request_longer_than_the_buffer_takes_several_receptions() {
    let bench = Bench::new();
    let a = bench.user(0);
    assert!(a.device.receive_buffer(bytes(64), 40).is_ok());
    let text: Vec<u8> = (0..40).collect();
    bench.port.arrive(&text);
    assert_eq!(bench.events(), [Event::Received(0, text, Ok(()))]);
}

#[test]
fn nothing_is_lost_between_receptions_of_one_byte() {
    let bench = Bench::new();
    let a = bench.user(0);
    *a.again.borrow_mut() = vec![1, 1, 1];
    assert!(a.device.receive_buffer(bytes(1), 1).is_ok());
    bench.port.arrive(b"abcd");
    let received: Vec<u8> = bench
        .events()
        .into_iter()
        .map(|event| match event {
            Event::Received(0, data, Ok(())) => data[0],
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(received, b"abcd");
}

#[test]
fn aborting_gives_what_has_come_and_leaves_the_others() {
    let bench = Bench::new();
    let (a, b) = (bench.user(0), bench.user(1));
    assert_eq!(a.device.receive_abort(), Ok(()));
    assert!(a.device.receive_buffer(bytes(8), 4).is_ok());
    assert!(b.device.receive_buffer(bytes(8), 4).is_ok());
    bench.port.arrive(b"xyz");
    assert_eq!(a.device.receive_abort(), Err(ErrorCode::BUSY));
    assert!(bench.events().is_empty());
    bench.cancel();
    assert_eq!(
        bench.events(),
        [Event::Received(0, b"xyz".to_vec(), Err(ErrorCode::CANCEL))]
    );
    bench.port.arrive(b"!");
    assert_eq!(
        bench.events(),
        [Event::Received(1, b"xyz!".to_vec(), Ok(()))]
    );
}

#[test]
fn an_error_on_the_line_ends_reception_with_it() {
    let bench = Bench::new();
    let a = bench.user(0);
    assert!(a.device.receive_buffer(bytes(8), 4).is_ok());
    bench.port.arrive(b"?");
    bench
        .port
        .end_reception(Err(ErrorCode::FAIL), Error::FramingError);
    assert_eq!(
        bench.events(),
        [Event::Received(0, b"?".to_vec(), Err(ErrorCode::FAIL))]
    );
    // A port that cannot go on tells those who still wait.
    let b = bench.user(1);
    assert!(a.device.receive_buffer(bytes(8), 2).is_ok());
    assert!(b.device.receive_buffer(bytes(8), 4).is_ok());
    bench.port.refuses.set(true);
    bench.port.arrive(b"?\0");
    assert_eq!(
        bench.events(),
        [
            Event::Received(0, vec![b'?', 0], Ok(())),
            Event::Received(1, vec![b'?', 0], Err(ErrorCode::OFF))
        ]
    );
}
