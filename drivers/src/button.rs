//! Buttons: upstream Tock's driver 0x3. `exists` tells how many there are.

crate::definition::driver! {
    "button" = 0x3;
    commands {
        /// Ask for the events of a button.
        1 = Enable "enable": INVAL NOMEM;
        /// Ask for no more events of a button.
        2 = Disable "disable": INVAL NOMEM;
        /// Tell whether a button is pressed.
        3 = Read "read": INVAL;
    }
    upcalls {
        /// A button was pressed or released: (button, 1 if it is pressed, 0).
        0 = EVENT;
    }
    read_only {}
    read_write {}
}
