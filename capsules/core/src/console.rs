//! The serial console for apps: driver 0x1.

use drivers::console::{read_only, read_write, upcall, Command};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, GrantKernelData, UpcallCount};
use kernel::hil::uart;
use kernel::process::Error;
use kernel::processbuffer::{ReadableProcessBuffer, WriteableProcessBuffer};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::{OptionalCell, TakeCell};
use kernel::{errorcode, ErrorCode, ProcessId};

use crate::driver;
use capsules_support::turns::{Ticket, Turns};

/// Driver number.
pub const DRIVER_NUM: usize = driver::NUM::Console as usize;

/// Length of the two buffers for boards without a reason for another.
pub const DEFAULT_BUF_SIZE: usize = 64;

/// What the driver keeps for an app.
#[derive(Default)]
pub struct App {
    /// Bytes of the write request; the upcall reports them.
    write_len: usize,
    /// Bytes of it that are not sent yet.
    write_remaining: usize,
    /// A request waits until the port is free.
    pending_write: bool,
    /// It took the place of one of which a part was being sent.
    replaced: bool,
    /// When it began to wait.
    ticket: Ticket,
}

type Apps = Grant<
    App,
    UpcallCount<{ upcall::COUNT }>,
    AllowRoCount<{ read_only::COUNT }>,
    AllowRwCount<{ read_write::COUNT }>,
>;

/// Lets apps write in turn, a buffer at a time, and one app at a time read.
pub struct Console<'a> {
    uart: &'a dyn uart::UartData<'a>,
    apps: Apps,
    turns: Turns,
    tx_in_progress: OptionalCell<ProcessId>,
    tx_buffer: TakeCell<'static, [u8]>,
    rx_in_progress: OptionalCell<ProcessId>,
    rx_buffer: TakeCell<'static, [u8]>,
}

impl<'a> Console<'a> {
    /// A console on `uart`, whose client it must be made. The buffers bound what
    /// is sent and received at a time.
    pub fn new(
        uart: &'a dyn uart::UartData<'a>,
        tx_buffer: &'static mut [u8],
        rx_buffer: &'static mut [u8],
        grant: Grant<
            App,
            UpcallCount<{ upcall::COUNT }>,
            AllowRoCount<{ read_only::COUNT }>,
            AllowRwCount<{ read_write::COUNT }>,
        >,
    ) -> Console<'a> {
        Console {
            uart,
            apps: grant,
            turns: Turns::new(),
            tx_in_progress: OptionalCell::empty(),
            tx_buffer: TakeCell::new(tx_buffer),
            rx_in_progress: OptionalCell::empty(),
            rx_buffer: TakeCell::new(rx_buffer),
        }
    }

    /// Starts a write request of at most `len` bytes.
    fn write(&self, len: usize, process_id: ProcessId) -> Result<(), ErrorCode> {
        self.apps.enter(process_id, |app, kernel_data| {
            app.write_len = kernel_data
                .get_readonly_processbuffer(read_only::WRITE as usize)
                .map_or(0, |write| write.len())
                .min(len);
            app.write_remaining = app.write_len;
            if self.tx_in_progress.is_some() {
                if !app.pending_write {
                    app.ticket = self.turns.ticket();
                }
                app.pending_write = true;
                app.replaced = self.tx_in_progress.contains(&process_id);
            } else {
                self.send(app, kernel_data, process_id);
            }
        })?;
        Ok(())
    }

    /// Sends the next part of an app's request, or its end when there is none.
    fn send(&self, app: &mut App, kernel_data: &GrantKernelData, process_id: ProcessId) {
        let Some(buffer) = self.tx_buffer.take() else {
            app.pending_write = true;
            return;
        };
        app.pending_write = false;
        let length = copy_next_part(app, kernel_data, buffer);
        if length == 0 {
            self.tx_buffer.replace(buffer);
            finish_write(app, kernel_data);
            return;
        }
        app.write_remaining -= length;
        self.tx_in_progress.set(process_id);
        if let Err((_, buffer)) = self.uart.transmit_buffer(buffer, length) {
            // The app learns that nothing more was sent.
            self.tx_buffer.replace(buffer);
            self.tx_in_progress.clear();
            app.write_len -= app.write_remaining + length;
            finish_write(app, kernel_data);
        }
    }

    /// Starts a read request of at most `len` bytes.
    fn read(&self, len: usize, process_id: ProcessId) -> Result<(), ErrorCode> {
        self.apps.enter(process_id, |_, kernel_data| {
            let room = kernel_data
                .get_readwrite_processbuffer(read_write::READ as usize)
                .map_or(0, |read| read.len());
            let buffer = self.rx_buffer.take().ok_or(ErrorCode::BUSY)?;
            let len = room.min(len);
            if len > buffer.len() {
                self.rx_buffer.replace(buffer);
                return Err(ErrorCode::INVAL);
            }
            self.rx_in_progress.set(process_id);
            self.uart
                .receive_buffer(buffer, len)
                .map_err(|(error, buffer)| {
                    self.rx_in_progress.clear();
                    self.rx_buffer.replace(buffer);
                    error
                })
        })?
    }

    /// Ends the app's own read request, if it has one.
    fn abort_read(&self, process_id: ProcessId) {
        if self.rx_in_progress.contains(&process_id) {
            // The upcall comes with the end of the reception, whatever ends it.
            let _ = self.uart.receive_abort();
        }
    }
}

/// Copies what is next of an app's request into `buffer` and returns how much.
/// An app that has allowed a shorter buffer since has its request cut there.
fn copy_next_part(app: &mut App, kernel_data: &GrantKernelData, buffer: &mut [u8]) -> usize {
    let start = app.write_len - app.write_remaining;
    let copied = kernel_data
        .get_readonly_processbuffer(read_only::WRITE as usize)
        .and_then(|write| {
            write.enter(|data| {
                let part = data.get(start..app.write_len)?;
                let length = part.len().min(buffer.len());
                for (to, from) in buffer.iter_mut().zip(part.iter()) {
                    *to = from.get();
                }
                Some(length)
            })
        });
    match copied {
        Ok(Some(length)) => length,
        _ => {
            app.write_len = start;
            app.write_remaining = 0;
            0
        }
    }
}

/// Copies what was received into the app's buffer. Returns the status for the app
/// and how many bytes were copied.
fn copy_received(
    kernel_data: &GrantKernelData,
    received: &[u8],
    status: Result<(), ErrorCode>,
) -> (Result<(), ErrorCode>, usize) {
    let copied = kernel_data
        .get_readwrite_processbuffer(read_write::READ as usize)
        .and_then(|read| {
            read.mut_enter(|data| {
                for (to, from) in data.iter().zip(received) {
                    to.set(*from);
                }
                data.len().min(received.len())
            })
        });
    match copied {
        // The app has allowed a shorter buffer since.
        Ok(length) if length < received.len() => (Err(ErrorCode::SIZE), length),
        Ok(length) => (status, length),
        Err(_) => (Err(ErrorCode::NOMEM), 0),
    }
}

/// Upcall 1 with (bytes sent, 0, 0).
fn finish_write(app: &mut App, kernel_data: &GrantKernelData) {
    let sent = app.write_len;
    app.write_len = 0;
    app.write_remaining = 0;
    // An app whose queue is full loses the upcall.
    let _ = kernel_data.schedule_upcall(upcall::WRITTEN as usize, (sent, 0, 0));
}

impl SyscallDriver for Console<'_> {
    /// - 0: the driver exists.
    /// - 1: sends the first `arg1` bytes of read-only allow 1; upcall 1 with
    ///   (bytes, 0, 0) when done.
    /// - 2: receives `arg1` bytes into read-write allow 1; upcall 2 with (status,
    ///   bytes, 0) when done. BUSY while another request runs, INVAL for more than
    ///   the driver's buffer holds.
    /// - 3: ends the app's reception with what has come.
    fn command(
        &self,
        cmd_num: usize,
        arg1: usize,
        _: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        let Some(command) = Command::from_number(cmd_num) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match command {
            Command::Exists => CommandReturn::success(),
            Command::Write => self.write(arg1, process_id).into(),
            Command::Read => self.read(arg1, process_id).into(),
            Command::AbortRead => {
                self.abort_read(process_id);
                CommandReturn::success()
            }
        }
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), Error> {
        self.apps.enter(process_id, |_, _| {})
    }
}

impl uart::TransmitClient for Console<'_> {
    fn transmitted_buffer(
        &self,
        tx_buffer: &'static mut [u8],
        _tx_len: usize,
        _rval: Result<(), ErrorCode>,
    ) {
        self.tx_buffer.replace(tx_buffer);
        if let Some(process_id) = self.tx_in_progress.take() {
            // An app that has ended needs no more of its request sent.
            let goes_on = self.apps.enter(process_id, |app, kernel_data| {
                let replaced = core::mem::take(&mut app.replaced);
                app.pending_write = app.write_remaining > 0;
                if !app.pending_write {
                    finish_write(app, kernel_data);
                }
                !replaced
            });
            self.send_next(process_id, goes_on.unwrap_or(false));
        }
    }
}

impl Console<'_> {
    /// Sends on for `last` if its request `goes_on`, so that lines stay whole; else
    /// for the app that has waited longest.
    fn send_next(&self, last: ProcessId, goes_on: bool) {
        if goes_on {
            let _ = self.apps.enter(last, |app, kernel_data| {
                if app.pending_write {
                    self.send(app, kernel_data, last);
                }
            });
        }
        while self.tx_in_progress.is_none() && self.tx_buffer.is_some() {
            let Some(process_id) = self.longest_waiting() else {
                return;
            };
            let _ = self.apps.enter(process_id, |app, kernel_data| {
                self.send(app, kernel_data, process_id);
            });
        }
    }

    fn longest_waiting(&self) -> Option<ProcessId> {
        let waiting = self.apps.iter().filter_map(|app| {
            let process_id = app.processid();
            app.enter(|app, _| app.pending_write.then_some((app.ticket, process_id)))
        });
        self.turns.oldest(waiting)
    }
}

impl uart::ReceiveClient for Console<'_> {
    fn received_buffer(
        &self,
        rx_buffer: &'static mut [u8],
        rx_len: usize,
        rval: Result<(), ErrorCode>,
        error: uart::Error,
    ) {
        if let Some(process_id) = self.rx_in_progress.take() {
            // An app that has ended has lost its input.
            let _ = self.apps.enter(process_id, |_, kernel_data| {
                let (status, length) = match error {
                    uart::Error::None | uart::Error::Aborted => {
                        let received = rx_buffer.get(..rx_len).unwrap_or_default();
                        copy_received(kernel_data, received, rval)
                    }
                    _ => (Err(ErrorCode::FAIL), 0),
                };
                // An app whose queue is full loses the upcall.
                let _ = kernel_data.schedule_upcall(
                    upcall::READ as usize,
                    (errorcode::into_statuscode(status), length, 0),
                );
            });
        }
        self.rx_buffer.replace(rx_buffer);
    }
}
