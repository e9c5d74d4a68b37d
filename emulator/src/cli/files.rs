//! The files of a run: image, user information page, external flash, states.

use super::arguments::Run;
use super::Failure;
use emulator::image::{is_elf, Image};
use emulator::machine::Machine;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What was read, and where it goes back to.
pub struct Files {
    pub image: Image,
    pub uicr: Option<Vec<u8>>,
    pub nor: Option<Vec<u8>>,
    /// The raw flash file to write at the end, with the bytes it had.
    flash_path: Option<PathBuf>,
    flash_length: usize,
    uicr_path: PathBuf,
    nor_path: PathBuf,
}

/// `path` with `.extension` after its name.
fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::input(path, error))
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::input(path, error)),
    }
}

impl Files {
    /// Reads all that the run needs.
    pub fn read(run: &Run) -> Result<Self, Failure> {
        let bytes = read(&run.image)?;
        let elf = is_elf(&bytes);
        let mut image = Image::parse(&bytes).map_err(|error| Failure::input(&run.image, error))?;
        let mut flash_length = if elf { 0 } else { bytes.len() };
        let mut flash_path = (!elf).then(|| run.image.clone());
        if let Some(keep) = &run.keep {
            if let Some(kept) = read_if_there(keep)? {
                let mut below =
                    Image::from_raw(&kept).map_err(|error| Failure::input(keep, error))?;
                flash_length = flash_length.max(kept.len());
                below.overlay(image);
                image = below;
            }
            flash_path = Some(keep.clone());
        }
        for path in &run.overlays {
            let overlay =
                Image::from_elf(&read(path)?).map_err(|error| Failure::input(path, error))?;
            image.overlay(overlay);
        }
        let base = flash_path.as_deref().unwrap_or(&run.image);
        let uicr_path = beside(base, "uicr");
        let nor_path = run.nor.clone().unwrap_or_else(|| beside(base, "nor"));
        Ok(Files {
            image,
            uicr: read_if_there(&uicr_path)?,
            nor: read_if_there(&nor_path)?,
            flash_path,
            flash_length,
            uicr_path,
            nor_path,
        })
    }

    /// Writes back what the machine kept.
    pub fn write(&self, machine: &mut Machine, fresh_uicr: &[u8]) -> Result<(), Failure> {
        let Some(flash_path) = &self.flash_path else {
            return Ok(());
        };
        let mut flash = machine.flash();
        let used = flash.iter().rposition(|byte| *byte != 0xFF);
        flash.truncate(self.flash_length.max(used.map_or(0, |last| last + 1)));
        replace(flash_path, &flash)?;
        let uicr = machine.uicr();
        if self.uicr.is_some() || uicr != fresh_uicr {
            replace(&self.uicr_path, &uicr)?;
        }
        match machine.nor() {
            Some(nor) => replace(&self.nor_path, &nor)?,
            // It was erased altogether.
            None if self.nor.is_some() => {
                let blank = vec![0xFF; emulator::peripherals::nor::NOR_SIZE as usize];
                replace(&self.nor_path, &blank)?;
            }
            None => {}
        }
        Ok(())
    }
}

/// Replaces a file's content: after a crash of the host it has the old bytes
/// or the new ones. An unchanged file is not touched.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let temporary = beside(path, "new");
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(|error| Failure::output(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn side_files_stand_beside_the_image() {
        assert_eq!(
            beside(Path::new("a/b.bin"), "nor"),
            Path::new("a/b.bin.nor")
        );
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let path = std::env::temp_dir().join(format!("emulator-replace-{}", std::process::id()));
        replace(&path, b"one").expect("written");
        replace(&path, b"two").expect("replaced");
        assert_eq!(fs::read(&path).expect("there"), b"two");
        assert!(!beside(&path, "new").exists());
        fs::remove_file(&path).expect("cleaned up");
    }
}
