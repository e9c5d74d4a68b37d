//! The state of the meter that `make run` keeps: its flash, what lies beside it, and the layout of both.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use reasons::Reason;

use crate::exit::Failed;
use crate::layout::Layout;

/// The files of a state: what the emulator writes, and the layout.
const FILES: [&str; 4] = [IMAGE, "meter.img.nor", "meter.img.uicr", LAYOUT];
const IMAGE: &str = "meter.img";
const LAYOUT: &str = "layout.toml";
/// The folder, in that of the state, in which a new meter is made.
const NEW: &str = "new";
/// What a run that uses the state has locked.
const LOCK: &str = "lock";

/// A folder in which the state of one meter is kept.
pub struct State {
    folder: PathBuf,
}

/// What has become of a state of another layout.
#[derive(Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Why the image cannot go on with it.
    pub why: String,
    /// The folder in which it is now.
    pub folder: PathBuf,
}

impl State {
    /// The state in this folder, which is made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        Ok(Self {
            folder: folder.into(),
        })
    }

    /// Takes the state for this process, until the file is dropped.
    ///
    /// # Errors
    /// Another process has it, or the file cannot be made.
    pub fn lock(&self) -> Result<File> {
        let path = self.folder.join(LOCK);
        let file = File::create(&path).with_context(|| path.display().to_string())?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Failed::new(
                Reason::InUse,
                "another run has the meter of this checkout: wait for its end",
            )
            .into()),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| path.display().to_string())
            }
        }
    }

    /// The path of the flash image.
    pub fn image(&self) -> PathBuf {
        self.folder.join(IMAGE)
    }

    /// Whether there is a meter.
    pub fn exists(&self) -> bool {
        self.image().exists()
    }

    /// Puts a state that is not of this layout into a folder of its own; none if there is
    /// no state, or one that the layout fits.
    ///
    /// # Errors
    /// The files cannot be moved.
    pub fn set_aside(&self, layout: &Layout) -> Result<Option<SetAside>> {
        if !self.exists() {
            return Ok(None);
        }
        let differences = match Layout::read(&self.folder.join(LAYOUT)) {
            Some(older) => layout.differences(&older),
            None => vec![format!("it has no {LAYOUT} that says of which")],
        };
        if differences.is_empty() {
            return Ok(None);
        }
        let folder = (1..)
            .map(|number| self.folder.join(format!("other-layout-{number}")))
            .find(|folder| !folder.exists())
            .context("no name is left for the older state")?;
        fs::create_dir(&folder)?;
        self.each_file(|path, name| fs::rename(path, folder.join(name)))?;
        Ok(Some(SetAside {
            why: differences.join("; "),
            folder,
        }))
    }

    /// Makes a meter that is new: one with the flash of this image, which `finish` then
    /// makes ready in a folder of its own. Only when that is done does it take the place
    /// of the one before; a meter that was begun and not finished leaves nothing.
    ///
    /// # Errors
    /// `finish` fails, or the files cannot be written, moved or removed.
    pub fn renew(
        &self,
        built: &Path,
        layout: &Layout,
        finish: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        let new = Self {
            folder: self.folder.join(NEW),
        };
        if new.folder.exists() {
            fs::remove_dir_all(&new.folder).with_context(|| new.folder.display().to_string())?;
        }
        fs::create_dir(&new.folder).with_context(|| new.folder.display().to_string())?;
        layout.write(&new.folder.join(LAYOUT))?;
        fs::copy(built, new.image())?;
        finish(&new.image())?;
        // Without its image there is no meter, neither the old one nor the new one, and
        // the next run makes one.
        self.each_file(|path, _| fs::remove_file(path))?;
        let beside = FILES.into_iter().filter(|name| *name != IMAGE);
        for name in beside.chain([IMAGE]) {
            let path = new.folder.join(name);
            if path.exists() {
                fs::rename(&path, self.folder.join(name))
                    .with_context(|| path.display().to_string())?;
            }
        }
        fs::remove_dir_all(&new.folder).with_context(|| new.folder.display().to_string())
    }

    /// Gives the meter another flash: the file has the old bytes or the new ones, whenever
    /// this process ends.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_image(&self, flash: &[u8]) -> Result<()> {
        let path = self.image();
        let whole = self.folder.join("meter.img.whole");
        File::create(&whole)
            .and_then(|mut file| {
                file.write_all(flash)?;
                file.sync_all()?;
                fs::rename(&whole, &path)
            })
            .with_context(|| path.display().to_string())
    }

    /// Does something with each file of the state that is there.
    fn each_file(&self, act: impl Fn(&Path, &str) -> io::Result<()>) -> Result<()> {
        for name in FILES {
            let path = self.folder.join(name);
            if path.exists() {
                act(&path, name).with_context(|| path.display().to_string())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest::Manifest;

    const METER: &str = include_str!("../../boards/nrf52840-meter/meter.toml");

    /// A state in a folder of one test, removed at its end.
    struct Trial(State);

    impl Trial {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("state-{name}-{}", std::process::id()));
            Self(State::in_folder(&folder).expect("a folder"))
        }

        fn put(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.folder.join(name);
            fs::write(&path, text).expect("written");
            path
        }
    }

    impl Drop for Trial {
        fn drop(&mut self) {
            // Left over at worst.
            let _ = fs::remove_dir_all(&self.0.folder);
        }
    }

    fn layout(from: &str, to: &str) -> Layout {
        let manifest = Manifest::parse(&METER.replacen(from, to, 1));
        Layout::of(&manifest.expect("sound"))
    }

    #[test]
    fn a_state_of_the_same_layout_stays_and_none_is_none() {
        let trial = Trial::new("same");
        let layout = layout("", "");
        assert_eq!(trial.0.set_aside(&layout).expect("done"), None);
        let built = trial.put("built", "flash");
        trial.0.renew(&built, &layout, |_| Ok(())).expect("made");
        assert_eq!(trial.0.set_aside(&layout).expect("done"), None);
        assert_eq!(fs::read(trial.0.image()).expect("there"), b"flash");
    }

    #[test]
    fn a_state_of_another_layout_is_kept_whole_under_another_name() {
        let trial = Trial::new("other");
        let before = layout("record = 64", "record = 48");
        let now = layout("", "");
        let built = trial.put("built", "flash");
        for round in 1..=2 {
            trial.0.renew(&built, &before, |_| Ok(())).expect("made");
            trial.put("meter.img.nor", "records");
            let aside = trial.0.set_aside(&now).expect("done").expect("set aside");
            assert!(aside.why.contains("records of 48 bytes"), "{}", aside.why);
            let folder = trial.0.folder.join(format!("other-layout-{round}"));
            assert_eq!(aside.folder, folder);
            let kept = |name| fs::read_to_string(folder.join(name)).expect("kept");
            assert_eq!(kept(IMAGE), "flash");
            assert_eq!(kept("meter.img.nor"), "records");
            assert_eq!(Layout::read(&folder.join(LAYOUT)), Some(before.clone()));
            assert!(!trial.0.exists() && !trial.0.folder.join("meter.img.nor").exists());
        }
    }

    #[test]
    fn a_state_that_does_not_say_its_layout_is_of_another() {
        let trial = Trial::new("unsaid");
        trial.put(IMAGE, "flash");
        let aside = trial.0.set_aside(&layout("", "")).expect("done");
        assert!(aside.expect("set aside").why.contains("no layout.toml"));
    }

    #[test]
    fn a_new_meter_has_nothing_of_the_one_before() {
        let trial = Trial::new("renewed");
        let built = trial.put("built", "flash");
        trial.put(IMAGE, "older");
        let records = trial.put("meter.img.nor", "records");
        let finish = |image: &Path| -> Result<()> {
            assert_eq!(fs::read(trial.0.image())?, b"older", "until it is done");
            fs::write(image.with_file_name("meter.img.uicr"), "user")?;
            Ok(fs::write(image, "calibrated")?)
        };
        trial
            .0
            .renew(&built, &layout("", ""), finish)
            .expect("made");
        assert!(!records.exists());
        let there = |name| fs::read_to_string(trial.0.folder.join(name)).expect("there");
        assert_eq!(there("meter.img.uicr"), "user");
        assert_eq!(there(IMAGE), "calibrated");
        assert!(!trial.0.folder.join(NEW).exists());
    }

    #[test]
    fn a_meter_that_is_not_finished_is_none() {
        let trial = Trial::new("unfinished");
        let built = trial.put("built", "flash");
        let fails = |image: &Path| -> Result<()> {
            assert!(image.exists());
            Err(anyhow::anyhow!("interrupted"))
        };
        let layout = layout("", "");
        assert!(trial.0.renew(&built, &layout, fails).is_err());
        assert!(!trial.0.exists(), "no uncalibrated meter");
        trial.0.renew(&built, &layout, |_| Ok(())).expect("made");
        assert!(trial.0.renew(&built, &layout, fails).is_err());
        assert_eq!(fs::read(trial.0.image()).expect("there"), b"flash");
    }

    #[test]
    fn a_state_belongs_to_one_run_at_a_time() {
        let trial = Trial::new("locked");
        let first = trial.0.lock().expect("free");
        assert!(trial.0.lock().is_err());
        drop(first);
        assert!(trial.0.lock().is_ok());
    }

    #[test]
    fn another_flash_replaces_the_image_whole() {
        let trial = Trial::new("replaced");
        trial.put(IMAGE, "older");
        trial.0.write_image(b"newer").expect("written");
        assert_eq!(fs::read(trial.0.image()).expect("there"), b"newer");
        let names = fs::read_dir(&trial.0.folder).expect("a folder");
        assert_eq!(names.count(), 1, "nothing is left over");
    }
}
