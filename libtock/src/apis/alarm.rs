//! Alarms (driver 0x0).

use crate::platform::subscribe::OneId;
use crate::platform::{self, share, DefaultConfig, ErrorCode, Subscribe, Syscalls, Upcall};
use core::cell::Cell;
use core::marker::PhantomData;
use drivers::alarm::{upcall, Command, NUMBER};

/// The app's one alarm and its clock.
pub struct Alarm<S: Syscalls, C: platform::subscribe::Config = DefaultConfig>(
    PhantomData<S>,
    PhantomData<C>,
);

/// Ticks of the clock in a second.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Hz(pub u32);

/// A time in ticks of the clock.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Ticks(pub u32);

/// A time in milliseconds.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Milliseconds(pub u32);

/// A time that can be told in ticks.
pub trait Convert {
    /// The ticks that last at least as long. A time of more than `u32::MAX`
    /// ticks is cut to that.
    fn to_ticks(self, freq: Hz) -> Ticks;
}

impl Convert for Ticks {
    fn to_ticks(self, _freq: Hz) -> Ticks {
        self
    }
}

impl Convert for Milliseconds {
    fn to_ticks(self, freq: Hz) -> Ticks {
        let ticks = (u64::from(self.0) * u64::from(freq.0)).div_ceil(1000);
        Ticks(ticks.try_into().unwrap_or(u32::MAX))
    }
}

impl<S: Syscalls, C: platform::subscribe::Config> Alarm<S, C> {
    /// Whether the driver is there.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn exists() -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Exists.number(), 0, 0).to_result()
    }

    /// Returns how many ticks the clock makes in a second.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn get_frequency() -> Result<Hz, ErrorCode> {
        S::command(DRIVER_NUM, Command::Frequency.number(), 0, 0)
            .to_result()
            .map(Hz)
    }

    /// Returns the clock in ticks. It wraps at 2^32.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn get_ticks() -> Result<u32, ErrorCode> {
        S::command(DRIVER_NUM, Command::Now.number(), 0, 0).to_result()
    }

    /// Returns the clock in milliseconds. It wraps when [`Alarm::get_ticks`] does.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver, and with `Fail` if
    /// its clock has a frequency of 0.
    pub fn get_milliseconds() -> Result<u64, ErrorCode> {
        let Hz(frequency) = Self::get_frequency()?;
        (u64::from(Self::get_ticks()?) * 1000)
            .checked_div(u64::from(frequency))
            .ok_or(ErrorCode::Fail)
    }

    /// Sets the alarm to go off after `time`, in place of one that is set. Returns the
    /// value, in ticks, that the clock will have then.
    ///
    /// # Errors
    /// Fails with `NoMem` if the kernel has no memory left for the process, and with
    /// `NoDevice` if it does not have the driver.
    pub fn set_relative(time: Ticks) -> Result<Ticks, ErrorCode> {
        S::command(DRIVER_NUM, Command::Relative.number(), time.0, 0)
            .to_result()
            .map(Ticks)
    }

    /// Unsets the alarm.
    ///
    /// # Errors
    /// Fails with `Already` if none is set, and with `NoDevice` without the driver.
    pub fn cancel() -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Stop.number(), 0, 0).to_result()
    }

    /// Has `listener` called when the alarm goes off.
    ///
    /// # Errors
    /// Fails with the error of [`Syscalls::subscribe`], `NoDevice` without the driver.
    pub fn register_listener<'share, F: Fn(Ticks)>(
        listener: &'share AlarmListener<F>,
        subscribe: share::Handle<Subscribe<'share, S, DRIVER_NUM, EXPIRED>>,
    ) -> Result<(), ErrorCode> {
        S::subscribe::<_, _, C, DRIVER_NUM, EXPIRED>(subscribe, listener)
    }

    /// Sleeps for at least `time`. Other upcalls run meanwhile.
    ///
    /// # Errors
    /// Fails with an error of [`Alarm::set_relative`] or of [`Syscalls::subscribe`].
    pub fn sleep_for<T: Convert>(time: T) -> Result<(), ErrorCode> {
        let ticks = time.to_ticks(Self::get_frequency()?);
        let expired = Cell::new(false);
        share::scope::<Subscribe<S, DRIVER_NUM, EXPIRED>, _, _>(|subscribe| {
            S::subscribe::<_, _, C, DRIVER_NUM, EXPIRED>(subscribe, &expired)?;
            Self::set_relative(ticks)?;
            while !expired.get() {
                S::yield_wait();
            }
            Ok(())
        })
    }
}

/// A closure to be called with the clock's value when the alarm went off.
pub struct AlarmListener<F: Fn(Ticks)>(pub F);

impl<F: Fn(Ticks)> Upcall<OneId<DRIVER_NUM, EXPIRED>> for AlarmListener<F> {
    fn upcall(&self, now: u32, _expiry: u32, _: u32) {
        (self.0)(Ticks(now));
    }
}

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;

/// Subscribe number of the alarm: (clock now, clock when it was due, 0).
pub const EXPIRED: u32 = upcall::EXPIRED;
