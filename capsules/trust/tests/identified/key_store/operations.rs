//! Every operation with known answers, through system calls.

use drivers::key_store::Command;
use kernel::ErrorCode;

use super::setup::{
    blank, start, Setup, ANCHOR, CERTIFICATE, CIPHER, COUNTER, M, RENEWED, SECRET, SIGNING, SLOT,
    WRAPPING,
};
use testing::on_kernel_thread;

pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

/// RFC 6979, section A.2.5: the key, its public key, SHA-256 of "sample", r and s.
pub const RFC_SECRET: &str = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
pub const RFC_PUBLIC: &str = "04
    60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6
    7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
pub const RFC_DIGEST: &str = "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf";
pub const RFC_SIGNATURE: &str = "
    EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
/// The first vector of NIST's ECC CDH primitive test for P-256.
pub const CDH_SECRET: &str = "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534";
pub const CDH_PEER: &str = "04
    700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287
    db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac";

/// A message and its HMAC under the secret 00, 01 .. 1f.
const MESSAGE_HMAC: &str = "6297b77508a1a30ea4dfadd8f847c31b49aba45de10a79daf721d3f7ec112a24";

fn with_store(test: impl FnOnce(Setup) + Send + 'static) {
    on_kernel_thread(|| test(start(&blank(), 1)));
}

#[test]
fn sign_and_verify() {
    with_store(|setup| {
        setup.done(M, Command::Import, SIGNING, 0, &[&hex(RFC_SECRET)]);
        assert_eq!(
            setup.done(M, Command::PublicKey, SIGNING, 0, &[]),
            hex(RFC_PUBLIC)
        );
        let signature = setup.done(M, Command::Sign, SIGNING, 0, &[&hex(RFC_DIGEST)]);
        assert_eq!(signature, hex(RFC_SIGNATURE));
        setup.done(M, Command::Store, ANCHOR, 0, &[&hex(RFC_PUBLIC)]);
        let signed = [hex(RFC_DIGEST), signature].concat();
        assert_eq!(setup.done(M, Command::Verify, ANCHOR, 0, &[&signed]), b"");
        for byte in [0, 31, 32, 63, 64, 95] {
            let mut altered = signed.clone();
            altered[byte] ^= 1;
            let refused = setup.operate(M, Command::Verify, ANCHOR, 0, &[&altered]);
            assert_eq!(refused, Err(ErrorCode::FAIL), "byte {byte}");
        }
        let zeros = setup.operate(M, Command::Verify, ANCHOR, 0, &[&[0; 96]]);
        assert_eq!(zeros, Err(ErrorCode::FAIL));
    });
}

#[test]
fn generated_keys_differ_and_sign() {
    with_store(|setup| {
        for key in [SIGNING, RENEWED] {
            setup.done(M, Command::Generate, key, 0, &[]);
            let public = setup.done(M, Command::PublicKey, key, 0, &[]);
            let signature = setup.done(M, Command::Sign, key, 0, &[&hex(RFC_DIGEST)]);
            setup.done(M, Command::Store, ANCHOR, 0, &[&public]);
            let signed = [hex(RFC_DIGEST), signature].concat();
            setup.done(M, Command::Verify, ANCHOR, 0, &[&signed]);
        }
        let publics = [SIGNING, RENEWED].map(|key| setup.done(M, Command::PublicKey, key, 0, &[]));
        assert_ne!(publics[0], publics[1]);
        setup.done(M, Command::Generate, SECRET, 0, &[]);
        assert_ne!(
            setup.done(M, Command::Hmac, SECRET, 0, &[b"message"]),
            [0; 32]
        );
        setup.done(M, Command::Generate, CIPHER, 0, &[]);
    });
}

#[test]
fn successors() {
    with_store(|setup| {
        let missing = Err(ErrorCode::UNINSTALLED);
        assert_eq!(
            setup.operate(M, Command::PublicKey, RENEWED, 0, &[]),
            missing
        );
        assert_eq!(
            setup.operate(M, Command::Activate, RENEWED, 0, &[]),
            missing
        );
        setup.done(M, Command::Generate, RENEWED, 0, &[]);
        let first = setup.done(M, Command::PublicKey, RENEWED, 0, &[]);
        assert_eq!(
            setup.operate(M, Command::PublicKey, RENEWED, 1, &[]),
            missing
        );
        setup.done(M, Command::Generate, RENEWED, 0, &[]);
        let second = setup.done(M, Command::PublicKey, RENEWED, 1, &[]);
        assert_eq!(setup.done(M, Command::PublicKey, RENEWED, 0, &[]), first);
        assert_ne!(first, second);
        setup.done(M, Command::Sign, RENEWED, 1, &[&hex(RFC_DIGEST)]);
        setup.done(M, Command::Activate, RENEWED, 0, &[]);
        assert_eq!(setup.done(M, Command::PublicKey, RENEWED, 0, &[]), second);
        assert_eq!(
            setup.operate(M, Command::PublicKey, RENEWED, 1, &[]),
            missing
        );
        // Without the grant to activate there is no successor.
        setup.done(M, Command::Generate, SIGNING, 0, &[]);
        let again = setup.operate(M, Command::Generate, SIGNING, 0, &[]);
        assert_eq!(again, Err(ErrorCode::ALREADY));
        setup.done(M, Command::Erase, SIGNING, 0, &[]);
        assert_eq!(
            setup.operate(M, Command::PublicKey, SIGNING, 0, &[]),
            missing
        );
        assert_eq!(setup.operate(M, Command::Erase, SIGNING, 0, &[]), missing);
        setup.done(M, Command::Generate, SIGNING, 0, &[]);
    });
}

#[test]
fn keys_that_are_none() {
    with_store(|setup| {
        let order = hex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
        let invalid = Err(ErrorCode::INVAL);
        for secret in [&[0; 32][..], &order, &[0xFF; 32]] {
            assert_eq!(
                setup.operate(M, Command::Import, SIGNING, 0, &[secret]),
                invalid
            );
        }
        let missing = Err(ErrorCode::UNINSTALLED);
        assert_eq!(
            setup.operate(M, Command::PublicKey, SIGNING, 0, &[]),
            missing
        );
        setup.done(M, Command::Import, SIGNING, 0, &[&hex(CDH_SECRET)]);
        let mut off_curve = hex(CDH_PEER);
        off_curve[64] ^= 1;
        let mut compressed = hex(CDH_PEER);
        compressed[0] = 2;
        for point in [&[0; 65][..], &off_curve, &compressed] {
            assert_eq!(
                setup.operate(M, Command::Store, ANCHOR, 0, &[point]),
                invalid
            );
            let agreed = setup.operate(M, Command::Agree, SIGNING, SLOT, &[point, b"", b""]);
            assert_eq!(agreed, invalid);
        }
    });
}

#[test]
fn agree_and_use_the_session_key() {
    with_store(|setup| {
        setup.done(M, Command::Import, SIGNING, 0, &[&hex(CDH_SECRET)]);
        let peer = hex(CDH_PEER);
        setup.done(M, Command::Agree, SIGNING, SLOT, &[&peer, b"info", b"salt"]);
        let dlms = (SLOT + 1) | (1 << 16);
        setup.done(
            M,
            Command::Agree,
            SIGNING,
            dlms,
            &[&peer, b"other information", b""],
        );
        // The derived keys are those that were computed independently: an
        // imported key of the same bytes opens what they sealed.
        let keys = [
            "e1aa2ca1585a968791857a01d02739b1",
            "65a9c7de485e5fa35c261e48be8df898",
        ];
        let nonce = [5; 12];
        for (index, key) in keys.into_iter().enumerate() {
            let inputs: [&[u8]; 3] = [b"plain", b"associated", &nonce];
            let sealed = setup.done(M, Command::Encrypt, SLOT + index, 12, &inputs);
            assert_eq!(sealed.len(), 17);
            setup.done(M, Command::Import, CIPHER, 0, &[&hex(key)]);
            let inputs: [&[u8]; 3] = [&sealed, b"associated", &nonce];
            assert_eq!(
                setup.done(M, Command::Decrypt, CIPHER, 12, &inputs),
                b"plain"
            );
            assert_eq!(
                setup.done(M, Command::Decrypt, SLOT + index, 12, &inputs),
                b"plain"
            );
            setup.done(M, Command::Erase, CIPHER, 0, &[]);
        }
        assert_ne!(
            setup.done(M, Command::Hmac, SLOT, 0, &[b"message"]),
            setup.done(M, Command::Hmac, SLOT + 1, 0, &[b"message"])
        );
    });
}

#[test]
fn authenticated_encryption() {
    with_store(|setup| {
        setup.done(
            M,
            Command::Import,
            CIPHER,
            0,
            &[&hex("feffe9928665731c6d6a8f9467308308")],
        );
        let nonce = hex("cafebabefacedbaddecaf888");
        let associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = hex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let inputs: [&[u8]; 3] = [&plain, &associated, &nonce];
        let sealed = setup.done(M, Command::Encrypt, CIPHER, 16, &inputs);
        assert_eq!(sealed[60..], hex("5bc94fbc3221a5db94fae95ae7121a47"));
        let inputs: [&[u8]; 3] = [&sealed, &associated, &nonce];
        assert_eq!(setup.done(M, Command::Decrypt, CIPHER, 16, &inputs), plain);
        // What is not authentic leaves the output as it was.
        let before = setup.host.peek(M, super::setup::OUTPUT, 100);
        let inputs: [&[u8]; 3] = [&sealed, b"other", &nonce];
        let refused = setup.operate(M, Command::Decrypt, CIPHER, 16, &inputs);
        assert_eq!(refused, Err(ErrorCode::FAIL));
        assert_eq!(setup.host.peek(M, super::setup::OUTPUT, 100), before);
        // Nothing at all can be sealed too.
        let tag = setup.done(M, Command::Encrypt, CIPHER, 16, &[b"", b"", &nonce]);
        assert_eq!(tag.len(), 16);
        assert_eq!(
            setup.done(M, Command::Decrypt, CIPHER, 16, &[&tag, b"", &nonce]),
            b""
        );
    });
}

#[test]
fn hmac_with_a_secret() {
    with_store(|setup| {
        let secret: Vec<u8> = (0..32).collect();
        setup.done(M, Command::Import, SECRET, 0, &[&secret]);
        assert_eq!(
            setup.done(M, Command::Hmac, SECRET, 0, &[b"message"]),
            hex(MESSAGE_HMAC)
        );
    });
}

#[test]
fn wrap_and_unwrap() {
    with_store(|setup| {
        // RFC 3394, section 4.1.
        setup.done(
            M,
            Command::Import,
            WRAPPING,
            0,
            &[&hex("000102030405060708090A0B0C0D0E0F")],
        );
        let wrapped = hex("1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5");
        setup.done(M, Command::Unwrap, WRAPPING, SLOT, &[&wrapped]);
        assert_eq!(setup.done(M, Command::Wrap, WRAPPING, SLOT, &[]), wrapped);
        let mut altered = wrapped.clone();
        altered[23] ^= 1;
        let refused = setup.operate(M, Command::Unwrap, WRAPPING, SLOT + 1, &[&altered]);
        assert_eq!(refused, Err(ErrorCode::FAIL));
        let empty = setup.operate(M, Command::Hmac, SLOT + 1, 0, &[b"message"]);
        assert_eq!(empty, Err(ErrorCode::NODEVICE));
        // The slot may do what the wrapping key's grant says of sessions.
        setup.done(M, Command::Hmac, SLOT, 0, &[b"message"]);
        let inputs: [&[u8]; 3] = [b"", b"", &[0; 12]];
        let refused = setup.operate(M, Command::Encrypt, SLOT, 16, &inputs);
        assert_eq!(refused, Err(ErrorCode::NODEVICE));
        // Into an object: the first as the current key, the next as its successor.
        setup.done(M, Command::Unwrap, WRAPPING, CIPHER, &[&wrapped]);
        let sealed = setup.done(M, Command::Encrypt, CIPHER, 16, &inputs);
        setup.done(M, Command::Unwrap, WRAPPING, CIPHER, &[&wrapped]);
        setup.done(M, Command::Activate, CIPHER, 0, &[]);
        assert_eq!(setup.done(M, Command::Encrypt, CIPHER, 16, &inputs), sealed);
        // Without the grant to activate it takes the place of the old one.
        setup.done(M, Command::Unwrap, WRAPPING, WRAPPING, &[&wrapped]);
        let refused = setup.operate(M, Command::Unwrap, WRAPPING, SLOT, &[&wrapped]);
        assert_eq!(refused, Err(ErrorCode::FAIL));
    });
}

#[test]
fn certificates_and_anchors_are_read_back() {
    with_store(|setup| {
        let missing = Err(ErrorCode::UNINSTALLED);
        assert_eq!(
            setup.operate(M, Command::Read, CERTIFICATE, 0, &[]),
            missing
        );
        let certificate: Vec<u8> = (0..590u32).map(|byte| byte as u8).collect();
        setup.done(M, Command::Store, CERTIFICATE, 0, &[&certificate]);
        assert_eq!(
            setup.done(M, Command::Read, CERTIFICATE, 0, &[]),
            certificate
        );
        setup.done(M, Command::Store, CERTIFICATE, 0, &[b"another"]);
        assert_eq!(
            setup.done(M, Command::Read, CERTIFICATE, 0, &[]),
            b"another"
        );
        setup.done(M, Command::Store, ANCHOR, 0, &[&hex(RFC_PUBLIC)]);
        assert_eq!(
            setup.done(M, Command::Read, ANCHOR, 0, &[]),
            hex(RFC_PUBLIC)
        );
        setup.done(M, Command::Erase, CERTIFICATE, 0, &[]);
        assert_eq!(
            setup.operate(M, Command::Read, CERTIFICATE, 0, &[]),
            missing
        );
    });
}

#[test]
fn counters_only_rise() {
    use kernel::syscall::SyscallReturn::SuccessU32;
    with_store(|setup| {
        assert_eq!(
            setup.command(M, Command::Counter, COUNTER, 0),
            SuccessU32(0)
        );
        let invalid = Err(ErrorCode::INVAL);
        assert_eq!(setup.operate(M, Command::Advance, COUNTER, 0, &[]), invalid);
        setup.done(M, Command::Advance, COUNTER, 7, &[]);
        for value in [0, 6, 7] {
            assert_eq!(
                setup.operate(M, Command::Advance, COUNTER, value, &[]),
                invalid
            );
        }
        setup.done(M, Command::Advance, COUNTER, u32::MAX as usize, &[]);
        assert_eq!(
            setup.command(M, Command::Counter, COUNTER, 0),
            SuccessU32(u32::MAX)
        );
        assert_eq!(
            setup.operate(M, Command::Advance, COUNTER, 1 << 32, &[]),
            invalid
        );
    });
}
