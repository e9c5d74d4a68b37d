//! Lines of text on a UART.

use core::fmt;

/// A line of at most 120 bytes; what is longer is cut.
pub struct Line {
    bytes: [u8; 120],
    length: usize,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Line {
            bytes: [0; 120],
            length: 0,
        }
    }

    /// Its text.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (to, from) in self.bytes[self.length..].iter_mut().zip(text.bytes()) {
            *to = from;
            self.length += 1;
        }
        Ok(())
    }
}

/// Prints a line on something that writes; a line that cannot be sent is missed
/// by whoever reads them.
#[macro_export]
macro_rules! say {
    ($console:expr, $($what:tt)*) => {{
        let mut line = $crate::console::Line::new();
        let _ = core::fmt::Write::write_fmt(&mut line, format_args!($($what)*));
        let _ = core::fmt::Write::write_str(&mut line, "\n");
        let _ = embedded_io_async::Write::write_all(&mut $console, line.bytes()).await;
    }};
}
