//! Keys that sign apps: found beside the public keys of meter.toml, made for development.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};
use manifest::{App, Signer};
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use p256::SecretKey;
use rand_core::OsRng;

use crate::project::Project;

/// The signer whose key pair is made when it is not there.
const DEVELOPMENT: &str = "development";

/// Makes the development key pair if meter.toml names that signer and neither half
/// exists.
///
/// # Errors
/// Only one half of it is there, or it cannot be written.
pub fn ensure_development_key(project: &Project) -> Result<()> {
    let signers = &project.manifest.signers;
    let Some(signer) = signers.iter().find(|signer| signer.name == DEVELOPMENT) else {
        return Ok(());
    };
    let public = project.root().join(&signer.public_key);
    let private = private_key(project, signer);
    if public.exists() && private.exists() {
        return Ok(());
    }
    ensure!(
        !public.exists() && !private.exists(),
        "of the development key pair only one half is there: {} and {} belong together",
        public.display(),
        private.display()
    );
    make_pair(&public, &private)?;
    eprintln!("made a development key: {}", private.display());
    Ok(())
}

/// Returns the private key with which an app is signed: of the first signer who may and
/// whose key is here; none if meter.toml does not ask for signatures.
///
/// # Errors
/// It asks for signatures, and there is no such key.
pub fn key_for(project: &Project, app: &App) -> Result<Option<PathBuf>> {
    let manifest = &project.manifest;
    let key = manifest
        .signers
        .iter()
        .filter(|signer| signer.apps.contains(&app.name))
        .map(|signer| private_key(project, signer))
        .find(|path| path.exists());
    ensure!(
        key.is_some() || !manifest.signing.required,
        "no private key to sign {} with; it is looked for as NAME.p8 beside the signer's public key",
        app.name
    );
    Ok(key)
}

/// PKCS #8 in DER, which is what elf2tab reads.
fn private_key(project: &Project, signer: &Signer) -> PathBuf {
    project.root().join(&signer.public_key).with_extension("p8")
}

fn make_pair(public: &Path, private: &Path) -> Result<()> {
    let secret = SecretKey::random(&mut OsRng);
    let folder = private.parent().context("a key lies in a folder")?;
    fs::create_dir_all(folder)?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(private)?
        .write_all(secret.to_pkcs8_der()?.as_bytes())?;
    let pem = secret.public_key().to_public_key_pem(LineEnding::LF)?;
    fs::write(public, pem)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::pkcs8::{DecodePrivateKey, DecodePublicKey};
    use p256::PublicKey;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_pair_fits_and_the_private_half_is_the_owners_alone() {
        let folder = std::env::temp_dir().join(format!("signing-{}", std::process::id()));
        let (public, private) = (folder.join("k.pem"), folder.join("k.p8"));
        make_pair(&public, &private).expect("the folder for tests takes files");
        let secret = SecretKey::read_pkcs8_der_file(&private).expect("a private key");
        let text = fs::read_to_string(&public).expect("a file");
        let key = PublicKey::from_public_key_pem(&text).expect("a public key");
        assert_eq!(secret.public_key(), key);
        let mode = fs::metadata(&private).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(
            make_pair(&public, &private).is_err(),
            "a key is not replaced"
        );
        fs::remove_dir_all(folder).expect("it was made above");
    }
}
