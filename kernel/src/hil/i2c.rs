//! The inter-integrated circuit bus (I2C) and SMBus, as master and as slave.
//!
//! A transfer that begins is ended by one callback, which brings the buffer back; one that
//! does not begin gives it back with the error, and there is no callback.

use core::fmt::{self, Display, Formatter};

use crate::errorcode::ErrorCode;

/// What went wrong.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// Nobody acknowledged the address.
    AddressNak,
    /// The other side did not acknowledge data.
    DataNak,
    /// Another master had the bus.
    ArbitrationLost,
    /// Data came faster than they were read.
    Overrun,
    /// The hardware cannot do it.
    NotSupported,
    /// A transfer is under way.
    Busy,
}

impl From<Error> for ErrorCode {
    fn from(error: Error) -> Self {
        match error {
            Error::AddressNak | Error::DataNak => ErrorCode::NOACK,
            Error::ArbitrationLost => ErrorCode::RESERVE,
            Error::Overrun => ErrorCode::SIZE,
            Error::NotSupported => ErrorCode::NOSUPPORT,
            Error::Busy => ErrorCode::BUSY,
        }
    }
}

impl Display for Error {
    fn fmt(&self, fmt: &mut Formatter) -> fmt::Result {
        fmt.write_str(match self {
            Error::AddressNak => "nobody acknowledged the address",
            Error::DataNak => "data were not acknowledged",
            Error::ArbitrationLost => "another master had the bus",
            Error::Overrun => "data came too fast",
            Error::NotSupported => "the bus cannot do it",
            Error::Busy => "a transfer is under way",
        })
    }
}

/// What a master has done to a slave.
#[derive(Copy, Clone, Debug)]
pub enum SlaveTransmissionType {
    /// It has written.
    Write,
    /// It has read.
    Read,
}

/// What a transfer that does not begin gives back.
type Refusal = (Error, &'static mut [u8]);

/// A bus with its master.
pub trait I2CMaster<'a> {
    /// Sets the object that gets the end of transfers.
    fn set_master_client(&self, master_client: &'a dyn I2CHwMasterClient);

    /// Turns the hardware on.
    fn enable(&self);

    /// Turns the hardware off.
    fn disable(&self);

    /// Writes the first bytes of `data` to the slave at `addr`, then reads into `data`
    /// without giving the bus up.
    fn write_read(
        &self,
        addr: u8,
        data: &'static mut [u8],
        write_len: usize,
        read_len: usize,
    ) -> Result<(), Refusal>;

    /// Writes the first bytes of `data`.
    fn write(&self, addr: u8, data: &'static mut [u8], len: usize) -> Result<(), Refusal>;

    /// Reads into `buffer`.
    fn read(&self, addr: u8, buffer: &'static mut [u8], len: usize) -> Result<(), Refusal>;
}

/// A bus that also keeps to SMBus.
pub trait SMBusMaster<'a>: I2CMaster<'a> {
    /// As [`I2CMaster::write_read`].
    fn smbus_write_read(
        &self,
        addr: u8,
        data: &'static mut [u8],
        write_len: usize,
        read_len: usize,
    ) -> Result<(), Refusal>;

    /// As [`I2CMaster::write`].
    fn smbus_write(&self, addr: u8, data: &'static mut [u8], len: usize) -> Result<(), Refusal>;

    /// As [`I2CMaster::read`].
    fn smbus_read(&self, addr: u8, buffer: &'static mut [u8], len: usize) -> Result<(), Refusal>;
}

/// A bus on which this side is a slave.
pub trait I2CSlave<'a> {
    /// Sets the object that is told what masters do.
    fn set_slave_client(&self, slave_client: &'a dyn I2CHwSlaveClient);

    /// Turns the hardware on.
    fn enable(&self);

    /// Turns the hardware off.
    fn disable(&self);

    /// Sets this slave's address.
    fn set_address(&self, addr: u8) -> Result<(), Error>;

    /// Lends a buffer to the next write of a master, of at most `max_len` bytes.
    fn write_receive(&self, data: &'static mut [u8], max_len: usize) -> Result<(), Refusal>;

    /// Lends a buffer to the next read of a master, of at most `max_len` bytes.
    fn read_send(&self, data: &'static mut [u8], max_len: usize) -> Result<(), Refusal>;

    /// Waits for a master.
    fn listen(&self);
}

/// Hardware that can be either.
pub trait I2CMasterSlave<'a>: I2CMaster<'a> + I2CSlave<'a> {}

/// Gets the end of a master's transfers.
pub trait I2CHwMasterClient {
    /// A transfer has ended.
    fn command_complete(&self, buffer: &'static mut [u8], status: Result<(), Error>);
}

/// Is told what masters do to this slave.
pub trait I2CHwSlaveClient {
    /// A master has written or read `length` bytes.
    fn command_complete(
        &self,
        buffer: &'static mut [u8],
        length: usize,
        transmission_type: SlaveTransmissionType,
    );

    /// A master reads, and waits for [`I2CSlave::read_send`].
    fn read_expected(&self);

    /// A master writes, and waits for [`I2CSlave::write_receive`].
    fn write_expected(&self);
}

/// One slave of a bus, for a user who does not know its address.
pub trait I2CDevice {
    /// Turns the hardware on.
    fn enable(&self);

    /// Turns the hardware off when nobody else needs it.
    fn disable(&self);

    /// As [`I2CMaster::write_read`].
    fn write_read(
        &self,
        data: &'static mut [u8],
        write_len: usize,
        read_len: usize,
    ) -> Result<(), Refusal>;

    /// As [`I2CMaster::write`].
    fn write(&self, data: &'static mut [u8], len: usize) -> Result<(), Refusal>;

    /// As [`I2CMaster::read`].
    fn read(&self, buffer: &'static mut [u8], len: usize) -> Result<(), Refusal>;
}

/// One slave that keeps to SMBus.
pub trait SMBusDevice: I2CDevice {
    /// As [`I2CMaster::write_read`].
    fn smbus_write_read(
        &self,
        data: &'static mut [u8],
        write_len: usize,
        read_len: usize,
    ) -> Result<(), Refusal>;

    /// As [`I2CMaster::write`].
    fn smbus_write(&self, data: &'static mut [u8], len: usize) -> Result<(), Refusal>;

    /// As [`I2CMaster::read`].
    fn smbus_read(&self, buffer: &'static mut [u8], len: usize) -> Result<(), Refusal>;
}

/// Gets the end of the transfers with one slave.
pub trait I2CClient {
    /// A transfer has ended.
    fn command_complete(&self, buffer: &'static mut [u8], status: Result<(), Error>);
}

/// The SMBus of a board that has none.
pub struct NoSMBus;

impl<'a> I2CMaster<'a> for NoSMBus {
    fn set_master_client(&self, _master_client: &'a dyn I2CHwMasterClient) {}

    fn enable(&self) {}

    fn disable(&self) {}

    fn write_read(
        &self,
        _addr: u8,
        data: &'static mut [u8],
        _write_len: usize,
        _read_len: usize,
    ) -> Result<(), Refusal> {
        Err((Error::NotSupported, data))
    }

    fn write(&self, _addr: u8, data: &'static mut [u8], _len: usize) -> Result<(), Refusal> {
        Err((Error::NotSupported, data))
    }

    fn read(&self, _addr: u8, buffer: &'static mut [u8], _len: usize) -> Result<(), Refusal> {
        Err((Error::NotSupported, buffer))
    }
}

impl SMBusMaster<'_> for NoSMBus {
    fn smbus_write_read(
        &self,
        _addr: u8,
        data: &'static mut [u8],
        _write_len: usize,
        _read_len: usize,
    ) -> Result<(), Refusal> {
        Err((Error::NotSupported, data))
    }

    fn smbus_write(&self, _addr: u8, data: &'static mut [u8], _len: usize) -> Result<(), Refusal> {
        Err((Error::NotSupported, data))
    }

    fn smbus_read(&self, _addr: u8, buffer: &'static mut [u8], _len: usize) -> Result<(), Refusal> {
        Err((Error::NotSupported, buffer))
    }
}
