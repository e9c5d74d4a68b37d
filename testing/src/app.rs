//! Apps as flash has them: TBF objects, built byte by byte.

/// The header element that carries a ShortId.
const SHORT_ID_ELEMENT: u16 = 10;
/// The header element that says which kernel it needs.
const KERNEL_VERSION: u16 = 8;

/// One object of a list of apps. Its fields may be changed before it is built.
#[derive(Clone)]
pub struct App {
    /// The name in its header.
    pub name: &'static str,
    /// The RAM that it asks for, in bytes.
    pub min_ram: u32,
    /// Flags of its header: 1 is enabled, 2 is sticky.
    pub flags: u32,
    /// Further elements of the header: type and payload.
    pub elements: Vec<(u16, Vec<u8>)>,
    /// The version of the binary.
    pub version: u32,
    /// Bytes between header and binary that the binary may not use.
    pub protected_trailer: u32,
    /// Where the binary starts to execute, in bytes from its start.
    pub init_offset: u32,
    /// Footers behind the binary: type and payload.
    pub footers: Vec<(u16, Vec<u8>)>,
    /// Length of the binary in bytes.
    pub binary: usize,
    /// Whether it says that it needs kernel 2.0, if no element of its own says another.
    pub says_kernel_version: bool,
}

impl App {
    /// An enabled app of this name, with 4,096 bytes of RAM and no footers.
    pub fn new(name: &'static str) -> App {
        App {
            name,
            min_ram: 4096,
            flags: 1,
            elements: Vec::new(),
            version: 1,
            protected_trailer: 0,
            init_offset: 0x29,
            footers: Vec::new(),
            binary: 256,
            says_kernel_version: true,
        }
    }

    /// An app with the identity of this ShortId; 0 is a guest without one.
    pub fn identified(id: u32) -> App {
        match id {
            0 => App::new("guest").min_ram(8192),
            id => App::new("app")
                .min_ram(8192)
                .element(SHORT_ID_ELEMENT, &id.to_le_bytes()),
        }
    }

    /// The app with so much RAM, in bytes.
    pub fn min_ram(mut self, bytes: u32) -> App {
        self.min_ram = bytes;
        self
    }

    /// The app with one more element in its header.
    pub fn element(mut self, element: u16, payload: &[u8]) -> App {
        self.elements.push((element, payload.to_vec()));
        self
    }

    /// The app with one more footer of credentials.
    pub fn footer(mut self, payload: &[u8]) -> App {
        self.footers.push((128, payload.to_vec()));
        self
    }

    /// The app with permissions for commands: driver, offset and mask of each entry.
    pub fn permissions(self, entries: &[(u32, u32, u64)]) -> App {
        let mut payload = (entries.len() as u16).to_le_bytes().to_vec();
        for (driver, offset, mask) in entries {
            payload.extend(driver.to_le_bytes());
            payload.extend(offset.to_le_bytes());
            payload.extend(mask.to_le_bytes());
        }
        self.element(6, &payload)
    }

    /// The object's bytes.
    pub fn build(&self) -> Vec<u8> {
        let mut elements: Vec<(u16, Vec<u8>)> = vec![(3, self.name.as_bytes().to_vec())];
        elements.extend(self.elements.iter().cloned());
        // What elf2tab always says; the kernel runs no app that does not.
        let says_it = elements
            .iter()
            .any(|(element, _)| *element == KERNEL_VERSION);
        if self.says_kernel_version && !says_it {
            elements.push((KERNEL_VERSION, vec![2, 0, 0, 0]));
        }
        let header_size = 16 + (4 + 20) + size_of(&elements);
        let binary_end = header_size + self.protected_trailer as usize + self.binary;
        // Footers are not padded.
        let footers: usize = self.footers.iter().map(|(_, data)| 4 + data.len()).sum();
        let total = (binary_end + footers).next_multiple_of(4);

        let mut program = Vec::new();
        for word in [
            self.init_offset,
            self.protected_trailer,
            self.min_ram,
            binary_end as u32,
            self.version,
        ] {
            program.extend(word.to_le_bytes());
        }
        let mut object = Vec::new();
        object.extend(2u16.to_le_bytes());
        object.extend((header_size as u16).to_le_bytes());
        object.extend((total as u32).to_le_bytes());
        object.extend(self.flags.to_le_bytes());
        object.extend([0; 4]);
        append(&mut object, 9, &program);
        for (element, payload) in &elements {
            append(&mut object, *element, payload);
        }
        assert_eq!(object.len(), header_size);
        seal(&mut object);
        object.resize(binary_end, 0xBB);
        for (element, payload) in &self.footers {
            object.extend(element.to_le_bytes());
            object.extend((payload.len() as u16).to_le_bytes());
            object.extend(payload);
        }
        object.resize(total, 0);
        object
    }
}

fn size_of(elements: &[(u16, Vec<u8>)]) -> usize {
    elements
        .iter()
        .map(|(_, payload)| 4 + payload.len().next_multiple_of(4))
        .sum()
}

fn append(object: &mut Vec<u8>, element: u16, payload: &[u8]) {
    object.extend(element.to_le_bytes());
    object.extend((payload.len() as u16).to_le_bytes());
    object.extend(payload);
    object.resize(object.len().next_multiple_of(4), 0);
}

/// Sets the checksum of a header that fills all of `header`.
pub fn seal(header: &mut [u8]) {
    header[12..16].fill(0);
    let sum = header.chunks_exact(4).fold(0, |sum, word| {
        sum ^ u32::from_le_bytes(word.try_into().unwrap())
    });
    header[12..16].copy_from_slice(&sum.to_le_bytes());
}

/// An object of `total` bytes that only fills space.
pub fn padding(total: u32) -> Vec<u8> {
    let mut object = Vec::new();
    object.extend(2u16.to_le_bytes());
    object.extend(16u16.to_le_bytes());
    object.extend(total.to_le_bytes());
    object.extend([0; 8]);
    seal(&mut object);
    object.resize(total as usize, 0xFF);
    object
}

/// A list of apps, ended by erased flash.
pub fn list(apps: &[App]) -> Vec<u8> {
    let mut flash: Vec<u8> = apps.iter().flat_map(App::build).collect();
    flash.resize(flash.len() + 64, 0xFF);
    flash
}
