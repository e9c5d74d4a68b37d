//! Buttons for apps: driver 0x3.

use drivers::button::{upcall, Command};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::hil::gpio::{
    ActivationMode, ActivationState, ClientWithValue, Configure, FloatingState, Input,
    InterruptEdge, InterruptPin, InterruptValueWrapper, InterruptWithValue,
};
use kernel::process::Error;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::{ErrorCode, ProcessId};

use crate::driver;

/// Driver number.
pub const DRIVER_NUM: usize = driver::NUM::Button as usize;

/// One bit for each button, so no more than this many.
const MAX_BUTTONS: usize = u32::BITS as usize;

/// What the driver keeps for an app: a bit for each button it wants to hear of.
#[derive(Default)]
pub struct App {
    subscribe_map: u32,
}

/// A button: its pin, the level when pressed, the pull resistor.
pub type ButtonPin<'a, P> = (
    &'a InterruptValueWrapper<'a, P>,
    ActivationMode,
    FloatingState,
);

/// Tells apps of buttons that are pressed and released. Contacts are not
/// debounced.
pub struct Button<'a, P: InterruptPin<'a>> {
    pins: &'a [ButtonPin<'a, P>],
    apps: Grant<App, UpcallCount<{ upcall::COUNT }>, AllowRoCount<0>, AllowRwCount<0>>,
}

impl<'a, P: InterruptPin<'a>> Button<'a, P> {
    /// Sets up `pins`, whose client the driver must be made. At most 32.
    pub fn new(
        pins: &'a [ButtonPin<'a, P>],
        grant: Grant<App, UpcallCount<{ upcall::COUNT }>, AllowRoCount<0>, AllowRwCount<0>>,
    ) -> Self {
        assert!(pins.len() <= MAX_BUTTONS);
        for (index, (pin, _, floating_state)) in (0u32..).zip(pins) {
            pin.make_input();
            pin.set_value(index);
            pin.set_floating_state(*floating_state);
        }
        Self { pins, apps: grant }
    }

    fn enable(&self, index: usize, process_id: ProcessId) -> Result<(), ErrorCode> {
        let (pin, ..) = self.pins.get(index).ok_or(ErrorCode::INVAL)?;
        self.apps
            .enter(process_id, |app, _| app.subscribe_map |= 1 << index)?;
        // Fails only without a pin, and there is one.
        let _ = pin.enable_interrupts(InterruptEdge::EitherEdge);
        Ok(())
    }

    fn disable(&self, index: usize, process_id: ProcessId) -> Result<(), ErrorCode> {
        let (pin, ..) = self.pins.get(index).ok_or(ErrorCode::INVAL)?;
        self.apps
            .enter(process_id, |app, _| app.subscribe_map &= !(1 << index))?;
        if !self.is_wanted(index) {
            pin.disable_interrupts();
        }
        Ok(())
    }

    /// Does any app want to hear of button `index`?
    fn is_wanted(&self, index: usize) -> bool {
        self.apps
            .iter()
            .any(|app| app.enter(|app, _| app.subscribe_map & (1 << index) != 0))
    }

    fn state(&self, index: usize) -> Result<ActivationState, ErrorCode> {
        let (pin, mode, _) = self.pins.get(index).ok_or(ErrorCode::INVAL)?;
        Ok(pin.read_activation(*mode))
    }
}

impl<'a, P: InterruptPin<'a>> SyscallDriver for Button<'a, P> {
    /// - 0: success with the number of buttons.
    /// - 1, 2: upcalls for button `data` on, off.
    /// - 3: success with 1 when button `data` is pressed, else 0.
    ///
    /// INVAL: there is no such button.
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
            Command::Exists => CommandReturn::success_u32(self.pins.len() as u32),
            Command::Enable => self.enable(data, process_id).into(),
            Command::Disable => self.disable(data, process_id).into(),
            Command::Read => match self.state(data) {
                Ok(state) => CommandReturn::success_u32(state as u32),
                Err(error) => CommandReturn::failure(error),
            },
        }
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), Error> {
        self.apps.enter(process_id, |_, _| {})
    }
}

impl<'a, P: InterruptPin<'a>> ClientWithValue for Button<'a, P> {
    /// Upcall 0 with (button, 1 when pressed, 0) for each app that wants it.
    fn fired(&self, value: u32) {
        let index = value as usize;
        let Ok(state) = self.state(index) else {
            return;
        };
        let mut wanted = false;
        for app in self.apps.iter() {
            app.enter(|app, kernel_data| {
                if app.subscribe_map & (1 << index) != 0 {
                    wanted = true;
                    // An app whose queue is full loses the upcall.
                    let _ = kernel_data
                        .schedule_upcall(upcall::EVENT as usize, (index, state as usize, 0));
                }
            });
        }
        // The app that wanted it may have ended without saying so.
        if !wanted {
            self.pins[index].0.disable_interrupts();
        }
    }
}
