//! The check of one credential, step by step.

use sha2::{Digest, Sha256};
use stepped_p256::{Evidence, Progress, Verification};

use super::Signer;

/// Bytes that one step hashes: about 100,000 instructions, less than an inversion
/// of the verification takes.
pub const HASHED_PER_STEP: usize = 2048;

/// Finds out which signer made a signature.
pub struct Check<'a> {
    region: &'a [u8],
    signature: &'a [u8; 64],
    signers: &'a [Signer],
    stage: Stage,
}

// One of them at a time, in place: there is no heap to hold the large one.
#[allow(clippy::large_enum_variant)]
enum Stage {
    Hash {
        hash: Sha256,
        done: usize,
    },
    Verify {
        digest: [u8; 32],
        /// The signer whose key is tried.
        signer: usize,
        verification: Verification,
    },
    Done(Option<usize>, Evidence),
}

impl<'a> Check<'a> {
    /// Makes the check of whether `signature`, which is r and s, signs the SHA-256 of
    /// `region` under the key of one of the `signers`. Nothing is computed before the first
    /// [`step`](Self::step).
    pub fn new(region: &'a [u8], signature: &'a [u8; 64], signers: &'a [Signer]) -> Self {
        Self {
            region,
            signature,
            signers,
            stage: Stage::Hash {
                hash: Sha256::new(),
                done: 0,
            },
        }
    }

    /// Does one step. The result is the number of the signer, if there is one.
    pub fn step(&mut self) -> Progress<Option<usize>> {
        match &mut self.stage {
            Stage::Hash { hash, done } => {
                let rest = self.region.get(*done..).unwrap_or(&[]);
                let part = &rest[..rest.len().min(HASHED_PER_STEP)];
                hash.update(part);
                *done += part.len();
                if *done == self.region.len() {
                    let digest = hash.finalize_reset().into();
                    self.try_signer(0, digest);
                }
            }
            Stage::Verify {
                digest,
                signer,
                verification,
            } => match verification.step() {
                Progress::More => {}
                Progress::Done(true) => {
                    self.stage = Stage::Done(Some(*signer), verification.evidence());
                }
                Progress::Done(false) => {
                    let (next, digest) = (*signer + 1, *digest);
                    self.try_signer(next, digest);
                }
            },
            Stage::Done(..) => {}
        }
        match self.stage {
            Stage::Done(signer, _) => Progress::Done(signer),
            _ => Progress::More,
        }
    }

    /// Returns the evidence of the signature that was found; none if none was.
    pub fn evidence(&self) -> Evidence {
        match self.stage {
            Stage::Done(_, evidence) => evidence,
            _ => Evidence::NONE,
        }
    }

    /// Goes on with the first signer from `first` on whose key is one.
    fn try_signer(&mut self, first: usize, digest: [u8; 32]) {
        let candidates = self.signers.iter().enumerate().skip(first);
        let next = candidates
            .filter_map(|(signer, entry)| {
                let verification =
                    Verification::new(&entry.public_key, &digest, self.signature).ok()?;
                Some((signer, verification))
            })
            .next();
        self.stage = match next {
            Some((signer, verification)) => Stage::Verify {
                digest,
                signer,
                verification,
            },
            None => Stage::Done(None, Evidence::NONE),
        };
    }
}
