//! Processes with the ShortIds that a test gives them.

use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::mpsc::{channel, Sender};
use std::sync::{Mutex, OnceLock};

use capsules_support::pending_upcall::RetryAlarm;
use capsules_system::process_policies::StopFaultPolicy;
use kernel::deferred_call::initialize_deferred_call_state;
use kernel::hil::time::Alarm;
use kernel::Kernel;

use crate::bench::Bench;
use crate::host::chip::Thread;
use crate::host::{forever, App, Clock, Drivers};
use crate::loading;

type Job = Box<dyn FnOnce() + Send>;

/// Runs a test on the one thread that has the kernel's deferred calls.
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

/// Rings on this clock for a driver that owes upcalls.
pub fn retry_on(clock: &'static Clock) -> &'static RetryAlarm<'static, Clock> {
    let retry = forever(RetryAlarm::new(clock));
    clock.set_alarm_client(retry);
    retry
}

/// A bench with one process for each of `ids`; 0 is a process without identity.
pub fn bench(ids: &[u32], make: impl FnOnce(&'static Kernel) -> Drivers) -> Bench {
    let apps: Vec<App> = ids.iter().map(|id| loading::app(*id)).collect();
    Bench::load(&apps, make, |kernel, chip, flash| {
        loading::load(kernel, chip, flash, forever(StopFaultPolicy {}));
    })
}
