//! The start with signatures: in which order seed, key store and apps come, whatever goes wrong.

use std::cell::RefCell;
use std::rc::Rc;

use capsules_trust::entropy::DrbgClient;
use capsules_trust::key_store::policy::Kind;
use capsules_trust::key_store::vault::{
    Change, Condition, Generation, Request, Vault, VaultClient,
};
use capsules_trust::root::Root;
use capsules_trust::start::TrustStart;
use kernel::process::{ProcessLoadingAsync, ProcessLoadingAsyncClient};
use kernel::process_checker::AppIdPolicy;
use kernel::ErrorCode;
use meter_hil::word_flash::WordFlash;
use testing::forever;
use testing::random::SeededRandom;
use testing::words_in_ram::{blank, Words, WordsInRam};

const ROOT: [u8; 32] = [3; 32];
const OBJECT: u16 = 1;

/// What the others hear, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// The random numbers, of the seed.
    Seeded,
    /// The random numbers, of the generator's failure.
    GeneratorFailed,
    /// The key store, of a change.
    Committed(Result<(), ErrorCode>),
    /// The key store, that the vault has settled.
    Settled,
    /// The board, that the vault is not open.
    NotOpen(Condition),
    /// The loader, that it is to start.
    Load,
}
use Heard::*;

thread_local! {
    /// Of the test that runs on this thread: `not_open` is a function without a place of
    /// its own.
    static HEARD: RefCell<Vec<Heard>> = const { RefCell::new(Vec::new()) };
}

fn hear(what: Heard) {
    HEARD.with_borrow_mut(|heard| heard.push(what));
}

/// Everything that was heard since this was asked last.
fn heard() -> Vec<Heard> {
    HEARD.take()
}

/// Random numbers, key store and loader, which only listen.
struct Others;

impl DrbgClient for Others {
    fn seeded(&self) {
        hear(Seeded);
    }

    fn failed(&self) {
        hear(GeneratorFailed);
    }
}

impl VaultClient for Others {
    fn committed(&self, result: Result<(), ErrorCode>) {
        hear(Committed(result));
    }

    fn settled(&self) {
        hear(Settled);
    }
}

impl ProcessLoadingAsync<'static> for Others {
    fn set_client(&self, _: &'static dyn ProcessLoadingAsyncClient) {}

    fn set_policy(&self, _: &'static dyn AppIdPolicy) {}

    fn start(&self) {
        hear(Load);
    }
}

struct Setup {
    flash: &'static WordsInRam<'static>,
    vault: &'static Vault<'static, WordsInRam<'static>>,
    start: &'static TrustStart<'static, WordsInRam<'static>>,
}

/// A start with this content of the flash, up to the moment before the seed.
fn setup(words: &Words, root: Option<[u8; 32]>) -> Setup {
    let flash = forever(WordsInRam::new(words));
    let vault = forever(Vault::new(flash, forever(SeededRandom::new(1))));
    flash.set_client(vault);
    let root = root.map(Root::new);
    let not_open = |condition| hear(NotOpen(condition));
    let start = forever(TrustStart::new(&Others, vault, &Others, root, not_open));
    vault.set_client(start);
    start.set_loader(&Others);
    assert_eq!(heard(), [], "nothing is loaded before the seed");
    Setup {
        flash,
        vault,
        start,
    }
}

/// Flash with an object in it, as a power cut leaves it that comes when so many operations
/// of the second change have ended.
fn cut_after(operations: usize) -> Words {
    let words = blank();
    let setup = setup(&words, Some(ROOT));
    setup.start.seeded();
    let request = Request {
        change: Change::Current,
        object: OBJECT,
        kind: Kind::Secret.number(),
    };
    for _ in 0..2 {
        setup.flash.run();
        assert_eq!(setup.vault.commit(request, &[7; 32]), Ok(()));
    }
    for _ in 0..operations {
        setup.flash.step();
    }
    heard();
    let kept = words.borrow().clone();
    Rc::new(RefCell::new(kept))
}

/// More operations than a change takes.
const WHOLE: usize = 100;

#[test]
fn the_seed_opens_the_vault_and_then_apps_are_loaded() {
    let setup = setup(&blank(), Some(ROOT));
    assert_eq!(setup.vault.condition(), Condition::Closed);
    setup.start.seeded();
    assert_eq!(heard(), [Seeded, Load]);
    assert_eq!(setup.vault.condition(), Condition::Open);
}

#[test]
fn the_vault_is_opened_with_the_root() {
    let words = cut_after(WHOLE);
    let ours = setup(&words, Some(ROOT));
    ours.start.seeded();
    assert_eq!(heard(), [Seeded, Load]);
    assert_eq!(ours.vault.holds(OBJECT, Generation::Current), Ok(true));
    // Another device's.
    let theirs = setup(&words, Some([4; 32]));
    theirs.start.seeded();
    assert_eq!(heard(), [Seeded, NotOpen(Condition::Refused), Load]);
    assert_eq!(theirs.vault.condition(), Condition::Refused);
}

#[test]
fn where_a_power_cut_left_doubt_apps_are_loaded_when_the_vault_has_settled() {
    let mut settling = 0;
    for operations in 0..WHOLE {
        let setup = setup(&cut_after(operations), Some(ROOT));
        setup.start.seeded();
        if setup.vault.condition() == Condition::Settling {
            settling += 1;
            assert_eq!(heard(), [Seeded], "cut after {operations}");
            setup.flash.run();
            assert_eq!(heard(), [Settled, Load], "cut after {operations}");
        } else {
            assert_eq!(heard(), [Seeded, Load], "cut after {operations}");
            setup.flash.run();
            assert_eq!(heard(), [], "cut after {operations}");
        }
        assert_eq!(setup.vault.condition(), Condition::Open);
    }
    assert!(settling > 0, "no cut left a doubt");
}

#[test]
fn where_the_doubt_cannot_be_settled_apps_are_loaded_and_the_board_hears_why() {
    let mut refused = 0;
    for operations in 0..WHOLE {
        let setup = setup(&cut_after(operations), Some(ROOT));
        setup.flash.broken.set(true);
        setup.start.seeded();
        if setup.vault.condition() != Condition::Settling {
            heard();
            continue;
        }
        refused += 1;
        assert_eq!(heard(), [Seeded]);
        setup.flash.run();
        assert_eq!(heard(), [Settled, NotOpen(Condition::Refused), Load]);
    }
    assert!(refused > 0, "no cut left a doubt");
}

#[test]
fn a_generator_that_fails_opens_the_vault_and_loads_apps_all_the_same() {
    let words = cut_after(WHOLE);
    let setup = setup(&words, Some(ROOT));
    setup.start.failed();
    assert_eq!(heard(), [GeneratorFailed, Load]);
    assert_eq!(setup.vault.holds(OBJECT, Generation::Current), Ok(true));
}

#[test]
fn without_a_root_the_vault_stays_closed_and_apps_are_loaded() {
    let setup = setup(&blank(), None);
    setup.start.seeded();
    assert_eq!(heard(), [Seeded, NotOpen(Condition::Closed), Load]);
    assert_eq!(setup.vault.condition(), Condition::Closed);
    assert_eq!(setup.flash.operations(), 0);
}

#[test]
fn apps_are_loaded_once_however_often_the_generator_is_seeded_or_fails() {
    for root in [Some(ROOT), None] {
        let setup = setup(&blank(), root);
        setup.start.seeded();
        heard();
        setup.start.seeded();
        setup.start.failed();
        setup.start.settled();
        assert_eq!(heard(), [Seeded, GeneratorFailed, Settled]);
    }
}

#[test]
fn the_key_store_hears_of_its_changes() {
    let setup = setup(&blank(), Some(ROOT));
    setup.start.seeded();
    heard();
    for result in [Ok(()), Err(ErrorCode::FAIL)] {
        setup.start.committed(result);
        assert_eq!(heard(), [Committed(result)]);
    }
}
