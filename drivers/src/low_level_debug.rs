//! Debug output for apps that have nothing else yet: upstream Tock's driver 0x8.

crate::definition::driver! {
    "low_level_debug" = 0x8;
    commands {
        /// Print an alert code.
        1 = Alert "alert":;
        /// Print a number.
        2 = Print1 "print1":;
        /// Print two numbers.
        3 = Print2 "print2":;
    }
    upcalls {}
    read_only {}
    read_write {}
}
