//! Many jobs on all cores of the host, each with a machine of its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;

/// Returns how many jobs are done at a time.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Does the jobs, begun in their order, on all cores, and returns their results in that
/// same order.
///
/// # Panics
/// When a job does.
pub fn on_all_cores<J: Sync, R: Send>(jobs: &[J], work: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(jobs.len()));
    thread::scope(|scope| {
        for _ in 0..cores().min(jobs.len()) {
            scope.spawn(|| loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(number) else { break };
                let result = work(job);
                results
                    .lock()
                    .expect("nothing panics here")
                    .push((number, result));
            });
        }
    });
    let mut results = results.into_inner().expect("nothing panics here");
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let jobs: Vec<u64> = (0..20).collect();
        let results = on_all_cores(&jobs, |job| {
            thread::sleep(std::time::Duration::from_millis(20 - job));
            job * 2
        });
        assert_eq!(results, jobs.iter().map(|job| job * 2).collect::<Vec<_>>());
        assert!(on_all_cores(&[0_u8; 0], |_| ()).is_empty());
    }
}
