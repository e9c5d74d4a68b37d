//! Does what the mailbox asks for.

use core::cell::Cell;

use key_bridge::mailbox::{Word, IDLE};
use libtock::alarm::{Alarm, Milliseconds};
use libtock::apis::key_store::{ASSOCIATED, DONE, DRIVER_NUM, INPUT, NONCE, OUTPUT};
use libtock::platform::{share, AllowRo, AllowRw, DefaultConfig, ErrorCode, Subscribe, Syscalls};
use libtock::runtime::TockSyscalls;

use crate::memory::Access;

libtock::runtime::set_main!(main);
libtock::runtime::stack_size!(0x800);

/// What became of a command.
struct Answer {
    status: u32,
    refused: bool,
    value: u32,
}

fn main() {
    // SAFETY: an app's main runs once.
    let mut mailbox = unsafe { Access::new() };
    loop {
        mailbox.turn();
        if mailbox.get(Word::Command) == IDLE {
            // Without an alarm it has its next turn at once.
            let _ = Alarm::sleep_for(Milliseconds(1));
            continue;
        }
        for round in 0..mailbox.get(Word::Rounds) {
            let answer = carry_out(&mut mailbox);
            mailbox.set(Word::Status, answer.status);
            mailbox.set(Word::Refused, u32::from(answer.refused));
            mailbox.set(Word::Value, answer.value);
            mailbox.set(Word::Done, round + 1);
        }
        mailbox.set(Word::Command, IDLE);
    }
}

/// Whether a command answers at once.
fn is_immediate(command: u32) -> bool {
    matches!(command, 0 | 1 | 16 | 20)
}

fn carry_out(mailbox: &mut Access) -> Answer {
    let [command, first, second] =
        [Word::Command, Word::First, Word::Second].map(|word| mailbox.get(word));
    let ([input, associated, nonce], output) = mailbox.buffers();
    let done: Cell<Option<(u32, u32, u32)>> = Cell::new(None);
    share::scope::<
        (
            AllowRo<TockSyscalls, DRIVER_NUM, INPUT>,
            AllowRo<TockSyscalls, DRIVER_NUM, ASSOCIATED>,
            AllowRo<TockSyscalls, DRIVER_NUM, NONCE>,
            AllowRw<TockSyscalls, DRIVER_NUM, OUTPUT>,
            Subscribe<TockSyscalls, DRIVER_NUM, DONE>,
        ),
        _,
        _,
    >(|handle| {
        type S = TockSyscalls;
        let (ro_0, ro_1, ro_2, rw, subscribe) = handle.split();
        let shared = S::allow_ro::<DefaultConfig, DRIVER_NUM, INPUT>(ro_0, input)
            .and_then(|()| S::allow_ro::<DefaultConfig, DRIVER_NUM, ASSOCIATED>(ro_1, associated))
            .and_then(|()| S::allow_ro::<DefaultConfig, DRIVER_NUM, NONCE>(ro_2, nonce))
            .and_then(|()| S::allow_rw::<DefaultConfig, DRIVER_NUM, OUTPUT>(rw, output))
            .and_then(|()| S::subscribe::<_, _, DefaultConfig, DRIVER_NUM, DONE>(subscribe, &done));
        if let Err(error) = shared {
            return refused(error);
        }
        let answer = S::command(DRIVER_NUM, command, first, second);
        if let Some(error) = answer.get_failure() {
            return refused(error);
        }
        if is_immediate(command) {
            return Answer {
                status: 0,
                refused: false,
                value: answer.get_success_u32().unwrap_or(0),
            };
        }
        loop {
            S::yield_wait();
            if let Some((status, value, _)) = done.take() {
                return Answer {
                    status,
                    refused: false,
                    value,
                };
            }
        }
    })
}

fn refused(error: ErrorCode) -> Answer {
    Answer {
        status: error as u32,
        refused: true,
        value: 0,
    }
}
