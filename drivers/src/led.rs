//! LEDs: upstream Tock's driver 0x2. `exists` tells how many there are.

crate::definition::driver! {
    "led" = 0x2;
    commands {
        /// Light an LED.
        1 = On "on": INVAL;
        /// Darken an LED.
        2 = Off "off": INVAL;
        /// Light a dark LED, or darken a lit one.
        3 = Toggle "toggle": INVAL;
        /// Tell whether an LED is lit.
        4 = Read "read": INVAL;
    }
    upcalls {}
    read_only {}
    read_write {}
}
