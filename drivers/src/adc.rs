//! Analogue inputs: upstream Tock's driver 0x5. `exists` tells how many channels there are.

crate::definition::driver! {
    "adc" = 0x5;
    commands {
        /// Take one sample of a channel.
        1 = Sample "sample": FAIL BUSY OFF INVAL NOMEM;
        /// Take samples of a channel at a frequency.
        2 = Repeat "repeat": FAIL BUSY OFF INVAL NOMEM;
        /// Fill the first buffer at a frequency.
        3 = Buffer "buffer": FAIL BUSY OFF INVAL SIZE NOMEM;
        /// Fill both buffers in turn at a frequency, until it is stopped.
        4 = Continuous "continuous": FAIL BUSY OFF INVAL SIZE NOMEM;
        /// Stop.
        5 = Stop "stop": FAIL INVAL;
        /// Bits of a sample.
        101 = Resolution "resolution":;
        /// Full scale in millivolts.
        102 = Reference "reference": NOSUPPORT;
    }
    upcalls {
        /// A sample was taken: (mode, channel, sample); or a buffer is full: (mode, channel in
        /// the low 8 bits and samples above, address of the buffer).
        0 = SAMPLED;
        /// The same, with the number of the buffer's allow in place of its address.
        1 = SAMPLED_BY_NUMBER;
    }
    read_only {}
    read_write {
        /// The buffer that is filled first.
        0 = FIRST;
        /// The buffer that is filled in turn with the first.
        1 = SECOND;
    }
}
