//! Meter ADC: continuous scans of voltage and current for one app (driver 0x80000001).
//!
//! The hardware fills blocks of 384 scans (19.6 ms). Each is filtered and decimated to 128
//! (`libraries/decimation`) before its buffer goes back to the hardware; these wait in a queue
//! of eight until the app copies them out, so an app that is up to 156 ms late loses nothing. A later one loses the oldest blocks, and the next header it gets
//! says how many scans are missing: a loss is never hidden.
//!
//! One app owns the scans from start to stop. An owner that dies or restarts
//! loses them; the next app to ask (the restarted one, most likely) has them at
//! once, without the hardware being stopped.
//!
//! The ABI: docs/syscalls/80000001_meter_adc.md.

mod driver;
mod queue;

pub use driver::{MeterAdc, BLOCK_BYTES, CONVERTED_BLOCK_BYTES, CONVERTED_BUFFERS, DRIVER_NUM};
pub use queue::{Arrival, BlockQueue, QueuedBlock, QUEUE_BLOCKS};
