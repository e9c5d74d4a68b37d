//! Buttons (driver 0x3).

use crate::platform::subscribe::OneId;
use crate::platform::{share::Handle, DefaultConfig, ErrorCode, Subscribe, Syscalls, Upcall};
use drivers::button::{upcall, Command, NUMBER};

/// The buttons of a board, by index.
pub struct Buttons<S: Syscalls>(S);

/// What a button is doing.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum ButtonState {
    /// Held down.
    Pressed,
    /// Not held down.
    Released,
}

impl From<u32> for ButtonState {
    fn from(value: u32) -> ButtonState {
        if value == 0 {
            ButtonState::Released
        } else {
            ButtonState::Pressed
        }
    }
}

impl<S: Syscalls> Buttons<S> {
    /// Returns how many buttons there are.
    ///
    /// # Errors
    /// Fails with `NoDevice` if the kernel does not have the driver.
    pub fn count() -> Result<u32, ErrorCode> {
        S::command(DRIVER_NUM, Command::Exists.number(), 0, 0).to_result()
    }

    /// Returns whether the button of this index is pressed or released now.
    ///
    /// # Errors
    /// Fails with `Invalid` if there is no button of that index, and with `NoDevice` if
    /// the kernel does not have the driver.
    pub fn read(button: u32) -> Result<ButtonState, ErrorCode> {
        S::command(DRIVER_NUM, Command::Read.number(), button, 0)
            .to_result::<u32, ErrorCode>()
            .map(Into::into)
    }

    /// Whether the button is there and pressed.
    pub fn is_pressed(button: u32) -> bool {
        Self::read(button) == Ok(ButtonState::Pressed)
    }

    /// Whether the button is there and released.
    pub fn is_released(button: u32) -> bool {
        Self::read(button) == Ok(ButtonState::Released)
    }

    /// Asks for an event whenever the button of this index is pressed or released.
    ///
    /// # Errors
    /// Fails with `Invalid` if there is no button of that index, and with `NoDevice` if
    /// the kernel does not have the driver.
    pub fn enable_interrupts(button: u32) -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Enable.number(), button, 0).to_result()
    }

    /// Asks for no more events of the button of this index.
    ///
    /// # Errors
    /// Fails with `Invalid` if there is no button of that index, and with `NoDevice` if
    /// the kernel does not have the driver.
    pub fn disable_interrupts(button: u32) -> Result<(), ErrorCode> {
        S::command(DRIVER_NUM, Command::Disable.number(), button, 0).to_result()
    }

    /// Has `listener` called at each event, in place of one that was registered before.
    ///
    /// # Errors
    /// Fails with the error of [`Syscalls::subscribe`], `NoDevice` without the driver.
    pub fn register_listener<'share, F: Fn(u32, ButtonState)>(
        listener: &'share ButtonListener<F>,
        subscribe: Handle<Subscribe<'share, S, DRIVER_NUM, EVENT>>,
    ) -> Result<(), ErrorCode> {
        S::subscribe::<_, _, DefaultConfig, DRIVER_NUM, EVENT>(subscribe, listener)
    }

    /// Has no listener called any more.
    pub fn unregister_listener() {
        S::unsubscribe(DRIVER_NUM, EVENT);
    }
}

/// A closure to be called with the button's index and state.
pub struct ButtonListener<F: Fn(u32, ButtonState)>(pub F);

impl<F: Fn(u32, ButtonState)> Upcall<OneId<DRIVER_NUM, EVENT>> for ButtonListener<F> {
    fn upcall(&self, button: u32, state: u32, _: u32) {
        (self.0)(button, state.into());
    }
}

/// The driver's number.
pub const DRIVER_NUM: u32 = NUMBER;

const EVENT: u32 = upcall::EVENT;
