//! Counting on a `Cell` that holds a number.

use core::cell::Cell;
use core::ops::{Add, Sub};

/// Arithmetic on a cell's content. Overflow behaves as the `+` and `-` of `T` do.
pub trait NumericCellExt<T>
where
    T: Copy + Add + Sub,
{
    /// Adds `val`.
    fn add(&self, val: T);
    /// Subtracts `val`.
    fn subtract(&self, val: T);
    /// Adds one.
    fn increment(&self);
    /// Subtracts one.
    fn decrement(&self);
    /// Adds one and returns the value of before.
    fn get_and_increment(&self) -> T;
    /// Subtracts one and returns the value of before.
    fn get_and_decrement(&self) -> T;
}

/// The number one of a type; lets [`NumericCellExt`] count without a cast.
pub trait One {
    /// One.
    const ONE: Self;
}

macro_rules! one {
    ($($number:ty),*) => { $(impl One for $number { const ONE: Self = 1; })* };
}
one!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

impl<T> NumericCellExt<T> for Cell<T>
where
    T: One + Copy + Add<Output = T> + Sub<Output = T>,
{
    fn add(&self, val: T) {
        self.set(self.get() + val);
    }

    fn subtract(&self, val: T) {
        self.set(self.get() - val);
    }

    fn increment(&self) {
        self.add(T::ONE);
    }

    fn decrement(&self) {
        self.subtract(T::ONE);
    }

    fn get_and_increment(&self) -> T {
        let before = self.get();
        self.set(before + T::ONE);
        before
    }

    fn get_and_decrement(&self) -> T {
        let before = self.get();
        self.set(before - T::ONE);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let cell = Cell::new(4usize);
        assert_eq!(cell.get_and_increment(), 4);
        assert_eq!(cell.get_and_decrement(), 5);
        cell.increment();
        cell.add(10);
        cell.decrement();
        cell.subtract(3);
        assert_eq!(cell.get(), 11);
    }
}
