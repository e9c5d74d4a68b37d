//! QSPI: external serial NOR flash (MX25R6435F), by bytes and by pages.
//!
//! One operation at a time, its end by callback. Data goes by EasyDMA between the
//! memory and RAM, in words. After each program or erase the driver looks at the
//! memory's status from an alarm, not in a loop. Execute-in-place is not used.
//!
//! The high-frequency clock must stay on its crystal meanwhile: data is corrupted
//! when the source switches during a transfer (anomaly 244). [`crate::clock`] never
//! stops the crystal.

mod command;
#[cfg(test)]
mod tests;

pub use command::{CAPACITY, MX25R6435F, PROGRAM_SIZE, SECTOR_SIZE};

use crate::dma::DmaBuffer;
use crate::gpio::Pin;
use crate::registers::qspi::{EraseLength, Interface0, Interface1, Interrupt, QspiRegisters};
use crate::registers::Task;
use command::Command;
use core::cell::Cell;
use kernel::hil::flash;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks};
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::registers::interfaces::{ReadWriteable, Readable, Writeable};
use kernel::utilities::StaticRef;
use kernel::ErrorCode;
use meter_hil::sector_flash::{SectorFlash, SectorFlashClient};

/// SCK = 32 MHz / (3 + 1) = 8 MHz, what the memory's low-power mode allows on four lines.
const SCK_DIVIDER: u32 = 3;

/// CS stays high for this many periods of 62.5 ns between instructions (30 ns needed).
const CS_HIGH: u32 = 1;

/// Milliseconds from leaving deep power-down to the first instruction (0.035 needed).
const WAKE_MS: u32 = 1;

/// Milliseconds between looks at the status: writing the status register takes up
/// to 30 ms, programming a page 0.9 (10 at the most), erasing a sector 40 (240).
const STATUS_POLL_MS: u32 = 5;
const PROGRAM_POLL_MS: u32 = 1;
const ERASE_POLL_MS: u32 = 5;

/// Looks at the status before the memory counts as broken.
const POLLS: u32 = 200;

/// The memory's pins.
#[derive(Clone, Copy, Debug)]
pub struct QspiPins {
    /// Clock.
    pub sck: Pin,
    /// Chip select.
    pub csn: Pin,
    /// Data lines 0 to 3.
    pub io: [Pin; 4],
}

/// A sector in RAM.
#[repr(align(4))]
pub struct QspiPage(pub [u8; SECTOR_SIZE as usize]);

impl Default for QspiPage {
    fn default() -> Self {
        QspiPage([0; SECTOR_SIZE as usize])
    }
}

impl AsMut<[u8]> for QspiPage {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// What the driver waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not initialised, or not identified.
    Off,
    /// ACTIVATE is under way.
    Activating,
    /// The memory leaves deep power-down: the instruction, then the time.
    Waking,
    Resting,
    /// Instructions of identification.
    ReadingId,
    ReadingStatus,
    EnablingQuad,
    /// The status register is being written: the pause, then the look.
    QuadPause(u32),
    QuadLook(u32),
    /// Identified, nothing to do.
    Idle,
    /// A transfer or the start of an erase.
    Transfer(Job),
    /// The memory is at work: the pause, then the look.
    Pause(Job, u32),
    Look(Job, u32),
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Read,
    Program {
        address: u32,
        length: u32,
        done: u32,
    },
    Erase,
    /// The erase before a page is programmed at `address`.
    EraseToProgram {
        address: u32,
    },
}

/// Buffer of the operation, and so whose it is.
#[derive(Default)]
enum Held {
    #[default]
    Nothing,
    Bytes(DmaBuffer<u8>),
    Page(DmaBuffer<QspiPage>),
}

/// Who asked for an erase.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    Bytes,
    Pages,
}

/// The driver.
pub struct Qspi<'a, A: Alarm<'a>> {
    registers: StaticRef<QspiRegisters>,
    alarm: &'a A,
    state: Cell<State>,
    ready: Cell<bool>,
    identification: Cell<[u8; 3]>,
    held: Cell<Held>,
    asker: Cell<Asker>,
    client: OptionalCell<&'a dyn SectorFlashClient>,
    page_client: OptionalCell<&'a dyn flash::Client<Self>>,
}

impl<'a, A: Alarm<'a>> Qspi<'a, A> {
    /// Makes the driver. The board makes it the alarm's client.
    pub fn new(registers: StaticRef<QspiRegisters>, alarm: &'a A) -> Self {
        Qspi {
            registers,
            alarm,
            state: Cell::new(State::Off),
            ready: Cell::new(false),
            identification: Cell::new([0; 3]),
            held: Cell::new(Held::Nothing),
            asker: Cell::new(Asker::Bytes),
            client: OptionalCell::empty(),
            page_client: OptionalCell::empty(),
        }
    }

    /// Sets who hears of operations on bytes.
    pub fn set_nor_client(&self, client: &'a dyn SectorFlashClient) {
        self.client.set(client);
    }

    /// Connects the pins, which the board has set to high drive.
    pub fn initialize(&self, pins: QspiPins) {
        self.registers.psel_sck.set(pins.sck.select());
        self.registers.psel_csn.set(pins.csn.select());
        for (register, pin) in self.registers.psel_io.iter().zip(pins.io) {
            register.set(pin.select());
        }
        self.registers.ifconfig0.write(
            Interface0::READOC::Read4IO
                + Interface0::WRITEOC::PageProgram4IO
                + Interface0::PPSIZE::Bytes256,
        );
        // The rest of the register is undocumented and must stay as it is.
        self.registers.ifconfig1.modify(
            Interface1::SCKFREQ.val(SCK_DIVIDER)
                + Interface1::SCKDELAY.val(CS_HIGH)
                + Interface1::SPIMODE.val(0)
                + Interface1::DPMEN.val(0),
        );
        self.registers.enable.set(1);
        self.registers.events_ready.set(0);
        self.registers.intenset.write(Interrupt::READY.val(1));
    }

    /// Finds out which memory is there, and lets it use four lines. Before that every other
    /// operation fails with `OFF`. The client then hears that the memory is ready; or
    /// `NODEVICE` if there is another memory, or none; or `FAIL` if it does not take the quad
    /// setting.
    ///
    /// # Errors
    /// Fails with `BUSY` while an operation is under way.
    pub fn identify(&self) -> Result<(), ErrorCode> {
        if !matches!(self.state.get(), State::Off | State::Idle) {
            return Err(ErrorCode::BUSY);
        }
        self.ready.set(false);
        self.state.set(State::Activating);
        self.registers.tasks_activate.write(Task::TRIGGER.val(1));
        Ok(())
    }

    /// Starts to read `length` bytes at `address` into `buffer`.
    ///
    /// # Errors
    /// Fails, and gives the buffer back, with `OFF` if the memory is not identified; with
    /// `BUSY` while an operation is under way; with `SIZE` if `buffer` is too short or
    /// `length` is 0; with `INVAL` if address, length or the buffer's address is no multiple
    /// of four, or the range leaves the memory.
    pub fn read(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        if let Err(error) = self.check(address, buffer, length) {
            return Err((error, buffer));
        }
        self.asker.set(Asker::Bytes);
        let buffer = DmaBuffer::lend(buffer);
        self.start_read(address, buffer.address(0), length as u32);
        self.held.set(Held::Bytes(buffer));
        Ok(())
    }

    /// Starts to program the first `length` bytes of `buffer` at `address`; bits can only be
    /// cleared.
    ///
    /// # Errors
    /// Fails in the cases of [`Qspi::read`], and gives the buffer back.
    pub fn program(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        if let Err(error) = self.check(address, buffer, length) {
            return Err((error, buffer));
        }
        self.asker.set(Asker::Bytes);
        self.held.set(Held::Bytes(DmaBuffer::lend(buffer)));
        self.program_piece(Job::Program {
            address,
            length: length as u32,
            done: 0,
        });
        Ok(())
    }

    /// Starts to erase the sector of [`SECTOR_SIZE`] bytes at `address`.
    ///
    /// # Errors
    /// Fails with `OFF` if the memory is not identified, with `BUSY` while an operation is
    /// under way, and with `INVAL` if it is not the address of a sector.
    pub fn erase_sector(&self, address: u32) -> Result<(), ErrorCode> {
        self.check_idle()?;
        if !address.is_multiple_of(SECTOR_SIZE) || address >= CAPACITY {
            return Err(ErrorCode::INVAL);
        }
        self.asker.set(Asker::Bytes);
        self.start_erase(address, Job::Erase);
        Ok(())
    }

    /// What the memory has told of itself: manufacturer, type, density. Zeroes before.
    pub fn identification(&self) -> [u8; 3] {
        self.identification.get()
    }

    fn check_idle(&self) -> Result<(), ErrorCode> {
        match self.state.get() {
            State::Idle => Ok(()),
            State::Off => Err(ErrorCode::OFF),
            _ if self.ready.get() => Err(ErrorCode::BUSY),
            _ => Err(ErrorCode::OFF),
        }
    }

    fn check(&self, address: u32, buffer: &[u8], length: usize) -> Result<(), ErrorCode> {
        self.check_idle()?;
        if length == 0 || length > buffer.len() {
            return Err(ErrorCode::SIZE);
        }
        let end = u32::try_from(length)
            .ok()
            .and_then(|length| address.checked_add(length));
        let inside = end.is_some_and(|end| end <= CAPACITY);
        let aligned = address.is_multiple_of(4)
            && length.is_multiple_of(4)
            && buffer.as_ptr().cast::<u32>().is_aligned();
        if inside && aligned {
            Ok(())
        } else {
            Err(ErrorCode::INVAL)
        }
    }

    fn start_read(&self, address: u32, to: u32, length: u32) {
        self.state.set(State::Transfer(Job::Read));
        self.registers.read_src.set(address);
        self.registers.read_dst.set(to);
        self.registers.read_cnt.set(length);
        self.registers.tasks_readstart.write(Task::TRIGGER.val(1));
    }

    fn start_erase(&self, address: u32, job: Job) {
        self.state.set(State::Transfer(job));
        self.registers.erase_ptr.set(address);
        self.registers.erase_len.write(EraseLength::LEN::Sector4K);
        self.registers.tasks_erasestart.write(Task::TRIGGER.val(1));
    }

    fn program_piece(&self, job: Job) {
        let Job::Program {
            address,
            length,
            done,
        } = job
        else {
            return;
        };
        let held = self.held.take();
        let base = match &held {
            Held::Bytes(buffer) => buffer.address(0),
            Held::Page(page) => page.address(0),
            Held::Nothing => return,
        };
        self.held.set(held);
        let piece = command::piece(address, length, done);
        self.registers.write_dst.set(address + done);
        self.registers.write_src.set(base.wrapping_add(done));
        self.registers.write_cnt.set(piece);
        self.state.set(State::Transfer(Job::Program {
            address,
            length,
            done: done + piece,
        }));
        self.registers.tasks_writestart.write(Task::TRIGGER.val(1));
    }

    fn send(&self, command: Command, state: State) {
        self.state.set(state);
        self.registers.cinstrdat0.set(command.data());
        self.registers.cinstrdat1.set(0);
        self.registers.cinstrconf.set(command.configuration());
    }

    fn pause(&self, milliseconds: u32, state: State) {
        self.state.set(state);
        let ticks = self.alarm.ticks_from_ms(milliseconds);
        self.alarm.set_alarm(self.alarm.now(), ticks);
    }

    /// READY: what was started has been done by the peripheral.
    pub fn handle_interrupt(&self) {
        if self.registers.events_ready.get() == 0 {
            return;
        }
        self.registers.events_ready.set(0);
        let answer = self.registers.cinstrdat0.get();
        match self.state.get() {
            State::Activating => self.send(Command::Wake, State::Waking),
            State::Waking => self.pause(WAKE_MS, State::Resting),
            State::ReadingId => {
                self.identification.set(command::identification(answer));
                if self.identification.get() == MX25R6435F {
                    self.send(Command::ReadStatus, State::ReadingStatus);
                } else {
                    self.identified(Err(ErrorCode::NODEVICE));
                }
            }
            State::ReadingStatus if command::is_quad(answer) && !command::is_busy(answer) => {
                self.identified(Ok(()));
            }
            // An erase may go on from before a reset of the part alone.
            State::ReadingStatus if command::is_busy(answer) => {
                self.pause(STATUS_POLL_MS, State::QuadPause(0));
            }
            State::ReadingStatus => self.send(Command::EnableQuad, State::EnablingQuad),
            State::EnablingQuad => self.pause(STATUS_POLL_MS, State::QuadPause(0)),
            State::QuadLook(polls) if command::is_busy(answer) => {
                if polls < POLLS {
                    self.pause(STATUS_POLL_MS, State::QuadPause(polls + 1));
                } else {
                    self.identified(Err(ErrorCode::FAIL));
                }
            }
            State::QuadLook(_) if command::is_quad(answer) => self.identified(Ok(())),
            State::QuadLook(_) => self.identified(Err(ErrorCode::FAIL)),
            State::Transfer(Job::Read) => self.finish(Job::Read, Ok(())),
            State::Transfer(job) => self.pause(poll_ms(job), State::Pause(job, 0)),
            State::Look(job, polls) if command::is_busy(answer) => {
                if polls < POLLS {
                    self.pause(poll_ms(job), State::Pause(job, polls + 1));
                } else {
                    self.finish(job, Err(ErrorCode::FAIL));
                }
            }
            State::Look(job, _) => self.go_on(job),
            State::Off | State::Resting | State::QuadPause(_) | State::Idle | State::Pause(..) => {}
        }
    }

    /// The memory has ended a piece of the job.
    fn go_on(&self, job: Job) {
        match job {
            Job::Program { length, done, .. } if done < length => self.program_piece(job),
            Job::EraseToProgram { address } => self.program_piece(Job::Program {
                address,
                length: SECTOR_SIZE,
                done: 0,
            }),
            _ => self.finish(job, Ok(())),
        }
    }

    fn identified(&self, result: Result<(), ErrorCode>) {
        self.ready.set(result.is_ok());
        self.state.set(match result {
            Ok(()) => State::Idle,
            Err(_) => State::Off,
        });
        self.client.map(|client| client.ready(result));
    }

    fn finish(&self, job: Job, result: Result<(), ErrorCode>) {
        self.state.set(State::Idle);
        let page_result = result.map_err(|_| flash::Error::FlashError);
        match self.held.take() {
            Held::Bytes(buffer) => {
                // SAFETY: READY has come for every transfer of the job.
                let buffer = unsafe { buffer.reclaim() };
                self.client.map(|client| {
                    if job == Job::Read {
                        client.read_done(buffer, result);
                    } else {
                        client.program_done(buffer, result);
                    }
                });
            }
            Held::Page(page) => {
                // SAFETY: as above.
                let [page] = (unsafe { page.reclaim() }) else {
                    return;
                };
                self.page_client.map(|client| {
                    if job == Job::Read {
                        client.read_complete(page, page_result);
                    } else {
                        client.write_complete(page, page_result);
                    }
                });
            }
            Held::Nothing if self.asker.get() == Asker::Bytes => {
                self.client.map(|client| client.erase_done(result));
            }
            Held::Nothing => {
                self.page_client
                    .map(|client| client.erase_complete(page_result));
            }
        }
    }

    fn page_address(&self, page_number: usize) -> Result<u32, ErrorCode> {
        self.check_idle()?;
        u32::try_from(page_number)
            .ok()
            .and_then(|page| page.checked_mul(SECTOR_SIZE))
            .filter(|address| *address < CAPACITY)
            .ok_or(ErrorCode::INVAL)
    }
}

fn poll_ms(job: Job) -> u32 {
    match job {
        Job::Program { .. } => PROGRAM_POLL_MS,
        Job::Read | Job::Erase | Job::EraseToProgram { .. } => ERASE_POLL_MS,
    }
}

impl<'a, A: Alarm<'a>> AlarmClient for Qspi<'a, A> {
    fn alarm(&self) {
        match self.state.get() {
            State::Resting => self.send(Command::ReadId, State::ReadingId),
            State::QuadPause(polls) => self.send(Command::ReadStatus, State::QuadLook(polls)),
            State::Pause(job, polls) => self.send(Command::ReadStatus, State::Look(job, polls)),
            _ => {}
        }
    }
}

impl<'a, A: Alarm<'a>> SectorFlash<'a> for Qspi<'a, A> {
    fn set_client(&self, client: &'a dyn SectorFlashClient) {
        self.set_nor_client(client);
    }

    fn read(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        Qspi::read(self, address, buffer, length)
    }

    fn program(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        Qspi::program(self, address, buffer, length)
    }

    fn erase(&self, address: u32) -> Result<(), ErrorCode> {
        self.erase_sector(address)
    }
}

impl<'a, A: Alarm<'a>, C: flash::Client<Self>> flash::HasClient<'a, C> for Qspi<'a, A> {
    fn set_client(&'a self, client: &'a C) {
        self.page_client.set(client);
    }
}

impl<'a, A: Alarm<'a>> flash::Flash for Qspi<'a, A> {
    type Page = QspiPage;

    fn read_page(
        &self,
        page_number: usize,
        buf: &'static mut QspiPage,
    ) -> Result<(), (ErrorCode, &'static mut QspiPage)> {
        let address = match self.page_address(page_number) {
            Ok(address) => address,
            Err(error) => return Err((error, buf)),
        };
        self.asker.set(Asker::Pages);
        let page = DmaBuffer::lend(core::slice::from_mut(buf));
        self.start_read(address, page.address(0), SECTOR_SIZE);
        self.held.set(Held::Page(page));
        Ok(())
    }

    /// Erases the page and programs it.
    fn write_page(
        &self,
        page_number: usize,
        buf: &'static mut QspiPage,
    ) -> Result<(), (ErrorCode, &'static mut QspiPage)> {
        let address = match self.page_address(page_number) {
            Ok(address) => address,
            Err(error) => return Err((error, buf)),
        };
        self.asker.set(Asker::Pages);
        let page = DmaBuffer::lend(core::slice::from_mut(buf));
        self.held.set(Held::Page(page));
        self.start_erase(address, Job::EraseToProgram { address });
        Ok(())
    }

    fn erase_page(&self, page_number: usize) -> Result<(), ErrorCode> {
        let address = self.page_address(page_number)?;
        self.asker.set(Asker::Pages);
        self.start_erase(address, Job::Erase);
        Ok(())
    }
}
