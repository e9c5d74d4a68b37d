//! What becomes of a reception as the receiver's events come in.
//!
//! ENDRX comes when the buffer is full, and also when the receiver is stopped;
//! RXTO comes when a stopped receiver has come to rest. Only then may the next
//! reception start, or the stop would hit it.

use kernel::hil::uart::Error;
use kernel::ErrorCode;

/// Most bytes that the port's EasyDMA moves at a time (MAXCNT has 16 bits).
pub const LONGEST: usize = 0xFFFF;

/// What to do at ENDRX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Go on with the rest of the buffer.
    Continue,
    /// The receiver is being stopped: wait for RXTO.
    AwaitStop,
    /// Give the buffer back.
    Complete,
}

/// One reception.
#[derive(Clone, Copy, Debug)]
pub struct Reception {
    wanted: usize,
    received: usize,
    pauses: bool,
    aborted: bool,
    stopping: bool,
    error: Error,
}

impl Reception {
    /// A reception of `wanted` bytes, which a pause on the line may end early.
    pub fn new(wanted: usize, pauses: bool) -> Self {
        Reception {
            wanted,
            received: 0,
            pauses,
            aborted: false,
            stopping: false,
            error: Error::None,
        }
    }

    /// Returns how many bytes are in the buffer.
    pub fn received(&self) -> usize {
        self.received
    }

    /// Returns how many bytes are still wanted.
    pub fn rest(&self) -> usize {
        self.wanted - self.received
    }

    /// Returns whether a pause on the line ends the reception.
    pub fn watches_pauses(&self) -> bool {
        self.pauses
    }

    /// Returns whether RXTO is awaited.
    pub fn awaits_stop(&self) -> bool {
        self.stopping
    }

    /// The receiver reported an error; the first one counts.
    pub fn line_error(&mut self, error: Error) {
        if self.error == Error::None {
            self.error = error;
        }
    }

    /// The user aborts; the receiver was told to stop.
    pub fn abort(&mut self) {
        self.aborted = true;
    }

    /// Takes note of ENDRX with `amount` bytes, and says what to do.
    /// `timer_stopped`: the pause timer stopped the receiver although the buffer is
    /// full.
    pub fn ended(&mut self, amount: usize, timer_stopped: bool) -> Ended {
        let chunk = self.rest().min(LONGEST);
        self.received += amount.min(chunk);
        let cut_short = amount < chunk;
        if self.aborted || cut_short || timer_stopped {
            self.stopping = true;
            Ended::AwaitStop
        } else if self.rest() > 0 {
            Ended::Continue
        } else {
            Ended::Complete
        }
    }

    /// Returns what the client is told: FAIL with the first error of the line,
    /// CANCEL after an abort, SIZE after a pause.
    pub fn result(&self) -> (Result<(), ErrorCode>, Error) {
        if self.error != Error::None {
            (Err(ErrorCode::FAIL), self.error)
        } else if self.rest() == 0 {
            (Ok(()), Error::None)
        } else if self.aborted {
            (Err(ErrorCode::CANCEL), Error::Aborted)
        } else {
            (Err(ErrorCode::SIZE), Error::None)
        }
    }
}

/// Ticks of a 16 MHz timer in `bits` bit times, at least those of a whole frame:
/// the timer is restarted at the end of each byte.
pub fn pause_ticks(bits: u8, baud_rate: u32) -> u32 {
    let bits = u64::from(bits).max(11);
    (bits * 16_000_000).div_ceil(u64::from(baud_rate)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_buffer_completes() {
        let mut reception = Reception::new(5, false);
        assert_eq!(reception.ended(5, false), Ended::Complete);
        assert_eq!(reception.received(), 5);
        assert_eq!(reception.result(), (Ok(()), Error::None));
    }

    #[test]
    fn a_long_buffer_is_filled_in_chunks() {
        let mut reception = Reception::new(100_000, false);
        assert_eq!(reception.ended(0xFFFF, false), Ended::Continue);
        assert_eq!(reception.rest(), 100_000 - 0xFFFF);
        assert_eq!(reception.ended(100_000 - 0xFFFF, false), Ended::Complete);
    }

    #[test]
    fn an_abort_waits_for_the_receiver_to_rest() {
        let mut reception = Reception::new(10, false);
        reception.abort();
        assert!(!reception.awaits_stop());
        assert_eq!(reception.ended(3, false), Ended::AwaitStop);
        assert!(reception.awaits_stop());
        assert_eq!(reception.received(), 3);
        assert_eq!(reception.result(), (Err(ErrorCode::CANCEL), Error::Aborted));
    }

    #[test]
    fn an_abort_that_comes_with_the_last_byte_has_received_everything() {
        let mut reception = Reception::new(10, false);
        reception.abort();
        assert_eq!(reception.ended(10, false), Ended::AwaitStop);
        assert_eq!(reception.result(), (Ok(()), Error::None));
    }

    #[test]
    fn a_pause_ends_a_reception_early() {
        let mut reception = Reception::new(10, true);
        assert_eq!(reception.ended(4, false), Ended::AwaitStop);
        assert_eq!(reception.result(), (Err(ErrorCode::SIZE), Error::None));
        let mut reception = Reception::new(10, true);
        assert_eq!(reception.ended(10, true), Ended::AwaitStop);
        assert_eq!(reception.result(), (Ok(()), Error::None));
    }

    #[test]
    fn the_first_line_error_is_reported() {
        let mut reception = Reception::new(2, false);
        reception.line_error(Error::FramingError);
        reception.line_error(Error::OverrunError);
        assert_eq!(reception.ended(2, false), Ended::Complete);
        assert_eq!(
            reception.result(),
            (Err(ErrorCode::FAIL), Error::FramingError)
        );
    }

    #[test]
    fn an_amount_beyond_the_buffer_is_not_believed() {
        let mut reception = Reception::new(2, false);
        assert_eq!(reception.ended(70_000, false), Ended::Complete);
        assert_eq!(reception.received(), 2);
    }

    #[test]
    fn pauses_last_at_least_a_frame() {
        assert_eq!(pause_ticks(100, 115_200), 13_889);
        assert_eq!(pause_ticks(0, 1_000_000), 176);
    }
}
