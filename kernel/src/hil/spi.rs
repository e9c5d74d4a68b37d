//! The serial peripheral interface (SPI), as controller and as peripheral.
//!
//! Buffers go with the call and come back with the callback, or with the error where
//! there is none.

use crate::errorcode::ErrorCode;
use crate::utilities::leasable_buffer::SubSliceMut;

/// Which bit of a byte goes first.
#[derive(Copy, Clone, Debug)]
pub enum DataOrder {
    /// The most significant.
    MSBFirst,
    /// The least significant.
    LSBFirst,
}

/// The clock's level between transfers (CPOL).
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum ClockPolarity {
    /// Low: CPOL is 0.
    IdleLow,
    /// High: CPOL is 1.
    IdleHigh,
}

/// The edge of the clock at which data are taken (CPHA).
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum ClockPhase {
    /// The one that leaves the idle level: CPHA is 0.
    SampleLeading,
    /// The one that returns to it: CPHA is 1.
    SampleTrailing,
}

/// What chip-select lines are to a controller.
pub mod cs {
    use crate::hil::gpio::Output;

    /// The level at which a peripheral is selected.
    #[derive(Copy, Clone)]
    pub enum Polarity {
        /// High.
        High,
        /// Low.
        Low,
    }

    mod private {
        pub trait Sealed {}
    }

    /// The level that a peripheral needs, as a type: [`ActiveLow`] or [`ActiveHigh`].
    pub trait ChipSelectActivePolarity: private::Sealed {
        /// The same as a value.
        const POLARITY: Polarity;
    }

    /// Selected when low.
    pub enum ActiveLow {}
    /// Selected when high.
    pub enum ActiveHigh {}

    impl private::Sealed for ActiveLow {}
    impl private::Sealed for ActiveHigh {}

    impl ChipSelectActivePolarity for ActiveLow {
        const POLARITY: Polarity = Polarity::Low;
    }

    impl ChipSelectActivePolarity for ActiveHigh {
        const POLARITY: Polarity = Polarity::High;
    }

    /// What a controller can make a chip select of, for a peripheral that needs this
    /// polarity.
    pub trait IntoChipSelect<T, POLARITY> {
        /// Returns the chip select.
        fn into_cs(self) -> T;
    }

    /// A pin that selects a peripheral at either level.
    pub struct ChipSelectPolar<'a, P: Output> {
        /// The pin.
        pub pin: &'a P,
        /// The level at which it selects.
        pub polarity: Polarity,
    }

    impl<P: Output> Clone for ChipSelectPolar<'_, P> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<P: Output> Copy for ChipSelectPolar<'_, P> {}

    impl<'a, P: Output, A: ChipSelectActivePolarity> IntoChipSelect<ChipSelectPolar<'a, P>, A>
        for &'a P
    {
        fn into_cs(self) -> ChipSelectPolar<'a, P> {
            ChipSelectPolar {
                pin: self,
                polarity: A::POLARITY,
            }
        }
    }

    impl<P: Output> ChipSelectPolar<'_, P> {
        /// Selects the peripheral.
        pub fn activate(&self) {
            match self.polarity {
                Polarity::Low => self.pin.clear(),
                Polarity::High => self.pin.set(),
            }
        }

        /// Lets the peripheral go.
        pub fn deactivate(&self) {
            match self.polarity {
                Polarity::Low => self.pin.set(),
                Polarity::High => self.pin.clear(),
            }
        }
    }
}

/// Gets the end of a controller's transfers.
pub trait SpiMasterClient {
    /// A transfer has ended, and the buffers are back with their windows as they were.
    /// `status` has the number of bytes.
    fn read_write_done(
        &self,
        write_buffer: SubSliceMut<'static, u8>,
        read_buffer: Option<SubSliceMut<'static, u8>>,
        status: Result<usize, ErrorCode>,
    );
}

/// What a transfer that does not begin gives back.
type MasterRefusal = (
    ErrorCode,
    SubSliceMut<'static, u8>,
    Option<SubSliceMut<'static, u8>>,
);

/// A bus with its controller. Rate, polarity and phase belong to the chip select that is
/// specified, and are kept with it.
pub trait SpiMaster<'a> {
    /// Names a peripheral.
    type ChipSelect: Copy;

    /// Makes the bus ready, once. OFF: it has no power. RESERVE: it has no clock.
    fn init(&self) -> Result<(), ErrorCode>;

    /// Sets the object that gets the end of transfers.
    fn set_client(&self, client: &'a dyn SpiMasterClient);

    /// Returns whether a transfer is under way.
    fn is_busy(&self) -> bool;

    /// Starts a transfer of as many bytes as both buffers have. OFF: the bus has no power.
    /// INVAL: there are no bytes. BUSY: a transfer is under way.
    fn read_write_bytes(
        &self,
        write_buffer: SubSliceMut<'static, u8>,
        read_buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), MasterRefusal>;

    /// Writes a byte and waits until it is out.
    fn write_byte(&self, val: u8) -> Result<(), ErrorCode>;

    /// Reads a byte, and waits for it.
    fn read_byte(&self) -> Result<u8, ErrorCode>;

    /// Writes a byte, and waits for the one that comes meanwhile.
    fn read_write_byte(&self, val: u8) -> Result<u8, ErrorCode>;

    /// Chooses the peripheral.
    fn specify_chip_select(&self, cs: Self::ChipSelect) -> Result<(), ErrorCode>;

    /// Sets the rate in hertz; returns the one that there is instead. INVAL: the bus
    /// cannot do it. BUSY: a transfer is under way.
    fn set_rate(&self, rate: u32) -> Result<u32, ErrorCode>;

    /// Returns the rate in hertz.
    fn get_rate(&self) -> u32;

    /// Sets the polarity. BUSY: a transfer is under way.
    fn set_polarity(&self, polarity: ClockPolarity) -> Result<(), ErrorCode>;

    /// Returns the polarity.
    fn get_polarity(&self) -> ClockPolarity;

    /// Sets the phase. BUSY: a transfer is under way.
    fn set_phase(&self, phase: ClockPhase) -> Result<(), ErrorCode>;

    /// Returns the phase.
    fn get_phase(&self) -> ClockPhase;

    /// Keeps the peripheral selected after a transfer.
    fn hold_low(&self);

    /// Lets the peripheral go after a transfer.
    fn release_low(&self);
}

/// A bus with one peripheral, which its user cannot change.
pub trait SpiMasterDevice<'a> {
    /// Sets the object that gets the end of transfers.
    fn set_client(&self, client: &'a dyn SpiMasterClient);

    /// Sets polarity, phase, and rate in hertz.
    fn configure(&self, cpol: ClockPolarity, cpal: ClockPhase, rate: u32) -> Result<(), ErrorCode>;

    /// Starts a transfer, as [`SpiMaster::read_write_bytes`] does.
    fn read_write_bytes(
        &self,
        write_buffer: SubSliceMut<'static, u8>,
        read_buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), MasterRefusal>;

    /// Sets the rate in hertz.
    fn set_rate(&self, rate: u32) -> Result<(), ErrorCode>;

    /// Returns the rate in hertz.
    fn get_rate(&self) -> u32;

    /// Sets the polarity.
    fn set_polarity(&self, polarity: ClockPolarity) -> Result<(), ErrorCode>;

    /// Returns the polarity.
    fn get_polarity(&self) -> ClockPolarity;

    /// Sets the phase.
    fn set_phase(&self, phase: ClockPhase) -> Result<(), ErrorCode>;

    /// Returns the phase.
    fn get_phase(&self) -> ClockPhase;
}

/// Is told what a controller does to this peripheral.
pub trait SpiSlaveClient {
    /// The controller has selected this peripheral.
    fn chip_selected(&self);

    /// The controller has ended its transfer, or a buffer is used up. `len` bytes went
    /// each way.
    fn read_write_done(
        &self,
        write_buffer: Option<&'static mut [u8]>,
        read_buffer: Option<&'static mut [u8]>,
        len: usize,
        status: Result<(), ErrorCode>,
    );
}

/// What buffers that are not taken come back with.
type SlaveRefusal = (
    ErrorCode,
    Option<&'static mut [u8]>,
    Option<&'static mut [u8]>,
);

/// A bus whose controller is elsewhere.
pub trait SpiSlave<'a> {
    /// Becomes a peripheral. BUSY: a transfer is under way.
    fn init(&self) -> Result<(), ErrorCode>;

    /// Returns whether somebody uses it.
    fn has_client(&self) -> bool;

    /// Sets who uses it; nobody turns it off.
    fn set_client(&self, client: Option<&'a dyn SpiSlaveClient>);

    /// Sets the byte that is sent where there is no buffer.
    fn set_write_byte(&self, write_byte: u8);

    /// Lends buffers to the controller's next transfer, of at most `len` bytes. BUSY:
    /// others are lent already. INVAL: `len` is 0.
    fn read_write_bytes(
        &self,
        write_buffer: Option<&'static mut [u8]>,
        read_buffer: Option<&'static mut [u8]>,
        len: usize,
    ) -> Result<(), SlaveRefusal>;

    /// Sets the polarity. BUSY: a transfer is under way.
    fn set_polarity(&self, polarity: ClockPolarity) -> Result<(), ErrorCode>;

    /// Returns the polarity.
    fn get_polarity(&self) -> ClockPolarity;

    /// Sets the phase. BUSY: a transfer is under way.
    fn set_phase(&self, phase: ClockPhase) -> Result<(), ErrorCode>;

    /// Returns the phase.
    fn get_phase(&self) -> ClockPhase;
}

/// The same for a user who does not set the hardware up.
pub trait SpiSlaveDevice<'a> {
    /// Sets the object that is told what the controller does.
    fn set_client(&self, client: &'a dyn SpiSlaveClient);

    /// Sets polarity and phase.
    fn configure(&self, cpol: ClockPolarity, cpal: ClockPhase) -> Result<(), ErrorCode>;

    /// Lends buffers, as [`SpiSlave::read_write_bytes`] does.
    fn read_write_bytes(
        &self,
        write_buffer: Option<&'static mut [u8]>,
        read_buffer: Option<&'static mut [u8]>,
        len: usize,
    ) -> Result<(), SlaveRefusal>;

    /// Sets the polarity.
    fn set_polarity(&self, polarity: ClockPolarity) -> Result<(), ErrorCode>;

    /// Returns the polarity.
    fn get_polarity(&self) -> ClockPolarity;

    /// Sets the phase.
    fn set_phase(&self, phase: ClockPhase) -> Result<(), ErrorCode>;

    /// Returns the phase.
    fn get_phase(&self) -> ClockPhase;
}
