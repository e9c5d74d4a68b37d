//! Whose turn it is: that of the app that has waited longest.

use core::cell::Cell;

/// When an app began to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ticket(u32);

/// Gives out tickets. Whoever has asked again and again, or ended and begun anew, has
/// a later one than those who have waited meanwhile.
#[derive(Debug, Default)]
pub struct Turns {
    next: Cell<u32>,
}

impl Turns {
    /// No ticket has been given out.
    pub const fn new() -> Self {
        Self { next: Cell::new(0) }
    }

    /// A ticket behind all that were given out before.
    pub fn ticket(&self) -> Ticket {
        Ticket(self.next.replace(self.next.get().wrapping_add(1)))
    }

    /// Of those who wait, the one who has waited longest.
    pub fn oldest<T>(&self, waiting: impl Iterator<Item = (Ticket, T)>) -> Option<T> {
        let oldest = waiting.max_by_key(|(ticket, _)| self.age(*ticket));
        oldest.map(|(_, who)| who)
    }

    /// How many tickets have been given out since this one, and it.
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
