//! Temperature of the part: upstream Tock's driver 0x60000.

crate::definition::driver! {
    "temperature" = 0x60000;
    commands {
        /// Measure the temperature; the upcall tells it.
        1 = Read "read": BUSY NOMEM;
    }
    upcalls {
        /// The temperature was measured: (hundredths of a degree Celsius as two's
        /// complement, 0, 0).
        0 = MEASURED;
    }
    read_only {}
    read_write {}
}
