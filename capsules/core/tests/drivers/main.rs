//! Upstream's drivers as apps see them: system calls in, upcalls and memory out.

mod adc;
mod alarm;
mod console;
mod numbers;
mod rng;
mod small;
