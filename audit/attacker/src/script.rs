//! Makes the system calls that a test writes into the mailbox.

use crate::machine::{store, system_call};
use attacker::scripted::{
    AFTER, ANSWER, ARENA, ARENA_ADDRESS, CALLS, CALL_WORDS, COUNT, GO, IDLE, MAGIC, MOST_CALLS,
    STATE, STORE, UPCALL, WAIT, WORDS,
};
use core::sync::atomic::{AtomicU32, Ordering};

const ALARM: u32 = 0;
/// Between looks into the mailbox: 1 s, as each costs the emulator more than many
/// calls. The alarm counts 32,768 Hz in the upper 24 of its 32 bits.
const NAP: u32 = 32_768 << 8;
/// Right after it has made calls: 3 ms, as the next ones come at once if at all.
const SHORT_NAP: u32 = 98 << 8;
/// How many of those.
const SHORT_NAPS: u32 = 2;
/// Yield until a certain upcall comes.
const WAIT_FOR: u32 = 2;
/// First tag of the successes.
const SUCCESS: u32 = 128;

static MAILBOX: [AtomicU32; WORDS] = [const { AtomicU32::new(0) }; WORDS];

fn get(index: usize) -> u32 {
    MAILBOX[index].load(Ordering::SeqCst)
}

fn put(index: usize, value: u32) {
    MAILBOX[index].store(value, Ordering::SeqCst);
}

/// Serves the mailbox for ever.
pub fn serve() -> ! {
    put(ARENA_ADDRESS, MAILBOX[ARENA].as_ptr().addr() as u32);
    for (index, word) in MAGIC.into_iter().enumerate() {
        put(index, word);
    }
    let mut short_naps = 0;
    loop {
        if get(STATE) == GO {
            for number in 0..(get(COUNT) as usize).min(MOST_CALLS) {
                make(CALLS + number * CALL_WORDS);
            }
            put(STATE, IDLE);
            short_naps = SHORT_NAPS;
        }
        let nap = if short_naps > 0 { SHORT_NAP } else { NAP };
        short_naps = short_naps.saturating_sub(1);
        system_call::<2>([ALARM, 5, nap, 0]);
        system_call::<0>([WAIT_FOR, ALARM, 0, 0]);
    }
}

fn make(call: usize) {
    let [a, b, c, d] = core::array::from_fn(|index| get(call + 1 + index));
    let class = get(call);
    let arguments = [a, b, c, d];
    let answer = match class {
        0 => system_call::<0>(arguments),
        1 => system_call::<1>(arguments),
        2 => system_call::<2>(arguments),
        3 => system_call::<3>(arguments),
        4 => system_call::<4>(arguments),
        5 => system_call::<5>(arguments),
        6 => system_call::<6>(arguments),
        7 => system_call::<7>(arguments),
        STORE => {
            store(a, b);
            arguments
        }
        _ => arguments,
    };
    if get(call + AFTER) == WAIT && class == 2 && answer[0] >= SUCCESS {
        let [status, second, third, _] = system_call::<0>([WAIT_FOR, a, 0, 0]);
        put(call + UPCALL, status);
        put(call + UPCALL + 1, second);
        put(call + UPCALL + 2, third);
    }
    for (index, word) in answer.into_iter().enumerate() {
        put(call + ANSWER + index, word);
    }
}
