//! The table of signers, with their keys.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::DecodePublicKey;
use p256::PublicKey;

use super::{short_ids, MARK};
use crate::error::ManifestError;
use crate::model::Manifest;

/// Returns the Rust source of the constants `SIGNATURES_REQUIRED` and `SIGNERS`; it names
/// the type `Signer` of the including module. Public keys are read from under `root`, the
/// project's top folder.
///
/// # Errors
/// Says which key is not there or none.
pub fn signer_table(manifest: &Manifest, root: &Path) -> Result<String, ManifestError> {
    let mut entries = String::new();
    for signer in &manifest.signers {
        let path = root.join(&signer.public_key);
        let key = read_public_key(&path).map_err(|why| {
            ManifestError(format!(
                "signer {}: {}: {why}; `make image` makes the development key",
                signer.name, signer.public_key
            ))
        })?;
        write!(
            entries,
            "    // {}\n    Signer {{\n        public_key: {key:?},\n        apps: &[{}],\n    }},\n",
            signer.name,
            short_ids(manifest, &signer.apps)
        )
        .expect("a String takes all that is written");
    }
    Ok(format!(
        "// {MARK}\n\n\
         /// Whether an app that no signer vouches for stays down.\n\
         pub const SIGNATURES_REQUIRED: bool = {};\n\n\
         /// Who may sign for which apps.\n\
         pub static SIGNERS: [Signer; {}] = [\n{entries}];\n",
        manifest.signing.required,
        manifest.signers.len(),
    ))
}

/// A public key in PEM, as SEC 1 uncompressed.
fn read_public_key(path: &Path) -> Result<[u8; 65], String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let key = PublicKey::from_public_key_pem(&text).map_err(|error| error.to_string())?;
    key.to_encoded_point(false)
        .as_bytes()
        .try_into()
        .map_err(|_| "is no point of P-256".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const METER: &str = include_str!("../../../boards/nrf52840-meter/meter.toml");
    /// RFC 6979, appendix A.2.5.
    const KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n\
        Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n\
        -----END PUBLIC KEY-----\n";

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("signers-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("keys")).expect("the folder for tests takes files");
        folder
    }

    #[test]
    fn the_table_holds_keys_and_short_ids() {
        let root = folder("table");
        let mut manifest = Manifest::parse(METER).expect("meter.toml is sound");
        manifest.signers.truncate(1);
        manifest.signers[0].public_key = "keys/test.pem".into();
        manifest.signers[0].apps = vec!["metering".into(), "update".into()];
        let missing = signer_table(&manifest, &root).expect_err("there is no key yet");
        assert!(missing.0.contains("keys/test.pem"), "{missing}");
        fs::write(root.join("keys/test.pem"), "no key").expect("a file");
        assert!(signer_table(&manifest, &root).is_err());
        fs::write(root.join("keys/test.pem"), KEY).expect("a file");
        let table = signer_table(&manifest, &root).expect("the key is sound");
        assert!(table.contains("SIGNERS: [Signer; 1]"), "{table}");
        assert!(table.contains("public_key: [4, 96, 254, 212,"), "{table}");
        assert!(table.contains("apps: &[2, 4]"), "{table}");
        assert!(
            table.contains("SIGNATURES_REQUIRED: bool = true"),
            "{table}"
        );
        fs::remove_dir_all(root).expect("it was made above");
    }
}
