//! The deterministic driver: seeds, mutated by a generator that starts the same every time.

use crate::Target;

/// Longest input that mutation grows to.
const MAX_LENGTH: usize = 16 * 1024;

/// Numbers at which lengths, counts and offsets tend to go wrong.
const EDGES: [u32; 12] = [
    0,
    1,
    2,
    3,
    4,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFF_FFFF,
    0xFFFF_FFFF,
];

/// A generator of numbers (xorshift64*).
pub struct Random(u64);

impl Random {
    /// Starts at a point that depends on `seed` alone.
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }

    /// A number below `bound`, or 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u64::from(self.number()) * bound as u64) >> 32) as usize
    }
}

/// Runs the target on its seeds and on `cases` mutations of them.
///
/// # Panics
///
/// When the target does; the input is printed before.
pub fn run(target: &Target, cases: usize) {
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{} has no seeds", target.name);
    for seed in &seeds {
        run_case(target, seed);
    }
    let mut random = Random::new(target.cases as u64);
    for _ in 0..cases {
        let mut input = seeds[random.below(seeds.len())].clone();
        let other = &seeds[random.below(seeds.len())];
        for _ in 0..1 << random.below(5) {
            mutate(&mut input, other, &mut random);
        }
        run_case(target, &input);
    }
}

fn run_case(target: &Target, input: &[u8]) {
    /// Prints the input when the target panics.
    struct Printer<'a>(&'a str, &'a [u8]);
    impl Drop for Printer<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                let hex: String = self.1.iter().map(|byte| format!("{byte:02x}")).collect();
                eprintln!("{} fails on {hex}", self.0);
            }
        }
    }
    let _printer = Printer(target.name, input);
    (target.run)(input);
}

/// Changes `input` in one way.
fn mutate(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(input.len());
    let length = 1 + random.below(16).min(input.len().saturating_sub(at + 1));
    match random.below(10) {
        _ if input.is_empty() => input.push(random.number() as u8),
        0 => input[at] ^= 1 << random.below(8),
        1 => input[at] = random.number() as u8,
        2 => {
            input[at] = input[at]
                .wrapping_add(1 + random.below(8) as u8)
                .wrapping_sub(4)
        }
        3 => drop(input.drain(at..at + length)),
        4 => {
            let part = input[at..at + length].to_vec();
            insert(input, at, &part);
        }
        5 => {
            let bytes: Vec<u8> = (0..length).map(|_| random.number() as u8).collect();
            insert(input, at, &bytes);
        }
        6 => input.truncate(at),
        7 => {
            let edge = EDGES[random.below(EDGES.len())].to_le_bytes();
            let width = [1, 2, 4][random.below(3)];
            let end = (at + width).min(input.len());
            input[at..end].copy_from_slice(&edge[..end - at]);
        }
        8 => {
            let from = random.below(other.len());
            let until = (from + 1 + random.below(64)).min(other.len());
            insert(input, at, &other[from..until]);
        }
        _ => {
            let to = random.below(input.len());
            input.swap(at, to);
        }
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if input.len() + bytes.len() <= MAX_LENGTH {
        input.splice(at..at, bytes.iter().copied());
    }
}
