//! Debug output of the kernel, and what a board prints when it panics.
//!
//! [`debug!`](crate::debug!) writes to the [`DebugWriter`] that the board has
//! set; before that, and on a board without one, the text is dropped. The macros
//! only pass format arguments on, so that each use costs little flash; a kernel
//! without any use links no formatting code.

use core::cell::Cell;
use core::fmt::{self, Arguments, Write};
use core::panic::PanicInfo;

use crate::capabilities::SetDebugWriterCapability;
use crate::hil::gpio;
use crate::hil::led::Led;
use crate::platform::chip::{Chip, ThreadIdProvider};
use crate::processbuffer::ReadableProcessSlice;
use crate::utilities::cells::OptionalCell;
use crate::utilities::io_write::IoWrite;
use crate::utilities::single_thread_value::SingleThreadValue;

/// Where debug output goes: a port, a ring in memory.
pub trait DebugWriter {
    /// Takes `bytes`, or as many as there is room for, and returns how many. When
    /// the buffer becomes full `overflow_message` is put at its end.
    fn write(&self, bytes: &[u8], overflow_message: &[u8]) -> usize;

    /// Returns how many bytes can be written; `usize::MAX` without a limit.
    fn available_len(&self) -> usize;

    /// Returns how many bytes are buffered.
    fn to_write_len(&self) -> usize;

    /// Starts sending what is buffered; returns how many bytes were sent.
    fn publish(&self) -> usize;

    /// Writes what is buffered to `writer` instead, in a panic.
    fn flush(&self, writer: &mut dyn IoWrite);
}

/// What debug output needs to know.
struct State {
    writer: OptionalCell<&'static dyn DebugWriter>,
    /// Verbose messages so far.
    count: Cell<usize>,
    gpios: [OptionalCell<&'static dyn gpio::Pin>; 3],
}

static STATE: SingleThreadValue<State> = SingleThreadValue::new();

/// Makes debug output belong to the running thread. Later calls do nothing.
pub fn initialize_debug_writer_wrapper<P: ThreadIdProvider>() {
    // Whoever binds first owns the state; for a second call it is there already.
    let _ = STATE.bind_to_thread::<P>(State {
        writer: OptionalCell::empty(),
        count: Cell::new(0),
        gpios: [const { OptionalCell::empty() }; 3],
    });
}

/// Sets where debug output goes.
pub fn set_debug_writer_wrapper<C: SetDebugWriterCapability>(
    debug_writer: &'static dyn DebugWriter,
    _cap: C,
) {
    if let Some(state) = STATE.get() {
        state.writer.set(debug_writer);
    }
}

/// Formats into a [`DebugWriter`].
struct Formatter(&'static dyn DebugWriter);

impl Write for Formatter {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.0
            .write(s.as_bytes(), b"\r\n*** debug buffer full ***\r\n");
        Ok(())
    }
}

fn writer() -> Option<&'static dyn DebugWriter> {
    STATE.get()?.writer.get()
}

/// Writes a message without a line end.
#[inline(never)]
pub fn debug_print(args: Arguments) {
    if let Some(writer) = writer() {
        // The formatter never fails, and a `Display` that does costs its text.
        let _ = Formatter(writer).write_fmt(args);
        writer.publish();
    }
}

/// Writes a message and a line end.
#[inline(never)]
pub fn debug_println(args: Arguments) {
    debug_print(format_args!("{}\r\n", args));
}

/// Writes a message with its number and its place in the source.
#[inline(never)]
pub fn debug_verbose_println(args: Arguments, file_line: &(&'static str, u32)) {
    let Some(state) = STATE.get() else {
        return;
    };
    let count = state.count.get();
    state.count.set(count.wrapping_add(1));
    let (file, line) = file_line;
    debug_println(format_args!(
        "TOCK_DEBUG({}): {}:{}: {}",
        count, file, line, args
    ));
}

/// Writes what a process has allowed. Returns how many bytes were taken; `Err`
/// without a writer.
#[allow(clippy::result_unit_err)]
pub fn debug_slice(slice: &ReadableProcessSlice) -> Result<usize, ()> {
    let writer = writer().ok_or(())?;
    let taken = slice
        .iter()
        .take_while(|byte| writer.write(&[byte.get()], b"") == 1)
        .count();
    writer.publish();
    Ok(taken)
}

/// Returns how many bytes of debug output there is room for.
pub fn debug_available_len() -> usize {
    writer().map_or(0, |writer| writer.available_len())
}

/// Sets the three pins of [`debug_gpio!`](crate::debug_gpio!), after
/// [`initialize_debug_writer_wrapper`].
pub fn assign_gpios(
    gpio0: Option<&'static dyn gpio::Pin>,
    gpio1: Option<&'static dyn gpio::Pin>,
    gpio2: Option<&'static dyn gpio::Pin>,
) {
    if let Some(state) = STATE.get() {
        for (slot, pin) in state.gpios.iter().zip([gpio0, gpio1, gpio2]) {
            slot.insert(pin);
        }
    }
}

/// Debug pin `index`, if there is one.
#[doc(hidden)]
pub fn debug_gpio_pin(index: usize) -> Option<&'static dyn gpio::Pin> {
    STATE.get()?.gpios.get(index)?.get()
}

/// Writes a line of debug output, formatted as `format!` does.
#[macro_export]
macro_rules! debug {
    () => { $crate::debug!("") };
    ($($arg:tt)+) => { $crate::debug::debug_println(format_args!($($arg)+)) };
}

/// As [`debug!`], with the number of the message and the place in the source.
#[macro_export]
macro_rules! debug_verbose {
    () => { $crate::debug_verbose!("") };
    ($($arg:tt)+) => {
        $crate::debug::debug_verbose_println(format_args!($($arg)+), {
            static FILE_LINE: (&str, u32) = (file!(), line!());
            &FILE_LINE
        })
    };
}

/// Writes what a process has allowed: `debug_process_slice!(slice)`.
#[macro_export]
macro_rules! debug_process_slice {
    ($slice:expr $(,)?) => {
        $crate::debug::debug_slice($slice)
    };
}

/// Writes an expression, its place and its value, which it then is.
#[macro_export]
macro_rules! debug_expr {
    () => { $crate::debug!("[{}:{}]", file!(), line!()) };
    ($val:expr $(,)?) => {
        match $val {
            value => {
                $crate::debug!("[{}:{}] {} = {:#?}", file!(), line!(), stringify!($val), &value);
                value
            }
        }
    };
    ($($val:expr),+ $(,)?) => { ($($crate::debug_expr!($val)),+,) };
}

/// Calls a method of a debug pin: `debug_gpio!(0, toggle)`.
#[macro_export]
macro_rules! debug_gpio {
    ($i:tt, $method:ident $(,)?) => {
        if let Some(pin) = $crate::debug::debug_gpio_pin($i) {
            let _ = pin.$method();
        }
    };
}

/// Writes what the debug writer still holds.
pub fn flush<W: IoWrite>(panic_writer: &mut W) {
    if let Some(writer) = writer().filter(|writer| writer.to_write_len() != 0) {
        let _ = panic_writer.write_str("\r\n---| Debug output not sent yet:\r\n");
        writer.flush(panic_writer);
    }
}

/// Writes what panicked, and the kernel's version.
pub fn panic_banner<W: Write>(writer: &mut W, panic_info: &PanicInfo) {
    // A panic handler can do nothing about a writer that fails.
    let _ = write!(
        writer,
        "\r\n{}\r\n\tKernel version {}.{}.{}\r\n",
        panic_info,
        crate::KERNEL_MAJOR_VERSION,
        crate::KERNEL_MINOR_VERSION,
        crate::KERNEL_PATCH_VERSION
    );
}

/// Writes everything about a panic: pending debug output, the message, the state
/// of the CPU.
///
/// # Safety
///
/// Only from a panic handler; `writer` must work without interrupts.
pub unsafe fn panic_print<W: IoWrite, C: Chip>(
    writer: &mut W,
    panic_info: &PanicInfo,
    chip: Option<&C>,
) {
    flush(writer);
    panic_banner(writer, panic_info);
    // SAFETY: the caller promises that this is a panic.
    unsafe { C::print_state(chip, writer) };
}

/// Blinks the LEDs, unevenly so that it is told from ordinary blinking, for ever.
pub fn panic_blink_forever<L: Led>(leds: &mut [&L]) -> ! {
    /// Turns of the waiting loop, and whether the LEDs are lit.
    const PATTERN: [(u32, bool); 4] = [
        (1_000_000, true),
        (100_000, false),
        (1_000_000, true),
        (500_000, false),
    ];
    leds.iter().for_each(|led| led.init());
    loop {
        for (turns, lit) in PATTERN {
            for led in leds.iter() {
                if lit {
                    led.on();
                } else {
                    led.off();
                }
            }
            for turn in 0..turns {
                core::hint::black_box(turn);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::RefCell;
    use std::string::String;

    struct Memory(RefCell<String>);

    impl DebugWriter for Memory {
        fn write(&self, bytes: &[u8], _overflow_message: &[u8]) -> usize {
            self.0
                .borrow_mut()
                .push_str(core::str::from_utf8(bytes).unwrap());
            bytes.len()
        }

        fn available_len(&self) -> usize {
            usize::MAX
        }

        fn to_write_len(&self) -> usize {
            0
        }

        fn publish(&self) -> usize {
            0
        }

        fn flush(&self, _writer: &mut dyn IoWrite) {}
    }

    enum OneThread {}

    // SAFETY: `STATE` is used by the one test below only.
    unsafe impl ThreadIdProvider for OneThread {
        fn running_thread_id() -> usize {
            1
        }
    }

    #[test]
    fn writes_where_the_board_says() {
        crate::debug!("dropped");
        initialize_debug_writer_wrapper::<OneThread>();
        assert_eq!(debug_available_len(), 0);
        let memory: &Memory =
            std::boxed::Box::leak(std::boxed::Box::new(Memory(RefCell::new(String::new()))));
        set_debug_writer_wrapper(memory, crate::create_capability!(SetDebugWriterCapability));
        crate::debug!("a{}", 1);
        assert_eq!(crate::debug_expr!(1 + 1), 2);
        crate::debug_verbose!("b");
        crate::debug_verbose!();
        let text = memory.0.take();
        assert!(text.starts_with("a1\r\n["));
        assert!(text.contains("1 + 1 = 2\r\nTOCK_DEBUG(0): "));
        assert!(text.contains(": b\r\nTOCK_DEBUG(1): "));
    }
}
