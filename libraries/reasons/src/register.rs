//! The list of codes, and what can be asked of one.

use crate::Area;

/// Makes [`Reason`] from a list of areas and, within each, of number, identifier, name,
/// text and what a person can do.
macro_rules! register {
    ($($area:ident {
        $($number:literal $identifier:ident $name:literal, $text:literal, $remedy:literal;)*
    })*) => {
        /// Why something was refused or failed. Its number never changes, and one whose use
        /// has ended stays in the list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Reason {
            $($(#[doc = $text] $identifier = $number,)*)*
        }

        impl Reason {
            /// All codes, by area and number.
            pub const ALL: &'static [Reason] = &[$($(Reason::$identifier,)*)*];

            /// Returns the area that gives the code.
            #[must_use]
            pub const fn area(self) -> Area {
                match self {
                    $($(Reason::$identifier => Area::$area,)*)*
                }
            }

            /// A few words, as reports print them.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $($(Reason::$identifier => $name,)*)*
                }
            }

            /// Returns what happened, in one sentence.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $($(Reason::$identifier => $text,)*)*
                }
            }

            /// What a person can do about it, in one or two sentences.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self {
                    $($(Reason::$identifier => $remedy,)*)*
                }
            }
        }
    };
}

register! {
    Loading {
        1 Unsigned "refused: unsigned",
            "The app has no credential that could be checked.",
            "Sign it with a key of a signer that meter.toml names.";
        2 WrongSignature "refused: wrong signature",
            "No known signer made the app's signature: it was altered, or others signed it.",
            "Install the TAB again as it was built, or sign it with a key that meter.toml names.";
        3 NotTheSignersApp "refused: not its signer's app",
            "The app's signer may not sign for the app that it claims to be.",
            "Compare its ShortId with the signer's `apps` in meter.toml.";
        4 WrongPlace "refused: wrong place",
            "The app does not stand in its app's slot of flash and RAM.",
            "Build it for the slot that meter.toml gives the app, and install it there.";
        5 OldVersion "refused: old version",
            "A newer version of the app has run before.",
            "Install that version or a newer one.";
        6 NotLoaded "refused: not loaded",
            "The app was accepted, but the kernel could not make a process of it.",
            "See the kernel's debug output: most often its RAM or its header does not fit.";
    }
    Host {
        64 Usage "usage",
            "The command line is not understood.",
            "Correct what the message names; `--help` lists the options.";
        65 Malformed "malformed input",
            "An image, recording, state or specification that was given is malformed.",
            "Correct it at the offset, line or column that the message names.";
        66 Unreadable "unreadable input",
            "A file that was given is missing or cannot be read.",
            "Check its path and permissions, or build it first (`make image`).";
        71 HostError "host error",
            "Something else failed on the host: a file, a line, a socket, a closed output.",
            "The message names it. What a run of the emulator kept of the meter is written all the same.";
        73 Unwritable "output not written",
            "A file cannot be written, or is read-only.",
            "Check its folder, permissions and the room that is left.";
        75 InUse "image in use",
            "Another run has the image: one of the two would lose what it measured.",
            "Wait until the run that the message names has ended, or give this one `--discard`.";
        78 Manifest "manifest refused",
            "The manifest is missing or refused.",
            "Correct it in the line that the message names.";
        80 CoreLockedUp "core locked up",
            "The run ended as asked, but the emulated core locked up in it and was reset, or stands in the handler of a fault that never ends.",
            "Look for the fault within a fault handler: the crash log in the report, or `--gdb`.";
        81 WallsFailed "walls did not hold",
            "The audit came to its end, and found a wall that did not hold.",
            "The report names it; do not flash this image.";
        82 AuditBlind "audit is blind",
            "A wall that is open on purpose was not named by the audit, or another one was.",
            "The audit itself is wrong: trust no report of it until this is mended.";
        83 ProgramFailed "program failed",
            "A program that was called, as compiler or packer, does not start or failed.",
            "Its own message stands above; `scripts/setup` installs those that are missing.";
    }
}

impl Reason {
    /// Returns the number of the code, as it is reported.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The code with this number; none if the register has none.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|reason| reason.number() == number)
    }
}
