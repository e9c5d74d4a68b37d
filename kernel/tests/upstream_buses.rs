//! Interfaces of hardware that the meter has not, as upstream's capsules and boards ask for them.

#[path = "upstream/buses.rs"]
mod buses;

use std::cell::Cell;
use std::num::NonZeroU32;

use buses::{both, Inbox, Keys, OnePin, Peripheral, Slave};
use kernel::capabilities::ApplicationStorageCapability;
use kernel::create_capability;
use kernel::hil::gpio::Configure;
use kernel::hil::i2c::{self, I2CDevice, I2CHwMasterClient, I2CMaster, NoSMBus, SMBusDevice};
use kernel::hil::public_key_crypto::keys::{PubKey, PubPrivKey, PubPrivKeyGenerate};
use kernel::hil::pwm::{Pwm, PwmPin};
use kernel::hil::spi::cs::ChipSelectPolar;
use kernel::hil::spi::{ClockPhase, ClockPolarity, SpiMaster, SpiMasterClient, SpiMasterDevice};
use kernel::platform::chip::Chip;
use kernel::process::{
    ProcessStandard, ProcessStandardDebug, ProcessStandardDebugFull,
    ProcessStandardStoragePermissionsPolicy,
};
use kernel::storage_permissions::StoragePermissions;
use kernel::syscall::Syscall;
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::leasable_buffer::SubSliceMut;
use kernel::ErrorCode;
use testing::pin::FakePin;
use testing::random::FakeEntropy;
use testing::{forever, FakeChip};

/// A bus on which nobody but address 0x42 answers, with its own address.
#[derive(Default)]
struct Bus<'a> {
    client: OptionalCell<&'a dyn I2CHwMasterClient>,
    on: Cell<bool>,
}

impl Bus<'_> {
    fn transfer(&self, address: u8, data: &'static mut [u8], len: usize) -> Transfer {
        if !self.on.get() {
            return Err((i2c::Error::NotSupported, data));
        }
        data[..len].fill(address);
        let status = match address {
            0x42 => Ok(()),
            _ => Err(i2c::Error::AddressNak),
        };
        self.client
            .map(|client| client.command_complete(data, status));
        Ok(())
    }
}

type Transfer = Result<(), (i2c::Error, &'static mut [u8])>;

impl<'a> I2CMaster<'a> for Bus<'a> {
    fn set_master_client(&self, master_client: &'a dyn I2CHwMasterClient) {
        self.client.set(master_client);
    }

    fn enable(&self) {
        self.on.set(true);
    }

    fn disable(&self) {
        self.on.set(false);
    }

    fn write_read(
        &self,
        addr: u8,
        data: &'static mut [u8],
        _write_len: usize,
        read_len: usize,
    ) -> Transfer {
        self.transfer(addr, data, read_len)
    }

    fn write(&self, addr: u8, data: &'static mut [u8], _len: usize) -> Transfer {
        self.transfer(addr, data, 0)
    }

    fn read(&self, addr: u8, buffer: &'static mut [u8], len: usize) -> Transfer {
        self.transfer(addr, buffer, len)
    }
}

fn bytes(length: usize) -> &'static mut [u8] {
    vec![0; length].leak()
}

#[test]
fn an_i2c_device_gives_its_buffer_back_once_whatever_happens() {
    let bus: &'static Bus<'static> = forever(Bus::default());
    let inbox: &'static Inbox = forever(Inbox::new());
    for (address, status) in [(0x42, Ok(())), (0x43, Err(i2c::Error::AddressNak))] {
        let slave: &'static Slave<Bus, NoSMBus> = forever(Slave::new(bus, None, address));
        bus.set_master_client(slave);
        slave.set_client(inbox);
        let (error, buffer) = slave.read(bytes(4), 2).expect_err("it is off");
        assert_eq!(ErrorCode::from(error), ErrorCode::NOSUPPORT);
        slave.enable();
        assert!(slave.write_read(buffer, 1, 2).is_ok());
        assert_eq!(inbox.i2c.take(), Some((4, status)));
        let buffer = inbox.buffer.take().expect("it is back");
        assert_eq!(buffer, [address, address, 0, 0]);
        // No SMBus: the buffer is back at once, and no callback comes.
        let (error, _) = slave.smbus_write(buffer, 1).expect_err("there is none");
        assert_eq!(error, i2c::Error::NotSupported);
        assert_eq!(inbox.i2c.take(), None);
        slave.disable();
    }
    assert_eq!(
        [
            i2c::Error::DataNak,
            i2c::Error::ArbitrationLost,
            i2c::Error::Overrun,
            i2c::Error::Busy
        ]
        .map(ErrorCode::from),
        [
            ErrorCode::NOACK,
            ErrorCode::RESERVE,
            ErrorCode::SIZE,
            ErrorCode::BUSY
        ]
    );
}

/// A controller that selects by pins and counts the bytes that it was given.
#[derive(Default)]
struct Controller<'a> {
    client: OptionalCell<&'a dyn SpiMasterClient>,
    selected: OptionalCell<ChipSelectPolar<'a, FakePin>>,
    rate: Cell<u32>,
}

impl<'a> SpiMaster<'a> for Controller<'a> {
    type ChipSelect = ChipSelectPolar<'a, FakePin>;

    fn init(&self) -> Result<(), ErrorCode> {
        Ok(())
    }

    fn set_client(&self, client: &'a dyn SpiMasterClient) {
        self.client.set(client);
    }

    fn is_busy(&self) -> bool {
        false
    }

    fn read_write_bytes(
        &self,
        write_buffer: SubSliceMut<'static, u8>,
        read_buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<
        (),
        (
            ErrorCode,
            SubSliceMut<'static, u8>,
            Option<SubSliceMut<'static, u8>>,
        ),
    > {
        let length = write_buffer.len();
        if length == 0 {
            return Err((ErrorCode::INVAL, write_buffer, read_buffer));
        }
        self.selected.map(|pin| pin.activate());
        self.client
            .map(|client| client.read_write_done(write_buffer, read_buffer, Ok(length)));
        Ok(())
    }

    fn write_byte(&self, _val: u8) -> Result<(), ErrorCode> {
        Ok(())
    }

    fn read_byte(&self) -> Result<u8, ErrorCode> {
        Ok(0)
    }

    fn read_write_byte(&self, val: u8) -> Result<u8, ErrorCode> {
        Ok(val)
    }

    fn specify_chip_select(&self, cs: Self::ChipSelect) -> Result<(), ErrorCode> {
        self.selected.set(cs);
        cs.deactivate();
        Ok(())
    }

    fn set_rate(&self, rate: u32) -> Result<u32, ErrorCode> {
        self.rate.set(rate);
        Ok(rate)
    }

    fn get_rate(&self) -> u32 {
        self.rate.get()
    }

    fn set_polarity(&self, _polarity: ClockPolarity) -> Result<(), ErrorCode> {
        Ok(())
    }

    fn get_polarity(&self) -> ClockPolarity {
        ClockPolarity::IdleLow
    }

    fn set_phase(&self, _phase: ClockPhase) -> Result<(), ErrorCode> {
        Ok(())
    }

    fn get_phase(&self) -> ClockPhase {
        ClockPhase::SampleLeading
    }

    fn hold_low(&self) {}

    fn release_low(&self) {}
}

#[test]
fn a_spi_device_selects_by_a_pin_of_its_polarity() {
    let pin: &'static FakePin = forever(FakePin::default());
    pin.make_output();
    let (low, high) = both(pin);
    low.activate();
    assert!(!pin.is_high());
    high.activate();
    assert!(pin.is_high());
    high.deactivate();
    assert!(!pin.is_high());

    let bus: &'static Controller<'static> = forever(Controller::default());
    let inbox: &'static Inbox = forever(Inbox::new());
    let device = Peripheral::active_low(bus, pin);
    device.set_client(inbox);
    let configured = device.configure(ClockPolarity::IdleHigh, ClockPhase::SampleTrailing, 400_000);
    assert_eq!((configured, device.get_rate()), (Ok(()), 400_000));
    assert_eq!(device.get_polarity(), ClockPolarity::IdleHigh);
    assert!(pin.is_high(), "not selected yet");
    let mut window = SubSliceMut::new(bytes(8));
    window.slice(2..5);
    assert!(device.read_write_bytes(window, None).is_ok());
    assert!(!pin.is_high(), "selected");
    assert_eq!(inbox.spi.take(), Some(Ok(3)));
    assert_eq!(inbox.buffer.take().map(|buffer| buffer.len()), Some(8));
}

struct Modulator(Cell<(u8, usize, usize)>);

impl Pwm for Modulator {
    type Pin = u8;

    fn start(&self, pin: &u8, frequency_hz: usize, duty_cycle: usize) -> Result<(), ErrorCode> {
        self.0.set((*pin, frequency_hz, duty_cycle));
        Ok(())
    }

    fn stop(&self, _pin: &u8) -> Result<(), ErrorCode> {
        Err(ErrorCode::ALREADY)
    }

    fn get_maximum_frequency_hz(&self) -> usize {
        500_000
    }

    fn get_maximum_duty_cycle(&self) -> usize {
        1_000
    }
}

#[test]
fn a_modulated_pin_is_its_modulators() {
    let modulator = Modulator(Cell::default());
    let pin = OnePin {
        pwm: &modulator,
        pin: 17,
    };
    assert_eq!(pin.start(2_000, pin.get_maximum_duty_cycle() / 4), Ok(()));
    assert_eq!(modulator.0.get(), (17, 2_000, 250));
    assert_eq!(pin.stop(), Err(ErrorCode::ALREADY));
    assert_eq!(pin.get_maximum_frequency_hz(), 500_000);
}

#[test]
fn keys_are_lent_and_given_back() {
    let keys: &'static Keys = forever(Keys::default());
    assert_eq!(keys.pub_key(), Err(ErrorCode::NODEVICE));
    let refused = keys.import_public_key(&[1, 2, 3]);
    assert_eq!(refused, Err((ErrorCode::SIZE, &[1, 2, 3][..])));
    assert_eq!(keys.import_public_key(&[1, 2, 3, 4]), Ok(()));
    assert_eq!((PubKey::len(keys), PubPrivKey::len(keys)), (4, 0));
    assert_eq!(keys.pub_key(), Ok(&[1, 2, 3, 4][..]));
    let source: &'static FakeEntropy = forever(FakeEntropy::default());
    assert!(keys.generate(source, bytes(4), bytes(4)).is_ok());
    assert!(source.is_wanted());
}

/// A policy for processes whatever they keep for debugging, as upstream's are.
struct ByWriteId;

impl<C: Chip, D: ProcessStandardDebug> ProcessStandardStoragePermissionsPolicy<C, D> for ByWriteId {
    fn get_permissions(&self, process: &ProcessStandard<C, D>) -> StoragePermissions {
        let identifier = process.get_tbf_storage_write_id();
        StoragePermissions::new_self_only(
            identifier.unwrap_or(NonZeroU32::MIN),
            &create_capability!(ApplicationStorageCapability),
        )
    }
}

#[test]
fn what_is_kept_for_debugging_is_all_or_nothing() {
    fn use_up<D: ProcessStandardDebug>() -> (D, [usize; 3], bool) {
        let debug = D::default();
        debug.increment_syscall_count();
        debug.increment_syscall_count();
        debug.increment_dropped_upcall_count();
        debug.increment_timeslice_expiration_count();
        debug.reset_timeslice_expiration_count();
        debug.set_last_syscall(Syscall::Memop {
            operand: 1,
            arg0: 2,
        });
        debug.set_fixed_address_flash(0x4_0000);
        for address in [0x2000_0100, 0x2000_0040, 0x2000_0080] {
            debug.set_new_app_stack_min_pointer(std::ptr::without_provenance(address));
        }
        let counts = [
            debug.get_syscall_count(),
            debug.get_dropped_upcall_count(),
            debug.get_timeslice_expiration_count(),
        ];
        let known = debug.get_last_syscall().is_some();
        (debug, counts, known)
    }
    let (full, counts, known) = use_up::<ProcessStandardDebugFull>();
    assert_eq!((counts, known), ([2, 1, 0], true));
    assert_eq!(full.get_fixed_address_flash(), Some(0x4_0000));
    assert_eq!(full.get_fixed_address_ram(), None);
    let lowest = full.get_app_stack_min_pointer().map(<*const u8>::addr);
    assert_eq!(lowest, Some(0x2000_0040));
    assert_eq!(full.get_app_heap_start_pointer(), None);
    full.reset_last_syscall();
    assert!(full.get_last_syscall().is_none());

    let ((), counts, known) = use_up::<()>();
    assert_eq!((counts, known), ([0; 3], false));

    fn is_policy<C: Chip, D: ProcessStandardDebug>(
        _: &dyn ProcessStandardStoragePermissionsPolicy<C, D>,
    ) {
    }
    is_policy::<FakeChip, ()>(&ByWriteId);
    is_policy::<FakeChip, ProcessStandardDebugFull>(&ByWriteId);
}
