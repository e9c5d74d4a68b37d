//! How a driver is written down, and what is made of it.

/// Defines the driver of a file.
///
/// A command has a number, a variant, the name that meter.toml uses, and the errors that
/// it may answer, at once or, if it ends with an upcall, by the status of that. Command 0,
/// `exists`, is every driver's and fails only where there is no driver. Upcalls and allows
/// have a number and a constant. Made of it:
///
/// - `NUMBER`, and `enum Command` with `from_number`, `number`, `name`, `errors`, `ALL`;
/// - modules `upcall`, `read_only` and `read_write` with the constants, and `COUNT`: how
///   many the kernel has to keep for an app, which is one more than the highest number;
/// - `DRIVER`, the description for tools on the host.
macro_rules! driver {
    (
        $driver:literal = $driver_number:literal;
        commands {
            $(
                $(#[$command_attribute:meta])*
                $number:literal = $variant:ident $name:literal: $($error:ident)*;
            )*
        }
        upcalls { $($(#[$upcall_attribute:meta])* $upcall_number:literal = $upcall:ident;)* }
        read_only { $($(#[$ro_attribute:meta])* $ro_number:literal = $ro:ident;)* }
        read_write { $($(#[$rw_attribute:meta])* $rw_number:literal = $rw:ident;)* }
    ) => {
        /// The number in system calls.
        pub const NUMBER: u32 = $driver_number;

        /// The commands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Command {
            /// Whether the driver is there. Some tell how many there are of what they drive.
            Exists = 0,
            $($(#[$command_attribute])* $variant = $number,)*
        }

        impl Command {
            /// All commands, by number.
            pub const ALL: &'static [Command] = &[Command::Exists, $(Command::$variant,)*];

            /// The command with this number.
            #[inline]
            pub const fn from_number(number: usize) -> Option<Command> {
                Some(match number {
                    0 => Command::Exists,
                    $($number => Command::$variant,)*
                    _ => return None,
                })
            }

            /// The number in system calls.
            #[inline]
            pub const fn number(self) -> u32 {
                self as u32
            }

            /// The name that meter.toml uses.
            pub const fn name(self) -> &'static str {
                match self {
                    Command::Exists => "exists",
                    $(Command::$variant => $name,)*
                }
            }

            /// What it may answer instead of success, or end with.
            pub const fn errors(self) -> &'static [$crate::ErrorCode] {
                match self {
                    Command::Exists => &[],
                    $(Command::$variant => &[$($crate::ErrorCode::$error),*],)*
                }
            }

            const fn description(self) -> $crate::description::Command {
                $crate::description::Command {
                    name: self.name(),
                    number: self.number(),
                    errors: self.errors(),
                }
            }
        }

        impl From<Command> for u32 {
            fn from(command: Command) -> u32 {
                command.number()
            }
        }

        $crate::definition::slots! {
            /// Numbers of the upcalls.
            upcall { $($(#[$upcall_attribute])* $upcall_number = $upcall;)* }
        }
        $crate::definition::slots! {
            /// Numbers of the read-only allows.
            read_only { $($(#[$ro_attribute])* $ro_number = $ro;)* }
        }
        $crate::definition::slots! {
            /// Numbers of the read-write allows.
            read_write { $($(#[$rw_attribute])* $rw_number = $rw;)* }
        }

        /// The description for tools on the host.
        pub static DRIVER: $crate::Driver = $crate::Driver {
            name: $driver,
            number: NUMBER,
            commands: &[Command::Exists.description(), $(Command::$variant.description(),)*],
            upcalls: upcall::SLOTS,
            read_only: read_only::SLOTS,
            read_write: read_write::SLOTS,
        };
    };
}

/// The constants of the upcalls, or of one sort of allows.
macro_rules! slots {
    (
        $(#[$attribute:meta])*
        $module:ident { $($(#[$slot_attribute:meta])* $number:literal = $name:ident;)* }
    ) => {
        $(#[$attribute])*
        pub mod $module {
            use $crate::description::Slot;

            $($(#[$slot_attribute])* pub const $name: u32 = $number;)*

            /// How many the kernel has to keep for an app.
            pub const COUNT: u8 = $crate::definition::count(SLOTS);

            pub(super) const SLOTS: &[Slot] = &[
                $(Slot { name: stringify!($name), number: $number },)*
            ];
        }
    };
}

pub(crate) use {driver, slots};

/// One more than the highest number.
pub(crate) const fn count(slots: &[crate::description::Slot]) -> u8 {
    let mut count = 0;
    let mut index = 0;
    while index < slots.len() {
        let after = slots[index].number as u8 + 1;
        if after > count {
            count = after;
        }
        index += 1;
    }
    count
}
