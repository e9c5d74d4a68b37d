//! Events: what they are called, how they are stored, and how many there may be.
//!
//! Codes are those that the field's companion specifications give for DLMS event logs. An event is
//! a record of 32 bytes in the partition `event_log`:
//!
//! | offset | type | little endian |
//! |---|---|---|
//! | 0 | u8 | version, 1 |
//! | 1 | u8 | code |
//! | 2 | u16 | events that were left out since the one before |
//! | 4 | u8 | 1 while the clock is not set or doubtful |
//! | 5 | 3 bytes | zero |
//! | 8 | u64 | time, seconds |
//! | 16 | u32 | how long what has ended lasted, milliseconds |
//! | 20 | u32 | value: root mean square, microvolts; 0 where there is none |
//! | 24 | 8 bytes | zero |
//!
//! So that a voltage that flickers fills neither ring nor flash, an event costs a token: one comes
//! every [`TOKEN_SECONDS`], at most [`MOST_TOKENS`] are kept. Without one an event is only counted.
//! In 20 years that are 7 million records: 700 rounds of the partition's megabyte.

use metrology::{Condition, VoltageEvent};

/// Number of the partition in the meter's manifest.
pub const PARTITION: u32 = 2;
/// Bytes of a stored event.
pub const EVENT_BYTES: usize = 32;
/// Seconds for which an event comes free.
pub const TOKEN_SECONDS: u32 = 90;
/// Most tokens that are kept, and those at start.
pub const MOST_TOKENS: u32 = 40;

/// Version of the layout.
const VERSION: u8 = flash_formats::EVENT_LOG.version;
/// Events that can wait for the flash.
const WAITING: usize = 16;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// The supply falls.
    PowerDown = 1,
    /// The meter has started.
    PowerUp = 2,
    /// The channels of the converter had changed places, or scans were lost.
    MeasurementSystem = 16,
    /// The calibration was changed, or sealed.
    Parameters = 47,
    /// The voltage is below 90 % of the nominal one.
    UnderVoltage = 76,
    /// The voltage is above 110 % of the nominal one.
    OverVoltage = 79,
    /// The voltage is missing.
    MissingVoltage = 82,
    /// The voltage is normal again.
    VoltageNormal = 85,
}

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub code: Code,
    /// When, by the clock, seconds.
    pub seconds: u64,
    /// The clock is not set, or doubtful.
    pub doubtful: bool,
    /// How long what has ended by it lasted, milliseconds.
    pub lasted_ms: u32,
    /// Root mean square, microvolts.
    pub value_uv: u32,
    /// Events that were left out since the one before.
    pub left_out: u16,
}

impl Event {
    /// An event without duration and value.
    pub const fn new(code: Code, seconds: u64, doubtful: bool) -> Event {
        Event {
            code,
            seconds,
            doubtful,
            lasted_ms: 0,
            value_uv: 0,
            left_out: 0,
        }
    }

    /// What the voltage has become.
    pub const fn of_voltage(event: &VoltageEvent, seconds: u64, doubtful: bool) -> Event {
        let code = match event.now {
            Condition::Normal => Code::VoltageNormal,
            Condition::Dip => Code::UnderVoltage,
            Condition::Swell => Code::OverVoltage,
            Condition::Interruption => Code::MissingVoltage,
        };
        Event {
            lasted_ms: event.lasted_ms,
            value_uv: event.extreme_uv,
            ..Event::new(code, seconds, doubtful)
        }
    }

    /// The record as it is stored.
    pub fn to_bytes(&self) -> [u8; EVENT_BYTES] {
        let mut bytes = [0; EVENT_BYTES];
        bytes[0] = VERSION;
        bytes[1] = self.code as u8;
        bytes[2..4].copy_from_slice(&self.left_out.to_le_bytes());
        bytes[4] = self.doubtful.into();
        bytes[8..16].copy_from_slice(&self.seconds.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.lasted_ms.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.value_uv.to_le_bytes());
        bytes
    }
}

/// Events on their way to the flash.
#[derive(Debug)]
pub struct EventLog {
    waiting: [Option<Event>; WAITING],
    tokens: u32,
    earned: u32,
    left_out: u16,
}

impl EventLog {
    /// Nothing has happened yet.
    pub const fn new() -> Self {
        EventLog {
            waiting: [None; WAITING],
            tokens: MOST_TOKENS,
            earned: 0,
            left_out: 0,
        }
    }

    /// A second has passed.
    pub fn second(&mut self) {
        self.earned += 1;
        if self.earned >= TOKEN_SECONDS {
            self.earned = 0;
            self.tokens = (self.tokens + 1).min(MOST_TOKENS);
        }
    }

    /// Takes note of an event. Returns it as it will be stored, or none if it is only counted.
    pub fn note(&mut self, mut event: Event) -> Option<Event> {
        let place = self.waiting.iter_mut().find(|place| place.is_none());
        let (Some(place), 1..) = (place, self.tokens) else {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        };
        self.tokens -= 1;
        event.left_out = core::mem::take(&mut self.left_out);
        *place = Some(event);
        Some(event)
    }

    /// The event that is to be stored next.
    pub fn oldest(&self) -> Option<&Event> {
        self.waiting[0].as_ref()
    }

    /// The oldest is stored.
    pub fn stored(&mut self) {
        self.waiting.rotate_left(1);
        self.waiting[WAITING - 1] = None;
    }
}

impl Default for EventLog {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_as_documented() {
        let event = Event {
            code: Code::UnderVoltage,
            seconds: 0x0102_0304_0506_0708,
            doubtful: true,
            lasted_ms: 40,
            value_uv: 150_000_000,
            left_out: 3,
        };
        let bytes = event.to_bytes();
        assert_eq!(bytes[..8], [1, 76, 3, 0, 1, 0, 0, 0]);
        assert_eq!(bytes[8..16], [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(bytes[16..20], 40u32.to_le_bytes());
        assert_eq!(bytes[20..24], 150_000_000u32.to_le_bytes());
        assert_eq!(bytes[24..], [0; 8]);
    }

    #[test]
    fn a_flood_is_counted_and_not_stored() {
        let mut log = EventLog::new();
        let event = Event::new(Code::UnderVoltage, 0, true);
        let mut stored = 0;
        for _ in 0..1_000 {
            stored += u32::from(log.note(event).is_some());
            log.stored();
        }
        assert_eq!(stored, MOST_TOKENS);
        (0..TOKEN_SECONDS).for_each(|_| log.second());
        let next = log.note(event).unwrap();
        assert_eq!(u32::from(next.left_out), 1_000 - MOST_TOKENS);
        assert_eq!(log.note(event), None);
    }

    #[test]
    fn events_leave_in_order_and_none_is_stored_twice() {
        let mut log = EventLog::new();
        for seconds in 0..20 {
            log.note(Event::new(Code::PowerUp, seconds, false));
        }
        for seconds in 0..16 {
            assert_eq!(log.oldest().unwrap().seconds, seconds);
            log.stored();
        }
        assert_eq!(log.oldest(), None);
    }
}
