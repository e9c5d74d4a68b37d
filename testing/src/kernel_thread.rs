//! The one thread of a test program that has the kernel's deferred calls.

use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::mpsc::{channel, Sender};
use std::sync::{Mutex, OnceLock};

use kernel::deferred_call::initialize_deferred_call_state;

use crate::host::Thread;

type Job = Box<dyn FnOnce() + Send>;

/// Runs a test on the one thread that has the kernel's deferred calls, one test at a time.
/// A test of a capsule with a deferred call needs it as soon as its program has a second
/// test.
///
/// # Panics
/// When the test does.
pub fn on_kernel_thread(test: impl FnOnce() + Send + 'static) {
    static JOBS: OnceLock<Mutex<Sender<Job>>> = OnceLock::new();
    let jobs = JOBS.get_or_init(|| {
        let (sender, receiver) = channel::<Job>();
        std::thread::spawn(move || {
            initialize_deferred_call_state::<Thread>();
            receiver.into_iter().for_each(|job| job());
        });
        Mutex::new(sender)
    });
    let (done, result) = channel();
    let job = Box::new(move || {
        let outcome = catch_unwind(AssertUnwindSafe(test));
        done.send(outcome).expect("the test waits");
    });
    jobs.lock()
        .expect("nobody fails with the lock")
        .send(job)
        .expect("the kernel's thread lives");
    if let Err(panic) = result.recv().expect("the kernel's thread lives") {
        resume_unwind(panic);
    }
}
