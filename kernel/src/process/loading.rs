//! From objects in flash to processes: the walk along the list, and the loader without credential checks.

use crate::capabilities::ProcessManagementCapability;
use crate::config;
use crate::debug;
use crate::kernel::Kernel;
use crate::platform::chip::Chip;
use crate::process::free_memory::FreeMemory;
use crate::process::standard::Surroundings;
use crate::process::{
    Process, ProcessBinary, ProcessBinaryError, ProcessFaultPolicy, ProcessLoadError, ShortId,
};
use crate::process_checker::{Confirmation, ProcessCheckError};

/// Loads every app in `app_flash` into `app_memory`, without looking at
/// credentials. An app that cannot be loaded is left out; the others are loaded.
///
/// The flash is a list of TBF objects that starts at its beginning. An app gets the
/// memory that it was linked for, else the first that has room for it, in the order
/// of the list.
///
/// # Errors
///
/// NoProcessSlot if apps were left out because the table of processes is full.
pub fn load_processes<C: Chip>(
    kernel: &'static Kernel,
    chip: &'static C,
    app_flash: &'static [u8],
    app_memory: &'static mut [u8],
    fault_policy: &'static dyn ProcessFaultPolicy,
    _capability_management: &dyn ProcessManagementCapability,
) -> Result<(), ProcessLoadError> {
    let surroundings = Surroundings {
        kernel,
        chip,
        fault_policy,
        storage_policy: &(),
    };
    let mut flash = app_flash;
    let mut memory = FreeMemory::new(app_memory);
    loop {
        let discovered;
        (flash, discovered) = discover_process_binary(flash);
        let error = match discovered {
            Ok(binary) => {
                let app_id = ShortId::LocallyUnique;
                // This loader asks nobody.
                binary.confirmation.set(Confirmation::YES);
                match load_process(&surroundings, &binary, &mut memory, app_id) {
                    Ok(_) => continue,
                    Err(ProcessLoadError::NoProcessSlot) => {
                        return Err(ProcessLoadError::NoProcessSlot)
                    }
                    Err(error) => error,
                }
            }
            Err(ProcessBinaryError::TbfHeaderNotFound | ProcessBinaryError::NotEnoughFlash) => {
                return Ok(())
            }
            Err(error) => ProcessLoadError::BinaryError(error),
        };
        if config::CONFIG.debug_load_processes {
            debug!("App not loaded: {:?}", error);
        }
    }
}

/// Looks at the object at the start of `flash`, and returns what follows it.
/// TbfHeaderNotFound and NotEnoughFlash mean that the list ends here.
pub(super) fn discover_process_binary(
    flash: &'static [u8],
) -> (&'static [u8], Result<ProcessBinary, ProcessBinaryError>) {
    use tock_tbf::parse::parse_tbf_header_lengths;
    use tock_tbf::types::InitialTbfParseError;

    let Some(beginning) = flash.first_chunk::<8>() else {
        return (flash, Err(ProcessBinaryError::NotEnoughFlash));
    };
    // No header at all if the lengths make no sense but the object's.
    let (version, header_length, total_length) = match parse_tbf_header_lengths(beginning) {
        Ok(lengths) => lengths,
        Err(InitialTbfParseError::InvalidHeader(total_length)) => (2, 0, total_length),
        Err(InitialTbfParseError::UnableToParse) => {
            return (flash, Err(ProcessBinaryError::TbfHeaderNotFound))
        }
    };
    let Some((app_flash, rest)) = flash.split_at_checked(total_length as usize) else {
        return (flash, Err(ProcessBinaryError::NotEnoughFlash));
    };
    let binary = ProcessBinary::create(app_flash, usize::from(header_length), version);
    (rest, without_end_of_list(binary))
}

/// Inside an object, a header that is too short for its elements is no end of
/// the list.
fn without_end_of_list(
    binary: Result<ProcessBinary, ProcessBinaryError>,
) -> Result<ProcessBinary, ProcessBinaryError> {
    binary.map_err(|error| match error {
        ProcessBinaryError::TbfHeaderNotFound | ProcessBinaryError::NotEnoughFlash => {
            ProcessBinaryError::TbfHeaderParseFailure(
                tock_tbf::types::TbfParseError::NotEnoughFlash,
            )
        }
        error => error,
    })
}

/// Makes a process out of a binary and puts it into the table.
pub(super) fn load_process<C: Chip>(
    surroundings: &Surroundings<C>,
    binary: &ProcessBinary,
    memory: &mut FreeMemory,
    app_id: ShortId,
) -> Result<&'static dyn Process, ProcessLoadError> {
    let (index, slot) = surroundings
        .kernel
        .next_available_process_slot()
        .ok_or(ProcessLoadError::NoProcessSlot)?;
    let process = memory
        .create(surroundings, binary, app_id, index)?
        .as_process();
    // Asked again behind all that may have gone wrong: before this nobody executes it.
    if !binary.confirmation.get().is_yes() {
        return Err(ProcessLoadError::CheckError(
            ProcessCheckError::InternalError,
        ));
    }
    slot.set(process);
    if config::CONFIG.debug_load_processes {
        debug!("App {} loaded", process.get_process_name());
    }
    Ok(process)
}
