//! Small sets of things that have a number in system calls and a name in meter.toml.

/// One of a set whose members have numbers and names.
pub trait Named: Copy + Sized + 'static {
    /// All members, by number.
    const ALL: &'static [Self];

    /// The name that meter.toml uses.
    fn name(self) -> &'static str;

    /// The member with this name.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|member| member.name() == name)
    }
}

/// Defines such a set: for each member its number, its variant and its name.
macro_rules! named {
    (
        $(#[$attribute:meta])*
        enum $set:ident {
            $($(#[$member_attribute:meta])* $number:literal = $variant:ident $name:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $set {
            $($(#[$member_attribute])* $variant = $number,)+
        }

        impl $set {
            /// All of them, by number.
            pub const ALL: [$set; [$($number),+].len()] = [$($set::$variant),+];

            /// The one with this number.
            #[inline]
            pub const fn from_number(number: usize) -> Option<Self> {
                Some(match number {
                    $($number => $set::$variant,)+
                    _ => return None,
                })
            }

            /// Its number.
            #[inline]
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The name that meter.toml uses.
            pub const fn name(self) -> &'static str {
                match self {
                    $($set::$variant => $name,)+
                }
            }
        }

        impl core::fmt::Display for $set {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter.write_str(self.name())
            }
        }

        impl $crate::Named for $set {
            const ALL: &'static [Self] = &$set::ALL;

            fn name(self) -> &'static str {
                $set::name(self)
            }
        }
    };
}
pub(crate) use named;
