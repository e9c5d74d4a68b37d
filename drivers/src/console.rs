//! The serial console: upstream Tock's driver 0x1. Upcalls and allows begin at 1, as older
//! apps use them.

crate::definition::driver! {
    "console" = 0x1;
    commands {
        /// Write so many bytes of the buffer to write; [`upcall::WRITTEN`] follows.
        1 = Write "write": NOMEM;
        /// Read so many bytes into the buffer to read to; [`upcall::READ`] follows.
        2 = Read "read": FAIL BUSY OFF INVAL SIZE CANCEL NOMEM;
        /// End the read that is under way; its upcall still comes.
        3 = AbortRead "abort_read":;
    }
    upcalls {
        /// A write has ended: (bytes, 0, 0).
        1 = WRITTEN;
        /// A read has ended: (status, bytes, 0).
        2 = READ;
    }
    read_only {
        /// What is to be written.
        1 = WRITE;
    }
    read_write {
        /// Where to put what is read.
        1 = READ;
    }
}
