//! What upstream's capsules ask of their kernel, asked of this one by capsules of our own.
//!
//! Each uses the traits, types and methods that one of upstream's capsules/core uses,
//! in the same shape: as constants, behind references, with generics. That this
//! compiles is the greater part of the test.

mod upstream;

use std::cell::Cell;

use kernel::collections::list::{List, ListLink, ListNode};
use kernel::component::Component;
use kernel::deferred_call::initialize_deferred_call_state;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks, Ticks, Ticks24};
use kernel::hil::uart::{Receive, Transmit};
use kernel::hil::{gpio, led, rng, uart};
use kernel::syscall::{SyscallDriver, SyscallReturn};
use kernel::utilities::cells::{MapCell, NumericCellExt, OptionalCell, TakeCell};
use kernel::{capabilities, create_capability, static_buf, static_init, ErrorCode};
use testing::pin::FakePin;
use testing::probe::*;
use testing::syscalls;
use testing::uart::FakeUart;
use testing::*;
use upstream::converter::{Converter, Sampler, Samples};
use upstream::entropy::{BytesToWords, Numbers, WordsToNumbers};
use upstream::inputs::{Inputs, Lights};
use upstream::messages::Messages;
use upstream::port::{Port, Shared};
use upstream::time::{Earliest, Expiry, SharedAlarm};

/// A board's part that is made as upstream's components are.
struct PortComponent {
    wire: &'static FakeUart,
}

impl Component for PortComponent {
    type StaticInput = (
        &'static mut core::mem::MaybeUninit<Shared<'static>>,
        &'static mut core::mem::MaybeUninit<[u8; 64]>,
    );
    type Output = &'static Shared<'static>;

    fn finalize(self, memory: Self::StaticInput) -> Self::Output {
        let buffer = memory.1.write([0; 64]);
        let shared = memory.0.write(Shared::new(self.wire, buffer, 9600));
        shared.initialize();
        shared
    }
}

#[test]
fn a_port_is_shared_and_its_messages_go_out() {
    initialize_deferred_call_state::<Thread>();
    let wire = forever(FakeUart::default());
    let host = HostKernel::probed(&[]);
    let memory = create_capability!(capabilities::MemoryAllocationCapability);
    let shared = {
        // SAFETY: reached once.
        let memory = unsafe { (static_buf!(Shared<'static>), static_buf!([u8; 64])) };
        PortComponent { wire }.finalize(memory)
    };
    kernel::deferred_call::DeferredCallClient::register(shared);
    // The host has no process yet, so grants can still be made.
    let kernel = forever(kernel::Kernel::new(host.slots.as_slice()));
    // SAFETY: reached once.
    let numbers = unsafe { static_init!([u8; 4], [1, 2, 3, 4]) };
    let port = forever(Port::new(
        shared.device(),
        Box::leak(Box::new([0; 64])),
        Box::leak(Box::new([0; 64])),
        kernel.create_grant(1, &memory),
    ));
    shared.device().set_transmit_client(port);
    shared.device().set_receive_client(port);
    let messages = forever(Messages::new(
        numbers,
        wire,
        kernel.create_grant(8, &memory),
    ));
    messages.print(usize::MAX);
    assert_eq!(wire.transmission(), Some(vec![1, 2, 3, 4]));
    let params = wire.parameters().expect("it was configured");
    assert_eq!((params.baud_rate, params.width), (9600, uart::Width::Eight));
    assert!(messages.is_busy());
    // Nobody is there: the answer is an error, not a panic.
    let drivers: [&dyn SyscallDriver; 2] = [port, messages];
    assert_eq!(drivers.len(), 2);
}

#[derive(Default)]
struct Fired(Cell<usize>);

impl AlarmClient for Fired {
    fn alarm(&self) {
        self.0.increment();
    }
}

#[test]
fn alarms_share_one_and_the_earliest_is_set() {
    let clock = forever(Clock::<Ticks24>::default());
    let shared = forever(SharedAlarm::new(clock));
    clock.set_alarm_client(shared);
    let (late, soon) = (forever(shared.alarm()), forever(shared.alarm()));
    let fired = forever(Fired::default());
    for alarm in [late, soon] {
        shared.add(alarm);
        alarm.set_alarm_client(fired);
    }
    late.set_alarm(0u32.into(), clock.ticks_from_ms(1000));
    soon.set_alarm(0u32.into(), clock.ticks_from_ms(500));
    assert_eq!(clock.alarm(), Some((0, 16_384)));
    clock.wait(16_400);
    assert!(clock.ring_if_due());
    assert_eq!((fired.0.get(), soon.is_armed()), (1, false));
    assert_eq!(clock.alarm(), Some((0, 32_768)));
    let expiries = [(5u32, 100u32), (0, 50)].map(|(reference, dt)| Expiry {
        reference: Ticks24::from(reference),
        dt: Ticks24::from(dt),
    });
    let earliest = Earliest::<Clock<Ticks24>>::of(10u32.into(), expiries.into_iter());
    assert_eq!(earliest.map(|expiry| expiry.dt.into_u32()), Some(50));
    assert_eq!(Earliest::<Clock<Ticks24>>::scale(), 32_768 << 8);
    assert_eq!(Ticks24::u32_padding() + Ticks24::width(), 32);
}

#[test]
fn pins_are_buttons_and_lights() {
    let slots = forever(kernel::process::ProcessArray::<1>::new());
    let kernel = forever(kernel::Kernel::new(slots.as_slice()));
    let memory = create_capability!(capabilities::MemoryAllocationCapability);
    let pin = forever(FakePin::default());
    let wrapped = forever(gpio::InterruptValueWrapper::new(pin)).finalize();
    let pins = forever([(
        wrapped,
        gpio::ActivationMode::ActiveLow,
        gpio::FloatingState::PullUp,
    )]);
    let inputs = Inputs::new(pins, kernel.create_grant(3, &memory));
    assert!(inputs.is_active(0));
    inputs.listen(0);
    assert!(pin.edge().is_some());
    // Nobody listens: the interrupt is turned off when it comes.
    gpio::ClientWithValue::fired(&inputs, 0);
    assert!(pin.edge().is_none());

    let light = forever(led::LedLow::new(pin));
    let lights = Lights::new(forever([light]));
    assert!(pin.is_high());
    lights.toggle(0);
    assert!(!pin.is_high());
}

/// A source of bytes that count.
#[derive(Default)]
struct Bytes {
    client: OptionalCell<&'static dyn kernel::hil::entropy::Client8>,
}

impl kernel::hil::entropy::Entropy8<'static> for Bytes {
    fn get(&self) -> Result<(), ErrorCode> {
        self.client.map(|client| {
            let _ = client.entropy_available(&mut (1u8..=8), Ok(()));
        });
        Ok(())
    }

    fn cancel(&self) -> Result<(), ErrorCode> {
        Ok(())
    }

    fn set_client(&'static self, client: &'static dyn kernel::hil::entropy::Client8) {
        self.client.set(client);
    }
}

#[test]
fn entropy_becomes_numbers_by_adapters() {
    let source: &'static Bytes = forever(Bytes::default());
    let words = forever(BytesToWords::new(source));
    let numbers = forever(WordsToNumbers::new(words));
    let user = forever(Numbers::new(numbers));
    rng::Rng::set_client(numbers, user);
    assert_eq!(user.ask(), Ok(()));
    assert_eq!(user.last(), Some(0x0403_0201));
}

#[test]
fn samples_come_one_by_one_and_in_buffers() {
    let converter = forever(Converter::default());
    let buffers = || -> &'static mut [u16; 128] { Box::leak(Box::new([0; 128])) };
    let samples = forever(Samples::new(converter, &[3u8, 5], buffers(), buffers()));
    kernel::hil::adc::Adc::set_client(converter, samples);
    kernel::hil::adc::AdcHighSpeed::set_highspeed_client(converter, samples);
    assert_eq!(samples.one(2), Err(ErrorCode::INVAL));
    assert_eq!(samples.one(1), Ok(()));
    assert_eq!(samples.last(), Some(5));
    assert_eq!(samples.many(0, 100), Ok(()));
    assert_eq!(samples.filled(), 100);
    let sampler = Sampler::new(converter, 7);
    kernel::hil::adc::AdcChannel::set_client(&sampler, samples);
    assert_eq!(kernel::hil::adc::AdcChannel::sample(&sampler), Ok(()));
}

/// A node as upstream's virtual devices are.
struct Node<'a> {
    next: ListLink<'a, Node<'a>>,
    value: u8,
}

impl<'a> ListNode<'a, Node<'a>> for Node<'a> {
    fn next(&'a self) -> &'a ListLink<'a, Node<'a>> {
        &self.next
    }
}

#[test]
fn cells_and_lists_have_the_methods_of_upstreams() {
    let nodes = [1, 2].map(|value| Node {
        next: ListLink::empty(),
        value,
    });
    let list = const { List::new() };
    nodes.iter().for_each(|node| list.push_head(node));
    assert_eq!(list.head().map(|node| node.value), Some(2));
    assert_eq!(list.iter().map(|node| node.value).min(), Some(1));

    let optional = OptionalCell::new(3);
    assert!(optional.contains(&3) && optional.is_some());
    assert_eq!(optional.map_or_else(|| 0, |value| value + 1), 4);
    assert_eq!(
        optional.and_then(|value: i32| value.checked_mul(2)),
        Some(6)
    );
    assert_eq!(optional.get().ok_or(ErrorCode::FAIL), Ok(3));
    optional.insert(None);
    assert_eq!((optional.unwrap_or(9), optional.take()), (9, None));
    assert_eq!(
        OptionalCell::<u8>::empty().ok_or(ErrorCode::BUSY),
        Err(ErrorCode::BUSY)
    );
    assert_eq!(
        OptionalCell::new(String::from("x")).unwrap_or_default(),
        "x"
    );

    let mut number = 5u8;
    let mut take = TakeCell::new(&mut number);
    assert_eq!(take.get_mut().copied(), Some(5));
    take.map(|number| *number += 1);
    assert_eq!(take.take().copied(), Some(6));
    let map = MapCell::new(7u8);
    assert_eq!(
        (map.get(), map.replace(8), map.take()),
        (Some(7), Some(7), Some(8))
    );
}

#[test]
fn parts_of_buffers_are_named_by_numbers_and_ranges() {
    let host = HostKernel::probed(&[App::new("app")]);
    host.run();
    let start = host.memory(0);
    assert_eq!(
        host.call(0, syscalls::memop(0, start + 256)),
        SyscallReturn::Success
    );
    (0..8).for_each(|place| poke(start + place, place as u8));
    let allow = syscalls::allow_rw(DRIVER, 0, start, 8);
    assert!(matches!(
        host.call(0, allow),
        SyscallReturn::AllowReadWriteSuccess(..)
    ));
    let seen = host.probe().grant.enter(host.id(0), |_, kernel_data| {
        upstream::parts::look_at(kernel_data)
    });
    assert_eq!(seen, Ok(Ok((3, 7, 2, 5))));
    assert_eq!(peek(start + 1), 0xEE);
}
