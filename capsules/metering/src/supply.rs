//! Tells apps that the supply begins to fall: driver 0x80000007 (docs/syscalls/80000007_supply.md).
//!
//! What is left in the capacitors then is time to save what matters. The
//! hardware warns once; whether the supply has come back is found out by
//! watching again: hardware that sees a low supply warns at once.

use core::cell::Cell;

use drivers::supply::{upcall, Command, NUMBER};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks};
use kernel::process::Error;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::{ErrorCode, ProcessId};
use meter_hil::supply_monitor::{SupplyClient, SupplyMonitor, SETTLE_MS};

/// Driver number.
pub const DRIVER_NUM: usize = NUMBER as usize;

/// From a warning to the look whether the supply is back, in milliseconds: a
/// supply that bounces faster is one warning.
const LOOK_MS: u32 = 100;

/// How the supply is, as far as is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Above the threshold, and watched.
    Sound,
    /// It was below; the next look is to come.
    Low,
    /// Watched again, to see whether it is still low.
    Looking,
}

/// The grant, which holds nothing but the upcall.
type AppGrant = Grant<(), UpcallCount<{ upcall::COUNT }>, AllowRoCount<0>, AllowRwCount<0>>;

/// Tells apps of a falling supply.
pub struct SupplyDriver<'a, M: SupplyMonitor<'a>, A: Alarm<'a>> {
    monitor: &'a M,
    alarm: &'a A,
    apps: AppGrant,
    state: Cell<State>,
    warnings: Cell<u32>,
}

impl<'a, M: SupplyMonitor<'a>, A: Alarm<'a>> SupplyDriver<'a, M, A> {
    /// A driver over this hardware. The caller makes it the client of both.
    pub fn new(monitor: &'a M, alarm: &'a A, apps: AppGrant) -> Self {
        SupplyDriver {
            monitor,
            alarm,
            apps,
            state: Cell::new(State::Sound),
            warnings: Cell::new(0),
        }
    }

    /// Lets the monitor begin to watch: from then on apps are told when the supply falls.
    pub fn start(&self) {
        self.monitor.watch();
    }

    fn look_after(&self, milliseconds: u32) {
        let dt = self.alarm.ticks_from_ms(milliseconds);
        self.alarm.set_alarm(self.alarm.now(), dt);
    }

    fn tell(&self) {
        let warnings = self.warnings.get().wrapping_add(1);
        self.warnings.set(warnings);
        for app in self.apps.iter() {
            app.enter(|_, kernel_data| {
                // An app whose queue is full is told by command 1.
                let _ =
                    kernel_data.schedule_upcall(upcall::FALLS as usize, (warnings as usize, 0, 0));
            });
        }
    }
}

impl<'a, M: SupplyMonitor<'a>, A: Alarm<'a>> SupplyClient for SupplyDriver<'a, M, A> {
    fn supply_low(&self) {
        if self.state.replace(State::Low) == State::Sound {
            self.tell();
        }
        self.look_after(LOOK_MS);
    }
}

impl<'a, M: SupplyMonitor<'a>, A: Alarm<'a>> AlarmClient for SupplyDriver<'a, M, A> {
    fn alarm(&self) {
        match self.state.get() {
            State::Sound => {}
            State::Low => {
                self.state.set(State::Looking);
                self.look_after(SETTLE_MS);
                self.monitor.watch();
            }
            State::Looking => self.state.set(State::Sound),
        }
    }
}

impl<'a, M: SupplyMonitor<'a>, A: Alarm<'a>> SyscallDriver for SupplyDriver<'a, M, A> {
    /// - 0: success.
    /// - 1: success with 1 if the supply is low, else 0, and the warnings since
    ///   the kernel started.
    fn command(&self, number: usize, _: usize, _: usize, _: ProcessId) -> CommandReturn {
        let Some(command) = Command::from_number(number) else {
            return CommandReturn::failure(ErrorCode::NOSUPPORT);
        };
        match command {
            Command::Exists => CommandReturn::success(),
            Command::Level => {
                let low = self.state.get() != State::Sound;
                CommandReturn::success_u32_u32(low.into(), self.warnings.get())
            }
        }
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), Error> {
        self.apps.enter(process_id, |_, _| {})
    }
}
