//! Messages between apps: driver 0x80000005.

crate::definition::driver! {
    "channel" = 0x8000_0005;
    commands {
        /// Put a copy of a message into the queue of every reader that runs.
        1 = Send "send": FAIL BUSY SIZE NODEVICE;
        /// Take the oldest message; tells its length and how many were lost before it.
        2 = Receive "receive": FAIL SIZE NOMEM NODEVICE;
        /// How many messages wait, or for how many there is room, and how many were lost.
        3 = State "state": FAIL NODEVICE;
    }
    upcalls {
        /// To a reader: a message has come: (channel, messages waiting, 0).
        0 = MESSAGE;
        /// To a writer that was refused: there is room again: (channel, room, 0).
        1 = ROOM;
    }
    read_only {
        /// The message to send.
        0 = MESSAGE;
    }
    read_write {
        /// Where to put a message that is received.
        0 = MESSAGE;
    }
}

crate::named::named! {
    /// What a send does when the queue of a living reader has no room.
    enum Overflow {
        /// The oldest message of that reader's queue gives way, and is counted as lost.
        0 = Oldest "oldest",
        /// The send is refused for all readers; the writer hears when there is room again.
        1 = Refuse "refuse",
    }
}
