//! Files that are often given for an image and are none: told by what they begin with.

/// The words of a TBF header's base, in bytes.
const TBF_BASE: usize = 16;

/// What a file is that is neither ELF nor raw flash, and what to give instead; none if
/// its first bytes do not tell.
pub(super) fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 10] = [
        (
            b"UF2\n\x57\x51\x5D\x9E",
            "a UF2 file: give the raw bytes or the ELF file that it was made of",
        ),
        (b"\x1F\x8B", "compressed by gzip: unpack it first (gunzip)"),
        (b"\xFD7zXZ\0", "compressed by xz: unpack it first (unxz)"),
        (b"BZh", "compressed by bzip2: unpack it first (bunzip2)"),
        (
            b"\x28\xB5\x2F\xFD",
            "compressed by zstd: unpack it first (unzstd)",
        ),
        (b"PK\x03\x04", "a zip archive: unpack it first (unzip)"),
        (
            b"!<arch>\n",
            "a static library: link it, and give the ELF file",
        ),
        (
            b"WLSNAP",
            "a saved state: give it to --restore, beside its image",
        ),
        (
            b"\xCF\xFA\xED\xFE",
            "a Mach-O program of the host: build for thumbv7em-none-eabi",
        ),
        (
            b"MZ",
            "a program for Windows: build for thumbv7em-none-eabi",
        ),
    ];
    let begins = BEGINNINGS
        .iter()
        .find(|(start, _)| bytes.starts_with(start))
        .map(|(_, kind)| *kind);
    begins.or_else(|| {
        if is_intel_hex(bytes) {
            Some("Intel HEX: give the raw bytes or the ELF file instead")
        } else if is_s_record(bytes) {
            Some("S-records: give the raw bytes or the ELF file instead")
        } else if is_tar(bytes) {
            Some("a tar archive, as a TAB (Tock application bundle) is: have tockloader install it on an image")
        } else if is_tbf(bytes) {
            Some("one app (TBF) without a kernel: have tockloader install its TAB on an image")
        } else if is_recording(bytes) {
            Some("text: if it is a recording, give it to --mains")
        } else {
            None
        }
    })
}

/// Returns whether bytes begin with a record of Intel HEX. No stack pointer of a raw
/// image looks like one.
fn is_intel_hex(bytes: &[u8]) -> bool {
    bytes.len() > 10 && bytes[0] == b':' && bytes[1..11].iter().all(u8::is_ascii_hexdigit)
}

/// The same for Motorola's S-records.
fn is_s_record(bytes: &[u8]) -> bool {
    bytes.len() > 10
        && bytes[0] == b'S'
        && bytes[1].is_ascii_digit()
        && bytes[2..10].iter().all(u8::is_ascii_hexdigit)
}

fn is_tar(bytes: &[u8]) -> bool {
    bytes.get(257..262) == Some(b"ustar")
}

/// Returns whether bytes begin with a TBF header of version 2: its checksum is right.
fn is_tbf(bytes: &[u8]) -> bool {
    let half = |at: usize| {
        bytes
            .get(at..at + 2)
            .map(|two| u16::from_le_bytes([two[0], two[1]]))
    };
    let (Some(2), Some(length)) = (half(0), half(2)) else {
        return false;
    };
    let length = usize::from(length);
    let Some(header) = bytes.get(..length).filter(|_| length >= TBF_BASE) else {
        return false;
    };
    // The word of the checksum is that of all the others.
    let sum = header.chunks(4).fold(0, |sum, word| {
        let mut whole = [0; 4];
        whole[..word.len()].copy_from_slice(word);
        sum ^ u32::from_le_bytes(whole)
    });
    sum == 0
}

/// Returns whether the first bytes are lines of text: no code is.
fn is_recording(bytes: &[u8]) -> bool {
    const ENOUGH: usize = 256;
    let start = &bytes[..bytes.len().min(ENOUGH)];
    start.len() >= 8
        && start
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_kinds_are_told_by_name() {
        let mut tar = vec![0; 512];
        tar[..13].copy_from_slice(b"metadata.toml");
        tar[257..262].copy_from_slice(b"ustar");
        let mut tbf = vec![0; 64];
        tbf[..8].copy_from_slice(&[2, 0, 16, 0, 64, 0, 0, 0]);
        tbf[12..16].copy_from_slice(&[2 ^ 64, 0, 16, 0]);
        let cases: [(&[u8], &str); 8] = [
            (b"UF2\n\x57\x51\x5D\x9E\0\x20\0\0", "UF2"),
            (b"\x1F\x8B\x08\0", "gzip"),
            (&tar, "TAB"),
            (&tbf, "TBF"),
            (b":020000040000FA\r\n", "Intel HEX"),
            (b"S00F000068656C6C6F202020\r\n", "S-records"),
            (b"WLSNAP01", "--restore"),
            (b"0,230,5\r0.001,231,5\r", "--mains"),
        ];
        for (bytes, said) in cases {
            let kind = other_kind(bytes).expect(said);
            assert!(kind.contains(said), "{kind}");
        }
        tbf[12] ^= 1;
        assert_eq!(other_kind(&tbf), None, "no header without its checksum");
    }

    #[test]
    fn flash_is_none_of_them() {
        let vectors = [0x2000_4000_u32, 0x201, 0x203]
            .map(u32::to_le_bytes)
            .concat();
        assert_eq!(other_kind(&vectors), None);
        assert_eq!(other_kind(&[0xFF; 1024]), None);
        assert_eq!(other_kind(&[0; 1024]), None);
        for length in 0..vectors.len() {
            assert_eq!(other_kind(&vectors[..length]), None);
        }
    }
}
