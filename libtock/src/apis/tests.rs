//! Tests of the driver clients on the fake kernel.

use super::alarm::{Convert, Hz, Milliseconds, Ticks};
use super::buttons::{ButtonListener, ButtonState};
use super::key_store::{Command, Derivation, Generation, State, Tag, FIRST_SLOT};
use super::low_level_debug::AlertCode;
use crate::platform::{share, ErrorCode, Syscalls as _};
use crate::unittest::fake::{self, Syscalls as S};
use core::cell::Cell;
use core::fmt::Write;

type Adc = super::adc::Adc<S>;
type Alarm = super::alarm::Alarm<S>;
type Channel = super::channel::Channel<S>;
type Buttons = super::buttons::Buttons<S>;
type Console = super::console::Console<S>;
type KeyStore = super::key_store::KeyStore<S>;
type Leds = super::leds::Leds<S>;
type LowLevelDebug = super::low_level_debug::LowLevelDebug<S>;
type Rng = super::rng::Rng<S>;
type Storage = super::storage::Storage<S>;
type Supply = super::supply::Supply<S>;

#[test]
fn nothing_exists_without_drivers() {
    let _kernel = fake::Kernel::new();
    assert_eq!(Adc::exists(), Err(ErrorCode::NoDevice));
    assert_eq!(Alarm::exists(), Err(ErrorCode::NoDevice));
    assert_eq!(Buttons::count(), Err(ErrorCode::NoDevice));
    assert_eq!(Channel::exists(), Err(ErrorCode::NoDevice));
    assert_eq!(Channel::send(1, &[]), Err(ErrorCode::NoDevice));
    assert_eq!(Channel::receive(1, &mut []), Err(ErrorCode::NoDevice));
    assert_eq!(Storage::exists(), Err(ErrorCode::NoDevice));
    assert_eq!(Storage::append(1, &[1]), Err(ErrorCode::NoDevice));
    assert_eq!(Storage::read(1, 0, &mut [0]), Err(ErrorCode::NoDevice));
    assert_eq!(Supply::exists(), Err(ErrorCode::NoDevice));
    assert!(Supply::level().is_err());
    assert_eq!(KeyStore::exists(), Err(ErrorCode::NoDevice));
    assert_eq!(KeyStore::state(), Err(ErrorCode::NoDevice));
    assert_eq!(KeyStore::hmac(1, b"x"), Err(ErrorCode::NoDevice));
    assert!(!Console::exists());
    assert_eq!(Leds::count(), Err(ErrorCode::NoDevice));
    assert!(!LowLevelDebug::exists());
    assert_eq!(Rng::exists(), Err(ErrorCode::NoDevice));
}

#[test]
fn the_supply_falls_and_comes_back() {
    use super::supply::{Level, DRIVER_NUM, FALLS};
    use crate::platform::{DefaultConfig, Subscribe};
    let kernel = fake::Kernel::new();
    let supply = fake::Supply::new();
    kernel.add_driver(&supply);
    let fell = Cell::new(None::<(u32,)>);
    share::scope::<Subscribe<S, DRIVER_NUM, FALLS>, _, _>(|handle| {
        S::subscribe::<_, _, DefaultConfig, _, _>(handle, &fell).expect("it is there");
        for warnings in 1..=2 {
            supply.set_low(true);
            supply.set_low(true);
            S::yield_no_wait();
            assert_eq!(fell.take(), Some((warnings,)));
            let low = true;
            assert_eq!(Supply::level(), Ok(Level { low, warnings }));
            supply.set_low(false);
            S::yield_no_wait();
            assert_eq!(fell.take(), None);
            let low = false;
            assert_eq!(Supply::level(), Ok(Level { low, warnings }));
        }
    });
}

#[test]
fn leds_light_and_refuse_strangers() {
    let kernel = fake::Kernel::new();
    let leds = fake::Leds::<2>::new();
    kernel.add_driver(&leds);
    assert_eq!(Leds::count(), Ok(2));
    assert_eq!(Leds::on(1), Ok(()));
    assert_eq!(
        (leds.get_led(0), leds.get_led(1)),
        (Some(false), Some(true))
    );
    assert_eq!(Leds::toggle(1), Ok(()));
    assert_eq!(Leds::off(0), Ok(()));
    assert_eq!((leds.get_led(1), leds.lightings(1)), (Some(false), Some(1)));
    assert_eq!(Leds::on(2), Err(ErrorCode::Invalid));
}

#[test]
fn console_writes_and_reads() {
    let kernel = fake::Kernel::new();
    let console = fake::Console::new_with_input(b"hello");
    kernel.add_driver(&console);
    write!(Console::writer(), "n={}", 5).unwrap();
    assert_eq!(console.take_bytes(), b"n=5");
    let mut buffer = [0; 4];
    assert_eq!(Console::read(&mut buffer), (4, Ok(())));
    assert_eq!(&buffer, b"hell");
}

#[test]
fn alarm_sleeps_at_least_as_long_as_asked() {
    let kernel = fake::Kernel::new();
    let alarm = fake::Alarm::new(32_768);
    kernel.add_driver(&alarm);
    assert_eq!(Alarm::sleep_for(Milliseconds(30)), Ok(()));
    assert_eq!(alarm.now(), 984);
    assert_eq!(Alarm::get_milliseconds(), Ok(30));
    assert_eq!(Alarm::cancel(), Err(ErrorCode::Already));
}

#[test]
fn milliseconds_round_up_and_do_not_overflow() {
    let ticks = |ms, hz| Milliseconds(ms).to_ticks(Hz(hz)).0;
    assert_eq!(ticks(1, 32_768), 33);
    assert_eq!(ticks(1000, 32_768), 32_768);
    assert_eq!(ticks(0, 32_768), 0);
    assert_eq!(ticks(u32::MAX, u32::MAX), u32::MAX);
    assert_eq!(Ticks(7).to_ticks(Hz(1)), Ticks(7));
}

#[test]
fn buttons_call_their_listener() {
    let kernel = fake::Kernel::new();
    let buttons = fake::Buttons::<2>::new();
    kernel.add_driver(&buttons);
    let seen = Cell::new(None);
    let listener = ButtonListener(|button, state| seen.set(Some((button, state))));
    share::scope(|subscribe| {
        Buttons::register_listener(&listener, subscribe).unwrap();
        Buttons::enable_interrupts(1).unwrap();
        buttons.set_pressed(0, true);
        buttons.set_pressed(1, true);
        S::yield_wait();
    });
    assert_eq!(seen.get(), Some((1, ButtonState::Pressed)));
    assert!(Buttons::is_pressed(0) && !Buttons::is_released(0));
    assert!(!Buttons::is_pressed(2) && !Buttons::is_released(2));
}

#[test]
fn adc_waits_for_its_sample() {
    let kernel = fake::Kernel::new();
    let adc = fake::Adc::new();
    kernel.add_driver(&adc);
    assert_eq!(Adc::get_number_of_channels(), Ok(1));
    assert_eq!(Adc::get_resolution_bits(0), Ok(12));
    assert_eq!(Adc::get_reference_voltage_mv(1), Err(ErrorCode::Invalid));
    let sample = Cell::new(None);
    let listener = super::adc::ADCListener(|value| sample.set(Some(value)));
    share::scope(|subscribe| {
        Adc::register_listener(&listener, subscribe).unwrap();
        Adc::read_single_sample(0).unwrap();
        assert_eq!(Adc::read_single_sample(0), Err(ErrorCode::Busy));
        assert!(adc.is_busy());
        adc.set_value(0x1230);
        S::yield_wait();
    });
    assert_eq!(sample.get(), Some(0x1230));
}

#[test]
fn rng_fills_as_much_as_fits() {
    let kernel = fake::Kernel::new();
    let rng = fake::Rng::new_with(vec![1, 2, 3]);
    kernel.add_driver(&rng);
    let mut buffer = [0; 4];
    assert_eq!(Rng::get_bytes_sync(&mut buffer, 2), Ok(()));
    assert_eq!(buffer, [1, 2, 0, 0]);
    assert_eq!(Rng::get_bytes_sync(&mut buffer, 9), Ok(()));
    assert_eq!(buffer, [3, 1, 2, 3]);
}

#[test]
fn debug_output_prints() {
    let kernel = fake::Kernel::new();
    let debug = fake::LowLevelDebug::new();
    kernel.add_driver(&debug);
    LowLevelDebug::print_alert_code(AlertCode::WrongLocation);
    LowLevelDebug::print_1(5);
    LowLevelDebug::print_2(6, 7);
    use fake::Message::{AlertCode as Alert, Print1, Print2};
    assert_eq!(debug.take_messages(), [Alert(2), Print1(5), Print2(6, 7)]);
}

#[test]
fn channels_send_and_receive() {
    let kernel = fake::Kernel::new();
    let channels = fake::Channel::new(&[3], &[4]);
    kernel.add_driver(&channels);
    assert_eq!(Channel::exists(), Ok(()));
    assert_eq!(Channel::send(3, b"out"), Ok(()));
    assert_eq!(Channel::send(3, b""), Ok(()));
    assert_eq!(Channel::send(4, b"out"), Err(ErrorCode::NoDevice));
    let sent = [(3, b"out".to_vec()), (3, vec![])];
    assert_eq!(channels.take_sent(), sent);
    channels.set_full(true);
    assert_eq!(Channel::send(3, b"out"), Err(ErrorCode::Busy));

    let mut buffer = [0; 4];
    assert_eq!(Channel::receive(4, &mut buffer), Ok(None));
    channels.deliver(4, b"in", 2);
    channels.deliver(4, b"", 0);
    assert_eq!(Channel::state(4), Ok((2, 2)));
    let short = Channel::receive(4, &mut buffer[..1]);
    assert_eq!(short, Err(ErrorCode::Size));
    let received = Channel::receive(4, &mut buffer).unwrap().unwrap();
    assert_eq!((received.length, received.lost), (2, 2));
    assert_eq!(&buffer[..2], b"in");
    let received = Channel::receive(4, &mut buffer).unwrap().unwrap();
    assert_eq!((received.length, received.lost), (0, 0));
    assert_eq!(Channel::receive(3, &mut buffer), Err(ErrorCode::NoDevice));
}

#[test]
fn storage_appends_and_reads() {
    let kernel = fake::Kernel::new();
    let storage = fake::Storage::new(5, 8);
    kernel.add_driver(&storage);
    assert_eq!(Storage::exists(), Ok(()));
    assert_eq!(Storage::range(5), Ok((0, 0)));
    assert_eq!(Storage::capacity(5), Ok((1_000, 8)));
    assert_eq!(Storage::append(5, b"first"), Ok(0));
    assert_eq!(Storage::append(5, b""), Ok(1));
    assert_eq!(Storage::append(5, &[0; 9]), Err(ErrorCode::Size));
    assert_eq!(Storage::append(6, b"x"), Err(ErrorCode::NoDevice));
    assert_eq!(Storage::range(5), Ok((0, 2)));
    let mut buffer = [0; 8];
    assert_eq!(Storage::read(5, 0, &mut buffer), Ok(&b"first"[..]));
    assert_eq!(Storage::read(5, 1, &mut buffer), Ok(&b""[..]));
    let missing = Storage::read(5, 2, &mut buffer);
    assert_eq!(missing, Err(ErrorCode::Uninstalled));
    let short = Storage::read(5, 0, &mut buffer[..4]);
    assert_eq!(short, Err(ErrorCode::Size));
    storage.set_failing(Some(ErrorCode::Fail));
    assert_eq!(Storage::append(5, b"x"), Err(ErrorCode::Fail));
}

#[test]
fn a_key_store_operates_and_refuses() {
    let kernel = fake::Kernel::new();
    let keys = fake::KeyStore::new();
    kernel.add_driver(&keys);
    assert_eq!(KeyStore::exists(), Ok(()));
    keys.set_number(1);
    assert_eq!(KeyStore::state(), Ok(State::Operational));
    keys.set_number(3);
    assert_eq!(KeyStore::state(), Err(ErrorCode::BadRVal));
    assert_eq!(KeyStore::counter(0x503), Ok(3));
    assert_eq!(KeyStore::close(FIRST_SLOT), Ok(()));
    assert_eq!(KeyStore::generate(0x101), Err(ErrorCode::Busy));

    keys.answer(Ok(vec![7; 64]));
    let signed = KeyStore::sign(0x101, Generation::Successor, &[9; 32]);
    assert_eq!(signed, Ok([7; 64]));
    keys.answer(Ok(vec![7; 63]));
    let short = KeyStore::sign(0x101, Generation::Current, &[9; 32]);
    assert_eq!(short, Err(ErrorCode::BadRVal));
    keys.answer(Err(ErrorCode::Fail));
    let forged = KeyStore::verify(0x301, &[1; 32], &[2; 64]);
    assert_eq!(forged, Err(ErrorCode::Fail));
    let calls = keys.take_calls();
    assert_eq!(calls[0].command, (Command::Sign, 0x101, 1));
    assert_eq!(calls[0].inputs, [vec![9; 32], vec![], vec![]]);
    assert_eq!(calls[2].command, (Command::Verify, 0x301, 0));
    assert_eq!(calls[2].inputs[0], [[1; 32], [2; 32], [2; 32]].concat());
}

#[test]
fn a_key_store_takes_three_inputs() {
    let kernel = fake::Kernel::new();
    let keys = fake::KeyStore::new();
    kernel.add_driver(&keys);
    keys.answer(Ok(b"sealed".to_vec()));
    let mut buffer = [0; 40];
    let key = FIRST_SLOT + 2;
    let sealed = KeyStore::encrypt(key, Tag::Bytes12, &[3; 12], b"ad", b"text", &mut buffer);
    assert_eq!(sealed, Ok(&b"sealed"[..]));
    keys.answer(Ok(vec![]));
    let derivation = Derivation::Dlms;
    assert_eq!(
        KeyStore::agree(0x104, key, &[4; 65], derivation, b"info"),
        Ok(())
    );
    keys.answer(Ok(vec![]));
    let derivation = Derivation::Hkdf(b"salt");
    assert_eq!(
        KeyStore::agree(0x104, key, &[4; 65], derivation, b""),
        Ok(())
    );
    let (with, tag) = ((0x202, 0x203), Tag::Bytes12);
    keys.answer(Ok(b"sealed".to_vec()));
    let sealed = KeyStore::encrypt_with(with, tag, &[3; 12], b"\x30", b"", &mut buffer);
    assert_eq!(sealed, Ok(&b"sealed"[..]));
    keys.answer(Ok(b"text".to_vec()));
    let text = KeyStore::decrypt_with(with, tag, &[3; 12], b"\x30", b"", &mut buffer);
    assert_eq!(text, Ok(&b"text"[..]));
    for authentication in [0, 0x1_0000, 0x1_0203] {
        let with = (0x202, authentication);
        let sealed = KeyStore::encrypt_with(with, tag, &[3; 12], b"\x30", b"", &mut buffer);
        assert_eq!(sealed, Err(ErrorCode::Invalid));
        let text = KeyStore::decrypt_with(with, tag, &[3; 12], b"\x30", b"", &mut buffer);
        assert_eq!(text, Err(ErrorCode::Invalid));
    }
    keys.answer(Ok(vec![5; 3]));
    assert_eq!(KeyStore::read(0x301, &mut buffer), Ok(&[5; 3][..]));
    let calls = keys.take_calls();
    assert_eq!(calls.len(), 6);
    assert_eq!(calls[0].command, (Command::Encrypt, key, 12));
    assert_eq!(
        calls[0].inputs,
        [b"text".to_vec(), b"ad".to_vec(), vec![3; 12]]
    );
    assert_eq!(calls[1].command, (Command::Agree, 0x104, key + (1 << 16)));
    assert_eq!(calls[1].inputs, [vec![4; 65], b"info".to_vec(), vec![]]);
    assert_eq!(calls[2].command, (Command::Agree, 0x104, key));
    assert_eq!(calls[2].inputs, [vec![4; 65], vec![], b"salt".to_vec()]);
    let with = 12 | 0x203 << 16;
    assert_eq!(calls[3].command, (Command::Encrypt, 0x202, with));
    assert_eq!(calls[3].inputs, [vec![], vec![0x30], vec![3; 12]]);
    assert_eq!(calls[4].command, (Command::Decrypt, 0x202, with));
}

#[test]
fn every_client_is_bound_at_the_root() {
    let modules = |text: &'static str| -> Vec<&str> {
        let names = text
            .lines()
            .filter_map(|line| line.strip_prefix("pub mod "));
        names
            .map(|name| name.trim_end_matches([';', ' ', '{']))
            .collect()
    };
    let clients = modules(include_str!("mod.rs"));
    assert!(clients.contains(&"supply"));
    assert_eq!(modules(include_str!("../bound.rs")), clients);
}
