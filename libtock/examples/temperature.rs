//! Asks how warm the part is, without a client in libtock: the app of docs/guides/write-a-capsule.md.

#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use drivers::temperature::{upcall, Command, NUMBER};
use libtock::platform::{ErrorCode, Syscalls};

/// Returns the temperature in hundredths of a degree Celsius.
///
/// # Errors
/// `NoDevice` without the driver, `Busy` while a measurement for this app is under way.
pub fn temperature<S: Syscalls>() -> Result<i32, ErrorCode> {
    S::command(NUMBER, Command::Read.number(), 0, 0).to_result::<(), ErrorCode>()?;
    let (hundredths, _, _) = S::yield_wait_for(NUMBER, upcall::MEASURED);
    Ok(hundredths as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use libtock::platform::CommandReturn;
    use libtock::unittest::{command_return, fake, DriverInfo, DriverShareRef};
    use std::rc::Rc;

    /// Measures three degrees below zero, always.
    #[derive(Default)]
    struct Frost(DriverShareRef);

    impl fake::SyscallDriver for Frost {
        fn info(&self) -> DriverInfo {
            DriverInfo::new(NUMBER).upcall_count(upcall::COUNT.into())
        }

        fn register(&self, share_ref: DriverShareRef) {
            self.0.replace(share_ref);
        }

        fn command(&self, number: u32, _: u32, _: u32) -> CommandReturn {
            assert_eq!(number, Command::Read.number());
            let frost = -300_i32;
            self.0
                .schedule_upcall(upcall::MEASURED, (frost as u32, 0, 0))
                .expect("the definition has it");
            command_return::success()
        }
    }

    #[test]
    fn below_zero_stays_below_zero() {
        let kernel = fake::Kernel::new();
        kernel.add_driver(&Rc::new(Frost::default()));
        assert_eq!(temperature::<fake::Syscalls>(), Ok(-300));
    }

    #[test]
    fn a_kernel_without_the_driver_says_so() {
        let _kernel = fake::Kernel::new();
        assert_eq!(temperature::<fake::Syscalls>(), Err(ErrorCode::NoDevice));
    }
}
