//! The ADC for apps: driver 0x5.
//!
//! Single samples of several apps take turns, as with upstream's virtualised driver;
//! whoever streams has the ADC alone until it stops, as with upstream's dedicated one.
//!
//! Buffered sampling goes through the driver's own buffers, of which the hardware
//! has two while a third is copied to the app. Each of them ends where an app's
//! buffer ends, so that none waits for samples beyond its own.

use core::cell::Cell;

use capsules_support::turns::{Ticket, Turns};
use drivers::adc::{read_write, upcall, Command};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, GrantKernelData, UpcallCount};
use kernel::hil::adc::{Adc, AdcHighSpeed, Client, HighSpeedClient};
use kernel::process::Error;
use kernel::processbuffer::{ReadableProcessBuffer, WriteableProcessBuffer};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::{OptionalCell, TakeCell};
use kernel::{ErrorCode, ProcessId};

use crate::driver;

/// Driver number.
pub const DRIVER_NUM: usize = driver::NUM::Adc as usize;

/// Samples in each of the driver's buffers.
pub const BUF_LEN: usize = 128;

/// What is under way. The numbers are those that apps see in upcalls.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    SingleSample = 0,
    ContinuousSample = 1,
    SingleBuffer = 2,
    ContinuousBuffer = 3,
}

/// What the driver keeps for an app, besides its upcalls and allows.
#[derive(Default)]
pub struct App {
    /// The channel of which it waits for a sample, and since when.
    waiting: Option<(Ticket, usize)>,
}

type Apps = Grant<
    App,
    UpcallCount<{ upcall::COUNT }>,
    AllowRoCount<0>,
    AllowRwCount<{ read_write::COUNT }>,
>;

/// Where in the app's two buffers a stream of samples is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Position {
    /// Which buffer.
    buffer: usize,
    /// Samples of it that are left.
    left: usize,
}

/// How the stream is cut. Planning runs ahead of filling by what the hardware
/// has.
#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    /// Samples that the app's buffers hold.
    lengths: [usize; 2],
    /// Does it go on with the other buffer when one is full?
    continuous: bool,
    planned: Position,
    filled: Position,
}

impl Stream {
    fn new(lengths: [usize; 2], continuous: bool) -> Self {
        let start = Position {
            buffer: 0,
            left: lengths[0],
        };
        Stream {
            lengths,
            continuous,
            planned: start,
            filled: start,
        }
    }

    /// How many samples the hardware's next buffer of at most `room` shall take;
    /// 0 when no more are wanted.
    fn plan(&mut self, room: usize) -> usize {
        if self.planned.left == 0 && self.continuous {
            self.planned = self.other(self.planned.buffer);
        }
        let length = room.min(self.planned.left);
        self.planned.left -= length;
        length
    }

    /// `length` samples have come. Returns the buffer they belong to, where in it
    /// they start, and whether it is full with them.
    fn fill(&mut self, length: usize) -> (usize, usize, bool) {
        let Position { buffer, left } = self.filled;
        let start = self.lengths[buffer] - left;
        self.filled.left = left.saturating_sub(length);
        let full = self.filled.left == 0;
        if full && self.continuous {
            self.filled = self.other(buffer);
        }
        (buffer, start, full)
    }

    fn other(&self, buffer: usize) -> Position {
        let buffer = 1 - buffer;
        Position {
            buffer,
            left: self.lengths[buffer],
        }
    }
}

/// Tells an app of a sample or a full buffer, by both of its upcalls. They differ in what
/// they say of a buffer: its address, or its number.
fn tell(
    kernel_data: &GrantKernelData,
    mode: Mode,
    what: usize,
    by_address: usize,
    by_number: usize,
) {
    for (number, last) in [
        (upcall::SAMPLED, by_address),
        (upcall::SAMPLED_BY_NUMBER, by_number),
    ] {
        // An app whose queue is full loses the upcall.
        let _ = kernel_data.schedule_upcall(number as usize, (mode as usize, what, last));
    }
}

/// Gives the ADC to one app's operation at a time.
pub struct AdcDedicated<'a, A: Adc<'a> + AdcHighSpeed<'a>> {
    adc: &'a A,
    channels: &'a [<A as Adc<'a>>::Channel],
    apps: Apps,
    turns: Turns,
    /// What is under way, and for whom.
    mode: OptionalCell<Mode>,
    owner: OptionalCell<ProcessId>,
    channel: Cell<usize>,
    stream: Cell<Stream>,
    buffers: [TakeCell<'static, [u16]>; 3],
}

impl<'a, A: Adc<'a> + AdcHighSpeed<'a>> AdcDedicated<'a, A> {
    /// A driver on `adc`, whose client of both kinds it must be made. Apps name
    /// `channels` by index.
    pub fn new(
        adc: &'a A,
        grant: Grant<
            App,
            UpcallCount<{ upcall::COUNT }>,
            AllowRoCount<0>,
            AllowRwCount<{ read_write::COUNT }>,
        >,
        channels: &'a [<A as Adc<'a>>::Channel],
        adc_buf1: &'static mut [u16; BUF_LEN],
        adc_buf2: &'static mut [u16; BUF_LEN],
        adc_buf3: &'static mut [u16; BUF_LEN],
    ) -> AdcDedicated<'a, A> {
        AdcDedicated {
            adc,
            channels,
            apps: grant,
            turns: Turns::new(),
            owner: OptionalCell::empty(),
            mode: OptionalCell::empty(),
            channel: Cell::new(0),
            stream: Cell::new(Stream::default()),
            buffers: [
                TakeCell::new(adc_buf1),
                TakeCell::new(adc_buf2),
                TakeCell::new(adc_buf3),
            ],
        }
    }

    /// What is under way, and for whom. What an app left behind that has ended is ended
    /// first.
    fn under_way(&self) -> Result<Option<(Mode, ProcessId)>, ErrorCode> {
        let (Some(mode), Some(owner)) = (self.mode.get(), self.owner.get()) else {
            return Ok(None);
        };
        if self.apps.enter(owner, |_, _| ()).is_ok() {
            return Ok(Some((mode, owner)));
        }
        self.stop()?;
        Ok(None)
    }

    /// Whether an operation of `process_id` may begin: NOMEM while another app streams,
    /// BUSY while anything else is under way.
    fn is_free_for(&self, process_id: ProcessId) -> Result<(), ErrorCode> {
        match self.under_way()? {
            None => Ok(()),
            Some((Mode::SingleSample, _)) => Err(ErrorCode::BUSY),
            Some((_, owner)) if owner == process_id => Err(ErrorCode::BUSY),
            Some(_) => Err(ErrorCode::NOMEM),
        }
    }

    /// Puts a buffer where one is away.
    fn put_buffer(&self, buffer: &'static mut [u16]) {
        if let Some(place) = self.buffers.iter().find(|place| place.is_none()) {
            place.replace(buffer);
        }
    }

    fn take_buffer(&self) -> Option<&'static mut [u16]> {
        self.buffers.iter().find_map(TakeCell::take)
    }

    /// Ends whatever is under way and takes the buffers back.
    fn stop(&self) -> Result<(), ErrorCode> {
        self.mode.clear();
        self.adc.stop_sampling()?;
        let (first, second) = self.adc.retrieve_buffers()?;
        first.into_iter().for_each(|buffer| self.put_buffer(buffer));
        second
            .into_iter()
            .for_each(|buffer| self.put_buffer(buffer));
        Ok(())
    }

    /// Starts an app's operation on a channel, when none is under way.
    fn start(
        &self,
        mode: Mode,
        channel: usize,
        process_id: ProcessId,
        start: impl FnOnce(&<A as Adc<'a>>::Channel) -> Result<(), ErrorCode>,
    ) -> Result<(), ErrorCode> {
        let input = self.channels.get(channel).ok_or(ErrorCode::INVAL)?;
        self.mode.set(mode);
        self.owner.set(process_id);
        self.channel.set(channel);
        start(input).inspect_err(|_| self.mode.clear())
    }

    /// Takes a sample now, or when those of other apps are taken that have waited longer.
    fn sample(&self, channel: usize, process_id: ProcessId) -> Result<(), ErrorCode> {
        match self.under_way()? {
            Some((Mode::SingleSample, owner)) if owner != process_id => {
                if channel >= self.channels.len() {
                    return Err(ErrorCode::INVAL);
                }
                self.apps.enter(process_id, |app, _| match app.waiting {
                    Some(_) => Err(ErrorCode::BUSY),
                    None => {
                        app.waiting = Some((self.turns.ticket(), channel));
                        Ok(())
                    }
                })?
            }
            _ => {
                self.is_free_for(process_id)?;
                self.start_sample(channel, process_id)
            }
        }
    }

    fn start_sample(&self, channel: usize, process_id: ProcessId) -> Result<(), ErrorCode> {
        self.start(Mode::SingleSample, channel, process_id, |input| {
            self.adc.sample(input)
        })
    }

    /// Takes the sample that an app has waited for longest, if nothing is under way.
    fn serve_waiting(&self) {
        if self.mode.is_some() {
            return;
        }
        let waiting = self.apps.iter().filter_map(|app| {
            let process_id = app.processid();
            app.enter(|app, _| {
                app.waiting
                    .map(|(ticket, channel)| (ticket, (process_id, channel)))
            })
        });
        if let Some((process_id, channel)) = self.turns.oldest(waiting) {
            // What cannot be started now waits on.
            if self.start_sample(channel, process_id).is_ok() {
                let _ = self.apps.enter(process_id, |app, _| app.waiting = None);
            }
        }
    }

    fn sample_continuous(
        &self,
        channel: usize,
        frequency: u32,
        process_id: ProcessId,
    ) -> Result<(), ErrorCode> {
        self.is_free_for(process_id)?;
        self.start(Mode::ContinuousSample, channel, process_id, |input| {
            self.adc.sample_continuous(input, frequency)
        })
    }

    /// Ends what an app has under way, or waits for.
    fn stop_for(&self, process_id: ProcessId) -> Result<(), ErrorCode> {
        self.apps.enter(process_id, |app, _| app.waiting = None)?;
        let stopped = match self.under_way()? {
            Some((_, owner)) if owner == process_id => self.stop(),
            _ => Ok(()),
        };
        self.serve_waiting();
        stopped
    }

    /// Fills the app's first buffer, or both in turn for ever; NOMEM without
    /// room for a sample in each that is needed.
    fn sample_buffers(
        &self,
        mode: Mode,
        channel: usize,
        frequency: u32,
        process_id: ProcessId,
    ) -> Result<(), ErrorCode> {
        let continuous = mode == Mode::ContinuousBuffer;
        self.is_free_for(process_id)?;
        self.start(mode, channel, process_id, |input| {
            let lengths = self.apps.enter(process_id, |_, kernel_data| {
                [read_write::FIRST, read_write::SECOND].map(|allow| {
                    kernel_data
                        .get_readwrite_processbuffer(allow as usize)
                        .map_or(0, |buffer| buffer.len() / 2)
                })
            })?;
            if lengths[0] == 0 || (continuous && lengths[1] == 0) {
                return Err(ErrorCode::NOMEM);
            }
            let (Some(first), Some(second)) = (self.take_buffer(), self.take_buffer()) else {
                return Err(ErrorCode::BUSY);
            };
            let mut stream = Stream::new(lengths, continuous);
            let first_length = stream.plan(first.len());
            let second_length = stream.plan(second.len());
            self.stream.set(stream);
            self.adc
                .sample_highspeed(input, frequency, first, first_length, second, second_length)
                .map_err(|(error, first, second)| {
                    self.put_buffer(first);
                    self.put_buffer(second);
                    error
                })
        })
    }

    /// Hands the hardware the buffer after those it has, if more is wanted.
    fn provide_next(&self) -> Result<(), ErrorCode> {
        let mut stream = self.stream.get();
        let length = stream.plan(BUF_LEN);
        if length == 0 {
            return Ok(());
        }
        let buffer = self.take_buffer().ok_or(ErrorCode::NOMEM)?;
        self.stream.set(stream);
        self.adc
            .provide_buffer(buffer, length)
            .map_err(|(error, buffer)| {
                self.put_buffer(buffer);
                error
            })
    }

    /// Copies samples to where they belong in the app's buffers, little endian,
    /// and tells the app when one is full. Returns whether that was the last.
    fn copy(&self, mode: Mode, kernel_data: &GrantKernelData, samples: &[u16]) -> bool {
        let mut stream = self.stream.get();
        let (index, start, full) = stream.fill(samples.len());
        self.stream.set(stream);
        let copied = kernel_data
            .get_readwrite_processbuffer(index)
            .and_then(|buffer| {
                buffer.mut_enter(|data| {
                    // Where the app has allowed a shorter buffer since, the rest
                    // is lost.
                    let bytes = samples.iter().flat_map(|sample| sample.to_le_bytes());
                    for (to, byte) in data.iter().skip(2 * start).zip(bytes) {
                        to.set(byte);
                    }
                })?;
                Ok((buffer.ptr() as usize, buffer.len() / 2))
            });
        if !full {
            return false;
        }
        let (address, length) = copied.unwrap_or((0, 0));
        let what = (length << 8) | (self.channel.get() & 0xFF);
        tell(kernel_data, mode, what, address, index);
        !stream.continuous
    }
}

impl<'a, A: Adc<'a> + AdcHighSpeed<'a>> Client for AdcDedicated<'a, A> {
    fn sample_ready(&self, sample: u16) {
        let told = match self.mode.get() {
            Some(mode @ (Mode::SingleSample | Mode::ContinuousSample)) => {
                if mode == Mode::SingleSample {
                    self.mode.clear();
                }
                self.owner.get().is_some_and(|owner| {
                    self.apps
                        .enter(owner, |_, kernel_data| {
                            let sample = sample.into();
                            tell(kernel_data, mode, self.channel.get(), sample, sample);
                        })
                        .is_ok()
                })
            }
            _ => false,
        };
        if !told {
            // The app has stopped, or has ended: nobody wants more. If the
            // hardware cannot stop, its next sample comes here too.
            self.mode.clear();
            let _ = self.adc.stop_sampling();
        }
        self.serve_waiting();
    }
}

impl<'a, A: Adc<'a> + AdcHighSpeed<'a>> HighSpeedClient for AdcDedicated<'a, A> {
    fn samples_ready(&self, buf: &'static mut [u16], length: usize) {
        let more = match (self.mode.get(), self.owner.get()) {
            (Some(mode @ (Mode::SingleBuffer | Mode::ContinuousBuffer)), Some(owner)) => {
                // First, so that the hardware always has the next buffer in time.
                let provided = self.provide_next();
                let samples = buf.get(..length).unwrap_or_default();
                let last = self.apps.enter(owner, |_, kernel_data| {
                    self.copy(mode, kernel_data, samples)
                });
                provided.is_ok() && last == Ok(false)
            }
            _ => false,
        };
        self.put_buffer(buf);
        if !more {
            // If the hardware cannot stop, its next buffer comes here too.
            let _ = self.stop();
            self.serve_waiting();
        }
    }
}

impl<'a, A: Adc<'a> + AdcHighSpeed<'a>> SyscallDriver for AdcDedicated<'a, A> {
    /// - 0: success with the number of channels.
    /// - 1: one sample of `channel`; upcalls (0, channel, sample). While another app's
    ///   is taken, it waits for its turn.
    /// - 2: samples at `frequency` in Hz; upcalls (1, channel, sample) for each.
    /// - 3: fills read-write allow 0 at `frequency`; upcalls (2, channel in the
    ///   low 8 bits and samples above, buffer).
    /// - 4: fills read-write allows 0 and 1 in turn; upcalls (3, as above) for
    ///   each.
    /// - 5: stops what the app has under way, or waits for.
    /// - 101: success with the bits of a sample.
    /// - 102: success with full scale in millivolts; NOSUPPORT if unknown.
    ///
    /// Both upcalls say the same, but for the buffer: 0 has its address, 1 its number.
    ///
    /// Samples are left-justified in 16 bits. NOMEM: another app streams, or there is no
    /// buffer. BUSY: an operation is under way. OFF: the converter is not the apps' now.
    /// INVAL: there is no such channel, or the hardware cannot sample as often.
    fn command(
        &self,
        command_num: usize,
        channel: usize,
        frequency: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        let Some(command) = Command::from_number(command_num) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match command {
            Command::Exists => return CommandReturn::success_u32(self.channels.len() as u32),
            Command::Resolution => {
                return CommandReturn::success_u32(self.adc.get_resolution_bits() as u32);
            }
            Command::Reference => {
                return match self.adc.get_voltage_reference_mv() {
                    Some(millivolts) => CommandReturn::success_u32(millivolts as u32),
                    None => CommandReturn::failure(ErrorCode::NOSUPPORT),
                }
            }
            Command::Sample
            | Command::Repeat
            | Command::Buffer
            | Command::Continuous
            | Command::Stop => (),
        }
        let frequency = frequency as u32;
        match command {
            Command::Sample => self.sample(channel, process_id),
            Command::Repeat => self.sample_continuous(channel, frequency, process_id),
            Command::Buffer => {
                self.sample_buffers(Mode::SingleBuffer, channel, frequency, process_id)
            }
            Command::Continuous => {
                self.sample_buffers(Mode::ContinuousBuffer, channel, frequency, process_id)
            }
            // Stop; the others have answered.
            _ => self.stop_for(process_id),
        }
        .into()
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), Error> {
        self.apps.enter(process_id, |_, _| {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_buffer_is_cut_to_its_end() {
        let mut stream = Stream::new([300, 0], false);
        assert_eq!([(); 4].map(|()| stream.plan(128)), [128, 128, 44, 0]);
        assert_eq!(stream.fill(128), (0, 0, false));
        assert_eq!(stream.fill(128), (0, 128, false));
        assert_eq!(stream.fill(44), (0, 256, true));
    }

    #[test]
    fn two_buffers_take_turns() {
        let mut stream = Stream::new([10, 130], true);
        let lengths = [(); 5].map(|()| stream.plan(128));
        assert_eq!(lengths, [10, 128, 2, 10, 128]);
        assert_eq!(
            lengths.map(|length| stream.fill(length)),
            [
                (0, 0, true),
                (1, 0, false),
                (1, 128, true),
                (0, 0, true),
                (1, 0, false)
            ]
        );
    }
}
