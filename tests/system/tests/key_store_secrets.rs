//! Key material is nowhere but in the key store's own buffers: whole memory images are searched.
//!
//! Searched: all of RAM (which holds all that apps can read and write), all of
//! internal flash, all of the external memory. Known to the search: every key that
//! was imported, unwrapped or agreed on, the shared secrets, the device secret, the
//! storage root and all keys derived from it.
//!
//! Allowed are the static buffers of the key store (the vault's keys, session slots,
//! the working buffers), in the static buffers of the storage capsule its own keys
//! of the partitions' owners, and the device secret in its own page, which is locked.
//! The stack must be clean whenever no step runs. In the middle of a step the
//! kernel's stack is allowed too.

use std::ops::Range;

use audit::specimen::artifacts::{built, manifest};
use drivers::key_store::Command;
use emulator::Stop;
use hkdf::Hkdf;
use p256::SecretKey;
use sha2::{Digest, Sha256};
use std::time::Duration;
use system_tests::elf::Elf;
use system_tests::key_bridge::{
    Bridge, Request, AES, AUTHENTICATION, KEY, NOTHING, SECRET, SLOT, WRAPPING,
};
use system_tests::secrets::Secrets;

const RAM: Range<u32> = 0x2000_0000..0x2004_0000;
const SALT: &[u8] = b"salt";
const INFORMATION: &[u8] = b"information";

/// Bytes that nobody else has.
fn key<const N: usize>(name: &str) -> [u8; N] {
    let mut key = [0; N];
    key.copy_from_slice(&Sha256::digest(name)[..N]);
    key
}

fn expand<const N: usize>(salt: Option<&[u8]>, secret: &[u8], information: &[u8]) -> [u8; N] {
    let mut key = [0; N];
    Hkdf::<Sha256>::new(salt, secret)
        .expand(information, &mut key)
        .expect("a few bytes");
    key
}

/// What may hold secrets, and what is looked for.
struct Search {
    keys: Secrets,
    storage: Secrets,
    device: Secrets,
    key_store: Vec<Range<u32>>,
    storage_memory: Vec<Range<u32>>,
    stack: Range<u32>,
    secret_page: Range<u32>,
    failures: Vec<String>,
}

impl Search {
    fn new(bridge: &mut Bridge) -> Self {
        let manifest = manifest();
        let kernel = Elf::read(&built("key-bridge/kernel.elf"));
        let bottom = manifest.ram.kernel.start;
        let page = manifest.flash.device_secret.start;
        let mut search = Search {
            keys: Secrets::default(),
            storage: Secrets::default(),
            device: Secrets::default(),
            key_store: kernel.places(&["trust9key_store3BUF"]),
            storage_memory: kernel.places(&["trust7storage3BUF"]),
            stack: bottom..bottom + manifest.board.kernel_stack,
            secret_page: page..page + manifest.flash.device_secret.size,
            failures: Vec::new(),
        };
        let flash = bridge.machine.flash();
        let device = &flash[page as usize..page as usize + 32];
        let root: [u8; 32] = expand(None, device, b"wattlock storage root");
        search.device.add("device secret", device);
        search.keys.add("storage root", &root);
        let store: [u8; 64] = expand(None, &root, b"key store");
        search.keys.add("keys of the vault", &store);
        let anchor: [u8; 32] = expand(None, &root, b"anchor");
        search.keys.add("key of the anchor", &anchor);
        for app in &manifest.apps {
            let label = [b"storage", &app.short_id.to_le_bytes()[..]].concat();
            let own: [u8; 16] = expand(None, &root, &label);
            search
                .storage
                .add(&format!("storage key of {}", app.name), &own);
        }
        search
    }

    /// Looks through everything; `within`: in the middle of a step.
    fn look(&mut self, bridge: &mut Bridge, moment: &str, within: bool) {
        let ram = bridge
            .machine
            .read_memory(RAM.start, RAM.len())
            .expect("RAM");
        let inside =
            |at: u32, places: &[Range<u32>]| places.iter().any(|place| place.contains(&at));
        for (secrets, own) in [
            (&self.keys, &self.key_store[..]),
            (&self.storage, &self.storage_memory[..]),
            (&self.device, &[]),
        ] {
            for finding in secrets.find(&ram) {
                let at = RAM.start + finding.at as u32;
                if inside(at, own) || within && self.stack.contains(&at) {
                    continue;
                }
                self.failures
                    .push(format!("{moment}: {} at {at:#010x}", finding.name));
            }
        }
        let flash = bridge.machine.flash();
        let outside = bridge.machine.nor().unwrap_or_default();
        for (name, image) in [("flash", &flash), ("external memory", &outside)] {
            let found = [&self.keys, &self.storage, &self.device]
                .into_iter()
                .flat_map(|secrets| secrets.find(image));
            for finding in found {
                let in_its_page = name == "flash"
                    && finding.name.starts_with("device secret")
                    && self.secret_page.contains(&(finding.at as u32));
                if !in_its_page {
                    self.failures.push(format!(
                        "{moment}: {} in {name} at {:#x}",
                        finding.name, finding.at
                    ));
                }
            }
        }
    }

    /// The key is in the key store's memory now: the search finds what is there.
    fn expect_in_key_store(&self, bridge: &mut Bridge, name: &str) {
        let found = self.key_store.iter().any(|place| {
            let bytes = bridge.machine.read_memory(place.start, place.len());
            let findings = self.keys.find(&bytes.expect("RAM"));
            findings
                .iter()
                .any(|finding| finding.name.starts_with(name))
        });
        assert!(found, "{name} is not where it must be");
    }
}

/// One operation after the other, and after each a look.
#[test]
fn no_key_is_left_anywhere_after_an_operation() {
    let mut bridge = Bridge::measuring();
    let mut search = Search::new(&mut bridge);
    search.look(&mut bridge, "after the start", false);

    let private: [u8; 32] = key("private");
    let aes: [u8; 16] = key("aes");
    let wrapping: [u8; 16] = key("wrapping");
    let authentication: [u8; 16] = key("authentication");
    let secret: [u8; 32] = key("secret");
    search.keys.add("private key", &private);
    search.keys.add("AES key", &aes);
    search.keys.add("wrapping key", &wrapping);
    search.keys.add("authentication key", &authentication);
    search.keys.add("secret for HMAC", &secret);
    let imports = [
        (KEY, &private[..]),
        (AES, &aes),
        (WRAPPING, &wrapping),
        (AUTHENTICATION, &authentication),
        (SECRET, &secret),
    ];
    for (object, bytes) in imports {
        assert_eq!(bridge.import(object, bytes), Ok(()));
        bridge.clear_buffers();
        search.look(&mut bridge, &format!("after import of {object:#x}"), false);
    }

    let ours = SecretKey::from_slice(&private).expect("a number below n");
    let theirs = SecretKey::from_slice(&key::<32>("peer")).expect("a number below n");
    let shared =
        p256::ecdh::diffie_hellman(ours.to_nonzero_scalar(), theirs.public_key().as_affine());
    let shared = shared.raw_secret_bytes();
    let session: [u8; 16] = expand(Some(SALT), shared, INFORMATION);
    let dlms = Sha256::new()
        .chain_update([0, 0, 0, 1])
        .chain_update(shared)
        .chain_update(INFORMATION)
        .finalize();
    search.keys.add("shared secret", shared);
    search.keys.add("session key", &session);
    search.keys.add("session key of DLMS", &dlms[..16]);
    let peer = {
        use p256::elliptic_curve::sec1::ToEncodedPoint;
        theirs.public_key().to_encoded_point(false)
    };
    let message = [0x5A; 300];
    let digest = [0xC3; 32];
    let mut perform = |name: &str, number, first, second, inputs: [&[u8]; 3]| {
        let output = bridge.call(number, first, second, inputs);
        let output = output.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        bridge.clear_buffers();
        search.look(&mut bridge, &format!("after {name}"), false);
        output
    };
    perform("public_key", Command::PublicKey, KEY, 0, NOTHING);
    perform("sign", Command::Sign, KEY, 0, [&digest, &[], &[]]);
    let inputs = [peer.as_bytes(), INFORMATION, SALT];
    perform("agree", Command::Agree, KEY, SLOT, inputs);
    perform(
        "agree for DLMS",
        Command::Agree,
        KEY,
        SLOT + 1 + (1 << 16),
        inputs,
    );
    let nonce = [7; 12];
    for (name, object) in [("a slot", SLOT), ("an object", AES)] {
        let inputs = [&message[..], b"more", &nonce];
        let sealed = perform(
            &format!("encrypt with {name}"),
            Command::Encrypt,
            object,
            12,
            inputs,
        );
        let inputs = [&sealed[..], b"more", &nonce];
        let text = perform(
            &format!("decrypt with {name}"),
            Command::Decrypt,
            object,
            12,
            inputs,
        );
        assert_eq!(text, message);
    }
    let with = 12 | AUTHENTICATION << 16;
    let inputs = [&message[..], b"more", &nonce];
    perform(
        "encrypt with an authentication key",
        Command::Encrypt,
        AES,
        with,
        inputs,
    );
    let inputs = [&message[..], &[], &[]];
    perform("hmac", Command::Hmac, SECRET, 0, inputs);
    perform("hmac with a slot", Command::Hmac, SLOT, 0, inputs);
    let wrapped = perform("wrap", Command::Wrap, WRAPPING, SLOT, NOTHING);
    perform(
        "unwrap",
        Command::Unwrap,
        WRAPPING,
        SLOT + 2,
        [&wrapped, &[], &[]],
    );
    perform(
        "unwrap into an object",
        Command::Unwrap,
        WRAPPING,
        AES,
        [&wrapped, &[], &[]],
    );
    perform("activate", Command::Activate, AES, 0, NOTHING);
    search.expect_in_key_store(&mut bridge, "session key");
    for object in [SLOT, SLOT + 1, SLOT + 2, KEY, AES, SECRET] {
        assert_eq!(bridge.erase(object), Ok(()));
        search.look(&mut bridge, &format!("after erase of {object:#x}"), false);
    }
    assert_eq!(search.failures, Vec::<String>::new());
}

/// Between the steps of the long operations, and at moments in the middle of steps.
#[test]
fn while_it_works_keys_are_in_its_buffers_alone() {
    let mut bridge = Bridge::quiet();
    let mut search = Search::new(&mut bridge);
    let private: [u8; 32] = key("private");
    search.keys.add("private key", &private);
    let ours = SecretKey::from_slice(&private).expect("a number below n");
    let peer = {
        use p256::elliptic_curve::sec1::ToEncodedPoint;
        ours.public_key().to_encoded_point(false)
    };
    let shared =
        p256::ecdh::diffie_hellman(ours.to_nonzero_scalar(), ours.public_key().as_affine());
    search.keys.add("shared secret", shared.raw_secret_bytes());
    let session: [u8; 16] = expand(Some(SALT), shared.raw_secret_bytes(), INFORMATION);
    search.keys.add("session key", &session);

    let step = Elf::read(&built("key-bridge/kernel.elf"));
    let step = step.places(&["operations7Working4step"])[0].start;
    let operations = [
        (
            "import",
            (Command::Import, KEY, 0),
            [&private[..], &[], &[]],
        ),
        ("sign", (Command::Sign, KEY, 0), [&[0xC3; 32], &[], &[]]),
        (
            "agree",
            (Command::Agree, KEY, SLOT),
            [peer.as_bytes(), INFORMATION, SALT],
        ),
    ];
    let mut between = 0;
    for (name, command, inputs) in operations {
        let request = Request {
            command,
            inputs,
            output: 64,
            rounds: 1,
        };
        bridge.post(request);
        bridge.machine.add_breakpoint(step);
        for number in 0.. {
            let stop = bridge.machine.run_for(Duration::from_secs(20));
            if stop != Stop::Breakpoint(step) {
                break;
            }
            if number == 0 {
                // The inputs have been copied.
                bridge.clear_buffers();
                search.expect_in_key_store(&mut bridge, "private key");
            }
            if number % 9 == 0 {
                search.look(
                    &mut bridge,
                    &format!("before step {number} of {name}"),
                    false,
                );
                between += 1;
            }
            if number % 30 == 7 {
                bridge.machine.run_instructions(5_000);
                search.look(&mut bridge, &format!("in step {number} of {name}"), true);
            }
        }
        bridge.machine.remove_hooks(step);
        assert_eq!(bridge.answer(request).result, Ok(()), "{name}");
    }
    assert!(between > 20, "{between} looks");
    assert_eq!(search.failures, Vec::<String>::new());
}

/// A key in the RAM of an app, in flash or in the external memory is found.
#[test]
fn the_search_finds_a_key_that_was_planted() {
    let mut bridge = Bridge::quiet();
    let mut search = Search::new(&mut bridge);
    let planted: [u8; 32] = key("planted");
    search.keys.add("planted key", &planted);
    search.look(&mut bridge, "before", false);
    assert_eq!(search.failures, Vec::<String>::new());
    let mut reversed = planted;
    reversed.reverse();
    let places = [Bridge::ram().start + 0x3001, 0xE_0000, RAM.start + 0x100];
    for (place, bytes) in places.into_iter().zip([planted, reversed, planted]) {
        let before = bridge.machine.read_memory(place, 32).expect("memory");
        assert!(bridge.machine.write_memory(place, &bytes));
        search.look(&mut bridge, "planted", false);
        assert!(!search.failures.is_empty(), "at {place:#x}");
        assert!(search
            .failures
            .iter()
            .all(|line| line.contains("planted key")));
        search.failures.clear();
        assert!(bridge.machine.write_memory(place, &before));
    }
}
