//! The attacker as a scripted app: a test writes system calls into its RAM, and it makes them.
//!
//! So one start tries as many calls as the test likes, each decided on what the
//! one before it answered, by several apps at a time. The app asks nobody for a
//! driver but the alarm, which wakes it to look into its mailbox.
//!
//! The mailbox is an array of words in the app's RAM; a test finds it by its
//! first four words. All indices here count words.

/// Number of the selector that makes the attacker a scripted app.
pub const NUMBER: u32 = 0xFFFF_FFFE;

/// What the mailbox begins with once the scripted app serves it.
pub const MAGIC: [u32; 4] = [0x5055_5050, 0xA77A_C4ED, 0x4D41_494C, 0x424F_5821];

/// Index of the state: [`IDLE`] or [`GO`].
pub const STATE: usize = 4;
/// Index of the number of calls.
pub const COUNT: usize = 5;
/// Index of the address of the arena, which calls may share as they like.
pub const ARENA_ADDRESS: usize = 6;
/// Index of the first call.
pub const CALLS: usize = 8;

/// The scripted app waits.
pub const IDLE: u32 = 0;
/// The test has written calls; the scripted app puts [`IDLE`] when it has made them.
pub const GO: u32 = 1;

/// Words of a call: class, four arguments, [`WAIT`], four answers, three
/// arguments of the upcall.
pub const CALL_WORDS: usize = 13;
/// Index in a call of what the scripted app does after it.
pub const AFTER: usize = 5;
/// Index in a call of the answers.
pub const ANSWER: usize = 6;
/// Index in a call of the upcall's arguments.
pub const UPCALL: usize = 10;
/// Most calls at a time.
pub const MOST_CALLS: usize = 48;

/// The call is all.
pub const GO_ON: u32 = 0;
/// If the call, a command, succeeds: wait for upcall 0 of its driver.
pub const WAIT: u32 = 1;

/// Beside the kernel's classes of system calls: store the second argument at
/// the first.
pub const STORE: u32 = 0x100;

/// Index of the arena.
pub const ARENA: usize = CALLS + CALL_WORDS * MOST_CALLS;
/// Bytes of the arena.
pub const ARENA_BYTES: usize = 1536;
/// Words of the mailbox.
pub const WORDS: usize = ARENA + ARENA_BYTES / 4;
