//! The system calls of the channels.

use drivers::channel::{read_only, read_write, upcall, Command, NUMBER};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::processbuffer::ReadableProcessBuffer;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::MapCell;
use kernel::{ErrorCode, ProcessId};

use super::policy::{Channel, Overflow};
use super::queues::{Memory, Queues, Wake};
use capsules_support::app_identity::app_of;
use capsules_support::pending_upcall::{Delivery, Retry, RetryClient};
use capsules_support::process_buffers::{answer_pair, copy_out};

/// Driver number.
pub const DRIVER_NUM: usize = NUMBER as usize;

/// The grant, which holds nothing but the upcalls and the allowed buffers.
type AppGrant = Grant<
    (),
    UpcallCount<{ upcall::COUNT }>,
    AllowRoCount<{ read_only::COUNT }>,
    AllowRwCount<{ read_write::COUNT }>,
>;

/// How the attempt to queue an upcall ended.
enum Told {
    Yes,
    /// Its queue of upcalls is full.
    NotYet,
    Dead,
}

/// Gives apps the channels of a policy.
pub struct ChannelDriver<'a> {
    queues: MapCell<Queues>,
    apps: AppGrant,
    /// Rings to schedule pending upcalls again, and to look at the readers of a refused writer.
    retry: &'a dyn Retry,
}

impl<'a> ChannelDriver<'a> {
    /// A driver for the channels of `channels`. The caller makes it the client of
    /// `retry`, which is the driver's own.
    ///
    /// # Errors
    /// INVAL: the table is not consistent ([`super::is_consistent`]). SIZE: the
    /// memory is not that of the table.
    pub fn new<const CHANNELS: usize, const READERS: usize, const BYTES: usize>(
        channels: &'static [Channel],
        memory: &'static mut Memory<CHANNELS, READERS, BYTES>,
        apps: AppGrant,
        retry: &'a dyn Retry,
    ) -> Result<Self, ErrorCode> {
        Ok(ChannelDriver {
            queues: MapCell::new(Queues::new(channels, memory)?),
            apps,
            retry,
        })
    }

    /// The application that calls, whose queues are from now on those of this run.
    fn caller(&self, queues: &mut Queues, process_id: ProcessId) -> Result<u32, ErrorCode> {
        let app = app_of(process_id).ok_or(ErrorCode::NODEVICE)?.get();
        queues.attach(app, process_id);
        Ok(app)
    }

    fn send(&self, process_id: ProcessId, number: usize, length: usize) -> Result<(), ErrorCode> {
        self.queues.map_or(Err(ErrorCode::FAIL), |queues| {
            let app = self.caller(queues, process_id)?;
            let channel = queues.find(number).ok_or(ErrorCode::NODEVICE)?;
            let policy = &queues.channels()[channel];
            if policy.writer != app {
                return Err(ErrorCode::NODEVICE);
            }
            let length = u16::try_from(length)
                .ok()
                .filter(|length| *length <= policy.message)
                .ok_or(ErrorCode::SIZE)?;
            self.detach_dead(queues, channel);
            if policy.overflow == Overflow::Refuse && queues.room(channel) == 0 {
                queues.writers[channel].refused = Some(process_id);
                self.retry.soon();
                return Err(ErrorCode::BUSY);
            }
            self.apps
                .enter(process_id, |_, kernel_data| {
                    kernel_data
                        .get_readonly_processbuffer(read_only::MESSAGE as usize)
                        .and_then(|buffer| {
                            buffer.enter(|slice| {
                                let source = slice.get(0..length.into()).ok_or(ErrorCode::SIZE)?;
                                queues.push(channel, length, |place| source.copy_to_slice(place));
                                Ok(())
                            })
                        })
                        .unwrap_or(Err(ErrorCode::SIZE))
                })
                .unwrap_or(Err(ErrorCode::FAIL))?;
            // The writer was not refused after all.
            queues.writers[channel].refused = None;
            for reader in queues.readers_of(channel) {
                if queues.readers[reader].wake == Wake::Untold {
                    self.tell_reader(queues, channel, reader);
                }
            }
            Ok(())
        })
    }

    fn receive(&self, process_id: ProcessId, number: usize) -> Result<(u32, u32), ErrorCode> {
        self.queues.map_or(Err(ErrorCode::FAIL), |queues| {
            let app = self.caller(queues, process_id)?;
            let (channel, reader) = find_reader(queues, number, app).ok_or(ErrorCode::NODEVICE)?;
            // It is looking: what comes from now on is news.
            queues.readers[reader].wake = Wake::Untold;
            let message = queues.oldest(channel, reader).ok_or(ErrorCode::NOMEM)?;
            self.apps
                .enter(process_id, |_, kernel_data| {
                    copy_out(kernel_data, read_write::MESSAGE as usize, message)
                })
                .unwrap_or(Err(ErrorCode::FAIL))?;
            let length = message.len() as u32;
            let lost = queues.pop(channel, reader);
            self.tell_writer_of_room(queues, channel);
            Ok((length, lost))
        })
    }

    fn state(&self, process_id: ProcessId, number: usize) -> Result<(u32, u32), ErrorCode> {
        self.queues.map_or(Err(ErrorCode::FAIL), |queues| {
            let app = self.caller(queues, process_id)?;
            if let Some((_, reader)) = find_reader(queues, number, app) {
                let reader = &queues.readers[reader];
                return Ok((reader.waiting.into(), reader.lost));
            }
            let channel = queues.find(number).ok_or(ErrorCode::NODEVICE)?;
            if queues.channels()[channel].writer != app {
                return Err(ErrorCode::NODEVICE);
            }
            self.detach_dead(queues, channel);
            Ok((queues.room(channel).into(), queues.writers[channel].lost))
        })
    }

    /// Empties the queues of readers that have ended or were started anew.
    fn detach_dead(&self, queues: &mut Queues, channel: usize) {
        for reader in queues.readers_of(channel) {
            let process = queues.readers[reader].process;
            if process.is_some_and(|process| self.apps.enter(process, |_, _| ()).is_err()) {
                queues.detach(reader);
            }
        }
    }

    fn tell(&self, process: ProcessId, upcall: u32, channel: &Channel, count: u8) -> Told {
        let arguments = (channel.number.into(), count.into(), 0);
        match self.apps.enter(process, |_, kernel_data| {
            kernel_data.schedule_upcall(upcall as usize, arguments)
        }) {
            Ok(Ok(())) => Told::Yes,
            Ok(Err(_)) => Told::NotYet,
            Err(_) => Told::Dead,
        }
    }

    fn tell_reader(&self, queues: &mut Queues, channel: usize, index: usize) {
        let reader = queues.readers[index];
        let Some(process) = reader.process else {
            return;
        };
        let policy = &queues.channels()[channel];
        match self.tell(process, upcall::MESSAGE, policy, reader.waiting) {
            Told::Yes => queues.readers[index].wake = Wake::Told,
            Told::NotYet => {
                queues.readers[index].wake = Wake::Pending;
                self.retry.soon();
            }
            Told::Dead => queues.detach(index),
        }
    }

    /// Tells a writer that was refused, once every living reader has room.
    fn tell_writer_of_room(&self, queues: &mut Queues, channel: usize) {
        let Some(process) = queues.writers[channel].refused else {
            return;
        };
        let room = queues.room(channel);
        if room == 0 {
            return;
        }
        match self.tell(process, upcall::ROOM, &queues.channels()[channel], room) {
            Told::Yes | Told::Dead => queues.writers[channel].refused = None,
            Told::NotYet => self.retry.soon(),
        }
    }

    /// Schedules the pending upcalls of all channels again.
    fn retry_all(&self, queues: &mut Queues) -> Delivery {
        let mut pending = false;
        for channel in 0..queues.channels().len() {
            self.detach_dead(queues, channel);
            for reader in queues.readers_of(channel) {
                if queues.readers[reader].wake == Wake::Pending {
                    self.tell_reader(queues, channel, reader);
                    pending |= queues.readers[reader].wake == Wake::Pending;
                }
            }
            self.tell_writer_of_room(queues, channel);
            pending |= queues.writers[channel].refused.is_some();
        }
        if pending {
            Delivery::Pending
        } else {
            Delivery::Complete
        }
    }
}

/// Channel and reader by which the application reads the channel of this number.
fn find_reader(queues: &Queues, number: usize, app: u32) -> Option<(usize, usize)> {
    let channel = queues.find(number)?;
    let readers = queues.channels()[channel].readers;
    let position = readers.iter().position(|reader| *reader == app)?;
    Some((channel, queues.first_reader(channel) + position))
}

impl RetryClient for ChannelDriver<'_> {
    fn retry(&self) -> Delivery {
        self.queues
            .map_or(Delivery::Complete, |queues| self.retry_all(queues))
    }
}

impl SyscallDriver for ChannelDriver<'_> {
    fn command(
        &self,
        command_number: usize,
        channel: usize,
        length: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        let Some(command) = Command::from_number(command_number) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match command {
            Command::Exists => CommandReturn::success(),
            Command::Send => self.send(process_id, channel, length).into(),
            Command::Receive => answer_pair(self.receive(process_id, channel)),
            Command::State => answer_pair(self.state(process_id, channel)),
        }
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), kernel::process::Error> {
        self.apps.enter(process_id, |_, _| ())?;
        // The kernel asks once for each run, at its first subscribe or allow.
        self.queues.map(|queues| {
            // A guest has no queues.
            let _ = self.caller(queues, process_id);
        });
        Ok(())
    }
}
