//! Every target with the same mutated inputs in every run.

#![cfg(feature = "emulator")]

use fuzz_targets::{driver, target};

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let target = target(stringify!($name)).expect("a target of this name");
                driver::run(target, target.cases);
            }
        )*

        #[test]
        fn none_is_left_out() {
            let names = [$(stringify!($name)),*];
            assert!(fuzz_targets::TARGETS.iter().map(|target| target.name).eq(names));
        }
    };
}

targets!(tbf loader system_calls energy_store crash_log recording mains image manifest);
