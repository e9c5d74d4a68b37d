//! The external flash on the QSPI, as the storage capsule sees it.

use kernel::hil::time::Alarm;
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;
use meter_hil::sector_flash::{SectorFlash, SectorFlashClient};
use nrf52840::qspi::{NorClient, Qspi};

/// Hands operations on, and their ends back.
pub struct ExternalNor<A: Alarm<'static> + 'static> {
    qspi: &'static Qspi<'static, A>,
    client: OptionalCell<&'static dyn SectorFlashClient>,
}

impl<A: Alarm<'static> + 'static> ExternalNor<A> {
    /// The flash; the board makes this the driver's client, and then has the
    /// driver connect its pins and identify the memory.
    pub fn new(qspi: &'static Qspi<'static, A>) -> Self {
        Self {
            qspi,
            client: OptionalCell::empty(),
        }
    }
}

impl<A: Alarm<'static> + 'static> SectorFlash<'static> for ExternalNor<A> {
    fn set_client(&self, client: &'static dyn SectorFlashClient) {
        self.client.set(client);
    }

    fn read(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        self.qspi.read(address, buffer, length)
    }

    fn program(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        self.qspi.program(address, buffer, length)
    }

    fn erase(&self, address: u32) -> Result<(), ErrorCode> {
        self.qspi.erase_sector(address)
    }
}

impl<A: Alarm<'static> + 'static> NorClient for ExternalNor<A> {
    fn identified(&self, _identification: [u8; 3], result: Result<(), ErrorCode>) {
        self.client.map(|client| client.ready(result));
    }

    fn bytes_read(&self, buffer: &'static mut [u8], result: Result<(), ErrorCode>) {
        self.client.map(|client| client.read_done(buffer, result));
    }

    fn bytes_programmed(&self, buffer: &'static mut [u8], result: Result<(), ErrorCode>) {
        self.client
            .map(|client| client.program_done(buffer, result));
    }

    fn sector_erased(&self, result: Result<(), ErrorCode>) {
        self.client.map(|client| client.erase_done(result));
    }
}
