//! Cores that outlive their machine: the next one goes on with what they have
//! translated, where its memories hold the same code.
//!
//! Most programs make many machines from nearly the same image, and a machine
//! spends most of its first second in translation.

use super::cores::Cores;
use crate::bus::absent::AbsentCores;
use crate::bus::context::Memories;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// The most sets of cores that wait for a machine.
const MOST: usize = 4;

static DEPOT: Mutex<Vec<Cores>> = Mutex::new(Vec::new());

/// The cores of one machine; afterwards they wait for another one.
pub(super) struct Lease(Option<Cores>);

impl Lease {
    /// Cores that nobody had before.
    pub fn new(cores: Cores) -> Self {
        Lease(Some(cores))
    }

    /// Cores that wait, with the memories that they map and what they have to
    /// be told.
    pub fn take() -> Option<(Self, Memories, AbsentCores)> {
        let waiting = DEPOT.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut cores = waiting?;
        let (memories, absent) = cores.inherit()?;
        Some((Lease::new(cores), memories, absent))
    }
}

impl Deref for Lease {
    type Target = Cores;

    fn deref(&self) -> &Cores {
        self.0.as_ref().expect("there until the lease ends")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Cores {
        self.0.as_mut().expect("there until the lease ends")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // After a panic nobody knows how far a core came.
        let kept = self.0.take().filter(Cores::are_of_use);
        let Some(cores) = kept.filter(|_| !std::thread::panicking()) else {
            return;
        };
        let mut depot = DEPOT.lock().unwrap_or_else(PoisonError::into_inner);
        if depot.len() < MOST {
            depot.push(cores);
        }
    }
}
