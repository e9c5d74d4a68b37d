//! Manifests that contradict themselves, and what is said about each.

mod budgets;
mod drivers;

use crate::Manifest;

const METER: &str = include_str!("../../../boards/nrf52840-meter/meter.toml");

fn refused(from: &str, to: &str) -> String {
    assert!(
        METER.contains(from),
        "the manifest no longer holds {from:?}"
    );
    Manifest::parse(&METER.replacen(from, to, 1))
        .expect_err("a broken manifest must be refused")
        .0
}

#[test]
fn the_meter_itself_is_accepted() {
    let manifest = Manifest::parse(METER).expect("meter.toml is sound");
    assert!(manifest.app("metering").is_some());
}

#[test]
fn overlapping_flash_is_refused() {
    let error = refused(
        "{ start = 0xF0000, size = 0x06000 }",
        "{ start = 0xE8000, size = 0x10000 }",
    );
    assert!(error.contains("overlap"), "{error}");
}

#[test]
fn a_region_that_wraps_is_refused() {
    let error = refused(
        "{ start = 0xF8000, size = 0x08000 }",
        "{ start = 0xFFFFF000, size = 0x2000 }",
    );
    assert!(error.contains("not on the part"), "{error}");
}

#[test]
fn shared_ids_are_refused() {
    assert!(refused("short_id = 2", "short_id = 1").contains("short_id"));
    assert!(refused("priority = 0", "priority = 1").contains("priority"));
}

#[test]
fn memory_that_the_mpu_cannot_cover_is_refused() {
    assert!(refused(
        "ram = { start = 0x20028000, size = 0x8000 }",
        "ram = { start = 0x20028000, size = 0x7000 }"
    )
    .contains("power of two"));
}

#[test]
fn a_syntax_error_names_its_line() {
    assert!(refused("[board]", "[board").contains("line 6"));
}

/// What must be said when `from` in the manifest is `to` instead.
fn says(from: &str, to: &str, message: &str) {
    let error = refused(from, to);
    assert!(error.contains(message), "{from:?} -> {to:?}: {error}");
}

/// The line that is said to be wrong must be the one on which this stands.
fn says_line(from: &str, to: &str, stands: &str) {
    let text = METER.replacen(from, to, 1);
    let error = Manifest::parse(&text).expect_err("a broken manifest").0;
    let line = 1 + text[..text.find(stands).expect("in the manifest")]
        .matches('\n')
        .count();
    let said = format!("line {line}: ");
    assert!(error.starts_with(&said), "{said}expected: {error}");
}

#[test]
fn what_contradicts_another_entry_is_said_with_its_line() {
    says_line(
        "number = 0x102,",
        "number = 0x8000,",
        "operational_identity    =",
    );
    says_line(
        "[flash]\nbootloader    = { start = 0x00000",
        "[flash]\nbootloader    = { start = 0x00800",
        "bootloader    =",
    );
    says_line("priority = 3\n", "priority = 1\n", "name = \"update\"");
    says_line("short_id = 3\n", "short_id = 0\n", "short_id = 0");
    says_line(
        "dlms_signing        = { operations = [\"public_key\", \"sign\"]",
        "dlms_signing        = { operations = [\"hmac\"]",
        "dlms_signing        = { operations = [\"hmac\"]",
    );
    says_line("\"wear\"]", "\"erase\"]", "energy_store = [\"append\"");
    says_line("message = 128", "message = 0", "[channels.readings]");
    says_line("record = 64", "record = 0", "[storage.load_profile]");
    says_line(
        "from = \"operational\"\nto = \"decommissioned\"",
        "from = \"operational\"\nto = \"factory\"",
        "app = \"update\"",
    );
    says_line(
        "\"update\", \"factory\"]",
        "\"update\", \"none\"]",
        "name = \"development\"",
    );
}

const TLS_IDENTITY: &str =
    "device_identity         = { operations = [\"public_key\", \"sign\"], states = [\"operational\"] }";

/// The same grant of the tls app with other operations and states.
fn tls_identity(operations: &str, states: &str) -> String {
    format!("device_identity = {{ operations = {operations}, states = {states} }}")
}

#[test]
fn an_entry_that_is_not_known_is_refused() {
    says("[board]", "[board]\ncolour = 1", "unknown field `colour`");
    says(
        "kind = \"p256\" }",
        "kind = \"p256\", secret = 1 }",
        "unknown field",
    );
    says("kind = \"p256\"", "kind = \"rsa\"", "unknown variant `rsa`");
    says(
        "\"sign\", \"hmac\"",
        "\"sign\", \"steal\"",
        "app tls: driver key_store has no command steal",
    );
    says(TLS_IDENTITY, "master_key = 1", "invalid type");
    says(
        TLS_IDENTITY,
        &TLS_IDENTITY.replace("device_identity ", "master_key "),
        "app tls: there is no key master_key",
    );
    says(
        TLS_IDENTITY,
        &tls_identity("[\"reveal\"]", "[\"operational\"]"),
        "unknown variant `reveal`",
    );
    says(
        "writer = \"metering\"",
        "writer = \"meter\"",
        "channels.readings: there is no app meter",
    );
    says(
        "owner = \"metering\"\nreaders = [\"tls\", \"dlms\"]\nrecord = 64\nappends = { per_week = 1_000, most = 400 }\nstart = 0x200000",
        "owner = \"meter\"\nreaders = [\"tls\", \"dlms\"]\nrecord = 64\nappends = { per_week = 1_000, most = 400 }\nstart = 0x200000",
        "storage.load_profile: there is no app meter",
    );
    says(
        "app = \"update\"",
        "app = \"download\"",
        "there is no such app",
    );
}

#[test]
fn a_name_that_could_end_up_in_code_or_a_table_is_refused() {
    says(
        "[channels.readings]",
        "[channels.\"a | b\"]",
        "channel \"a | b\"",
    );
    says(
        "name = \"dlms\"",
        "name = \"dl\\nms\"",
        "a name has 1 to 64 letters",
    );
}

#[test]
fn an_operation_that_the_kind_does_not_have_is_refused() {
    says(
        TLS_IDENTITY,
        &tls_identity("[\"hmac\"]", "[\"operational\"]"),
        "app tls: key device_identity: a p256 has no operation hmac",
    );
    says(
        "enrolment_secret        = { operations = [\"hmac\"]",
        "enrolment_secret        = { operations = [\"read\"]",
        "a secret has no operation read",
    );
    says(
        "[\"read\", \"advance\"]",
        "[\"read\", \"import\"]",
        "a counter has no operation import",
    );
    says(
        "session = [\"encrypt\", \"decrypt\"]",
        "session = [\"encrypt\", \"read\"]",
        "a session key has no operation read",
    );
}

#[test]
fn an_import_after_the_factory_is_refused() {
    for states in ["[\"operational\"]", "[\"factory\", \"operational\"]"] {
        says(
            "dlms_master         = { operations = [\"import\"], states = [\"factory\"] }",
            &format!("dlms_master = {{ operations = [\"import\"], states = {states} }}"),
            "app factory: key dlms_master: import is for the factory state only",
        );
    }
}

#[test]
fn a_secret_in_a_decommissioned_meter_is_refused() {
    says(
        TLS_IDENTITY,
        &tls_identity("[\"public_key\", \"sign\"]", "[\"decommissioned\"]"),
        "sign in the decommissioned state",
    );
}

#[test]
fn a_counter_of_the_kernel_is_only_read() {
    says(
        "boot                    = { operations = [\"read\"]",
        "boot                    = { operations = [\"read\", \"advance\"]",
        "app tls: key boot: advance is the kernel's alone",
    );
    says(
        "kind = \"secret\" }",
        "kind = \"secret\", holder = \"kernel\" }",
        "keys.enrolment_secret: the kernel holds counters only",
    );
}

#[test]
fn numbers_that_are_taken_are_refused() {
    says(
        "number = 0x102,",
        "number = 0x101,",
        "keys.device_identity and keys.operational_identity share number 0x101",
    );
    says("number = 0x102,", "number = 0x8000,", "the key store's own");
    says("number = 0x102,", "number = 0x7000,", "the key store's own");
    says("number = 0x102,", "number = 0,", "number must be");
    says(
        "number = 2\nowner",
        "number = 1\nowner",
        "storage.event_log and storage.load_profile share number 0x1",
    );
}

#[test]
fn a_grant_that_is_empty_or_repeats_itself_is_refused() {
    says(
        TLS_IDENTITY,
        &tls_identity("[]", "[\"operational\"]"),
        "no operations",
    );
    says(TLS_IDENTITY, &tls_identity("[\"sign\"]", "[]"), "no states");
    says(
        TLS_IDENTITY,
        &tls_identity("[\"sign\", \"sign\"]", "[\"operational\"]"),
        "sign stands twice",
    );
    says(
        "rng = [\"get\"]",
        "rng = [\"get\", \"get\"]",
        "granted twice",
    );
}

#[test]
fn sessions_come_from_agreements_and_unwrapped_keys_only() {
    says(
        TLS_IDENTITY,
        &TLS_IDENTITY.replace(" }", ", session = [\"hmac\"] }"),
        "neither agree nor unwrap",
    );
    says(
        ", session = [\"encrypt\", \"decrypt\"]",
        "",
        "good for nothing",
    );
}

#[test]
fn the_vault_has_room_for_all() {
    let keys = |count: u32, kind: &str| -> String {
        (0..count)
            .map(|n| format!("k{n} = {{ number = {}, kind = \"{kind}\" }}\n", 0x600 + n))
            .collect()
    };
    let with = |count, kind| {
        Manifest::parse(&METER.replace("[keys]\n", &format!("[keys]\n{}", keys(count, kind))))
    };
    // The manifest itself has 18 objects, a successor, five versions and three ledgers, in 179
    // slots.
    assert!(with(37, "counter").is_ok());
    let error = with(38, "counter").expect_err("too many objects").0;
    assert!(error.contains("holds 64 objects, not 65"), "{error}");
    assert!(with(2, "certificate").is_ok());
    let error = with(3, "certificate").expect_err("too much").0;
    assert!(error.contains("has 256 slots, not 281"), "{error}");
}

#[test]
fn session_slots_are_there_for_all_apps_at_a_time() {
    says(
        "session_slots = 6",
        "session_slots = 7",
        "the session_slots of all apps are 9, but there are 8",
    );
    says(
        "session_slots = 6",
        "session_slots = 255",
        "the session_slots of all apps are 257, but there are 8",
    );
    says("session_slots = 6", "session_slots = 256", "256");
    says("session_slots = 6", "session_slots = -1", "-1");
    says(
        "session_slots = 2\n",
        "",
        "app update: it makes session keys, but has no session_slots",
    );
    says(
        "priority = 4\n",
        "priority = 4\nsession_slots = 0\nsession_slots = 0\n",
        "duplicate key",
    );
    let more = METER
        .replace("session_slots = 6", "session_slots = 5")
        .replace("priority = 4\n", "priority = 4\nsession_slots = 1\n");
    let error = Manifest::parse(&more).expect_err("nothing to hold").0;
    assert!(error.contains("app factory: session_slots = 1, but no key"));
}

#[test]
fn nonces_are_bound_to_counters_that_can_be_raised() {
    let unicast = "kind = \"aes128\", nonce_counter = \"dlms_invocation\"";
    let bound = |kind: &str, counter: &str| format!("kind = {kind}, nonce_counter = {counter}");
    says(
        unicast,
        &bound("\"aes128\"", "\"dlms_master\""),
        "keys.dlms_unicast: nonce_counter: there is no counter dlms_master",
    );
    says(
        unicast,
        &bound("\"aes128\"", "\"invocation\""),
        "keys.dlms_unicast: nonce_counter: there is no counter invocation",
    );
    says(unicast, &bound("\"aes128\"", "7"), "invalid type");
    says(
        "kind = \"secret\"",
        &bound("\"secret\"", "\"dlms_invocation\""),
        "keys.enrolment_secret: nonce_counter: a secret has no nonces",
    );
    says(
        "dlms_invocation     = { operations = [\"read\", \"advance\"]",
        "dlms_invocation     = { operations = [\"read\"]",
        "encrypt takes nonces of dlms_invocation, which it may not advance",
    );
    let more: String = (0..4)
        .map(|n| {
            format!(
                "c{n} = {{ number = {}, kind = \"counter\" }}\n\
                 a{n} = {{ number = {}, kind = \"aes128\", nonce_counter = \"c{n}\" }}\n",
                0x600 + n,
                0x610 + n
            )
        })
        .collect();
    says(
        "[keys]\n",
        &format!("[keys]\n{more}"),
        "nonces can be bound to 4 counters, not to 5",
    );
}

#[test]
fn the_authentication_key_goes_with_encrypt() {
    says(
        "\"agree\", \"encrypt\", \"decrypt\", \"unwrap\", \"counter\"",
        "\"agree\", \"decrypt\", \"unwrap\", \"counter\"",
        "needs key_store.encrypt, which is not granted",
    );
    says(
        TLS_IDENTITY,
        &tls_identity("[\"authenticate\"]", "[\"operational\"]"),
        "a p256 has no operation authenticate",
    );
}

#[test]
fn keys_and_key_store_commands_must_agree() {
    says(
        "\"public_key\", \"sign\", \"hmac\"",
        "\"public_key\", \"sign\"",
        "app tls: hmac of key enrolment_secret needs key_store.hmac, which is not granted",
    );
    says(
        "\"agree\", \"decrypt\", \"unwrap\", \"verify\"",
        "\"agree\", \"unwrap\", \"verify\"",
        "decrypt with a session key of update_agreement needs key_store.decrypt",
    );
    says(
        "\"public_key\", \"sign\", \"hmac\"",
        "\"public_key\", \"sign\", \"wrap\", \"hmac\"",
        "app tls: key_store.wrap is granted, but no key or transition of it needs that",
    );
    says(
        "key_store = [\"state\", \"advance_state\", \"public_key\"",
        "key_store = [\"state\", \"public_key\"",
        "app update: its transition needs key_store.advance_state",
    );
    says(
        "meter_adc = [",
        "key_store = [\"sign\"]\nmeter_adc = [",
        "app metering: key_store.sign is granted, but no key",
    );
}

#[test]
fn the_meters_life_goes_one_way() {
    says(
        "from = \"operational\"\nto = \"decommissioned\"",
        "from = \"operational\"\nto = \"factory\"",
        "the meter's life goes one way",
    );
    says(
        "from = \"operational\"\nto = \"decommissioned\"",
        "from = \"operational\"\nto = \"operational\"",
        "the meter's life goes one way",
    );
    says(
        "[[transition]]\napp = \"factory\"",
        "[[transition]]\napp = \"factory\"\nfrom = \"factory\"\nto = \"operational\"\n\n\
         [[transition]]\napp = \"factory\"",
        "is declared twice",
    );
}

#[test]
fn channels_are_bounded_and_go_one_way() {
    says("message = 128", "message = 0", "message must be 1 to 512");
    says("message = 128", "message = 513", "message must be 1 to 512");
    says("depth = 4", "depth = 0", "depth must be 1 to 16");
    says("depth = 4", "depth = 17", "depth must be 1 to 16");
    says(
        "overflow = \"oldest\"",
        "overflow = \"newest\"",
        "unknown variant",
    );
    let readers = "readers = [\"tls\", \"dlms\"]\nmessage";
    says(readers, "readers = []\nmessage", "has no reader");
    says(
        readers,
        "readers = [\"tls\", \"metering\"]\nmessage",
        "its writer metering cannot be a reader too",
    );
    says(
        readers,
        "readers = [\"tls\", \"tls\"]\nmessage",
        "app tls is named twice",
    );
    says(
        readers,
        "readers = [\"tls\"]\nmessage",
        "app dlms: channel.receive is granted, but no channel has it read",
    );
    says(
        "channel = [\"send\", \"state\"]",
        "channel = [\"state\"]",
        "app metering: a channel has it write, but it is not granted channel.send",
    );
    says(
        "channel = [\"send\", \"state\"]",
        "channel = [\"send\", \"receive\", \"state\"]",
        "app metering: channel.receive is granted",
    );
}

#[test]
fn partitions_lie_on_the_nor_and_apart() {
    says(
        "start = 0x600000\nsize = 0x100000",
        "start = 0x5FF000\nsize = 0x100000",
        "storage.event_log and storage.load_profile overlap",
    );
    says(
        "start = 0x600000\nsize = 0x100000",
        "start = 0x600000\nsize = 0x300000",
        "storage.event_log is empty or not on external_nor.storage",
    );
    says(
        "start = 0x600000\nsize = 0x100000",
        "start = 0x000000\nsize = 0x100000",
        "storage.event_log is empty or not on external_nor.storage",
    );
    says(
        "start = 0x600000\nsize = 0x100000",
        "start = 0x600800\nsize = 0x10000",
        "whole 0x1000-byte pages",
    );
    says(
        "start = 0x600000\nsize = 0x100000",
        "start = 0x600000\nsize = 0x2000",
        "needs 3 sectors",
    );
    says("record = 64", "record = 0", "record must be 1 to 1024");
    says("record = 64", "record = 1025", "record must be 1 to 1024");
    says(
        "size     = 0x800000",
        "size     = 0x400000",
        "external_nor.storage is empty or not on the NOR",
    );
    says(
        "previous = { start = 0x100000",
        "previous = { start = 0x0FF000",
        "external_nor.staging and external_nor.previous overlap",
    );
}

#[test]
fn partitions_and_storage_commands_must_agree() {
    says(
        "storage = [\"append\", \"read\"",
        "storage = [\"read\"",
        "app metering: it owns a partition, but is not granted storage.append",
    );
    says(
        "storage = [\"read\", \"range\", \"capacity\"]",
        "storage = [\"append\", \"read\", \"range\", \"capacity\"]",
        "app tls: storage.append is granted, but it owns no partition",
    );
    says(
        "storage = [\"read\", \"range\", \"capacity\"]",
        "storage = [\"range\", \"capacity\"]",
        "app tls: it reads a partition, but is not granted storage.read",
    );
    says(
        "key_store = [\"state\", \"advance_state\", \"public_key\"",
        "storage = [\"read\"]\nkey_store = [\"state\", \"advance_state\", \"public_key\"",
        "app update: storage.read is granted, but it may read no partition",
    );
    says(
        "readers = [\"tls\", \"dlms\"]\nrecord",
        "readers = [\"tls\", \"metering\"]\nrecord",
        "its owner metering reads anyway",
    );
}

#[test]
fn the_device_secret_is_the_bootloaders_last_page() {
    says(
        "device_secret = { start = 0x0F000",
        "device_secret = { start = 0x0E000",
        "flash.device_secret is not the last page",
    );
    says(
        "anchor        = { start = 0xF6000",
        "anchor        = { start = 0xF5000",
        "flash.key_store and flash.anchor overlap",
    );
}
