//! Random numbers for apps: driver 0x40001.

use core::cell::Cell;

use drivers::rng::{read_write, upcall, Command};
use kernel::errorcode::into_statuscode;
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, GrantKernelData, UpcallCount};
use kernel::hil::entropy::{self, Entropy32};
use kernel::hil::rng::{self, Rng};
use kernel::process::Error;
use kernel::processbuffer::WriteableProcessBuffer;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::OptionalCell;
use kernel::{ErrorCode, ProcessId};

use crate::driver;

/// Driver number.
pub const DRIVER_NUM: usize = driver::NUM::Rng as usize;

/// What the driver keeps for an app.
#[derive(Default)]
pub struct App {
    /// Bytes still wanted; 0 when there is no request.
    remaining: usize,
    /// Bytes of the app's buffer that are filled.
    filled: usize,
}

impl App {
    /// Fills the app's buffer from `randomness`. Returns whether the request is
    /// served; one for which there is no room any more is served with what fits.
    fn fill(
        &mut self,
        kernel_data: &GrantKernelData,
        randomness: &mut dyn Iterator<Item = u32>,
    ) -> bool {
        kernel_data
            .get_readwrite_processbuffer(read_write::BUFFER as usize)
            .and_then(|buffer| {
                buffer.mut_enter(|buffer| {
                    // The app may have put a shorter buffer in place since.
                    let end = buffer.len().min(self.filled.saturating_add(self.remaining));
                    while self.filled < end {
                        let Some(word) = randomness.next() else {
                            self.remaining = end - self.filled;
                            return false;
                        };
                        for (cell, byte) in (self.filled..end).zip(word.to_le_bytes()) {
                            buffer[cell].set(byte);
                            self.filled += 1;
                        }
                    }
                    true
                })
            })
            .unwrap_or(true)
    }
}

/// Gives apps random bytes, one request at a time each.
pub struct RngDriver<'a, R: Rng<'a>> {
    rng: &'a R,
    apps: Grant<
        App,
        UpcallCount<{ upcall::COUNT }>,
        AllowRoCount<0>,
        AllowRwCount<{ read_write::COUNT }>,
    >,
    /// Numbers were asked for and have not come yet.
    getting_randomness: Cell<bool>,
}

impl<'a, R: Rng<'a>> RngDriver<'a, R> {
    /// A driver on `rng`, whose client it must be made.
    pub fn new(
        rng: &'a R,
        grant: Grant<
            App,
            UpcallCount<{ upcall::COUNT }>,
            AllowRoCount<0>,
            AllowRwCount<{ read_write::COUNT }>,
        >,
    ) -> RngDriver<'a, R> {
        RngDriver {
            rng,
            apps: grant,
            getting_randomness: Cell::new(false),
        }
    }

    /// Starts a request, which ends one of the same app that is under way.
    fn request(&self, length: usize, process_id: ProcessId) -> Result<(), ErrorCode> {
        self.apps.enter(process_id, |app, kernel_data| {
            app.remaining = length;
            app.filled = 0;
            if length == 0 {
                // Nothing has to come first. An app whose queue is full loses the upcall.
                let _ = kernel_data
                    .schedule_upcall(upcall::DONE as usize, (into_statuscode(Ok(())), 0, 0));
            }
        })?;
        if length != 0 && !self.getting_randomness.replace(true) {
            if let Err(error) = self.rng.get() {
                self.getting_randomness.set(false);
                self.apps.enter(process_id, |app, _| app.remaining = 0)?;
                return Err(error);
            }
        }
        Ok(())
    }
}

impl<'a, R: Rng<'a>> rng::Client for RngDriver<'a, R> {
    fn randomness_available(
        &self,
        randomness: &mut dyn Iterator<Item = u32>,
        error: Result<(), ErrorCode>,
    ) -> rng::Continue {
        for app in self.apps.iter() {
            let served = app.enter(|app, kernel_data| {
                if app.remaining == 0 {
                    return true;
                }
                let served = error.is_err() || app.fill(kernel_data, randomness);
                if served {
                    app.remaining = 0;
                    // An app whose queue is full loses the upcall.
                    let _ = kernel_data.schedule_upcall(
                        upcall::DONE as usize,
                        (into_statuscode(error), app.filled, 0),
                    );
                }
                served
            });
            if !served {
                return rng::Continue::More;
            }
        }
        self.getting_randomness.set(false);
        rng::Continue::Done
    }
}

impl<'a, R: Rng<'a>> SyscallDriver for RngDriver<'a, R> {
    /// - 0: the driver exists.
    /// - 1: fills the first `data` bytes of read-write allow 0; upcall 0 with
    ///   (status, bytes filled, 0) when done, which for no bytes is at once.
    fn command(
        &self,
        command_num: usize,
        data: usize,
        _: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        let Some(command) = Command::from_number(command_num) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match command {
            Command::Exists => CommandReturn::success(),
            Command::Get => self.request(data, process_id).into(),
        }
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), Error> {
        self.apps.enter(process_id, |_, _| {})
    }
}

/// Uses a source of true randomness as a random number generator.
pub struct Entropy32ToRandom<'a, E: Entropy32<'a>> {
    entropy: &'a E,
    client: OptionalCell<&'a dyn rng::Client>,
}

impl<'a, E: Entropy32<'a>> Entropy32ToRandom<'a, E> {
    /// A generator on `entropy`, whose client it becomes when it gets one.
    pub fn new(entropy: &'a E) -> Self {
        Entropy32ToRandom {
            entropy,
            client: OptionalCell::empty(),
        }
    }
}

impl<'a, E: Entropy32<'a>> Rng<'a> for Entropy32ToRandom<'a, E> {
    fn get(&self) -> Result<(), ErrorCode> {
        self.entropy.get()
    }

    fn cancel(&self) -> Result<(), ErrorCode> {
        self.entropy.cancel()
    }

    fn set_client(&'a self, client: &'a dyn rng::Client) {
        self.entropy.set_client(self);
        self.client.set(client);
    }
}

impl<'a, E: Entropy32<'a>> entropy::Client32 for Entropy32ToRandom<'a, E> {
    fn entropy_available(
        &self,
        entropy: &mut dyn Iterator<Item = u32>,
        error: Result<(), ErrorCode>,
    ) -> entropy::Continue {
        let wants = self
            .client
            .map(|client| client.randomness_available(entropy, error));
        match wants {
            Some(rng::Continue::More) => entropy::Continue::More,
            Some(rng::Continue::Done) | None => entropy::Continue::Done,
        }
    }
}
