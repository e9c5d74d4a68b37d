//! Memop: a process asks about, or moves, its own memory (TRD 104, class 5).

use crate::errorcode::ErrorCode;
use crate::process::Process;
use crate::syscall::SyscallReturn;

/// Answers one memop call.
///
/// | operation | meaning | answer |
/// |---|---|---|
/// | 0 | move the break to the address | Success, NOMEM |
/// | 1 | move the break by the difference | old break, NOMEM |
/// | 2, 3 | start and end of RAM | address |
/// | 4, 5 | start and end of flash | address |
/// | 6 | start of the grants | address |
/// | 7 | number of writeable flash regions | number |
/// | 8, 9 | start and end of such a region | address, FAIL |
/// | 10, 11 | tells where the stack ends, the heap starts | Success |
pub(crate) fn memop(process: &dyn Process, operation: usize, argument: usize) -> SyscallReturn {
    let addresses = || process.get_addresses();
    match operation {
        0 => match process.brk(core::ptr::without_provenance(argument)) {
            Ok(_) => SyscallReturn::Success,
            Err(_) => SyscallReturn::Failure(ErrorCode::NOMEM),
        },
        1 => match process.sbrk(argument.cast_signed()) {
            Ok(old_break) => SyscallReturn::SuccessPtr(old_break),
            Err(_) => SyscallReturn::Failure(ErrorCode::NOMEM),
        },
        2 => SyscallReturn::SuccessAddr(addresses().sram_start),
        3 => SyscallReturn::SuccessAddr(addresses().sram_end),
        4 => SyscallReturn::SuccessAddr(addresses().flash_start),
        5 => SyscallReturn::SuccessAddr(addresses().flash_end),
        6 => SyscallReturn::SuccessAddr(addresses().sram_grant_start),
        7 => SyscallReturn::SuccessU32(process.number_writeable_flash_regions() as u32),
        8 => match writeable_region(process, argument) {
            Some((start, _)) => SyscallReturn::SuccessAddr(start),
            None => SyscallReturn::Failure(ErrorCode::FAIL),
        },
        9 => match writeable_region(process, argument) {
            Some((_, end)) => SyscallReturn::SuccessAddr(end),
            None => SyscallReturn::Failure(ErrorCode::FAIL),
        },
        10 => {
            process.update_stack_start_pointer(core::ptr::without_provenance(argument));
            SyscallReturn::Success
        }
        11 => {
            process.update_heap_start_pointer(core::ptr::without_provenance(argument));
            SyscallReturn::Success
        }
        _ => SyscallReturn::Failure(ErrorCode::NOSUPPORT),
    }
}

/// Start and end address of a writeable flash region that is not empty.
fn writeable_region(process: &dyn Process, index: usize) -> Option<(usize, usize)> {
    let (offset, size) = process.get_writeable_flash_region(index);
    let start = process.get_addresses().flash_start.checked_add(offset)?;
    (size != 0).then_some((start, start.checked_add(size)?))
}
