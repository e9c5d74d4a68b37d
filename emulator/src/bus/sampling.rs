//! When the core has to hear of something: the sampling chain (timer, PPI,
//! SAADC, EasyDMA) works on its own between the ends of blocks.

use super::context::Context;
use super::wakes::Source;
use crate::bus::context::EventId;
use crate::peripherals::Peripherals;
use crate::time::Cycles;

/// The SAADC's number, and its SAMPLE task.
const SAADC_SLOT: u8 = 7;
const SAMPLE_TASK: u32 = 0x4000_7004;
/// The numbers of TIMER0 to TIMER4, a bit for each.
const TIMER_SLOTS: u64 = 0x0C00_0700;
const FIRST_COMPARE: u8 = 16;
/// Events of the SAADC in a scan: DONE and RESULTDONE.
const SCAN_EVENTS: [u8; 2] = [2, 3];

/// The next cycle at which the core must stop for a peripheral.
///
/// Between two ENDs of the SAADC its conversions change nothing that the core
/// sees, except RAM that EasyDMA fills. They are then done late, at the next
/// access to any peripheral or at the end of the block, each with its own
/// time, and the core runs on meanwhile. A CPU that reads the buffer before
/// END sees older results than on silicon.
pub fn deadline(context: &Context, peripherals: &Peripherals) -> Cycles {
    let plain = context.wakes.next();
    let Some((timer, first, period)) = sampling_timer(context, peripherals) else {
        return plain;
    };
    let saadc = &peripherals.saadc;
    let Some((room, scan)) = saadc.room() else {
        return plain;
    };
    if scan == 0 || !saadc.silent_between_blocks() || scan_is_routed(context, peripherals) {
        return plain;
    }
    // A scan under way may store up to `scan` results; the one that fills the
    // buffer is at least this many timer periods away.
    let scans = u64::from(room.saturating_sub(scan) / scan);
    let Some(safe) = scans.checked_sub(1) else {
        return plain;
    };
    let block_end = first + safe * period;
    let others = context
        .wakes
        .next_but(&[Source::Timer(timer), Source::Saadc]);
    block_end.min(others)
}

/// The timer whose only effect is SAMPLE: its number, its next compare and
/// its period.
fn sampling_timer(context: &Context, peripherals: &Peripherals) -> Option<(u8, Cycles, Cycles)> {
    // Most firmware routes nothing: answer at once.
    if context.listened & TIMER_SLOTS == 0 {
        return None;
    }
    (0u8..5).find_map(|number| {
        let timer = &peripherals.timer[usize::from(number)];
        let slot = timer.events.slot();
        if !context.listens(slot) || timer.events.enabled() != 0 {
            return None;
        }
        let (channel, period) = timer.period()?;
        let (mut samples, mut others) = (0, 0);
        let id = EventId {
            slot,
            event: FIRST_COMPARE + channel,
        };
        peripherals.ppi.tasks(id, &mut |task| {
            if task == SAMPLE_TASK {
                samples += 1;
            } else {
                others += 1;
            }
        });
        (samples == 1 && others == 0).then(|| {
            let first = context.wakes.at(Source::Timer(number));
            (number, first, period)
        })
    })
}

/// Returns whether PPI listens to an event that each scan gives.
fn scan_is_routed(context: &Context, peripherals: &Peripherals) -> bool {
    if !context.listens(SAADC_SLOT) {
        return false;
    }
    let mut routed = false;
    for event in SCAN_EVENTS {
        let id = EventId {
            slot: SAADC_SLOT,
            event,
        };
        peripherals.ppi.tasks(id, &mut |_| routed = true);
    }
    routed
}
