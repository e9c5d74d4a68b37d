//! Alarms for apps: driver 0x0.
//!
//! Apps see a counter of 32 bits. A narrower one is shifted up to that width, so
//! that it wraps where a `u32` wraps and apps need not know how wide it is; its
//! frequency is multiplied accordingly.

use core::cell::Cell;

use drivers::alarm::{upcall, Command};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, GrantKernelData, UpcallCount};
use kernel::hil::time::{Alarm, AlarmClient, Ticks};
use kernel::process::Error;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::{ErrorCode, ProcessId};

use crate::driver;
use crate::virtualizers::Deadline;

/// Driver number.
pub const DRIVER_NUM: usize = driver::NUM::Alarm as usize;

/// What the driver keeps for an app.
pub struct AlarmData<T: Ticks> {
    deadline: Option<Deadline<T>>,
}

impl<T: Ticks> Default for AlarmData<T> {
    fn default() -> Self {
        AlarmData { deadline: None }
    }
}

/// One alarm for each app, on one alarm of the kernel.
pub struct AlarmDriver<'a, A: Alarm<'a>> {
    alarm: &'a A,
    apps: Grant<
        AlarmData<A::Ticks>,
        UpcallCount<{ upcall::COUNT }>,
        AllowRoCount<0>,
        AllowRwCount<0>,
    >,
    /// What the kernel's alarm is set to. It may come earlier than any app's
    /// alarm, after an app has stopped or moved its own.
    next: Cell<Option<Deadline<A::Ticks>>>,
}

/// Ticks of the counter from `reference` to `dt` after it, both in left-justified
/// ticks, of which `padding` bits lie below the counter's resolution. Rounded up
/// so that no alarm is early, and kept below the counter's range.
fn unjustified_dt<T: Ticks>(reference: u32, dt: u32) -> T {
    let padding = T::u32_padding();
    let fraction = (1u32 << padding) - 1;
    let low = (reference & fraction) + (dt & fraction);
    let ticks = (dt >> padding) + ((low + fraction) >> padding);
    if ticks > u32::MAX >> padding {
        T::max_value()
    } else {
        T::from(ticks)
    }
}

impl<'a, A: Alarm<'a>> AlarmDriver<'a, A> {
    /// A driver on `alarm`, whose client it must be made.
    pub const fn new(
        alarm: &'a A,
        grant: Grant<
            AlarmData<A::Ticks>,
            UpcallCount<{ upcall::COUNT }>,
            AllowRoCount<0>,
            AllowRwCount<0>,
        >,
    ) -> AlarmDriver<'a, A> {
        AlarmDriver {
            alarm,
            apps: grant,
            next: Cell::new(None),
        }
    }

    fn schedule(kernel_data: &GrantKernelData, now: A::Ticks, moment: A::Ticks) {
        // An app whose queue is full loses the upcall; the kernel counts it.
        let _ = kernel_data.schedule_upcall(
            upcall::EXPIRED as usize,
            (
                now.into_u32_left_justified() as usize,
                moment.into_u32_left_justified() as usize,
                0,
            ),
        );
    }

    /// Sets an app's alarm to `dt` after `reference` (left-justified), or after
    /// now.
    fn set(&self, reference: Option<u32>, dt: u32, process_id: ProcessId) -> CommandReturn {
        let now = self.alarm.now();
        let (reference, dt) = match reference {
            Some(reference) => {
                // The reference lies in the past, which on a counter of more
                // than 32 bits says what its upper bits are.
                let ticks = reference >> A::Ticks::u32_padding();
                let ago = now.wrapping_sub(A::Ticks::from(ticks)).into_u32();
                (
                    now.wrapping_sub(A::Ticks::from(ago)),
                    unjustified_dt::<A::Ticks>(reference, dt),
                )
            }
            None => (now, unjustified_dt::<A::Ticks>(0, dt)),
        };
        let mut deadline = Deadline::new(reference, dt);
        let moment = deadline.moment();
        let left = deadline.poll(now);
        let entered = self.apps.enter(process_id, |app, kernel_data| {
            if left.is_some() {
                app.deadline = Some(deadline);
            } else {
                app.deadline = None;
                Self::schedule(kernel_data, now, moment);
            }
        });
        if let Err(error) = entered {
            return CommandReturn::failure(error.into());
        }
        if let Some(left) = left {
            let next = self.next.get().and_then(|mut next| next.poll(now));
            if next.is_none_or(|next| left < next) {
                self.arm(now, left);
            }
        }
        CommandReturn::success_u32(moment.into_u32_left_justified())
    }

    /// Sets the kernel's alarm to `left` from `now`.
    fn arm(&self, now: A::Ticks, left: A::Ticks) {
        self.next.set(Some(Deadline::new(now, left)));
        self.alarm.set_alarm(now, left);
    }
}

impl<'a, A: Alarm<'a>> AlarmClient for AlarmDriver<'a, A> {
    fn alarm(&self) {
        let now = self.alarm.now();
        let mut first: Option<A::Ticks> = None;
        for app in self.apps.iter() {
            app.enter(|app, kernel_data| {
                let Some(deadline) = app.deadline.as_mut() else {
                    return;
                };
                match deadline.poll(now) {
                    Some(left) => first = Some(first.map_or(left, |first| first.min(left))),
                    None => {
                        let moment = deadline.moment();
                        app.deadline = None;
                        Self::schedule(kernel_data, now, moment);
                    }
                }
            });
        }
        match first {
            Some(left) => self.arm(now, left),
            None => self.next.set(None),
        }
    }
}

impl<'a, A: Alarm<'a>> SyscallDriver for AlarmDriver<'a, A> {
    /// - 0: the driver exists.
    /// - 1: success with the frequency in hertz.
    /// - 2: success with the present time.
    /// - 3: stops the app's alarm; ALREADY when none is set.
    /// - 5: sets it to `data` from now; success with the moment.
    /// - 6: sets it to `data2` after `data`; success with the moment.
    fn command(
        &self,
        command_number: usize,
        data: usize,
        data2: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        let Some(command) = Command::from_number(command_number) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match command {
            Command::Exists => CommandReturn::success(),
            Command::Frequency => {
                CommandReturn::success_u32(A::Ticks::u32_left_justified_scale_freq::<A::Frequency>())
            }
            Command::Now => CommandReturn::success_u32(self.alarm.now().into_u32_left_justified()),
            Command::Stop => self
                .apps
                .enter(process_id, |app, _| match app.deadline.take() {
                    Some(_) => CommandReturn::success(),
                    None => CommandReturn::failure(ErrorCode::ALREADY),
                })
                .unwrap_or_else(|error| CommandReturn::failure(error.into())),
            Command::Relative => self.set(None, data as u32, process_id),
            Command::Absolute => self.set(Some(data as u32), data2 as u32, process_id),
        }
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), Error> {
        self.apps.enter(process_id, |_, _| {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::hil::time::{Ticks24, Ticks32, Ticks64};

    #[test]
    fn rounds_up_what_the_counter_cannot_show() {
        let dt = unjustified_dt::<Ticks24>;
        assert_eq!(dt(0, 0), Ticks24::from(0));
        assert_eq!(dt(0, 1), Ticks24::from(1));
        assert_eq!(dt(0, 0x100), Ticks24::from(1));
        assert_eq!(dt(0, 0x101), Ticks24::from(2));
        // From the middle of a tick, which counts from its start.
        assert_eq!(dt(0x80, 0x80), Ticks24::from(1));
        assert_eq!(dt(0x80, 0x81), Ticks24::from(2));
        assert_eq!(dt(0xFF, 0xFF), Ticks24::from(2));
        assert_eq!(dt(0x1FF, 0xFFFF_FFFF), Ticks24::max_value());
        assert_eq!(dt(0, 0xFFFF_FF00), Ticks24::max_value());
    }

    #[test]
    fn wide_counters_are_exact() {
        assert_eq!(unjustified_dt::<Ticks32>(7, u32::MAX), Ticks32::max_value());
        assert_eq!(unjustified_dt::<Ticks64>(7, 12), Ticks64::from(12));
        assert_eq!(
            unjustified_dt::<Ticks64>(0, u32::MAX),
            Ticks64::from(u32::MAX)
        );
    }
}
