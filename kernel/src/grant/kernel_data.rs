//! What the kernel keeps in a grant: upcalls to schedule, buffers to reach, and how processes change them.

use core::cell::Cell;

use super::layout::{EnteredGrant, SavedBuffer, SavedUpcall};
use crate::process::{Error, Process};
use crate::processbuffer::{
    ReadOnlyProcessBuffer, ReadOnlyProcessBufferRef, ReadWriteProcessBuffer,
    ReadWriteProcessBufferRef,
};
use crate::upcall::{Upcall, UpcallError, UpcallId};
use crate::ErrorCode;

/// The kernel's part of a grant that is entered.
pub struct GrantKernelData<'a> {
    entered: &'a EnteredGrant<'a>,
}

impl<'a> GrantKernelData<'a> {
    pub(super) fn new(entered: &'a EnteredGrant<'a>) -> Self {
        Self { entered }
    }

    /// Queues an upcall of the process, with three arguments.
    ///
    /// # Errors
    ///
    /// InvalidSubscribeNum if the grant has no upcall of that number, QueueFull
    /// if it is lost.
    pub fn schedule_upcall(
        &self,
        subscribe_num: usize,
        r: (usize, usize, usize),
    ) -> Result<(), UpcallError> {
        let process = self.entered.process();
        let saved = self
            .entered
            .upcalls()
            .get(subscribe_num)
            .ok_or(UpcallError::InvalidSubscribeNum)?
            .get();
        let upcall_id = UpcallId {
            driver_num: self.entered.driver_num(),
            subscribe_num,
        };
        Upcall::new(process.processid(), upcall_id, saved.appdata, saved.fn_ptr)
            .schedule(process, r.0, r.1, r.2)
    }

    /// The buffer that was shared under this number; empty if none was.
    ///
    /// # Errors
    ///
    /// AddressOutOfBounds if the grant has no buffer of that number.
    pub fn get_readonly_processbuffer(
        &self,
        allow_ro_num: usize,
    ) -> Result<ReadOnlyProcessBufferRef<'_>, Error> {
        let saved = self
            .entered
            .allow_ros()
            .get(allow_ro_num)
            .ok_or(Error::AddressOutOfBounds)?
            .get();
        // SAFETY: checked when it was shared, and accessible since.
        Ok(unsafe {
            ReadOnlyProcessBufferRef::new(saved.ptr, saved.len, self.entered.process().processid())
        })
    }

    /// The buffer that was shared under this number; empty if none was.
    ///
    /// # Errors
    ///
    /// AddressOutOfBounds if the grant has no buffer of that number.
    pub fn get_readwrite_processbuffer(
        &self,
        allow_rw_num: usize,
    ) -> Result<ReadWriteProcessBufferRef<'_>, Error> {
        let saved = self
            .entered
            .allow_rws()
            .get(allow_rw_num)
            .ok_or(Error::AddressOutOfBounds)?
            .get();
        // SAFETY: checked when it was shared, and accessible since.
        Ok(unsafe {
            ReadWriteProcessBufferRef::new(saved.ptr, saved.len, self.entered.process().processid())
        })
    }
}

/// Enters the grant of a driver on behalf of a system call of its process.
fn enter(process: &dyn Process, driver_num: usize) -> Result<EnteredGrant<'_>, ErrorCode> {
    EnteredGrant::enter_driver(process, driver_num).map_err(|error| match error {
        Error::InactiveApp => ErrorCode::FAIL,
        _ => ErrorCode::NOMEM,
    })
}

/// Puts an upcall into its place and returns what was there. Tasks of the former
/// one are deleted.
///
/// # Errors
///
/// INVAL if the process cannot execute at the address, NOMEM if the driver has no
/// grant in the process, NOSUPPORT if the grant has no upcall of that number.
pub(crate) fn subscribe(process: &dyn Process, upcall: Upcall) -> Result<Upcall, ErrorCode> {
    let is_null = upcall.fn_ptr.as_ptr::<()>().is_null();
    if !is_null && !process.is_valid_upcall_function_pointer(upcall.fn_ptr.as_ptr()) {
        return Err(ErrorCode::INVAL);
    }
    let entered = enter(process, upcall.upcall_id.driver_num)?;
    let place = entered
        .upcalls()
        .get(upcall.upcall_id.subscribe_num)
        .ok_or(ErrorCode::NOSUPPORT)?;
    let before = place.replace(SavedUpcall {
        appdata: upcall.appdata,
        fn_ptr: upcall.fn_ptr,
    });
    process.remove_pending_upcalls(upcall.upcall_id);
    Ok(Upcall::new(
        upcall.process_id,
        upcall.upcall_id,
        before.appdata,
        before.fn_ptr,
    ))
}

/// Puts a shared buffer into its place and returns address and length of what was
/// there.
///
/// # Errors
///
/// NOMEM if the driver has no grant in the process, NOSUPPORT if the grant has no
/// buffer of that number.
pub(crate) fn allow_ro(
    process: &dyn Process,
    driver_num: usize,
    allow_num: usize,
    buffer: ReadOnlyProcessBuffer,
) -> Result<(*const u8, usize), ErrorCode> {
    let entered = enter(process, driver_num)?;
    let (ptr, len) = buffer.consume();
    let before = replace(entered.allow_ros(), allow_num, ptr.cast_mut(), len)?;
    Ok((before.ptr.cast_const(), before.len))
}

/// Puts a shared buffer that the driver may write into its place and returns address
/// and length of what was there, with the errors of [`allow_ro`].
pub(crate) fn allow_rw(
    process: &dyn Process,
    driver_num: usize,
    allow_num: usize,
    buffer: ReadWriteProcessBuffer,
) -> Result<(*mut u8, usize), ErrorCode> {
    let entered = enter(process, driver_num)?;
    let (ptr, len) = buffer.consume();
    let before = replace(entered.allow_rws(), allow_num, ptr, len)?;
    Ok((before.ptr, before.len))
}

fn replace(
    places: &[Cell<SavedBuffer>],
    number: usize,
    ptr: *mut u8,
    len: usize,
) -> Result<SavedBuffer, ErrorCode> {
    let place = places.get(number).ok_or(ErrorCode::NOSUPPORT)?;
    Ok(place.replace(SavedBuffer { ptr, len }))
}
