//! The files of a run: image, user information page, external flash, states.

use super::arguments::Run;
use super::failure::Failure;
use super::lock::{self, Lock};
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
    /// What keeps other runs away from the files, until this one has ended.
    locks: Vec<Lock>,
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
    /// Reads all that the run needs. Unless the run writes nothing back, its files are
    /// its own from now on, and can be written at its end as far as that can be told.
    pub fn open(run: &Run) -> Result<Self, Failure> {
        let mut locks = Vec::new();
        let mut own = |path: &Path| -> Result<(), Failure> {
            if run.discard {
                return Ok(());
            }
            expect_writable(path).map_err(Failure::or_discard)?;
            if path.is_file() {
                locks.push(lock::take(path)?);
            }
            Ok(())
        };
        // Before it is read, so that it is what the last run wrote.
        if run.image.is_file() && !begins_as_elf(&run.image)? {
            own(&run.image)?;
        }
        let bytes = read(&run.image)?;
        let elf = is_elf(&bytes);
        let mut image = Image::parse(&bytes).map_err(|error| Failure::input(&run.image, error))?;
        let mut flash_length = if elf { 0 } else { bytes.len() };
        // What comes from a pipe has nowhere to go back to.
        let mut flash_path = (!elf && run.image.is_file()).then(|| run.image.clone());
        if let Some(keep) = &run.keep {
            if !run.discard && !keep.exists() {
                expect_writable(keep)?;
                // Empty it says that it belongs to a run which has yet to end.
                File::create_new(keep).map_err(|error| Failure::output(keep, error))?;
            }
            own(keep)?;
            let kept = read_if_there(keep, MOST_BYTES)?;
            if let Some(kept) = kept.filter(|kept| !kept.is_empty()) {
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
        // A state has its own flash, and a debugger may yet load what runs.
        if run.restore.is_none() && run.gdb.is_none() {
            image
                .expect_vectors()
                .map_err(|error| Failure::input(&run.image, error))?;
        }
        let base = flash_path.as_deref().unwrap_or(&run.image);
        let uicr_path = beside(base, "uicr");
        let nor_path = run.nor.clone().unwrap_or_else(|| beside(base, "nor"));
        if flash_path.is_some() {
            own(&uicr_path)?;
            own(&nor_path)?;
        }
        Ok(Files {
            image,
            uicr: read_if_there(&uicr_path, u64::from(PAGE_SIZE))?,
            nor: read_if_there(&nor_path, u64::from(NOR_SIZE))?,
            flash_path,
            flash_length,
            uicr_path,
            nor_path,
            locks,
        })
    }

    /// Writes back what the machine kept.
    pub fn write(&mut self, machine: &mut Machine, fresh_uicr: &[u8]) -> Result<(), Failure> {
        let Some(flash_path) = &self.flash_path else {
            return Ok(());
        };
        let mut flash = machine.flash();
        let used = flash.iter().rposition(|byte| *byte != 0xFF);
        flash.truncate(self.flash_length.max(used.map_or(0, |last| last + 1)));
        let mut contents = vec![(flash_path, flash)];
        let uicr = machine.uicr();
        if self.uicr.is_some() || uicr != fresh_uicr {
            contents.push((&self.uicr_path, uicr));
        }
        match machine.nor() {
            Some(nor) => contents.push((&self.nor_path, nor)),
            // It was erased altogether.
            None if self.nor.is_some() => {
                contents.push((&self.nor_path, vec![0xFF; NOR_SIZE as usize]));
            }
            None => {}
        }
        for (path, bytes) in contents {
            // The new file belongs to this run too, until the last one is written.
            self.locks.extend(replace(path, &bytes)?);
        }
        Ok(())
    }
}

/// Returns whether a file begins as an ELF file does.
fn begins_as_elf(path: &Path) -> Result<bool, Failure> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(4).read_to_end(&mut start))
        .map_err(|error| Failure::unreadable(path, error))?;
    Ok(is_elf(&start))
}

/// Replaces a file's content: after a crash of the host it has the old bytes
/// or the new ones. An unchanged file is not touched; a link stays one, and
/// what is no file (a pipe, a terminal) is written to. Where a new file was made, it is
/// locked.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<Option<Lock>, Failure> {
    let failed = |error| Failure::output(path, error);
    let Ok(there) = fs::metadata(path) else {
        return write_whole(path, bytes, None).map_err(failed);
    };
    if !there.is_file() {
        return fs::write(path, bytes).map(|()| None).map_err(failed);
    }
    if there.len() == bytes.len() as u64 && fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(None);
    }
    fs::canonicalize(path)
        .and_then(|path| write_whole(&path, bytes, Some(there.permissions())))
        .map_err(failed)
}

/// The name of the file that takes the place of `path` when it is whole.
fn temporary(path: &Path) -> PathBuf {
    beside(path, &format!("new-{}", std::process::id()))
}

/// Writes a file of another name and renames it.
fn write_whole(
    path: &Path,
    bytes: &[u8],
    mode: Option<fs::Permissions>,
) -> io::Result<Option<Lock>> {
    let temporary = temporary(path);
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        if let Some(mode) = mode {
            file.set_permissions(mode)?;
        }
        file.sync_all()?;
        let lock = lock::of_new(file);
        fs::rename(&temporary, path)?;
        Ok(Some(lock))
    });
    if written.is_err() {
        // Not there, or left over at worst.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Refuses a path at which no file can be made, or replaced, when the run ends, as far as
/// that can be told before. Who may write to everything may not to what is read-only.
pub fn expect_writable(path: &Path) -> Result<(), Failure> {
    let refused = |what: &dyn std::fmt::Display| Err(Failure::output(path, what));
    let place = match fs::metadata(path) {
        Ok(there) if there.is_dir() => return refused(&"a folder, not a file"),
        // A pipe or a terminal.
        Ok(there) if !there.is_file() => return Ok(()),
        Ok(there) if there.permissions().readonly() => return refused(&"read-only"),
        Ok(_) => {
            let place = File::options().write(true).open(path);
            match place.and_then(|_| fs::canonicalize(path)) {
                Ok(place) => place,
                Err(error) => return refused(&error),
            }
        }
        Err(_) => path.to_path_buf(),
    };
    let folder = match place.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return refused(&"its folder does not exist");
    }
    let trial = temporary(&place);
    match File::create(&trial).and_then(|_| fs::remove_file(&trial)) {
        Ok(()) => Ok(()),
        Err(error) => refused(&format_args!(
            "nothing can be written in its folder: {error}"
        )),
    }
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
