//! The supply, and when it begins to fall: driver 0x80000007.

crate::definition::driver! {
    "supply" = 0x8000_0007;
    commands {
        /// Tell whether the supply is low, and how often it has begun to fall.
        1 = Level "level":;
    }
    upcalls {
        /// The supply begins to fall: (times that it did since the kernel started, 0, 0).
        0 = FALLS;
    }
    read_only {}
    read_write {}
}
