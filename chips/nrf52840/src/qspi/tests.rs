//! The driver against a fake register block: the test plays the peripheral and the memory.

use super::*;
use ::testing::Clock;
use kernel::hil::time::Ticks24;

use crate::testing::{fake_registers, triggered};
use kernel::hil::flash::{Flash, HasClient};
use kernel::utilities::cells::TakeCell;

type Driver = Qspi<'static, Clock<Ticks24>>;

/// Six pins, of which the driver tells the peripheral.
const PINS: QspiPins = QspiPins {
    sck: Pin::P0_19,
    csn: Pin::P0_17,
    io: [Pin::P0_20, Pin::P0_21, Pin::P0_22, Pin::P0_23],
};

struct Listener {
    identified: Cell<Option<Result<(), ErrorCode>>>,
    ended: Cell<Option<(&'static str, Result<(), ErrorCode>)>>,
    buffer: TakeCell<'static, [u8]>,
    page: TakeCell<'static, QspiPage>,
}

impl SectorFlashClient for Listener {
    fn ready(&self, result: Result<(), ErrorCode>) {
        self.identified.set(Some(result));
    }

    fn read_done(&self, buffer: &'static mut [u8], result: Result<(), ErrorCode>) {
        self.buffer.replace(buffer);
        self.ended.set(Some(("read", result)));
    }

    fn program_done(&self, buffer: &'static mut [u8], result: Result<(), ErrorCode>) {
        self.buffer.replace(buffer);
        self.ended.set(Some(("programmed", result)));
    }

    fn erase_done(&self, result: Result<(), ErrorCode>) {
        self.ended.set(Some(("erased", result)));
    }
}

fn code(result: Result<(), flash::Error>) -> Result<(), ErrorCode> {
    result.map_err(|_| ErrorCode::FAIL)
}

impl flash::Client<Driver> for Listener {
    fn read_complete(&self, page: &'static mut QspiPage, result: Result<(), flash::Error>) {
        self.page.replace(page);
        self.ended.set(Some(("page read", code(result))));
    }

    fn write_complete(&self, page: &'static mut QspiPage, result: Result<(), flash::Error>) {
        self.page.replace(page);
        self.ended.set(Some(("page written", code(result))));
    }

    fn erase_complete(&self, result: Result<(), flash::Error>) {
        self.ended.set(Some(("page erased", code(result))));
    }
}

struct Fixture {
    registers: StaticRef<QspiRegisters>,
    alarm: &'static Clock<Ticks24>,
    qspi: &'static Driver,
    listener: &'static Listener,
}

fn fixture() -> Fixture {
    let registers = fake_registers();
    let alarm: &'static Clock<Ticks24> = Box::leak(Box::default());
    let qspi: &'static Driver = Box::leak(Box::new(Qspi::new(registers, alarm)));
    let listener: &'static Listener = Box::leak(Box::new(Listener {
        identified: Cell::new(None),
        ended: Cell::new(None),
        buffer: TakeCell::empty(),
        page: TakeCell::empty(),
    }));
    qspi.set_nor_client(listener);
    HasClient::set_client(qspi, listener);
    qspi.initialize(PINS);
    Fixture {
        registers,
        alarm,
        qspi,
        listener,
    }
}

impl Fixture {
    fn ready(&self) {
        self.registers.events_ready.set(1);
        self.qspi.handle_interrupt();
    }

    /// The instruction sent since the last look, and the memory's answer to it.
    fn answer(&self, opcode: u32, data: u32) {
        assert_eq!(self.registers.cinstrconf.get() & 0xFF, opcode);
        self.registers.cinstrconf.set(0);
        self.registers.cinstrdat0.set(data);
        self.ready();
    }

    fn alarm(&self) {
        assert!(self.alarm.take_alarm().is_some());
        self.qspi.alarm();
    }

    fn identify(&self) {
        self.qspi.identify().unwrap();
        assert!(triggered(self.registers, &self.registers.tasks_activate));
        self.ready();
        self.answer(0xAB, 0);
        self.alarm();
        self.answer(0x9F, 0x17_28C2);
        self.answer(0x05, 0x40);
        assert_eq!(self.listener.identified.take(), Some(Ok(())));
        assert_eq!(self.qspi.identification(), MX25R6435F);
    }

    /// Ends a program or erase after `looks` looks at the status.
    fn memory_ends(&self, looks: u32) {
        self.ready();
        for look in 1..=looks {
            self.alarm();
            self.answer(0x05, if look < looks { 0x43 } else { 0x40 });
        }
    }
}

fn buffer(length: usize) -> &'static mut [u8] {
    let words: &'static mut [u32] = Box::leak(vec![0; length.div_ceil(4)].into_boxed_slice());
    // SAFETY: the words' own bytes.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), length) }
}

#[test]
fn pins_and_interface_are_those_of_the_dk() {
    let f = fixture();
    assert_eq!(f.registers.psel_sck.get(), 19);
    assert_eq!(f.registers.psel_csn.get(), 17);
    let io = f.registers.psel_io.each_ref().map(Readable::get);
    assert_eq!(io, [20, 21, 22, 23]);
    assert_eq!(f.registers.ifconfig0.get(), 4 | 3 << 3);
    assert_eq!(f.registers.ifconfig1.get(), 3 << 28 | 1);
}

#[test]
fn a_memory_without_quad_mode_set_gets_it() {
    let f = fixture();
    f.qspi.identify().unwrap();
    f.ready();
    f.answer(0xAB, 0);
    f.alarm();
    f.answer(0x9F, 0x17_28C2);
    f.answer(0x05, 0x00);
    assert_eq!(f.registers.cinstrdat0.get(), 0x40);
    f.answer(0x01, 0);
    f.alarm();
    f.answer(0x05, 0x03);
    f.alarm();
    f.answer(0x05, 0x40);
    assert_eq!(f.listener.identified.take(), Some(Ok(())));
    assert_eq!(f.qspi.identification(), MX25R6435F);
}

#[test]
fn another_memory_or_none_is_not_used() {
    let f = fixture();
    f.qspi.identify().unwrap();
    assert_eq!(f.qspi.identify(), Err(ErrorCode::BUSY));
    f.ready();
    f.answer(0xAB, 0);
    f.alarm();
    f.answer(0x9F, 0x00FF_FFFF);
    assert_eq!(f.listener.identified.take(), Some(Err(ErrorCode::NODEVICE)));
    assert_eq!(f.qspi.identification(), [0xFF; 3]);
    assert_eq!(f.qspi.erase_sector(0), Err(ErrorCode::OFF));
    let (error, _) = f.qspi.read(0, buffer(4), 4).unwrap_err();
    assert_eq!(error, ErrorCode::OFF);
}

#[test]
fn bytes_are_read_by_dma() {
    let f = fixture();
    f.identify();
    let target = buffer(64);
    let address = target.as_ptr() as usize as u32;
    f.qspi.read(0x1_2344, target, 32).unwrap();
    assert!(triggered(f.registers, &f.registers.tasks_readstart));
    assert_eq!(f.registers.read_src.get(), 0x1_2344);
    assert_eq!(f.registers.read_dst.get(), address);
    assert_eq!(f.registers.read_cnt.get(), 32);
    assert_eq!(f.qspi.erase_sector(0), Err(ErrorCode::BUSY));
    f.ready();
    assert_eq!(f.listener.ended.take(), Some(("read", Ok(()))));
    assert_eq!(f.listener.buffer.take().unwrap().len(), 64);
}

#[test]
fn programming_goes_page_by_page_with_pauses() {
    let f = fixture();
    f.identify();
    let source = buffer(600);
    let address = source.as_ptr() as usize as u32;
    f.qspi.program(0x10F0, source, 600).unwrap();
    for (at, piece) in [(0x10F0, 16), (0x1100, 256), (0x1200, 256), (0x1300, 72)] {
        assert!(triggered(f.registers, &f.registers.tasks_writestart));
        assert_eq!(f.registers.write_dst.get(), at);
        assert_eq!(f.registers.write_cnt.get(), piece);
        assert_eq!(
            f.registers.write_src.get(),
            address.wrapping_add(at - 0x10F0)
        );
        assert_eq!(f.listener.ended.take(), None);
        f.memory_ends(2);
    }
    assert_eq!(f.listener.ended.take(), Some(("programmed", Ok(()))));
}

#[test]
fn a_memory_that_never_ends_is_reported() {
    let f = fixture();
    f.identify();
    f.qspi.erase_sector(0x3000).unwrap();
    f.ready();
    for _ in 0..POLLS {
        f.alarm();
        f.answer(0x05, 0x43);
        assert_eq!(f.listener.ended.take(), None);
    }
    f.alarm();
    f.answer(0x05, 0x43);
    let failed = ("erased", Err(ErrorCode::FAIL));
    assert_eq!(f.listener.ended.take(), Some(failed));
}

#[test]
fn a_page_is_erased_and_then_programmed_in_sixteen_pieces() {
    let f = fixture();
    f.identify();
    let page: &'static mut QspiPage = Box::leak(Box::default());
    assert!(f.qspi.write_page(5, page).is_ok());
    assert!(triggered(f.registers, &f.registers.tasks_erasestart));
    assert_eq!(f.registers.erase_ptr.get(), 0x5000);
    f.memory_ends(8);
    for piece in 0..16 {
        assert_eq!(f.registers.write_dst.get(), 0x5000 + piece * 256);
        f.memory_ends(1);
    }
    assert_eq!(f.listener.ended.take(), Some(("page written", Ok(()))));
    let page = f.listener.page.take().unwrap();
    assert!(f.qspi.read_page(2047, page).is_ok());
    f.ready();
    assert_eq!(f.listener.ended.take(), Some(("page read", Ok(()))));
    f.qspi.erase_page(0).unwrap();
    f.memory_ends(1);
    assert_eq!(f.listener.ended.take(), Some(("page erased", Ok(()))));
}

#[test]
fn what_dma_or_the_memory_cannot_do_is_refused() {
    let f = fixture();
    f.identify();
    let refused =
        |address, length: usize, asked| f.qspi.read(address, buffer(length), asked).unwrap_err().0;
    assert_eq!(refused(0, 8, 12), ErrorCode::SIZE);
    assert_eq!(refused(0, 8, 0), ErrorCode::SIZE);
    assert_eq!(refused(2, 8, 8), ErrorCode::INVAL);
    assert_eq!(refused(0, 8, 6), ErrorCode::INVAL);
    assert_eq!(refused(CAPACITY - 4, 8, 8), ErrorCode::INVAL);
    assert_eq!(refused(0xFFFF_FFFC, 8, 8), ErrorCode::INVAL);
    let misaligned = &mut buffer(8)[1..5];
    let (error, _) = f.qspi.program(0, misaligned, 4).unwrap_err();
    assert_eq!(error, ErrorCode::INVAL);
    assert_eq!(f.qspi.erase_sector(100), Err(ErrorCode::INVAL));
    assert_eq!(f.qspi.erase_sector(CAPACITY), Err(ErrorCode::INVAL));
    assert_eq!(f.qspi.erase_page(2048), Err(ErrorCode::INVAL));
}
