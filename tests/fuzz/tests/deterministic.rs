//! Every target with the same mutated inputs in every run.

use fuzz_targets::{driver, target};

macro_rules! targets {
    ($($(#[$condition:meta])* $name:ident)*) => {
        $(
            $(#[$condition])*
            #[test]
            fn $name() {
                let target = target(stringify!($name)).expect("a target of this name");
                driver::run(target, target.cases);
            }
        )*

        #[test]
        fn none_is_left_out() {
            let names = [$($(#[$condition])* stringify!($name)),*];
            assert!(fuzz_targets::TARGETS.iter().map(|target| target.name).eq(names));
        }
    };
}

targets!(
    tbf
    loader
    system_calls
    energy_store
    crash_log
    vault
    storage
    trust_calls
    #[cfg(feature = "emulator")] recording
    #[cfg(feature = "emulator")] mains
    #[cfg(feature = "emulator")] image
    manifest
);
