//! Whose turn it is: that of the app that has waited longest.

use core::cell::Cell;

/// The moment at which an app began to wait, in the order of all such moments.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ticket(u32);

/// Gives out tickets. An app that has asked again and again, or that has ended and begun
/// anew, has a later ticket than those who have waited meanwhile.
#[derive(Debug, Default)]
pub struct Turns {
    next: Cell<u32>,
}

impl Turns {
    /// Turns of which no ticket has been given out yet.
    pub const fn new() -> Self {
        Self { next: Cell::new(0) }
    }

    /// Gives out a ticket behind all that were given out before.
    pub fn ticket(&self) -> Ticket {
        Ticket(self.next.replace(self.next.get().wrapping_add(1)))
    }

    /// Of those who wait, returns the one who has waited longest; `None` if nobody waits.
    pub fn oldest<T>(&self, waiting: impl Iterator<Item = (Ticket, T)>) -> Option<T> {
        let oldest = waiting.max_by_key(|(ticket, _)| self.age(*ticket));
        oldest.map(|(_, who)| who)
    }

    /// The number of tickets that have been given out since this one, itself included.
    fn age(&self, ticket: Ticket) -> u32 {
        self.next.get().wrapping_sub(ticket.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_oldest_also_where_numbers_wrap() {
        let turns = Turns::new();
        turns.next.set(u32::MAX - 1);
        let tickets = [(); 4].map(|()| turns.ticket());
        assert_eq!(tickets.map(|ticket| turns.age(ticket)), [4, 3, 2, 1]);
    }
}
