//! How a board puts a capsule and its static memory together.

/// One configured piece of a board. The board allocates the memory with
/// [`static_buf!`](crate::static_buf) and calls [`Component::finalize`] once.
pub trait Component {
    /// The uninitialised static memory that the piece needs.
    type StaticInput;

    /// What the board gets, usually a `&'static` capsule.
    type Output;

    /// Initialises `static_memory` and connects the piece.
    fn finalize(self, static_memory: Self::StaticInput) -> Self::Output;
}
