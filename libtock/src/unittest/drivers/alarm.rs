//! Fake clock and alarm.

use crate::platform::{CommandReturn, ErrorCode};
use crate::unittest::{command_return, fake::SyscallDriver, DriverInfo, DriverShareRef};
use drivers::alarm::{upcall, Command};
use std::cell::Cell;
use std::rc::Rc;

/// A clock that the test moves. By default an alarm goes off as soon as it is
/// set, so that code that sleeps does not sleep for ever.
pub struct Alarm {
    frequency: u32,
    now: Cell<u32>,
    /// Set at, and for how many ticks.
    set: Cell<Option<(u32, u32)>>,
    by_hand: bool,
    share_ref: DriverShareRef,
}

impl Alarm {
    /// A clock with `frequency` ticks a second that jumps to each alarm as it
    /// is set.
    pub fn new(frequency: u32) -> Rc<Self> {
        Self::make(frequency, false)
    }

    /// A clock that only [`Alarm::advance`] moves.
    pub fn new_by_hand(frequency: u32) -> Rc<Self> {
        Self::make(frequency, true)
    }

    fn make(frequency: u32, by_hand: bool) -> Rc<Self> {
        Rc::new(Alarm {
            frequency,
            now: Cell::new(0),
            set: Cell::new(None),
            by_hand,
            share_ref: DriverShareRef::default(),
        })
    }

    /// The clock.
    pub fn now(&self) -> u32 {
        self.now.get()
    }

    /// Moves the clock. An alarm that is due goes off.
    pub fn advance(&self, ticks: u32) {
        let now = self.now.get().wrapping_add(ticks);
        self.now.set(now);
        if let Some((at, ticks)) = self.set.get() {
            if now.wrapping_sub(at) >= ticks {
                self.set.set(None);
                self.share_ref
                    .schedule_upcall(upcall::EXPIRED, (now, at.wrapping_add(ticks), 0))
                    .expect("upcall 0 exists");
            }
        }
    }

    fn set(&self, reference: u32, ticks: u32) -> CommandReturn {
        self.set.set(Some((reference, ticks)));
        if !self.by_hand {
            let due = reference.wrapping_add(ticks);
            self.advance(due.wrapping_sub(self.now.get()));
        }
        command_return::success_u32(reference.wrapping_add(ticks))
    }
}

impl SyscallDriver for Alarm {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(crate::apis::alarm::DRIVER_NUM).upcall_count(upcall::COUNT.into())
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, argument0: u32, argument1: u32) -> CommandReturn {
        let Some(command) = Command::from_number(command_id as usize) else {
            return command_return::failure(ErrorCode::NoSupport);
        };
        match command {
            Command::Exists => command_return::success(),
            Command::Frequency => command_return::success_u32(self.frequency),
            Command::Now => command_return::success_u32(self.now.get()),
            Command::Stop => match self.set.take() {
                Some(_) => command_return::success(),
                None => command_return::failure(ErrorCode::Already),
            },
            Command::Relative => self.set(self.now.get(), argument0),
            Command::Absolute => self.set(argument0, argument1),
        }
    }
}
