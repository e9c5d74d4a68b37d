//! Driver 0x80000004: what apps may and may not do with keys, and what becomes of them.

mod budgets;
mod dlms;
mod life;
mod operations;
mod refusals;
mod setup;
mod turns;
