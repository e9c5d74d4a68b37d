//! Writes a crash record for each fault of an app, before the fault policy acts.

use kernel::capabilities::ProcessManagementCapability;
use kernel::hil::time::Alarm;
use kernel::process::Process;

use super::{FaultAction, ProcessTable, Registers, RetainedWords};
use crate::apps::{Apps, Fault};

/// What the core keeps of a fault; the board reads it, where that takes unsafe code.
pub trait FaultRegisters {
    /// The core's registers as the process that has failed left them.
    fn of(&self, process: &dyn Process) -> Registers;

    /// Forgets the status of the fault: the next one brings its own.
    fn forget(&self);
}

/// Hears of the end of processes.
pub trait ExitClient {
    /// A process has failed, ended itself or begun anew.
    fn process_ended(&self);
}

/// What the kernel's hook of faults does, and its hook of exits where it has one. The
/// board implements the hooks: upstream's kernel has the first alone.
pub struct FaultRecorder<'a, W, A, CAP, R, const PROCESSES: usize>
where
    W: RetainedWords,
    A: Alarm<'a>,
    CAP: ProcessManagementCapability,
    R: FaultRegisters,
{
    apps: Apps,
    table: &'a ProcessTable<'a, W, A, CAP, PROCESSES>,
    registers: R,
    /// Forgets what belonged to a process that ended.
    exits: Option<&'a dyn ExitClient>,
}

impl<'a, W, A, CAP, R, const PROCESSES: usize> FaultRecorder<'a, W, A, CAP, R, PROCESSES>
where
    W: RetainedWords,
    A: Alarm<'a>,
    CAP: ProcessManagementCapability,
    R: FaultRegisters,
{
    /// Makes a recorder that writes into the log of `table`. `apps` says what follows the
    /// fault of each app, `registers` gives the core's registers at a fault; `exits` hears of
    /// each process that ends.
    pub const fn new(
        apps: Apps,
        table: &'a ProcessTable<'a, W, A, CAP, PROCESSES>,
        registers: R,
        exits: Option<&'a dyn ExitClient>,
    ) -> Self {
        Self {
            apps,
            table,
            registers,
            exits,
        }
    }

    /// Records a fault of a process, for the kernel's hook of faults; the fault policy
    /// then acts.
    pub fn failed(&self, process: &dyn Process) {
        let action = match self.apps.of(process).map(|app| app.fault) {
            Some(Fault::Restart) => FaultAction::Restarted,
            Some(Fault::Panic) => FaultAction::Panicked,
            Some(Fault::Stop) | None => FaultAction::Stopped,
        };
        let registers = self.registers.of(process);
        self.table.add_fault(process, action, registers);
        self.ended();
        self.registers.forget();
    }

    /// Tells the client that a process has ended, for a kernel that has a hook of exits.
    pub fn ended(&self) {
        if let Some(client) = self.exits {
            client.process_ended();
        }
    }
}
