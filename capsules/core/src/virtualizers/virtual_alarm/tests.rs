//! Virtual alarms on a counter of 24 bits that the test turns.

use super::*;
use core::cell::RefCell;
use kernel::hil::time::{Ticks, Ticks24};
use std::boxed::Box;
use std::rc::Rc;
use std::vec::Vec;
use testing::Clock;

type Counter = Clock<Ticks24>;

const MASK: u32 = 0xFF_FFFF;

type Mux = MuxAlarm<'static, Counter>;
type Virtual = VirtualMuxAlarm<'static, Counter>;

/// What a client does when its alarm comes.
type Action = Box<dyn Fn(&'static Virtual)>;

struct Client {
    name: u8,
    alarm: &'static Virtual,
    log: Rc<RefCell<Vec<(u8, u32)>>>,
    action: RefCell<Option<Action>>,
}

impl AlarmClient for Client {
    fn alarm(&self) {
        assert!(!self.alarm.is_armed(), "fires disarmed");
        self.log
            .borrow_mut()
            .push((self.name, self.alarm.now().into_u32()));
        if let Some(action) = self.action.borrow().as_ref() {
            action(self.alarm);
        }
    }
}

struct Bench {
    counter: &'static Counter,
    mux: &'static Mux,
    log: Rc<RefCell<Vec<(u8, u32)>>>,
}

impl Bench {
    fn new(now: u32) -> Self {
        let counter: &'static Counter = Box::leak(Box::new(Counter::new(now)));
        let mux: &'static Mux = Box::leak(Box::new(MuxAlarm::new(counter)));
        counter.set_alarm_client(mux);
        Bench {
            counter,
            mux,
            log: Rc::default(),
        }
    }

    fn client(&self, name: u8) -> &'static Client {
        let alarm: &'static Virtual = Box::leak(Box::new(VirtualMuxAlarm::new(self.mux)));
        alarm.setup();
        let client: &'static Client = Box::leak(Box::new(Client {
            name,
            alarm,
            log: self.log.clone(),
            action: RefCell::new(None),
        }));
        alarm.set_alarm_client(client);
        client
    }

    /// Lets `ticks` pass, handling interrupts only every `latency` ticks.
    fn run(&self, ticks: u64, latency: u64) {
        for tick in 0..ticks {
            self.counter.wait(1);
            if tick % latency == 0 {
                self.counter.ring_if_due();
            }
        }
    }

    fn fired(&self) -> Vec<(u8, u32)> {
        self.log.take()
    }
}

fn set_from_now(alarm: &Virtual, dt: u32) {
    alarm.set_alarm(alarm.now(), Ticks24::from(dt));
}

#[test]
fn fires_in_order_of_time_across_the_wrap() {
    let bench = Bench::new(0xFF_FF00);
    let (a, b, c) = (bench.client(1), bench.client(2), bench.client(3));
    set_from_now(a.alarm, 0x300);
    set_from_now(b.alarm, 0x80);
    set_from_now(c.alarm, 0x180);
    assert_eq!(a.alarm.get_alarm(), Ticks24::from(0x200));
    bench.run(0x1000, 1);
    assert_eq!(bench.fired(), [(2, 0xFF_FF80), (3, 0x80), (1, 0x200)]);
    assert_eq!(bench.counter.rings(), 3);
    assert!(!bench.counter.is_armed());
}

#[test]
fn a_moment_in_the_past_is_due_at_once() {
    let bench = Bench::new(0x10);
    let (late, other) = (bench.client(1), bench.client(2));
    set_from_now(other.alarm, 100);
    // 0x20 ticks after a reference 0x40 ticks ago, before the wrap.
    late.alarm
        .set_alarm(Ticks24::from(0xFF_FFD0), Ticks24::from(0x20));
    bench.counter.ring_if_due();
    assert_eq!(bench.fired(), [(1, 0x10)]);
    bench.run(200, 1);
    assert_eq!(bench.fired(), [(2, 0x10 + 100)]);
}

#[test]
fn disarming_keeps_the_others() {
    let bench = Bench::new(0);
    let (a, b) = (bench.client(1), bench.client(2));
    set_from_now(a.alarm, 10);
    set_from_now(b.alarm, 20);
    assert_eq!(a.alarm.disarm(), Ok(()));
    assert_eq!(a.alarm.disarm(), Ok(()));
    assert!(!a.alarm.is_armed() && b.alarm.is_armed());
    bench.run(100, 1);
    assert_eq!(bench.fired(), [(2, 20)]);

    set_from_now(a.alarm, 10);
    assert_eq!(a.alarm.disarm(), Ok(()));
    assert!(!bench.counter.is_armed());
}

#[test]
fn an_alarm_that_moves_later_does_not_fire_early() {
    let bench = Bench::new(0);
    let (a, b) = (bench.client(1), bench.client(2));
    set_from_now(a.alarm, 10);
    set_from_now(b.alarm, 50);
    set_from_now(a.alarm, 80);
    bench.run(100, 1);
    assert_eq!(bench.fired(), [(2, 50), (1, 80)]);

    set_from_now(a.alarm, 10);
    set_from_now(a.alarm, 30);
    let interrupts = bench.counter.rings();
    bench.run(100, 1);
    assert_eq!(bench.fired(), [(1, 130)]);
    assert_eq!(bench.counter.rings(), interrupts + 1);
}

#[test]
fn clients_may_cancel_and_set_each_other_within_a_callback() {
    let bench = Bench::new(0);
    // Later clients come first in the list.
    let (victim, killer) = (bench.client(1), bench.client(2));
    *killer.action.borrow_mut() = Some(Box::new(|own| {
        let _ = victim.alarm.disarm();
        set_from_now(own, 5);
    }));
    set_from_now(victim.alarm, 10);
    set_from_now(killer.alarm, 10);
    bench.run(21, 1);
    assert_eq!(bench.fired(), [(2, 10), (2, 15), (2, 20)]);

    *killer.action.borrow_mut() = Some(Box::new(|own| {
        let _ = own.disarm();
        set_from_now(victim.alarm, 0);
    }));
    bench.run(20, 1);
    assert_eq!(bench.fired(), [(2, 25), (1, 25)]);
    assert!(!bench.counter.is_armed());
}

#[test]
fn a_client_may_rearm_for_the_past_within_its_callback() {
    let bench = Bench::new(0);
    let a = bench.client(1);
    *a.action.borrow_mut() = Some(Box::new(|own| {
        if own.now() < Ticks24::from(40) {
            own.set_alarm(own.get_alarm(), Ticks24::from(4));
        }
    }));
    set_from_now(a.alarm, 4);
    // Interrupts are handled every 10 ticks only, so every alarm is late.
    bench.run(100, 10);
    assert_eq!(bench.fired(), [(1, 11), (1, 21), (1, 31), (1, 41)]);
}

#[test]
fn distances_up_to_the_whole_range_are_kept() {
    let bench = Bench::new(0x1234);
    let (long, short) = (bench.client(1), bench.client(2));
    *short.action.borrow_mut() = Some(Box::new(|own| set_from_now(own, 0x10_0000)));
    set_from_now(long.alarm, MASK);
    set_from_now(short.alarm, 0x10_0000);
    // Nobody looks for 0x100 ticks after each moment.
    bench.run(u64::from(MASK) + 0x400, 0x100);
    let long_fired: Vec<_> = bench.fired().into_iter().filter(|f| f.0 == 1).collect();
    assert_eq!(long_fired.len(), 1);
    let late = long_fired[0].1.wrapping_sub(0x1233) & MASK;
    assert!(late <= 0x100, "{late} ticks late");
}

#[test]
fn many_clients_for_many_turns_are_never_early_and_never_lost() {
    let bench = Bench::new(0xFF_0000);
    let clients: Vec<_> = (0..12).map(|name| bench.client(name)).collect();
    let mut seed = 1u32;
    let mut random = move |range: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % range
    };
    for _ in 0..200 {
        let start = bench.counter.now();
        for client in &clients {
            set_from_now(client.alarm, random(0x4000));
        }
        let cancelled = random(12) as usize;
        let _ = clients[cancelled].alarm.disarm();
        bench.run(0x4010, 7);
        let fired = bench.fired();
        assert_eq!(fired.len(), clients.len() - 1);
        for (name, when) in fired {
            assert_ne!(usize::from(name), cancelled);
            let dt = clients[usize::from(name)]
                .alarm
                .get_alarm()
                .wrapping_sub(start);
            let late = Ticks24::from(when).wrapping_sub(start).wrapping_sub(dt);
            assert!(late <= Ticks24::from(7), "{late:?} late");
        }
    }
}
