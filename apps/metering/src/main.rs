//! The metering app: samples to energy registers and load profile.

#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
mod target {
    use libtock::platform::{share, ErrorCode, Syscalls, TakeOnce};
    use libtock::runtime::TockSyscalls;
    use metering::app::{App, Instruments, Memory, Signals};

    libtock::runtime::set_main!(main);
    // Measuring, with a calibration under way, takes about half of it.
    libtock::runtime::stack_size!(0x2000);

    static MEMORY: TakeOnce<Memory> = TakeOnce::new(Memory::new());
    static INSTRUMENTS: TakeOnce<Instruments> = TakeOnce::new(Instruments::new());

    /// Measures until the meter ADC is lost, and then starts anew.
    fn main() -> Result<(), ErrorCode> {
        let memory = MEMORY.take().ok_or(ErrorCode::Already)?;
        let instruments = INSTRUMENTS.take().ok_or(ErrorCode::Already)?;
        let signals = Signals::default();
        let error = share::scope(|shares| {
            match App::<TockSyscalls>::start(shares, &signals, memory, instruments)
                .and_then(|mut app| app.run())
            {
                Ok(never) => match never {},
                Err(error) => error,
            }
        });
        TockSyscalls::exit_restart(error as u32)
    }
}

/// The app runs on the meter only; its logic is tested in the library.
#[cfg(not(target_os = "none"))]
fn main() {}
