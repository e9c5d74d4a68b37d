//! Random numbers: upstream Tock's driver 0x40001.

crate::definition::driver! {
    "rng" = 0x40001;
    commands {
        /// Fill so many bytes of the buffer; [`upcall::DONE`] follows.
        1 = Get "get": FAIL BUSY OFF NOMEM;
    }
    upcalls {
        /// The bytes are there: (status, bytes, 0).
        0 = DONE;
    }
    read_only {}
    read_write {
        /// What is filled.
        0 = BUFFER;
    }
}
