//! Upcalls, and the share that keeps one registered.

use super::share::List;
use super::Syscalls;
use core::cell::Cell;
use core::marker::PhantomData;

/// A share of an upcall: while it lives, one may be registered; when it ends,
/// the null upcall replaces it. Made by [`share::scope`](super::share::scope).
pub struct Subscribe<'share, S: Syscalls, const DRIVER_NUM: u32, const SUBSCRIBE_NUM: u32> {
    syscalls: PhantomData<S>,
    // `Cell` makes the lifetime invariant: a share that ends late must not
    // take a reference that ends early.
    share: PhantomData<Cell<&'share ()>>,
}

impl<S: Syscalls, const DRIVER_NUM: u32, const SUBSCRIBE_NUM: u32> Default
    for Subscribe<'_, S, DRIVER_NUM, SUBSCRIBE_NUM>
{
    fn default() -> Self {
        Subscribe {
            syscalls: PhantomData,
            share: PhantomData,
        }
    }
}

impl<S: Syscalls, const DRIVER_NUM: u32, const SUBSCRIBE_NUM: u32> Drop
    for Subscribe<'_, S, DRIVER_NUM, SUBSCRIBE_NUM>
{
    fn drop(&mut self) {
        S::unsubscribe(DRIVER_NUM, SUBSCRIBE_NUM);
    }
}

impl<S: Syscalls, const DRIVER_NUM: u32, const SUBSCRIBE_NUM: u32> List
    for Subscribe<'_, S, DRIVER_NUM, SUBSCRIBE_NUM>
{
}

/// Something that can be called by the kernel during a yield. `SupportedIds`
/// says for which subscribe numbers it is meant: [`AnyId`] or [`OneId`].
pub trait Upcall<SupportedIds> {
    /// The upcall with its three arguments.
    fn upcall(&self, arg0: u32, arg1: u32, arg2: u32);
}

/// Implemented by [`AnyId`] for all numbers and by [`OneId`] for one.
pub trait SupportsId<const DRIVER_NUM: u32, const SUBSCRIBE_NUM: u32> {}

/// Marks an upcall that makes sense for every driver.
pub struct AnyId;

impl<const DRIVER_NUM: u32, const SUBSCRIBE_NUM: u32> SupportsId<DRIVER_NUM, SUBSCRIBE_NUM>
    for AnyId
{
}

/// Marks an upcall that is meant for one subscribe number of one driver.
pub struct OneId<const DRIVER_NUM: u32, const SUBSCRIBE_NUM: u32>;

impl<const DRIVER_NUM: u32, const SUBSCRIBE_NUM: u32> SupportsId<DRIVER_NUM, SUBSCRIBE_NUM>
    for OneId<DRIVER_NUM, SUBSCRIBE_NUM>
{
}

/// Notes that the upcall came.
impl Upcall<AnyId> for Cell<bool> {
    fn upcall(&self, _: u32, _: u32, _: u32) {
        self.set(true);
    }
}

/// Notes that the upcall came.
impl Upcall<AnyId> for Cell<Option<()>> {
    fn upcall(&self, _: u32, _: u32, _: u32) {
        self.set(Some(()));
    }
}

/// Keeps the first argument.
impl Upcall<AnyId> for Cell<Option<(u32,)>> {
    fn upcall(&self, arg0: u32, _: u32, _: u32) {
        self.set(Some((arg0,)));
    }
}

/// Keeps the first two arguments.
impl Upcall<AnyId> for Cell<Option<(u32, u32)>> {
    fn upcall(&self, arg0: u32, arg1: u32, _: u32) {
        self.set(Some((arg0, arg1)));
    }
}

/// Keeps all arguments.
impl Upcall<AnyId> for Cell<Option<(u32, u32, u32)>> {
    fn upcall(&self, arg0: u32, arg1: u32, arg2: u32) {
        self.set(Some((arg0, arg1, arg2)));
    }
}

/// What to do about unusual answers to subscribe.
pub trait Config {
    /// Another upcall was registered before. The default ignores that.
    fn returned_nonnull_upcall(_driver_num: u32, _subscribe_num: u32) {}
}

#[cfg(test)]
mod tests {
    use super::Upcall;
    use core::cell::Cell;

    #[test]
    fn cells_keep_as_many_arguments_as_they_hold() {
        let came = Cell::new(false);
        came.upcall(1, 2, 3);
        assert!(came.get());
        let none = Cell::new(None::<()>);
        none.upcall(1, 2, 3);
        assert_eq!(none.get(), Some(()));
        let one = Cell::new(None::<(u32,)>);
        one.upcall(1, 2, 3);
        assert_eq!(one.get(), Some((1,)));
        let two = Cell::new(None::<(u32, u32)>);
        two.upcall(1, 2, 3);
        assert_eq!(two.get(), Some((1, 2)));
        let three = Cell::new(None::<(u32, u32, u32)>);
        three.upcall(1, 2, 3);
        assert_eq!(three.get(), Some((1, 2, 3)));
    }
}
