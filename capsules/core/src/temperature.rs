//! The temperature of the part for apps: driver 0x60000.
//!
//! Everybody who has asked is told by the measurement that ends next, one of their own or
//! another's.

use drivers::temperature::{upcall, Command};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::hil::sensors::{TemperatureClient, TemperatureDriver};
use kernel::process::Error;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::{ErrorCode, ProcessId};

use crate::driver;

/// Driver number.
pub const DRIVER_NUM: usize = driver::NUM::Temperature as usize;

/// What the driver keeps for an app: whether it waits for a temperature.
#[derive(Default)]
pub struct App {
    waits: bool,
}

/// The grant.
pub type AppGrant = Grant<App, UpcallCount<{ upcall::COUNT }>, AllowRoCount<0>, AllowRwCount<0>>;

/// Tells apps how warm it is.
pub struct TemperatureSensor<'a, T: TemperatureDriver<'a>> {
    sensor: &'a T,
    apps: AppGrant,
}

impl<'a, T: TemperatureDriver<'a>> TemperatureSensor<'a, T> {
    /// A driver over this sensor, whose client it must be made.
    pub fn new(sensor: &'a T, apps: AppGrant) -> Self {
        Self { sensor, apps }
    }

    fn read(&self, process_id: ProcessId) -> Result<(), ErrorCode> {
        let already = self.apps.enter(process_id, |app, _| {
            core::mem::replace(&mut app.waits, true)
        })?;
        if already {
            return Err(ErrorCode::BUSY);
        }
        match self.sensor.read_temperature() {
            // It measures for somebody else, and what comes is for this app too.
            Ok(()) | Err(ErrorCode::BUSY) => Ok(()),
            Err(error) => {
                self.apps.enter(process_id, |app, _| app.waits = false)?;
                Err(error)
            }
        }
    }
}

impl<'a, T: TemperatureDriver<'a>> TemperatureClient for TemperatureSensor<'a, T> {
    fn callback(&self, value: Result<i32, ErrorCode>) {
        self.apps.each(|_, app, kernel_data| {
            if !core::mem::take(&mut app.waits) {
                return;
            }
            if let Ok(hundredths) = value {
                // An app whose queue is full has asked for too much at once.
                let _ = kernel_data
                    .schedule_upcall(upcall::MEASURED as usize, (hundredths as usize, 0, 0));
            }
        });
    }
}

impl<'a, T: TemperatureDriver<'a>> SyscallDriver for TemperatureSensor<'a, T> {
    fn command(
        &self,
        command_number: usize,
        _: usize,
        _: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        match Command::from_number(command_number) {
            Some(Command::Exists) => CommandReturn::success(),
            Some(Command::Read) => self.read(process_id).into(),
            None => CommandReturn::failure(ErrorCode::NOSUPPORT),
        }
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), Error> {
        self.apps.enter(process_id, |_, _| {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::syscall::SyscallReturn;
    use kernel::utilities::cells::OptionalCell;
    use std::cell::Cell;
    use testing::{forever, HostKernel, Power};

    /// A sensor whose measurements end when the test says so.
    #[derive(Default)]
    struct Sensor {
        client: OptionalCell<&'static dyn TemperatureClient>,
        measures: Cell<bool>,
        broken: Cell<bool>,
    }

    impl Sensor {
        fn ends(&self, value: Result<i32, ErrorCode>) {
            assert!(self.measures.take(), "a measurement is under way");
            self.client.map(|client| client.callback(value));
        }
    }

    impl TemperatureDriver<'static> for Sensor {
        fn set_client(&self, client: &'static dyn TemperatureClient) {
            self.client.set(client);
        }

        fn read_temperature(&self) -> Result<(), ErrorCode> {
            if self.broken.get() {
                return Err(ErrorCode::FAIL);
            }
            if self.measures.replace(true) {
                return Err(ErrorCode::BUSY);
            }
            Ok(())
        }
    }

    const READ: usize = Command::Read as usize;

    fn setup() -> (HostKernel, &'static Sensor) {
        let sensor = forever(Sensor::default());
        let host = HostKernel::with_processes(2, |kernel| {
            let grant = kernel.create_grant(DRIVER_NUM, &Power);
            let driver = forever(TemperatureSensor::new(sensor, grant));
            sensor.set_client(driver);
            vec![(DRIVER_NUM, driver)]
        });
        for process in 0..2 {
            host.subscribe(process, DRIVER_NUM, 0);
        }
        (host, sensor)
    }

    #[test]
    fn one_measurement_serves_all_who_have_asked() {
        let (host, sensor) = setup();
        let read = |process| host.command(process, DRIVER_NUM, READ, 0, 0);
        assert_eq!(read(0), SyscallReturn::Success);
        assert_eq!(read(1), SyscallReturn::Success);
        assert_eq!(read(0), SyscallReturn::Failure(ErrorCode::BUSY));
        sensor.ends(Ok(-1_275));
        for process in 0..2 {
            let expected = [(0, [-1_275_i32 as usize, 0, 0])];
            assert_eq!(host.upcalls(process), expected);
        }
        assert_eq!(read(1), SyscallReturn::Success);
        sensor.ends(Ok(2_500));
        assert_eq!(host.upcalls(0), []);
        assert_eq!(host.upcalls(1), [(0, [2_500, 0, 0])]);
    }

    #[test]
    fn who_gets_nothing_may_ask_again() {
        let (host, sensor) = setup();
        let read = || host.command(0, DRIVER_NUM, READ, 0, 0);
        sensor.broken.set(true);
        assert_eq!(read(), SyscallReturn::Failure(ErrorCode::FAIL));
        sensor.broken.set(false);
        assert_eq!(read(), SyscallReturn::Success);
        sensor.ends(Err(ErrorCode::FAIL));
        assert_eq!(host.upcalls(0), []);
        assert_eq!(read(), SyscallReturn::Success);
    }

    #[test]
    fn the_driver_is_there_and_knows_no_other_command() {
        let (host, _) = setup();
        let command = |number| host.command(0, DRIVER_NUM, number, 0, 0);
        assert_eq!(command(0), SyscallReturn::Success);
        assert_eq!(command(2), SyscallReturn::Failure(ErrorCode::NOSUPPORT));
    }
}
