//! One piece of hardware for several users.

mod deadline;
pub mod virtual_alarm;
pub mod virtual_uart;

pub(crate) use deadline::Deadline;
