//! Buses, modulated pins and keys, used as upstream's virtualizers and drivers use them.

use core::cell::Cell;

use kernel::hil::entropy::Entropy32;
use kernel::hil::i2c::{self, I2CClient, I2CDevice, I2CHwMasterClient, I2CMaster, NoSMBus};
use kernel::hil::i2c::{SMBusDevice, SMBusMaster};
use kernel::hil::public_key_crypto::keys::{
    PubKey, PubPrivKey, PubPrivKeyGenerate, PubPrivKeyGenerateClient,
};
use kernel::hil::pwm::{Pwm, PwmPin};
use kernel::hil::spi::cs::{ActiveHigh, ActiveLow, ChipSelectPolar, IntoChipSelect};
use kernel::hil::spi::{ClockPhase, ClockPolarity, SpiMaster, SpiMasterClient, SpiMasterDevice};
use kernel::utilities::cells::{MapCell, OptionalCell, TakeCell};
use kernel::utilities::leasable_buffer::SubSliceMut;
use kernel::ErrorCode;

/// One slave of a bus that has no SMBus, unless another is named.
pub struct Slave<'a, I: I2CMaster<'a>, S: SMBusMaster<'a> = NoSMBus> {
    bus: &'a I,
    smbus: Option<&'a S>,
    address: u8,
    client: OptionalCell<&'a dyn I2CClient>,
}

impl<'a, I: I2CMaster<'a>, S: SMBusMaster<'a>> Slave<'a, I, S> {
    pub fn new(bus: &'a I, smbus: Option<&'a S>, address: u8) -> Self {
        Slave {
            bus,
            smbus,
            address,
            client: OptionalCell::empty(),
        }
    }

    pub fn set_client(&self, client: &'a dyn I2CClient) {
        self.client.set(client);
    }
}

impl<'a, I: I2CMaster<'a>, S: SMBusMaster<'a>> I2CHwMasterClient for Slave<'a, I, S> {
    fn command_complete(&self, buffer: &'static mut [u8], status: Result<(), i2c::Error>) {
        self.client
            .map(|client| client.command_complete(buffer, status));
    }
}

impl<'a, I: I2CMaster<'a>, S: SMBusMaster<'a>> I2CDevice for Slave<'a, I, S> {
    fn enable(&self) {
        self.bus.enable();
    }

    fn disable(&self) {
        self.bus.disable();
    }

    fn write_read(
        &self,
        data: &'static mut [u8],
        write_len: usize,
        read_len: usize,
    ) -> Result<(), (i2c::Error, &'static mut [u8])> {
        self.bus.write_read(self.address, data, write_len, read_len)
    }

    fn write(
        &self,
        data: &'static mut [u8],
        len: usize,
    ) -> Result<(), (i2c::Error, &'static mut [u8])> {
        self.bus.write(self.address, data, len)
    }

    fn read(
        &self,
        buffer: &'static mut [u8],
        len: usize,
    ) -> Result<(), (i2c::Error, &'static mut [u8])> {
        self.bus.read(self.address, buffer, len)
    }
}

impl<'a, I: I2CMaster<'a>, S: SMBusMaster<'a>> SMBusDevice for Slave<'a, I, S> {
    fn smbus_write_read(
        &self,
        data: &'static mut [u8],
        write_len: usize,
        read_len: usize,
    ) -> Result<(), (i2c::Error, &'static mut [u8])> {
        match self.smbus {
            Some(bus) => bus.smbus_write_read(self.address, data, write_len, read_len),
            None => Err((i2c::Error::NotSupported, data)),
        }
    }

    fn smbus_write(
        &self,
        data: &'static mut [u8],
        len: usize,
    ) -> Result<(), (i2c::Error, &'static mut [u8])> {
        match self.smbus {
            Some(bus) => bus.smbus_write(self.address, data, len),
            None => Err((i2c::Error::NotSupported, data)),
        }
    }

    fn smbus_read(
        &self,
        buffer: &'static mut [u8],
        len: usize,
    ) -> Result<(), (i2c::Error, &'static mut [u8])> {
        match self.smbus {
            Some(bus) => bus.smbus_read(self.address, buffer, len),
            None => Err((i2c::Error::NotSupported, buffer)),
        }
    }
}

/// A client that keeps what came.
pub struct Inbox {
    pub i2c: Cell<Option<(usize, Result<(), i2c::Error>)>>,
    pub spi: Cell<Option<Result<usize, ErrorCode>>>,
    pub buffer: TakeCell<'static, [u8]>,
}

impl Inbox {
    pub fn new() -> Self {
        Inbox {
            i2c: Cell::new(None),
            spi: Cell::new(None),
            buffer: TakeCell::empty(),
        }
    }
}

impl I2CClient for Inbox {
    fn command_complete(&self, buffer: &'static mut [u8], status: Result<(), i2c::Error>) {
        self.i2c.set(Some((buffer.len(), status)));
        self.buffer.replace(buffer);
    }
}

impl SpiMasterClient for Inbox {
    fn read_write_done(
        &self,
        write_buffer: SubSliceMut<'static, u8>,
        read_buffer: Option<SubSliceMut<'static, u8>>,
        status: Result<usize, ErrorCode>,
    ) {
        assert!(read_buffer.is_none());
        self.spi.set(Some(status));
        self.buffer.replace(write_buffer.take());
    }
}

/// A peripheral of a bus whose chip selects are pins of either polarity.
pub struct Peripheral<'a, S: SpiMaster<'a>> {
    bus: &'a S,
    chip_select: S::ChipSelect,
    settings: Cell<(ClockPolarity, ClockPhase)>,
}

impl<'a, S: SpiMaster<'a>> Peripheral<'a, S> {
    pub fn active_low<C: IntoChipSelect<S::ChipSelect, ActiveLow>>(bus: &'a S, pin: C) -> Self {
        Peripheral {
            bus,
            chip_select: pin.into_cs(),
            settings: Cell::new((ClockPolarity::IdleLow, ClockPhase::SampleLeading)),
        }
    }
}

impl<'a, S: SpiMaster<'a>> SpiMasterDevice<'a> for Peripheral<'a, S> {
    fn set_client(&self, client: &'a dyn SpiMasterClient) {
        self.bus.set_client(client);
    }

    fn configure(&self, cpol: ClockPolarity, cpal: ClockPhase, rate: u32) -> Result<(), ErrorCode> {
        self.settings.set((cpol, cpal));
        self.bus.specify_chip_select(self.chip_select)?;
        self.bus.set_rate(rate).map(|_| ())
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
        self.bus.read_write_bytes(write_buffer, read_buffer)
    }

    fn set_rate(&self, rate: u32) -> Result<(), ErrorCode> {
        self.bus.set_rate(rate).map(|_| ())
    }

    fn get_rate(&self) -> u32 {
        self.bus.get_rate()
    }

    fn set_polarity(&self, polarity: ClockPolarity) -> Result<(), ErrorCode> {
        self.bus.set_polarity(polarity)
    }

    fn get_polarity(&self) -> ClockPolarity {
        self.settings.get().0
    }

    fn set_phase(&self, phase: ClockPhase) -> Result<(), ErrorCode> {
        self.bus.set_phase(phase)
    }

    fn get_phase(&self) -> ClockPhase {
        self.settings.get().1
    }
}

/// A pin as a chip select of both polarities.
pub fn both<P: kernel::hil::gpio::Output>(
    pin: &P,
) -> (ChipSelectPolar<'_, P>, ChipSelectPolar<'_, P>) {
    (
        IntoChipSelect::<_, ActiveLow>::into_cs(pin),
        IntoChipSelect::<_, ActiveHigh>::into_cs(pin),
    )
}

/// One pin of a modulator.
pub struct OnePin<'a, P: Pwm> {
    pub pwm: &'a P,
    pub pin: P::Pin,
}

impl<P: Pwm> PwmPin for OnePin<'_, P> {
    fn start(&self, frequency_hz: usize, duty_cycle: usize) -> Result<(), ErrorCode> {
        self.pwm.start(&self.pin, frequency_hz, duty_cycle)
    }

    fn stop(&self) -> Result<(), ErrorCode> {
        self.pwm.stop(&self.pin)
    }

    fn get_maximum_frequency_hz(&self) -> usize {
        self.pwm.get_maximum_frequency_hz()
    }

    fn get_maximum_duty_cycle(&self) -> usize {
        self.pwm.get_maximum_duty_cycle()
    }
}

/// A pair of keys of 4 bytes.
#[derive(Default)]
pub struct Keys {
    public: OptionalCell<&'static [u8]>,
    private: OptionalCell<&'static [u8]>,
    waiting: MapCell<()>,
}

impl PubKey for Keys {
    fn import_public_key(
        &self,
        public_key: &'static [u8],
    ) -> Result<(), (ErrorCode, &'static [u8])> {
        match public_key.len() {
            4 if self.public.is_some() => Err((ErrorCode::BUSY, public_key)),
            4 => {
                self.public.set(public_key);
                Ok(())
            }
            _ => Err((ErrorCode::SIZE, public_key)),
        }
    }

    fn pub_key(&self) -> Result<&'static [u8], ErrorCode> {
        self.public.take().ok_or(ErrorCode::NODEVICE)
    }

    fn len(&self) -> usize {
        self.public.map_or(0, |key| key.len())
    }
}

impl PubPrivKey for Keys {
    fn import_private_key(
        &self,
        private_key: &'static [u8],
    ) -> Result<(), (ErrorCode, &'static [u8])> {
        self.private.set(private_key);
        Ok(())
    }

    fn priv_key(&self) -> Result<&'static [u8], ErrorCode> {
        self.private.take().ok_or(ErrorCode::NODEVICE)
    }

    fn len(&self) -> usize {
        self.private.map_or(0, |key| key.len())
    }
}

impl<'a> PubPrivKeyGenerate<'a> for Keys {
    fn set_client(&'a self, _client: &'a dyn PubPrivKeyGenerateClient<'a>) {
        self.waiting.put(());
    }

    fn generate(
        &'a self,
        trng: &'a dyn Entropy32,
        public_key_buffer: &'static mut [u8],
        private_key_buffer: &'static mut [u8],
    ) -> Result<(), (ErrorCode, &'static mut [u8], &'static mut [u8])> {
        trng.get()
            .map_err(|error| (error, public_key_buffer, private_key_buffer))
    }
}
