//! The driver against a fake register block.

use super::*;
use crate::registers::ppi::PpiRegisters;
use crate::registers::timer::TimerRegisters;
use crate::testing::{fake_registers, poke, triggered};
use kernel::hil::uart::{
    Configure, Error, Parameters, Parity, Receive, ReceiveAdvanced, StopBits, Transmit, Width,
};
use kernel::utilities::cells::TakeCell;

/// Length, result and error of a callback.
type Ending = (usize, Result<(), ErrorCode>, Error);

struct Listener {
    buffer: TakeCell<'static, [u8]>,
    ended: Cell<Option<Ending>>,
}

impl uart::TransmitClient for Listener {
    fn transmitted_buffer(
        &self,
        tx_buffer: &'static mut [u8],
        tx_len: usize,
        rval: Result<(), ErrorCode>,
    ) {
        self.buffer.replace(tx_buffer);
        self.ended.set(Some((tx_len, rval, Error::None)));
    }
}

impl uart::ReceiveClient for Listener {
    fn received_buffer(
        &self,
        rx_buffer: &'static mut [u8],
        rx_len: usize,
        rval: Result<(), ErrorCode>,
        error: Error,
    ) {
        self.buffer.replace(rx_buffer);
        self.ended.set(Some((rx_len, rval, error)));
    }
}

struct Fixture {
    registers: StaticRef<UarteRegisters>,
    timer: StaticRef<TimerRegisters>,
    ppi: StaticRef<PpiRegisters>,
    uarte: Uarte<'static>,
    listener: &'static Listener,
}

fn parameters() -> Parameters {
    Parameters {
        baud_rate: 115_200,
        width: Width::Eight,
        parity: Parity::None,
        stop_bits: StopBits::One,
        hw_flow_control: false,
    }
}

fn fixture() -> Fixture {
    let (registers, timer, ppi) = (fake_registers(), fake_registers(), fake_registers());
    let uarte = Uarte::new(
        registers,
        PauseDetector {
            timer: Timer::new(timer),
            ppi: Ppi::new(ppi),
            byte_channel: 3,
            timeout_channel: 4,
        },
    );
    let listener: &'static Listener = Box::leak(Box::new(Listener {
        buffer: TakeCell::empty(),
        ended: Cell::new(None),
    }));
    uarte.set_transmit_client(listener);
    uarte.set_receive_client(listener);
    uarte.initialize(Pin::P0_06, Pin::P0_08, None, None);
    uarte.configure(parameters()).unwrap();
    Fixture {
        registers,
        timer,
        ppi,
        uarte,
        listener,
    }
}

fn buffer(length: usize) -> &'static mut [u8] {
    Box::leak(vec![0; length].into_boxed_slice())
}

impl Fixture {
    fn end_receive(&self, amount: u32) {
        poke(self.registers, &self.registers.rxd_amount, amount);
        self.registers.events_endrx.set(1);
        self.uarte.handle_interrupt();
    }

    fn end_transmit(&self, amount: u32) {
        poke(self.registers, &self.registers.txd_amount, amount);
        self.registers.events_endtx.set(1);
        self.uarte.handle_interrupt();
    }

    fn rest(&self) {
        self.registers.events_rxto.set(1);
        self.uarte.handle_interrupt();
    }
}

#[test]
fn pins_rate_and_frame_are_set() {
    let f = fixture();
    assert_eq!(f.registers.psel_txd.get(), 6);
    assert_eq!(f.registers.psel_rxd.get(), 8);
    assert_eq!(f.registers.psel_cts.get(), 0xFFFF_FFFF);
    assert_eq!(f.registers.enable.get(), 8);
    assert_eq!(f.registers.baudrate.get(), 0x01D6_0000);
    let even = Parameters {
        parity: Parity::Even,
        stop_bits: StopBits::Two,
        ..parameters()
    };
    f.uarte.configure(even).unwrap();
    assert_eq!(f.registers.config.get(), 0x1E);
}

#[test]
fn what_the_part_cannot_do_is_refused() {
    let f = fixture();
    let refused = |change: fn(&mut Parameters)| {
        let mut wrong = parameters();
        change(&mut wrong);
        f.uarte.configure(wrong).unwrap_err()
    };
    assert_eq!(refused(|p| p.baud_rate = 0), ErrorCode::INVAL);
    assert_eq!(refused(|p| p.baud_rate = 12_345), ErrorCode::NOSUPPORT);
    assert_eq!(refused(|p| p.width = Width::Seven), ErrorCode::NOSUPPORT);
    assert_eq!(refused(|p| p.parity = Parity::Odd), ErrorCode::NOSUPPORT);
    assert_eq!(refused(|p| p.hw_flow_control = true), ErrorCode::NOSUPPORT);
}

#[test]
fn a_buffer_is_sent_and_comes_back() {
    let f = fixture();
    f.uarte.transmit_buffer(buffer(20), 12).unwrap();
    assert_eq!(f.registers.txd_maxcnt.get(), 12);
    assert!(triggered(f.registers, &f.registers.tasks_starttx));
    let (error, _) = f.uarte.transmit_buffer(buffer(1), 1).unwrap_err();
    assert_eq!(error, ErrorCode::BUSY);
    f.end_transmit(12);
    assert_eq!(f.listener.ended.take(), Some((12, Ok(()), Error::None)));
    assert_eq!(f.listener.buffer.take().unwrap().len(), 20);
    assert_eq!(f.uarte.transmit_abort(), Ok(()));
}

#[test]
fn more_than_easydma_takes_goes_in_chunks() {
    let f = fixture();
    f.uarte.transmit_buffer(buffer(70_000), 70_000).unwrap();
    let first = f.registers.txd_ptr.get();
    assert_eq!(f.registers.txd_maxcnt.get(), 0xFFFF);
    f.end_transmit(0xFFFF);
    assert_eq!(f.listener.ended.take(), None);
    assert_eq!(f.registers.txd_ptr.get().wrapping_sub(first), 0xFFFF);
    assert_eq!(f.registers.txd_maxcnt.get(), 70_000 - 0xFFFF);
    f.end_transmit(70_000 - 0xFFFF);
    assert_eq!(f.listener.ended.take(), Some((70_000, Ok(()), Error::None)));
}

#[test]
fn an_aborted_transmission_says_how_far_it_came() {
    let f = fixture();
    f.uarte.transmit_buffer(buffer(20), 20).unwrap();
    assert_eq!(f.uarte.transmit_abort(), Err(ErrorCode::BUSY));
    assert!(triggered(f.registers, &f.registers.tasks_stoptx));
    f.end_transmit(7);
    assert_eq!(f.listener.ended.take(), None);
    f.registers.events_txstopped.set(1);
    f.uarte.handle_interrupt();
    let cancelled = (7, Err(ErrorCode::CANCEL), Error::None);
    assert_eq!(f.listener.ended.take(), Some(cancelled));
}

#[test]
fn lengths_are_checked() {
    let f = fixture();
    let sizes = [(5, 0), (5, 6)];
    for (length, asked) in sizes {
        let (error, _) = f.uarte.transmit_buffer(buffer(length), asked).unwrap_err();
        assert_eq!(error, ErrorCode::SIZE);
        let (error, _) = f.uarte.receive_buffer(buffer(length), asked).unwrap_err();
        assert_eq!(error, ErrorCode::SIZE);
    }
}

#[test]
fn a_received_buffer_comes_back_and_the_receiver_stays_on() {
    let f = fixture();
    f.uarte.receive_buffer(buffer(8), 8).unwrap();
    assert_eq!(f.registers.rxd_maxcnt.get(), 8);
    f.end_receive(8);
    assert_eq!(f.listener.ended.take(), Some((8, Ok(()), Error::None)));
    assert!(!triggered(f.registers, &f.registers.tasks_stoprx));
    assert_eq!(f.uarte.receive_abort(), Ok(()));
}

#[test]
fn an_abort_gives_back_what_has_come_once_the_receiver_rests() {
    let f = fixture();
    f.uarte.receive_buffer(buffer(8), 8).unwrap();
    assert_eq!(f.uarte.receive_abort(), Err(ErrorCode::BUSY));
    assert!(triggered(f.registers, &f.registers.tasks_stoprx));
    f.end_receive(3);
    assert_eq!(f.listener.ended.take(), None);
    f.rest();
    let cancelled = (3, Err(ErrorCode::CANCEL), Error::Aborted);
    assert_eq!(f.listener.ended.take(), Some(cancelled));
}

#[test]
fn a_pause_is_timed_by_hardware_and_ends_the_reception() {
    let f = fixture();
    f.uarte.receive_automatic(buffer(64), 64, 100).unwrap();
    assert_eq!(f.timer.cc[0].get(), 13_889);
    assert_eq!(f.ppi.chenset.get(), 0b11000);
    assert_eq!(
        f.ppi.ch[4].tep.get(),
        register_address(&f.registers.tasks_stoprx)
    );
    // The timer stopped the receiver: no task of the CPU.
    assert!(!triggered(f.registers, &f.registers.tasks_stoprx));
    f.end_receive(10);
    assert_eq!(f.listener.ended.take(), None);
    f.rest();
    let short = (10, Err(ErrorCode::SIZE), Error::None);
    assert_eq!(f.listener.ended.take(), Some(short));
    assert_eq!(f.ppi.chenclr.get(), 0b11000);
}

#[test]
fn a_pause_right_after_the_last_byte_does_not_hit_the_next_reception() {
    let f = fixture();
    f.uarte.receive_automatic(buffer(4), 4, 20).unwrap();
    f.timer.events_compare[0].set(1);
    f.end_receive(4);
    assert_eq!(f.listener.ended.take(), None);
    f.rest();
    assert_eq!(f.listener.ended.take(), Some((4, Ok(()), Error::None)));
}

#[test]
fn line_errors_are_reported_with_the_buffer() {
    let f = fixture();
    f.uarte.receive_buffer(buffer(1), 1).unwrap();
    f.registers.errorsrc.set(0b1100);
    f.registers.events_error.set(1);
    f.end_receive(1);
    let failed = (1, Err(ErrorCode::FAIL), Error::BreakError);
    assert_eq!(f.listener.ended.take(), Some(failed));
}
