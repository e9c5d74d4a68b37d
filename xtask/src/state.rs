//! The state of the meter that `make run` keeps: its flash, what lies beside it, and the layout of both.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::layout::Layout;

/// The files of a state: what the emulator writes, and the layout.
const FILES: [&str; 4] = [IMAGE, "meter.img.nor", "meter.img.uicr", LAYOUT];
const IMAGE: &str = "meter.img";
const LAYOUT: &str = "layout.toml";

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

    /// Makes a meter that is new, with the flash of this image and nothing beside it.
    ///
    /// # Errors
    /// The files cannot be written or removed.
    pub fn renew(&self, built: &Path, layout: &Layout) -> Result<()> {
        self.each_file(|path, _| fs::remove_file(path))?;
        layout.write(&self.folder.join(LAYOUT))?;
        fs::copy(built, self.image())?;
        Ok(())
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
        trial.0.renew(&built, &layout).expect("made");
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
            trial.0.renew(&built, &before).expect("made");
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
        trial.0.renew(&built, &layout("", "")).expect("made");
        assert!(!records.exists());
        assert_eq!(fs::read(trial.0.image()).expect("there"), b"flash");
    }
}
