//! Macros for capability tokens and board code.
//!
//! The macros that mint tokens contain `unsafe` and so do not compile in a crate
//! that forbids it: that is what keeps capsules from minting.

/// A value whose type, which has no name, implements the given capabilities:
/// `create_capability!(MainLoopCapability)`.
#[macro_export]
macro_rules! create_capability {
    ($($T:ty),+ $(,)?) => {{
        #[allow(unsafe_code)]
        struct Token(());
        $(
            // SAFETY: the code that expands this macro may write unsafe code,
            // and by naming the capability it vouches for the holder.
            #[allow(unsafe_code)]
            unsafe impl $T for Token {}
        )+
        Token(())
    }};
}

/// A local variable of a new type that implements the given capabilities:
/// `create_typed_capability!(variable, Type: Capability, ...)`. For components
/// that must name the type.
#[macro_export]
macro_rules! create_typed_capability {
    ($var:ident, $type:ident: $($T:path),+ $(,)?) => {
        mod $var {
            // The capabilities may be named as the caller names them.
            #[allow(unused_imports)]
            use super::*;

            pub struct $type(());

            impl $type {
                /// # Safety
                ///
                /// For the macro that declares the type alone.
                #[allow(unsafe_code)]
                pub unsafe fn mint() -> Self {
                    Self(())
                }
            }

            $(
                // SAFETY: as in `create_capability!`.
                #[allow(unsafe_code)]
                unsafe impl $T for $type {}
            )+
        }
        use $var::$type;
        // SAFETY: this is the one place that mints the type.
        let $var = unsafe { $type::mint() };
    };
}

/// Declares a type that implements the given capabilities, without a value:
/// `define_capability_type!(Type: Capability, ...)`. For a type that several
/// scopes of one module name; [`mint_defined_capability!`](crate::mint_defined_capability) makes values.
#[macro_export]
macro_rules! define_capability_type {
    ($type:ident: $($T:path),+ $(,)?) => {
        /// A capability token.
        pub struct $type {
            _minted_by_macro: (),
        }

        impl $type {
            /// # Safety
            ///
            /// For `mint_defined_capability!` alone.
            #[allow(unsafe_code)]
            unsafe fn mint_defined_capability() -> Self {
                Self { _minted_by_macro: () }
            }
        }

        $(
            // SAFETY: as in `create_capability!`.
            #[allow(unsafe_code)]
            unsafe impl $T for $type {}
        )+
    };
}

/// A value of a type of [`define_capability_type!`], in the module that declares
/// it: `unsafe { mint_defined_capability!(Type) }`.
///
/// # Safety
///
/// The code must be trusted with the capabilities of the type.
#[macro_export]
macro_rules! mint_defined_capability {
    ($type:ident) => {
        $type::mint_defined_capability()
    };
}

/// How many expressions it is given, as a constant.
#[macro_export]
macro_rules! count_expressions {
    () => { 0usize };
    ($head:expr $(, $tail:expr)* $(,)?) => { 1usize + $crate::count_expressions!($($tail),*) };
}

/// Declares the kernel's stack, of so many bytes, in section `.stack_buffer`.
#[macro_export]
macro_rules! stack_size {
    {$size:expr} => {
        /// The kernel's stack.
        #[cfg_attr(target_os = "none", link_section = ".stack_buffer")]
        #[no_mangle]
        static mut STACK_MEMORY: [u8; $size] = [0; $size];
    };
}

#[cfg(test)]
mod tests {
    use crate::capabilities::{MainLoopCapability, MemoryAllocationCapability};

    fn needs_both<C: MainLoopCapability + MemoryAllocationCapability>(_token: C) {}

    define_capability_type!(Both: MainLoopCapability, MemoryAllocationCapability);

    #[test]
    fn mints_tokens() {
        needs_both(create_capability!(
            MainLoopCapability,
            MemoryAllocationCapability
        ));
        create_typed_capability!(token, Token: crate::capabilities::MainLoopCapability,
            crate::capabilities::MemoryAllocationCapability);
        let token: Token = token;
        needs_both(token);
        // SAFETY: a test is trusted.
        needs_both(unsafe { mint_defined_capability!(Both) });
    }

    #[test]
    fn counts() {
        assert_eq!(count_expressions!(), 0);
        assert_eq!(count_expressions!(1 + 2, 3, 4), 3);
    }
}
