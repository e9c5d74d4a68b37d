//! The files of a run: image, user information page, external flash, states.

use super::arguments::Run;
use super::failure::Failure;
use emulator::bus::map::PAGE_SIZE;
use emulator::image::{is_elf, Image};
use emulator::machine::Machine;
use emulator::peripherals::nor::NOR_SIZE;
use std::fs::{self, File};
use std::io::{self, Read, Write};
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

/// The largest image or state that is read: ELF files hold debug information.
const MOST_BYTES: u64 = 256 << 20;

/// A file of at most `most` bytes.
fn read_up_to(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::unreadable(path, error))?;
    if bytes.len() as u64 > most {
        let reason = format_args!("at offset {most:#x}: more than {most} bytes");
        return Err(Failure::input(path, reason));
    }
    Ok(bytes)
}

/// Reads an image or a state; a longer file than either can be is refused.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    read_up_to(path, MOST_BYTES)
}

fn read_if_there(path: &Path, most: u64) -> Result<Option<Vec<u8>>, Failure> {
    match path.try_exists() {
        Ok(false) => Ok(None),
        _ => read_up_to(path, most).map(Some),
    }
}

impl Files {
    /// Reads all that the run needs.
    pub fn read(run: &Run) -> Result<Self, Failure> {
        let bytes = read(&run.image)?;
        let elf = is_elf(&bytes);
        let mut image = Image::parse(&bytes).map_err(|error| Failure::input(&run.image, error))?;
        let mut flash_length = if elf { 0 } else { bytes.len() };
        // What comes from a pipe has nowhere to go back to.
        let mut flash_path = (!elf && run.image.is_file()).then(|| run.image.clone());
        if let Some(keep) = &run.keep {
            if let Some(kept) = read_if_there(keep, MOST_BYTES)? {
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
            uicr: read_if_there(&uicr_path, u64::from(PAGE_SIZE))?,
            nor: read_if_there(&nor_path, u64::from(NOR_SIZE))?,
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
                let blank = vec![0xFF; NOR_SIZE as usize];
                replace(&self.nor_path, &blank)?;
            }
            None => {}
        }
        Ok(())
    }
}

/// Replaces a file's content: after a crash of the host it has the old bytes
/// or the new ones. An unchanged file is not touched; a link stays one, and
/// what is no file (a pipe, a terminal) is written to.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error| Failure::output(path, error);
    let Ok(there) = fs::metadata(path) else {
        return write_whole(path, bytes, None).map_err(failed);
    };
    if !there.is_file() {
        return fs::write(path, bytes).map_err(failed);
    }
    if there.len() == bytes.len() as u64 && fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::canonicalize(path)
        .and_then(|path| write_whole(&path, bytes, Some(there.permissions())))
        .map_err(failed)
}

/// Writes a file of another name and renames it. Runs on one image at a time
/// do not disturb each other: the last one to end wins.
fn write_whole(path: &Path, bytes: &[u8], mode: Option<fs::Permissions>) -> io::Result<()> {
    let temporary = beside(path, &format!("new-{}", std::process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        if let Some(mode) = mode {
            file.set_permissions(mode)?;
        }
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    if written.is_err() {
        // Not there, or left over at worst.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Refuses a path at which no file can be made when the run ends, as far as that can be
/// told before.
pub fn expect_writable(path: &Path) -> Result<(), Failure> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if path.is_dir() {
        return Err(Failure::output(path, "a folder, not a file"));
    }
    if !folder.is_dir() {
        return Err(Failure::output(path, "its folder does not exist"));
    }
    Ok(())
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
        let link = beside(&path, "link");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        replace(&link, b"three").expect("replaced");
        assert!(link.is_symlink(), "it still is one");
        assert_eq!(fs::read(&path).expect("there"), b"three");
        let folder = path.parent().expect("in a folder");
        let name = path.file_name().expect("a name").to_string_lossy();
        let kin = fs::read_dir(folder)
            .expect("a folder")
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&*name))
            .count();
        assert_eq!(kin, 2, "nothing is left over");
        fs::remove_file(&link).expect("cleaned up");
        fs::remove_file(&path).expect("cleaned up");
    }
}
