//! The words and bytes of the mailbox: their places, for both sides.
//!
//! All words are little endian.

/// What the mailbox starts with.
pub const MAGIC: [u8; 16] = *b"WATTLOCK-BRIDGE!";

/// As a command: nothing is asked.
pub const IDLE: u32 = u32::MAX;

/// Most bytes of each buffer: input, associated data, nonce, output. More than the
/// key store takes.
pub const SIZES: [usize; 4] = [1_104, 1_040, 144, 1_104];

/// Number of the output among the buffers.
pub const OUTPUT: usize = 3;

/// Words of the mailbox behind the magic, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Address of the turn, without the Thumb bit. The bridge writes it.
    Turn = 0,
    /// Command, [`IDLE`] for none.
    Command,
    /// Its first argument.
    First,
    /// Its second argument.
    Second,
    /// Bytes of input.
    Input,
    /// Bytes of associated data.
    Associated,
    /// Bytes of nonce.
    Nonce,
    /// Bytes lent for the output.
    Output,
    /// How often the command is given, one after the other.
    Rounds,
    /// Answer: 0, or the number of the error.
    Status,
    /// Answer: 1 if the command itself was refused, 0 if the upcall said so.
    Refused,
    /// Answer: bytes of output, or the value of a command that answers with one.
    Value,
    /// Answer: rounds that are done.
    Done,
}

/// How many words there are.
pub const WORDS: usize = Word::Done as usize + 1;

/// Bytes of the mailbox.
pub const SIZE: usize = MAGIC.len() + 4 * WORDS + SIZES[0] + SIZES[1] + SIZES[2] + SIZES[3];

/// Where a word stands, in bytes from the start of the mailbox.
pub const fn word(word: Word) -> usize {
    MAGIC.len() + 4 * word as usize
}

/// Where a buffer stands, in bytes from the start of the mailbox.
///
/// # Panics
/// There are four buffers.
pub const fn buffer(number: usize) -> usize {
    let mut at = MAGIC.len() + 4 * WORDS;
    let mut before = 0;
    while before < number {
        at += SIZES[before];
        before += 1;
    }
    at
}
