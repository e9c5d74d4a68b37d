//! Alarms: upstream Tock's driver 0x0.

crate::definition::driver! {
    "alarm" = 0x0;
    commands {
        /// Ticks of the clock in a second.
        1 = Frequency "frequency":;
        /// The clock.
        2 = Now "now":;
        /// Unset the alarm.
        3 = Stop "stop": ALREADY NOMEM;
        /// Set the alarm to so many ticks from now; tells when it will go off.
        5 = Relative "relative": NOMEM;
        /// Set the alarm to so many ticks after a reference; tells when it will go off.
        6 = Absolute "absolute": NOMEM;
    }
    upcalls {
        /// The alarm has gone off: (clock now, clock when it was due, 0).
        0 = EXPIRED;
    }
    read_only {}
    read_write {}
}
