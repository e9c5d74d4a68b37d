//! Sealed records on external flash: driver 0x80000006.

crate::definition::driver! {
    "storage" = 0x8000_0006;
    commands {
        /// Append the first bytes of the record buffer; [`upcall::DONE`] follows.
        1 = Append "append": FAIL BUSY OFF RESERVE SIZE NOMEM NODEVICE;
        /// Read a record; [`upcall::DONE`] follows.
        2 = Read "read": FAIL BUSY OFF SIZE NODEVICE UNINSTALLED;
        /// Numbers of the oldest record and of the next one.
        3 = Range "range": FAIL BUSY OFF NODEVICE;
        /// Record numbers that are always kept, and bytes of a record.
        4 = Capacity "capacity": NODEVICE;
    }
    upcalls {
        /// An operation has ended: (status, partition, record number or length).
        0 = DONE;
    }
    read_only {
        /// The record to append.
        0 = RECORD;
    }
    read_write {
        /// Where to put a record that is read.
        0 = RECORD;
    }
}
