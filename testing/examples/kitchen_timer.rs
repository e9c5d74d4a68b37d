//! A kitchen timer: a capsule with one command and one upcall, and its test.

use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks};
use kernel::process::{Error, ProcessId};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::ErrorCode;

/// The number by which apps call the timer.
pub const DRIVER_NUM: usize = 0xA0001;

/// Rings for all apps. Command 1 sets it, in milliseconds; upcall 0 comes when it rings.
pub struct KitchenTimer<'a, A: Alarm<'a>> {
    alarm: &'a A,
    apps: Grant<(), UpcallCount<1>, AllowRoCount<0>, AllowRwCount<0>>,
}

impl<'a, A: Alarm<'a>> SyscallDriver for KitchenTimer<'a, A> {
    fn command(&self, number: usize, ms: usize, _: usize, _: ProcessId) -> CommandReturn {
        match number {
            0 => CommandReturn::success(),
            1 => {
                let ticks = self.alarm.ticks_from_ms(ms as u32);
                self.alarm.set_alarm(self.alarm.now(), ticks);
                CommandReturn::success()
            }
            _ => CommandReturn::failure(ErrorCode::NOSUPPORT),
        }
    }

    fn allocate_grant(&self, process: ProcessId) -> Result<(), Error> {
        self.apps.enter(process, |_, _| ())
    }
}

impl<'a, A: Alarm<'a>> AlarmClient for KitchenTimer<'a, A> {
    fn alarm(&self) {
        self.apps.each(|_, _, kernel_data| {
            // An app that does not listen misses it.
            let _ = kernel_data.schedule_upcall(0, (0, 0, 0));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::syscall::SyscallReturn;
    use testing::{forever, Clock, HostKernel, Power};

    #[test]
    fn it_rings_for_those_who_listen() {
        let clock: &Clock = forever(Clock::default());
        let host = HostKernel::with_processes(2, |kernel| {
            let timer = forever(KitchenTimer {
                alarm: clock,
                apps: kernel.create_grant(DRIVER_NUM, &Power),
            });
            clock.set_alarm_client(timer);
            vec![(DRIVER_NUM, timer)]
        });
        host.subscribe(0, DRIVER_NUM, 0);
        let answer = host.command(0, DRIVER_NUM, 1, 500, 0);
        assert_eq!(answer, SyscallReturn::Success);

        clock.pass_ms(499);
        assert!(host.upcalls(0).is_empty(), "it is too early");
        clock.pass_ms(1);
        assert_eq!(host.upcalls(0), [(0, [0, 0, 0])]);
        assert!(host.upcalls(1).is_empty(), "it has not subscribed");
    }
}
