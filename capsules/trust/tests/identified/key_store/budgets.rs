//! What apps may change of the key store's flash: so much and no more, also after restarts and resets.

use capsules_support::allowance::Earner;
use capsules_trust::key_store::policy::{Budget, Object, Policy, Rate};
use drivers::key_store::Command;
use drivers::OVER_BUDGET;
use kernel::ErrorCode;
use testing::on_kernel_thread;
use testing::words_in_ram::Words;

use super::setup::*;

const OVER: Outcome = Err(ErrorCode::RESERVE);
const WEEK: u32 = 7 * 24 * 3_600;

const fn budget(app: u32, object: usize, most: u16, lifetime: u32) -> Budget {
    Budget {
        app,
        object: object as u16,
        rate: Rate { per_week: 4, most },
        lifetime,
    }
}

/// The maker has a budget for the counter and one for all else, the user none at all.
static TIGHT: Policy = Policy {
    budgets: &[budget(MAKER, COUNTER, 8, 20), budget(MAKER, 0, 3, 100)],
    ..POLICY
};

fn start(words: &Words) -> Setup {
    start_with_policy(words, 1, &[3; 32], &TIGHT)
}

/// Raises the counter by one until it is refused; how often it was let.
fn advances(setup: &Setup, from: &mut usize) -> usize {
    let mut count = 0;
    loop {
        match setup.operate(M, Command::Advance, COUNTER, *from + 1, &[]) {
            Ok(_) => (*from, count) = (*from + 1, count + 1),
            refused => {
                assert_eq!(refused, OVER);
                return count;
            }
        }
    }
}

#[test]
fn a_budget_that_is_used_up_refuses_and_changes_nothing() {
    assert_eq!(OVER_BUDGET as usize, ErrorCode::RESERVE as usize);
    on_kernel_thread(|| {
        let words = blank();
        let setup = start(&words);
        let mut value = 0;
        assert_eq!(advances(&setup, &mut value), 8);
        let changes = setup.store.usage().changes;
        for _ in 0..100 {
            assert_eq!(setup.operate(M, Command::Advance, COUNTER, 100, &[]), OVER);
        }
        assert_eq!(setup.store.usage().changes, changes);
        assert_eq!(setup.store.counter(COUNTER as u16), Ok(8));
        // Other objects have what is theirs, all together.
        setup.done(M, Command::Store, CERTIFICATE, 0, &[b"one"]);
        setup.done(M, Command::Generate, SIGNING, 0, &[]);
        setup.done(M, Command::Erase, CERTIFICATE, 0, &[]);
        assert_eq!(setup.operate(M, Command::Generate, SECRET, 0, &[]), OVER);
        // What changes nothing goes on, and so does the kernel.
        setup.done(M, Command::PublicKey, SIGNING, 0, &[]);
        setup.store.raise_counter(COUNTER as u16, 9).unwrap();
        setup.work();
        assert_eq!(setup.store.counter(COUNTER as u16), Ok(9));
        // Time brings it back.
        setup.store.earn(WEEK);
        value = 9;
        assert_eq!(advances(&setup, &mut value), 4);
    });
}

#[test]
fn neither_a_restart_nor_a_reset_renews_a_budget() {
    on_kernel_thread(|| {
        let words = blank();
        let setup = start(&words);
        let mut value = 0;
        assert_eq!(advances(&setup, &mut value), 8);
        setup.host.restart(M);
        setup.join(M);
        assert_eq!(advances(&setup, &mut value), 0);
        for _ in 0..3 {
            let setup = start(&words);
            assert_eq!(advances(&setup, &mut value), 0);
        }
        // The lifetime ends all, whatever is earned.
        let mut all = 8;
        for _ in 0..20 {
            let setup = start(&words);
            assert_eq!(
                setup.operate(M, Command::Advance, COUNTER, value, &[]),
                Err(ErrorCode::INVAL)
            );
            assert_eq!(advances(&setup, &mut value), 0);
            setup.store.earn(WEEK);
            all += advances(&setup, &mut value);
        }
        assert_eq!(all, 20);
    });
}

#[test]
fn an_app_without_a_budget_changes_nothing() {
    on_kernel_thread(|| {
        static NONE: Policy = Policy {
            budgets: &[],
            ..POLICY
        };
        let setup = start_with_policy(&blank(), 1, &[3; 32], &NONE);
        assert_eq!(setup.operate(M, Command::Advance, COUNTER, 1, &[]), OVER);
        assert_eq!(setup.store.usage().changes, 0);
    });
}

#[test]
fn a_counter_rises_by_its_step_at_the_most() {
    const OBJECTS: &[Object] = &[Object {
        number: COUNTER as u16,
        kind: capsules_trust::key_store::policy::Kind::Counter,
        nonces: None,
        step: 1_000,
    }];
    static STEPPED: Policy = Policy {
        objects: OBJECTS,
        ..POLICY
    };
    on_kernel_thread(|| {
        let setup = start_with_policy(&blank(), 1, &[3; 32], &STEPPED);
        let advance = |value| setup.operate(M, Command::Advance, COUNTER, value, &[]);
        for leap in [1_001, u32::MAX as usize] {
            assert_eq!(advance(leap), Err(ErrorCode::INVAL));
        }
        assert_eq!(setup.store.counter(COUNTER as u16), Ok(0));
        assert_eq!(advance(1_000), Ok(vec![]));
        assert_eq!(advance(2_001), Err(ErrorCode::INVAL));
        assert_eq!(advance(2_000), Ok(vec![]));
    });
}
