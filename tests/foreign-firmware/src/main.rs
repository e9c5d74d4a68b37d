//! Firmware as others write it: every driver used prints a line that a test
//! compares with what the part would do.
#![no_std]
#![no_main]

mod console;
mod storage;

use core::sync::atomic::{AtomicU32, Ordering};
use embassy_executor::Spawner;
use embassy_nrf::buffered_uarte::{self, BufferedUarte};
use embassy_nrf::config::{Config, HfclkSource, LfclkSource};
use embassy_nrf::gpio::{Input, Level, Output, OutputDrive, Pull};
use embassy_nrf::gpiote::{OutputChannel, OutputChannelPolarity};
use embassy_nrf::pwm::{DutyCycle, SimpleConfig, SimplePwm};
use embassy_nrf::timer::{Frequency, Timer as HardwareTimer};
use embassy_nrf::{
    bind_interrupts, peripherals, ppi, qspi, rng, saadc, spim, temp, twim, uarte, wdt, Peri,
};
use embassy_time::{with_timeout, Duration, Instant, Ticker, Timer};
use embedded_io_async::Write;
use static_cell::StaticCell;

bind_interrupts!(struct Irqs {
    UARTE0 => buffered_uarte::InterruptHandler<peripherals::UARTE0>;
    UARTE1 => uarte::InterruptHandler<peripherals::UARTE1>;
    SAADC => saadc::InterruptHandler;
    QSPI => qspi::InterruptHandler<peripherals::QSPI>;
    RNG => rng::InterruptHandler<peripherals::RNG>;
    TEMP => temp::InterruptHandler;
    SPIM3 => spim::InterruptHandler<peripherals::SPI3>;
    TWISPI0 => twim::InterruptHandler<peripherals::TWISPI0>;
});

static PRESSES: AtomicU32 = AtomicU32::new(0);

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {
        cortex_m::asm::wfe();
    }
}

#[embassy_executor::task]
async fn blink(mut led: Output<'static>) {
    let mut ticker = Ticker::every(Duration::from_millis(100));
    loop {
        led.toggle();
        ticker.next().await;
    }
}

#[embassy_executor::task]
async fn count_presses(mut button: Input<'static>) {
    loop {
        button.wait_for_falling_edge().await;
        PRESSES.fetch_add(1, Ordering::Relaxed);
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    static RECEIVED: StaticCell<[u8; 64]> = StaticCell::new();
    static TO_SEND: StaticCell<[u8; 256]> = StaticCell::new();

    let mut config = Config::default();
    config.hfclk_source = HfclkSource::ExternalXtal;
    config.lfclk_source = LfclkSource::ExternalXtal;
    let p = embassy_nrf::init(config);
    let mut console = BufferedUarte::new(
        p.UARTE0,
        p.TIMER0,
        p.PPI_CH0,
        p.PPI_CH1,
        p.PPI_GROUP0,
        p.P0_08,
        p.P0_06,
        Irqs,
        uarte::Config::default(),
        RECEIVED.init([0; 64]),
        TO_SEND.init([0; 256]),
    );
    let power = embassy_nrf::pac::POWER;
    let reason = power.resetreas().read();
    power.resetreas().write_value(reason);
    let boots = storage::count_boot(p.NVMC);
    say!(console, "boot {:?} watchdog {}", boots, reason.dog());

    if let Ok(task) = blink(Output::new(p.P0_13, Level::High, OutputDrive::Standard)) {
        spawner.spawn(task);
    }
    if let Ok(task) = count_presses(Input::new(p.P0_11, Pull::Up)) {
        spawner.spawn(task);
    }

    let start = Instant::now();
    Timer::after_millis(250).await;
    say!(console, "slept {} us", start.elapsed().as_micros());
    let start = Instant::now();
    for step in 0..100 {
        Timer::after_micros(30 + 7 * step).await;
    }
    say!(console, "naps {} us", start.elapsed().as_micros());

    let mut bytes = [0; 16];
    rng::Rng::new(p.RNG, Irqs).fill_bytes(&mut bytes).await;
    say!(console, "random {:x?}", bytes);
    let celsius = temp::Temp::new(p.TEMP, Irqs).read().await;
    say!(console, "temperature {}", celsius);

    let mut second = uarte::Uarte::new(p.UARTE1, p.P1_02, p.P1_01, Irqs, uarte::Config::default());
    let sent = second.write(b"hello from flash\n").await;
    let silent = with_timeout(Duration::from_millis(20), second.read(&mut bytes)).await;
    say!(
        console,
        "uarte1 sent {} silent {}",
        sent.is_ok(),
        silent.is_err()
    );

    let mut spi_config = spim::Config::default();
    spi_config.frequency = spim::Frequency::M32;
    let mut spi = spim::Spim::new(p.SPI3, Irqs, p.P0_14, p.P0_16, p.P0_15, spi_config);
    let moved = spi.transfer(&mut bytes, &[1, 2, 3]).await;
    say!(console, "spim {} {:x?}", moved.is_ok(), &bytes[..4]);
    let mut ram = [0; 16];
    let mut twi = twim::Twim::new(
        p.TWISPI0,
        Irqs,
        p.P0_26,
        p.P0_27,
        twim::Config::default(),
        &mut ram,
    );
    let written = twi.write(0x42, &[1, 2, 3]).await;
    let read = twi.read(0x42, &mut bytes).await;
    say!(console, "twim {:?} {:?}", written, read);

    sample(
        &mut console,
        p.SAADC,
        p.P0_03,
        p.TIMER1,
        (p.PPI_CH3, p.PPI_CH4),
    )
    .await;

    let output = OutputChannel::new(
        p.GPIOTE_CH0,
        p.P0_20,
        Level::Low,
        OutputDrive::Standard,
        OutputChannelPolarity::Toggle,
    );
    let timer = HardwareTimer::new(p.TIMER2);
    timer.set_frequency(Frequency::F1MHz);
    timer.cc(0).write(500);
    timer.cc(0).short_compare_clear();
    let counter = HardwareTimer::new_counter(p.TIMER3);
    let compare = timer.cc(0).event_compare();
    let mut route =
        ppi::Ppi::new_one_to_two(p.PPI_CH5, compare, output.task_out(), counter.task_count());
    route.enable();
    counter.start();
    timer.start();
    Timer::after_micros(100_250).await;
    timer.stop();
    say!(console, "counted {}", counter.cc(0).capture());

    let mut pwm = SimplePwm::new_1ch(p.PWM0, p.P0_24, &SimpleConfig::default());
    // The driver waits until the value is applied.
    pwm.set_duty(0, DutyCycle::normal(300));
    say!(console, "pwm duty {}", pwm.duty(0).value());

    let mut config = qspi::Config::default();
    config.capacity = 8 * 1024 * 1024;
    let mut nor = qspi::Qspi::new(
        p.QSPI, Irqs, p.P0_19, p.P0_17, p.P0_29, p.P0_30, p.P0_22, p.P0_23, config,
    );
    storage::use_nor(&mut console, &mut nor).await;

    let mut config = wdt::Config::default();
    config.timeout_ticks = 32_768 / 2;
    let Ok((_, [mut dog])) = wdt::Watchdog::try_new(p.WDT, config) else {
        say!(console, "the watchdog refuses");
        return;
    };
    say!(console, "ready");
    let mut line = [0; 16];
    loop {
        let came = with_timeout(Duration::from_millis(200), console.read(&mut line)).await;
        dog.pet();
        if let Ok(Ok(count)) = came {
            // The line's other end compares it with what it sent.
            let _ = console.write_all(&line[..count]).await;
            if line[..count].contains(&b'\n') {
                break;
            }
        }
    }
    say!(console, "pressed {}", PRESSES.load(Ordering::Relaxed));
    // Fed no more.
    core::future::pending::<()>().await;
}

/// Two inputs by hand, then by TIMER, PPI and double buffers.
async fn sample(
    mut console: &mut BufferedUarte<'static>,
    converter: Peri<'static, peripherals::SAADC>,
    pin: Peri<'static, peripherals::P0_03>,
    timer: Peri<'static, peripherals::TIMER1>,
    routes: (
        Peri<'static, peripherals::PPI_CH3>,
        Peri<'static, peripherals::PPI_CH4>,
    ),
) {
    let channels = [
        saadc::ChannelConfig::single_ended(pin),
        saadc::ChannelConfig::single_ended(saadc::VddInput),
    ];
    let mut converter = saadc::Saadc::new(converter, Irqs, saadc::Config::default(), channels);
    converter.calibrate().await;
    let mut codes = [0; 2];
    converter.sample(&mut codes).await;
    say!(console, "codes {:?}", codes);
    let mut buffers = [[[0; 2]; 100]; 2];
    let (mut scans, mut wrong) = (0, 0);
    let start = Instant::now();
    let block = |block: &[[i16; 2]]| {
        scans += block.len();
        wrong += block.iter().filter(|scan| **scan != codes).count();
        if scans < 1_000 {
            saadc::CallbackResult::Continue
        } else {
            saadc::CallbackResult::Stop
        }
    };
    let frequency = Frequency::F1MHz;
    converter
        .run_task_sampler(
            timer,
            routes.0,
            routes.1,
            frequency,
            100,
            &mut buffers,
            block,
        )
        .await;
    let milliseconds = start.elapsed().as_millis();
    say!(
        console,
        "sampled {} wrong {} in {} ms",
        scans,
        wrong,
        milliseconds
    );
}
