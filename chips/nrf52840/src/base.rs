//! Where the peripherals are.

use crate::registers::{
    acl::AclRegisters, clock::ClockRegisters, ecb::EcbRegisters, ficr::FicrRegisters,
    gpio::GpioRegisters, gpiote::GpioteRegisters, nvmc::NvmcRegisters, power::PowerRegisters,
    ppi::PpiRegisters, qspi::QspiRegisters, rng::RngRegisters, rtc::RtcRegisters,
    saadc::SaadcRegisters, temp::TempRegisters, timer::TimerRegisters, uarte::UarteRegisters,
    uicr::UicrRegisters, wdt::WdtRegisters,
};
use kernel::utilities::StaticRef;

/// Registers at a fixed address of the part.
macro_rules! peripherals {
    ($($(#[$documentation:meta])* $name:ident: $registers:ty = $address:literal;)*) => {
        $(
            $(#[$documentation])*
            pub const $name: StaticRef<$registers> = {
                let start: *const $registers = core::ptr::with_exposed_provenance($address);
                // SAFETY: the product specification ("Instantiation") has these
                // registers at this address, for as long as the part runs.
                unsafe { StaticRef::new(start) }
            };
        )*
    };
}

peripherals! {
    /// CLOCK.
    CLOCK: ClockRegisters = 0x4000_0000;
    /// POWER.
    POWER: PowerRegisters = 0x4000_0000;
    /// UARTE0.
    UARTE0: UarteRegisters = 0x4000_2000;
    /// GPIOTE.
    GPIOTE: GpioteRegisters = 0x4000_6000;
    /// SAADC.
    SAADC: SaadcRegisters = 0x4000_7000;
    /// TIMER0.
    TIMER0: TimerRegisters = 0x4000_8000;
    /// TIMER1.
    TIMER1: TimerRegisters = 0x4000_9000;
    /// TIMER2.
    TIMER2: TimerRegisters = 0x4000_A000;
    /// RTC0.
    RTC0: RtcRegisters = 0x4000_B000;
    /// TEMP.
    TEMP: TempRegisters = 0x4000_C000;
    /// RNG.
    RNG: RngRegisters = 0x4000_D000;
    /// ECB.
    ECB: EcbRegisters = 0x4000_E000;
    /// WDT.
    WDT: WdtRegisters = 0x4001_0000;
    /// RTC1.
    RTC1: RtcRegisters = 0x4001_1000;
    /// TIMER3.
    TIMER3: TimerRegisters = 0x4001_A000;
    /// TIMER4.
    TIMER4: TimerRegisters = 0x4001_B000;
    /// NVMC.
    NVMC: NvmcRegisters = 0x4001_E000;
    /// ACL.
    ACL: AclRegisters = 0x4001_E000;
    /// PPI.
    PPI: PpiRegisters = 0x4001_F000;
    /// RTC2.
    RTC2: RtcRegisters = 0x4002_4000;
    /// UARTE1.
    UARTE1: UarteRegisters = 0x4002_8000;
    /// QSPI.
    QSPI: QspiRegisters = 0x4002_9000;
    /// Port 0.
    P0: GpioRegisters = 0x5000_0000;
    /// Port 1.
    P1: GpioRegisters = 0x5000_0300;
    /// FICR.
    FICR: FicrRegisters = 0x1000_0000;
    /// UICR.
    UICR: UicrRegisters = 0x1000_1000;
}
