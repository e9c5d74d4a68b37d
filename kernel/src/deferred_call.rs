//! Software interrupts: a callback from the kernel loop, soon.
//!
//! A capsule that must call its client later than within the client's own call
//! owns a [`DeferredCall`] and sets it. The board initialises the state once,
//! with [`initialize_deferred_call_state`], before the first is created.
//!
//! Deferred calls come before processes. One that computes for milliseconds and
//! then sets itself again would keep every process from the CPU until it is done;
//! it is set *in the background* instead ([`BackgroundCall`], which upstream lacks):
//! then the kernel makes it when no process is ready, and else when a process has
//! used up its slice, or after a few turns of processes.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::platform::chip::ThreadIdProvider;
use crate::utilities::single_thread_value::SingleThreadValue;

/// How many deferred calls there can be: one bit each.
const CAPACITY: usize = u32::BITS as usize;

/// Who is called: an object and the function that takes a pointer to it.
#[derive(Clone, Copy)]
struct Handler {
    client: *const (),
    call: fn(*const ()),
}

/// What is registered, by index.
struct Registry {
    created: Cell<usize>,
    handlers: [Cell<Option<Handler>>; CAPACITY],
}

static REGISTRY: SingleThreadValue<Registry> = SingleThreadValue::new();

/// One bit for each deferred call that is set. Apart from the registry, because
/// the kernel loop looks at it in every turn.
static PENDING: AtomicU32 = AtomicU32::new(0);

/// The same for the calls that processes come before.
static IN_BACKGROUND: AtomicU32 = AtomicU32::new(0);

/// Gets deferred calls.
pub trait DeferredCallClient: Sized {
    /// The deferred call that was set.
    fn handle_deferred_call(&self);

    /// Registers this object with its [`DeferredCall`].
    fn register(&'static self);
}

/// Makes deferred calls belong to the running thread. Later calls do nothing.
pub fn initialize_deferred_call_state<P: ThreadIdProvider>() {
    // Whoever binds first owns the state; for a second call it is there already.
    let _ = REGISTRY.bind_to_thread::<P>(Registry {
        created: Cell::new(0),
        handlers: [const { Cell::new(None) }; CAPACITY],
    });
}

/// One deferred call.
pub struct DeferredCall {
    index: usize,
}

impl DeferredCall {
    /// A new deferred call. Panics before [`initialize_deferred_call_state`].
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let Some(registry) = REGISTRY.get() else {
            panic!("deferred calls are not initialised");
        };
        let index = registry.created.get();
        registry.created.set(index + 1);
        DeferredCall { index }
    }

    /// Makes `client` the one that is called.
    pub fn register<DC: DeferredCallClient>(&self, client: &'static DC) {
        self.register_handler(Handler {
            client: core::ptr::from_ref(client).cast(),
            call: |client| {
                // SAFETY: `client` is the pointer stored beside this function,
                // made of a `&'static DC`; and it is used on the thread that
                // registered it, because `REGISTRY` belongs to that thread.
                unsafe { &*client.cast::<DC>() }.handle_deferred_call();
            },
        });
    }

    /// The part of `register` that is the same for every client.
    #[inline(never)]
    fn register_handler(&self, handler: Handler) {
        let registry = REGISTRY.get();
        if let Some(slot) = registry.and_then(|registry| registry.handlers.get(self.index)) {
            slot.set(Some(handler));
        }
    }

    fn bit(&self) -> u32 {
        // An index beyond the capacity stops the kernel in `verify_setup`.
        1u32.checked_shl(self.index as u32).unwrap_or(0)
    }

    /// Asks for the call, which comes from the kernel's loop.
    #[inline]
    pub fn set(&self) {
        PENDING.fetch_or(self.bit(), Ordering::Relaxed);
    }

    /// Returns whether the call was asked for and has not come yet.
    pub fn is_pending(&self) -> bool {
        let pending = PENDING.load(Ordering::Relaxed) | IN_BACKGROUND.load(Ordering::Relaxed);
        pending & self.bit() != 0
    }

    /// Handles the pending call of the lowest index; returns that index.
    pub fn service_next_pending() -> Option<usize> {
        service_next(&PENDING)
    }

    /// Handles the pending call in the background that has the lowest index;
    /// returns that index.
    pub(crate) fn service_next_in_background() -> Option<usize> {
        service_next(&IN_BACKGROUND)
    }

    /// Returns whether any call is pending.
    #[inline]
    pub fn has_tasks() -> bool {
        PENDING.load(Ordering::Relaxed) != 0
    }

    /// Returns whether any call in the background is pending.
    #[inline]
    pub(crate) fn has_background_tasks() -> bool {
        IN_BACKGROUND.load(Ordering::Relaxed) != 0
    }

    /// Panics unless every deferred call created was registered, and there are
    /// not more than fit. The kernel calls it before its loop.
    pub fn verify_setup() {
        let Some(registry) = REGISTRY.get() else {
            return;
        };
        let created = registry.created.get();
        let registered = registry
            .handlers
            .iter()
            .filter(|handler| handler.get().is_some())
            .count();
        assert!(created <= CAPACITY, "more than 32 deferred calls");
        assert!(
            created == registered,
            "a deferred call was created and not registered"
        );
    }
}

/// A deferred call that can also be set in the background.
pub struct BackgroundCall {
    call: DeferredCall,
}

impl BackgroundCall {
    /// A new one of the 32. Panics before [`initialize_deferred_call_state`].
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            call: DeferredCall::new(),
        }
    }

    /// Makes `client` the one that is called.
    pub fn register<DC: DeferredCallClient>(&self, client: &'static DC) {
        self.call.register(client);
    }

    /// Asks for the call, which comes from the kernel's loop.
    #[inline]
    pub fn set(&self) {
        self.call.set();
    }

    /// Asks for the call when processes leave time for it.
    #[inline]
    pub fn set_in_background(&self) {
        IN_BACKGROUND.fetch_or(self.call.bit(), Ordering::Relaxed);
    }

    /// Returns whether the call was asked for, either way, and has not come yet.
    pub fn is_pending(&self) -> bool {
        self.call.is_pending()
    }
}

#[inline(never)]
fn service_next(calls: &AtomicU32) -> Option<usize> {
    let pending = calls.load(Ordering::Relaxed);
    if pending == 0 {
        return None;
    }
    let registry = REGISTRY.get()?;
    let index = pending.trailing_zeros() as usize;
    calls.fetch_and(!(1 << index), Ordering::Relaxed);
    let handler = registry.handlers[index].get()?;
    (handler.call)(handler.client);
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    enum OneThread {}

    // SAFETY: the statics of this module are used by the one test below only.
    unsafe impl ThreadIdProvider for OneThread {
        fn running_thread_id() -> usize {
            1
        }
    }

    struct Counter {
        deferred_call: BackgroundCall,
        calls: Cell<usize>,
    }

    impl DeferredCallClient for Counter {
        fn handle_deferred_call(&self) {
            self.calls.set(self.calls.get() + 1);
            if self.calls.get() == 1 {
                self.deferred_call.set();
            }
        }

        fn register(&'static self) {
            self.deferred_call.register(self);
        }
    }

    fn counter() -> &'static Counter {
        std::boxed::Box::leak(std::boxed::Box::new(Counter {
            deferred_call: BackgroundCall::new(),
            calls: Cell::new(0),
        }))
    }

    #[test]
    fn calls_once_for_each_set() {
        initialize_deferred_call_state::<OneThread>();
        initialize_deferred_call_state::<OneThread>();
        let (first, second) = (counter(), counter());
        first.register();
        assert!(std::panic::catch_unwind(DeferredCall::verify_setup).is_err());
        second.register();
        DeferredCall::verify_setup();

        assert!(!DeferredCall::has_tasks());
        assert_eq!(DeferredCall::service_next_pending(), None);
        second.deferred_call.set();
        second.deferred_call.set();
        assert!(second.deferred_call.is_pending() && !first.deferred_call.is_pending());
        assert_eq!(DeferredCall::service_next_pending(), Some(1));
        assert_eq!(second.calls.get(), 1);
        // Set again from within the call.
        assert!(DeferredCall::has_tasks());
        assert_eq!(DeferredCall::service_next_pending(), Some(1));
        assert_eq!(DeferredCall::service_next_pending(), None);
        assert_eq!((first.calls.get(), second.calls.get()), (0, 2));

        first.deferred_call.set_in_background();
        assert!(first.deferred_call.is_pending());
        assert!(DeferredCall::has_background_tasks() && !DeferredCall::has_tasks());
        assert_eq!(DeferredCall::service_next_pending(), None);
        assert_eq!(DeferredCall::service_next_in_background(), Some(0));
        assert!(!DeferredCall::has_background_tasks());
        assert_eq!(first.calls.get(), 1);
    }
}
