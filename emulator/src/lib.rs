//! Emulator of the nRF52840 and the meter's front end.

pub mod analog;
pub mod front_end;
pub mod mains;
