//! The flash image that `make image` built, with guests placed beside its apps.

use manifest::{Manifest, Region};

use super::artifacts::{manifest, read_built};
use super::signed::{development_key, strangers_key, Object};

/// Bytes of a TBF header without elements, which is a padding object.
const PADDING_HEADER: usize = 16;

/// A flash image in the making.
#[derive(Clone)]
pub struct Firmware {
    flash: Vec<u8>,
    manifest: Manifest,
}

impl Firmware {
    /// Returns the meter as it is flashed.
    pub fn meter() -> Self {
        Self {
            flash: read_built("meter.img"),
            manifest: manifest(),
        }
    }

    /// Returns the meter of another manifest, which `make image` left in the folder of
    /// this name.
    ///
    /// # Panics
    /// When it is not there.
    pub fn variant(name: &str) -> Self {
        Self {
            flash: read_built(&format!("{name}/meter.img")),
            manifest: manifest(),
        }
    }

    /// Returns the meter with walls open on purpose ([`control`](crate::control)).
    ///
    /// # Panics
    /// When it is not there.
    pub fn opened() -> Self {
        Self::variant("opened")
    }

    /// Returns the meter whose apps may call all drivers that are not restricted.
    ///
    /// # Panics
    /// When it is not there.
    pub fn granted() -> Self {
        Self::variant("granted")
    }

    /// Takes all apps out.
    #[must_use]
    pub fn without_apps(mut self) -> Self {
        self.write_list(&[]);
        self
    }

    /// Takes the object out of the slot of that name.
    ///
    /// # Panics
    /// When there is no such slot.
    #[must_use]
    pub fn without(mut self, slot: &str) -> Self {
        let start = self.slot(slot).start;
        let mut objects = self.objects();
        objects.retain(|(place, _)| *place != start as usize);
        self.write_list(&objects);
        self
    }

    /// Puts a TBF object into the slot of that name, in place of what is there.
    ///
    /// # Panics
    /// When there is no such slot, or the object does not fit it.
    #[must_use]
    pub fn with_object(mut self, slot: &str, object: &[u8]) -> Self {
        let region = self.slot(slot);
        assert!(object.len() <= region.size as usize, "too long for {slot}");
        let mut objects = self.objects();
        objects.retain(|(start, _)| *start != region.start as usize);
        objects.push((region.start as usize, object.to_vec()));
        objects.sort();
        self.write_list(&objects);
        self
    }

    /// Returns the object in the slot of that name.
    ///
    /// # Panics
    /// When there is none.
    pub fn object(&self, slot: &str) -> Object {
        let start = self.slot(slot).start;
        let mut objects = self.objects().into_iter();
        let object = objects.find(|(place, _)| *place == start as usize);
        Object::new(object.expect("an object in the slot").1)
    }

    /// Puts the guest `NAME-SLOT` that `make image` built into its slot.
    #[must_use]
    pub fn with_guest(self, name: &str, slot: &str) -> Self {
        let object = read_built(&format!("{name}-{slot}.tbf"));
        self.with_object(slot, &object)
    }

    /// Puts the attacker into a slot, with this attack chosen, signed as the app that
    /// the slot belongs to.
    ///
    /// # Panics
    /// When there is no such attack.
    #[must_use]
    pub fn with_attacker(self, slot: &str, attack: &str, argument: u32) -> Self {
        let (number, _) = attacker::find(attack).expect("an attack of the catalogue");
        let object = self.attacker(&format!("attacker-{slot}-open.tbf"), number, argument);
        self.with_object(slot, object.bytes())
    }

    /// Puts a scripted app into a slot, with the name, the id and the signature of the app
    /// that the slot belongs to, and without permission header: what it may call, the
    /// kernel's table alone decides.
    #[must_use]
    pub fn with_scripted_app(self, slot: &str) -> Self {
        let object = self.scripted_app(slot);
        self.with_object(slot, object.bytes())
    }

    /// Puts a scripted app into each of these slots.
    #[must_use]
    pub fn with_scripted_apps(self, slots: &[&str]) -> Self {
        let with = |firmware: Self, slot: &&str| firmware.with_scripted_app(slot);
        slots.iter().fold(self, with)
    }

    /// Puts a scripted app without permission header and without a good signature into a
    /// slot: on a meter of bring-up all drivers that are not restricted answer it.
    #[must_use]
    pub fn with_scripted_guest(self, slot: &str) -> Self {
        let object = self.scripted_app(slot).signed(&strangers_key());
        self.with_object(slot, object.bytes())
    }

    /// Returns the scripted app as [`with_scripted_app`](Self::with_scripted_app) puts it
    /// there.
    #[must_use]
    pub fn scripted_app(&self, slot: &str) -> Object {
        let number = attacker::scripted::NUMBER;
        self.attacker(&format!("attacker-{slot}-app.tbf"), number, 0)
    }

    fn attacker(&self, file: &str, attack: u32, argument: u32) -> Object {
        Object::new(read_built(file))
            .changed(|bytes| {
                attacker::selector::choose(bytes, attack, argument)
                    .expect("the object has a selector");
            })
            .signed(&development_key(&self.manifest))
    }

    /// Replaces what the meter itself has written: the device secret, the key
    /// store and the energy store.
    #[must_use]
    pub fn with_data_of(mut self, flash: &[u8]) -> Self {
        for range in self.manifest.flash.own_data() {
            self.flash[range.clone()].copy_from_slice(&flash[range]);
        }
        self
    }

    /// Returns the bytes of the flash, from address 0.
    pub fn bytes(&self) -> &[u8] {
        &self.flash
    }

    fn slot(&self, name: &str) -> Region {
        self.manifest.app(name).expect("a slot of meter.toml").flash
    }

    /// The objects of the list that are no padding, with their addresses.
    fn objects(&self) -> Vec<(usize, Vec<u8>)> {
        let apps = self.manifest.flash.apps;
        let mut at = apps.start as usize;
        let mut objects = Vec::new();
        while at + PADDING_HEADER <= apps.end() as usize && self.flash[at..at + 2] == [2, 0] {
            let word = |offset: usize| {
                let bytes = &self.flash[at + offset..at + offset + 4];
                u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize
            };
            let (header, total) = (word(0) >> 16, word(4));
            if header > PADDING_HEADER {
                objects.push((at, self.flash[at..at + total].to_vec()));
            }
            at += total;
        }
        objects
    }

    fn write_list(&mut self, objects: &[(usize, Vec<u8>)]) {
        let apps = self.manifest.flash.apps;
        let mut at = apps.start as usize;
        self.flash[at..apps.end() as usize].fill(0xFF);
        for (start, object) in objects {
            if at < *start {
                self.flash[at..at + PADDING_HEADER].copy_from_slice(&padding(start - at));
            }
            self.flash[*start..start + object.len()].copy_from_slice(object);
            at = start + object.len();
        }
    }
}

/// A padding object's header.
fn padding(length: usize) -> [u8; PADDING_HEADER] {
    let words = [2 | (PADDING_HEADER as u32) << 16, length as u32, 0];
    let checksum = words.iter().fold(0, |sum, word| sum ^ word);
    let mut header = [0; PADDING_HEADER];
    for (bytes, word) in header
        .chunks_exact_mut(4)
        .zip(words.into_iter().chain([checksum]))
    {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    header
}
