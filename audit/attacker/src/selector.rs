//! The words in the image that choose the attack.

/// What stands before the selector in the image.
pub const MAGIC: [u8; 16] = *b"WATTLOCK-ATTACK!";

/// Magic, number of the attack, argument; both little endian.
#[repr(C)]
pub struct Selector {
    /// [`MAGIC`].
    pub magic: [u8; 16],
    /// Number of the attack.
    pub attack: u32,
    /// For attacks on an address: that address; 0 for the attack's own choice.
    pub argument: u32,
}

/// Why an attack could not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectorError {
    /// The image has no magic.
    NoMagic,
    /// The image has the magic more than once.
    ManyMagics,
    /// The image ends before the selector does.
    Cut,
}

/// Returns where the words that choose lie in an ELF, TBF or flash image.
///
/// # Errors
/// The image is not the attacker's, or holds it more than once.
pub fn place(image: &[u8]) -> Result<usize, SelectorError> {
    let mut places = (0..image.len()).filter(|&at| image[at..].starts_with(&MAGIC));
    let at = places.next().ok_or(SelectorError::NoMagic)? + MAGIC.len();
    match places.next() {
        None if at + 8 <= image.len() => Ok(at),
        None => Err(SelectorError::Cut),
        Some(_) => Err(SelectorError::ManyMagics),
    }
}

/// Returns the words that choose an attack.
pub fn words(attack: u32, argument: u32) -> [u8; 8] {
    (u64::from(argument) << 32 | u64::from(attack)).to_le_bytes()
}

/// Chooses an attack in an image.
///
/// # Errors
/// As [`place`].
pub fn choose(image: &mut [u8], attack: u32, argument: u32) -> Result<(), SelectorError> {
    let at = place(image)?;
    image[at..at + 8].copy_from_slice(&words(attack, argument));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_behind_the_magic_are_changed() {
        let mut image = vec![0xFF; 100];
        image[40..56].copy_from_slice(&MAGIC);
        assert_eq!(choose(&mut image, 0x0102_0304, 5), Ok(()));
        assert_eq!(image[56..64], [4, 3, 2, 1, 5, 0, 0, 0]);
        assert!(image[..40]
            .iter()
            .chain(&image[64..])
            .all(|&byte| byte == 0xFF));
    }

    #[test]
    fn other_images_are_refused() {
        assert_eq!(choose(&mut [0; 50], 0, 0), Err(SelectorError::NoMagic));
        assert_eq!(choose(&mut MAGIC.clone(), 0, 0), Err(SelectorError::Cut));
        let mut twice = [MAGIC, [0; 16], MAGIC, [0; 16]].concat();
        assert_eq!(choose(&mut twice, 0, 0), Err(SelectorError::ManyMagics));
    }
}
