// Generated from meter.toml; do not edit.

use capsules::key_store::policy::{
    Grant, Kind, Object, Operations, Policy, SessionShare, State, States, Transition,
};

/// The keys of meter.toml, and who may do what with each.
pub const KEY_STORE: Policy = Policy {
    objects: &[
        // device_identity
        Object { number: 0x101, kind: Kind::P256, nonces: None },
        // operational_identity
        Object { number: 0x102, kind: Kind::P256, nonces: None },
        // dlms_signing
        Object { number: 0x103, kind: Kind::P256, nonces: None },
        // dlms_agreement
        Object { number: 0x104, kind: Kind::P256, nonces: Some(0x503) },
        // update_agreement
        Object { number: 0x105, kind: Kind::P256, nonces: None },
        // enrolment_secret
        Object { number: 0x201, kind: Kind::Secret, nonces: None },
        // dlms_unicast
        Object { number: 0x202, kind: Kind::Aes128, nonces: Some(0x503) },
        // dlms_authentication
        Object { number: 0x203, kind: Kind::Aes128, nonces: None },
        // dlms_master
        Object { number: 0x204, kind: Kind::Aes128, nonces: None },
        // server_ca
        Object { number: 0x301, kind: Kind::TrustAnchor, nonces: None },
        // update_author
        Object { number: 0x302, kind: Kind::TrustAnchor, nonces: None },
        // operator
        Object { number: 0x303, kind: Kind::TrustAnchor, nonces: None },
        // device_certificate
        Object { number: 0x401, kind: Kind::Certificate, nonces: None },
        // operational_certificate
        Object { number: 0x402, kind: Kind::Certificate, nonces: None },
        // server_certificate
        Object { number: 0x403, kind: Kind::Certificate, nonces: None },
        // security_version
        Object { number: 0x501, kind: Kind::Counter, nonces: None },
        // boot
        Object { number: 0x502, kind: Kind::Counter, nonces: None },
        // dlms_invocation
        Object { number: 0x503, kind: Kind::Counter, nonces: None },
    ],
    grants: &[
        // tls: device_identity
        Grant {
            app: 1,
            object: 0x101,
            operations: Operations::PUBLIC_KEY.union(Operations::SIGN),
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // tls: operational_identity
        Grant {
            app: 1,
            object: 0x102,
            operations: Operations::GENERATE.union(Operations::PUBLIC_KEY).union(Operations::SIGN).union(Operations::ACTIVATE),
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // tls: enrolment_secret
        Grant {
            app: 1,
            object: 0x201,
            operations: Operations::HMAC,
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // tls: server_ca
        Grant {
            app: 1,
            object: 0x301,
            operations: Operations::VERIFY.union(Operations::READ),
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // tls: device_certificate
        Grant {
            app: 1,
            object: 0x401,
            operations: Operations::READ,
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // tls: operational_certificate
        Grant {
            app: 1,
            object: 0x402,
            operations: Operations::STORE.union(Operations::READ),
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // tls: server_certificate
        Grant {
            app: 1,
            object: 0x403,
            operations: Operations::STORE.union(Operations::READ),
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // tls: security_version
        Grant {
            app: 1,
            object: 0x501,
            operations: Operations::READ,
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // tls: boot
        Grant {
            app: 1,
            object: 0x502,
            operations: Operations::READ,
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // dlms: dlms_signing
        Grant {
            app: 3,
            object: 0x103,
            operations: Operations::PUBLIC_KEY.union(Operations::SIGN),
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // dlms: dlms_agreement
        Grant {
            app: 3,
            object: 0x104,
            operations: Operations::PUBLIC_KEY.union(Operations::AGREE),
            session: Operations::ENCRYPT.union(Operations::DECRYPT),
            states: States::OPERATIONAL,
        },
        // dlms: dlms_unicast
        Grant {
            app: 3,
            object: 0x202,
            operations: Operations::ENCRYPT.union(Operations::DECRYPT).union(Operations::REPLACE),
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // dlms: dlms_authentication
        Grant {
            app: 3,
            object: 0x203,
            operations: Operations::AUTHENTICATE.union(Operations::REPLACE),
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // dlms: dlms_master
        Grant {
            app: 3,
            object: 0x204,
            operations: Operations::UNWRAP.union(Operations::REPLACE),
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // dlms: dlms_invocation
        Grant {
            app: 3,
            object: 0x503,
            operations: Operations::READ.union(Operations::ADVANCE),
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // update: update_agreement
        Grant {
            app: 4,
            object: 0x105,
            operations: Operations::PUBLIC_KEY.union(Operations::AGREE),
            session: Operations::UNWRAP.union(Operations::DECRYPT),
            states: States::OPERATIONAL,
        },
        // update: update_author
        Grant {
            app: 4,
            object: 0x302,
            operations: Operations::VERIFY,
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // update: operator
        Grant {
            app: 4,
            object: 0x303,
            operations: Operations::VERIFY,
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // update: security_version
        Grant {
            app: 4,
            object: 0x501,
            operations: Operations::READ,
            session: Operations::NONE,
            states: States::OPERATIONAL,
        },
        // factory: device_identity
        Grant {
            app: 5,
            object: 0x101,
            operations: Operations::GENERATE.union(Operations::PUBLIC_KEY).union(Operations::SIGN),
            session: Operations::NONE,
            states: States::FACTORY,
        },
        // factory: dlms_signing
        Grant {
            app: 5,
            object: 0x103,
            operations: Operations::GENERATE.union(Operations::PUBLIC_KEY),
            session: Operations::NONE,
            states: States::FACTORY,
        },
        // factory: dlms_agreement
        Grant {
            app: 5,
            object: 0x104,
            operations: Operations::GENERATE.union(Operations::PUBLIC_KEY),
            session: Operations::NONE,
            states: States::FACTORY,
        },
        // factory: update_agreement
        Grant {
            app: 5,
            object: 0x105,
            operations: Operations::GENERATE.union(Operations::PUBLIC_KEY),
            session: Operations::NONE,
            states: States::FACTORY,
        },
        // factory: enrolment_secret
        Grant {
            app: 5,
            object: 0x201,
            operations: Operations::IMPORT,
            session: Operations::NONE,
            states: States::FACTORY,
        },
        // factory: dlms_unicast
        Grant {
            app: 5,
            object: 0x202,
            operations: Operations::IMPORT,
            session: Operations::NONE,
            states: States::FACTORY,
        },
        // factory: dlms_authentication
        Grant {
            app: 5,
            object: 0x203,
            operations: Operations::IMPORT,
            session: Operations::NONE,
            states: States::FACTORY,
        },
        // factory: dlms_master
        Grant {
            app: 5,
            object: 0x204,
            operations: Operations::IMPORT,
            session: Operations::NONE,
            states: States::FACTORY,
        },
        // factory: server_ca
        Grant {
            app: 5,
            object: 0x301,
            operations: Operations::STORE.union(Operations::READ),
            session: Operations::NONE,
            states: States::FACTORY,
        },
        // factory: update_author
        Grant {
            app: 5,
            object: 0x302,
            operations: Operations::STORE.union(Operations::READ),
            session: Operations::NONE,
            states: States::FACTORY,
        },
        // factory: operator
        Grant {
            app: 5,
            object: 0x303,
            operations: Operations::STORE.union(Operations::READ),
            session: Operations::NONE,
            states: States::FACTORY,
        },
        // factory: device_certificate
        Grant {
            app: 5,
            object: 0x401,
            operations: Operations::STORE.union(Operations::READ),
            session: Operations::NONE,
            states: States::FACTORY,
        },
    ],
    transitions: &[
        // factory
        Transition { app: 5, from: State::Factory, to: State::Operational },
        // update
        Transition { app: 4, from: State::Operational, to: State::Decommissioned },
    ],
    shares: &[
        // dlms
        SessionShare { app: 3, slots: 6 },
        // update
        SessionShare { app: 4, slots: 2 },
    ],
};

// The limits of the capsule against which meter.toml was checked.
const _: () = assert!(capsules::key_store::vault::index::MAX_OBJECTS == 64);
const _: () = assert!(capsules::key_store::vault::format::LIVE_SLOTS == 256);
const _: () = assert!(capsules::key_store::sessions::COUNT == 8);
const _: () = assert!(capsules::key_store::nonces::PLACES == 4);
