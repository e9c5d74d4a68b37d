//! The driver against fake register blocks: the test plays timers, PPI and converter.

use super::*;
use crate::dma::register_address;
use crate::ppi::Ppi;
use crate::registers::ppi::PpiRegisters;
use crate::registers::saadc::SaadcRegisters;
use crate::registers::timer::TimerRegisters;
use crate::testing::{fake_registers, triggered};
use crate::timer::Timer;
use kernel::hil::adc::{Adc, AdcHighSpeed, Client, HighSpeedClient};
use kernel::utilities::StaticRef;
use kernel::ErrorCode;
use meter_hil::front_end::{MeterFrontEndClient, ScanBlock};
use std::cell::RefCell;

/// Three inputs, so that a scan has three results.
const THREE_INPUTS: ScanConfig = ScanConfig {
    inputs: &[
        AdcChannel::AnalogInput1,
        AdcChannel::AnalogInput2,
        AdcChannel::AnalogInput4,
    ],
    reference: false,
};

/// The same, and the supply behind them.
const WITH_REFERENCE: ScanConfig = ScanConfig {
    inputs: &[
        AdcChannel::AnalogInput1,
        AdcChannel::AnalogInput2,
        AdcChannel::AnalogInput4,
        AdcChannel::VDD,
    ],
    reference: true,
};

#[derive(Debug, PartialEq)]
struct Seen {
    address: usize,
    scans: u32,
    last_scan_us: u64,
    lost_blocks: u32,
    saturated: u8,
}

struct Listener {
    saadc: Cell<Option<&'static Saadc<'static>>>,
    blocks: RefCell<Vec<Seen>>,
    samples: RefCell<Vec<u16>>,
    gives_back: Cell<bool>,
    kept: RefCell<Vec<&'static mut [u8]>>,
    stopped: Cell<Option<usize>>,
    filled: RefCell<Vec<Vec<u16>>>,
    kept_samples: RefCell<Vec<&'static mut [u16]>>,
    begins_again: Cell<bool>,
}

impl MeterFrontEndClient for Listener {
    fn block_ready(&self, block: ScanBlock) {
        self.blocks.borrow_mut().push(Seen {
            address: block.buffer.as_ptr() as usize,
            scans: block.scans,
            last_scan_us: block.last_scan_us,
            lost_blocks: block.lost_blocks,
            saturated: block.saturated,
        });
        if self.gives_back.get() {
            let saadc = self.saadc.get().unwrap();
            assert!(saadc.provide_scan_buffer(block.buffer).is_ok());
        } else {
            self.kept.borrow_mut().push(block.buffer);
        }
    }

    fn stopped(&self, buffers: [Option<&'static mut [u8]>; 2]) {
        let count = buffers.iter().flatten().count();
        self.stopped.set(Some(count));
    }
}

impl Client for Listener {
    fn sample_ready(&self, sample: u16) {
        self.samples.borrow_mut().push(sample);
    }
}

impl HighSpeedClient for Listener {
    fn samples_ready(&self, buf: &'static mut [u16], length: usize) {
        assert_eq!(length, buf.len());
        self.filled.borrow_mut().push(buf.to_vec());
        let saadc = self.saadc.get().unwrap();
        if self.begins_again.take() {
            saadc.stop_sampling().unwrap();
            // As when STOPPED comes while the call waits for it.
            saadc.rest();
            let (_, other) = saadc.retrieve_buffers().unwrap();
            let channel = AdcChannelSetup::new(AdcChannel::AnalogInput1);
            let begun = saadc.sample_highspeed(&channel, 8000, buf, length, other.unwrap(), 0);
            assert!(begun.is_ok());
        } else if self.gives_back.get() {
            assert!(saadc.provide_buffer(buf, length).is_ok());
        } else {
            self.kept_samples.borrow_mut().push(buf);
        }
    }
}

struct Fixture {
    registers: StaticRef<SaadcRegisters>,
    clock: StaticRef<TimerRegisters>,
    counter: StaticRef<TimerRegisters>,
    time: StaticRef<TimerRegisters>,
    ppi: StaticRef<PpiRegisters>,
    saadc: &'static Saadc<'static>,
    listener: &'static Listener,
    single: *mut u16,
}

fn fixture() -> Fixture {
    let registers = fake_registers();
    let (clock, counter, time) = (fake_registers(), fake_registers(), fake_registers());
    let ppi = fake_registers();
    let single: &'static mut [u16; 1] = Box::leak(Box::new([0]));
    let single_pointer = single.as_mut_ptr();
    let hardware = Hardware {
        registers,
        clock: Timer::new(clock),
        counter: Timer::new(counter),
        time: Timer::new(time),
        ppi: Ppi::new(ppi),
    };
    let saadc: &'static Saadc = Box::leak(Box::new(Saadc::new(hardware, single)));
    let listener: &'static Listener = Box::leak(Box::new(Listener {
        saadc: Cell::new(Some(saadc)),
        blocks: RefCell::default(),
        samples: RefCell::default(),
        gives_back: Cell::new(true),
        kept: RefCell::default(),
        stopped: Cell::new(None),
        filled: RefCell::default(),
        kept_samples: RefCell::default(),
        begins_again: Cell::new(false),
    }));
    saadc.set_scan_client(listener);
    saadc.set_client(listener);
    saadc.set_highspeed_client(listener);
    Fixture {
        registers,
        clock,
        counter,
        time,
        ppi,
        saadc,
        listener,
        single: single_pointer,
    }
}

/// 80 scans of three inputs, aligned.
fn buffer() -> &'static mut [u8] {
    let words: &'static mut [u32; 120] = Box::leak(Box::new([0; 120]));
    // SAFETY: the words' own bytes.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), 480) }
}

impl Fixture {
    fn stopped(&self) {
        assert!(triggered(self.registers, &self.registers.tasks_stop));
        self.registers.events_stopped.set(1);
        self.saadc.handle_interrupt();
    }

    /// Runs through calibration up to the first STARTED; returns the buffers' addresses.
    fn start(&self) -> [usize; 2] {
        let (first, second) = (buffer(), buffer());
        let addresses = [first.as_ptr() as usize, second.as_ptr() as usize];
        assert!(self
            .saadc
            .start_scan(&THREE_INPUTS, 250, first, second)
            .is_ok());
        self.stopped();
        assert!(triggered(
            self.registers,
            &self.registers.tasks_calibrateoffset
        ));
        assert!(!triggered(self.registers, &self.registers.tasks_start));
        self.registers.events_calibratedone.set(1);
        self.saadc.handle_interrupt();
        self.stopped();
        assert!(triggered(self.registers, &self.registers.tasks_start));
        assert_eq!(self.registers.result_ptr.get(), addresses[0] as u32);
        assert!(!triggered(self.clock, &self.clock.tasks_start));
        self.started();
        assert!(triggered(self.clock, &self.clock.tasks_start));
        assert_eq!(self.registers.result_ptr.get(), addresses[1] as u32);
        addresses
    }

    fn started(&self) {
        self.registers.events_started.set(1);
        self.saadc.handle_interrupt();
    }

    /// The counter stands at `ends`, the last END was at `end_us`, it is `now_us`.
    fn ended(&self, ends: u32, end_us: u32, now_us: u32) {
        self.counter.cc[0].set(ends);
        self.time.cc[0].set(end_us);
        self.time.cc[1].set(now_us);
        self.started();
    }
}

#[test]
fn converter_and_clock_are_set_up_as_the_design_says() {
    let f = fixture();
    f.start();
    assert_eq!(f.clock.cc[0].get(), 4000);
    assert_eq!(f.clock.shorts.get(), 1);
    assert_eq!(f.registers.resolution.get(), 3);
    assert_eq!(f.registers.result_maxcnt.get(), 240);
    let inputs = f.registers.ch.each_ref().map(|channel| channel.pselp.get());
    assert_eq!(inputs, [2, 3, 5, 0, 0, 0, 0, 0]);
    assert_eq!(f.registers.ch[2].config.get(), 0x0002_0100);
    assert_eq!(f.registers.intenset.get(), 1);
    assert_eq!(f.ppi.chenset.get(), 0b111);
    let start = &f.registers.tasks_start;
    assert_eq!(f.ppi.ch[1].tep.get(), register_address(start));
    assert_eq!(f.time.prescaler.get(), 4);
}

#[test]
fn a_reference_is_the_last_input_of_a_scan_and_never_at_its_limits() {
    let f = fixture();
    let start = f.saadc.start_scan(&WITH_REFERENCE, 51, buffer(), buffer());
    assert!(start.is_ok());
    let inputs = f.registers.ch.each_ref().map(|channel| channel.pselp.get());
    assert_eq!(inputs, [2, 3, 5, 9, 0, 0, 0, 0]);
    // A fifth for the channels, a sixth for the supply: 3.6 V.
    assert_eq!(f.registers.ch[2].config.get(), 0x0002_0100);
    assert_eq!(f.registers.ch[3].config.get(), 0x0002_0000);
    assert_eq!(f.registers.ch[3].limit.get(), 0x7FFF_8000);
    f.saadc.stop_scan().unwrap();
    f.stopped();
    // Four conversions, and 2 us in between, are the shortest.
    let refused = f.saadc.start_scan(&WITH_REFERENCE, 49, buffer(), buffer());
    assert_eq!(refused.unwrap_err().0, ErrorCode::INVAL);
    let fastest = f.saadc.start_scan(&WITH_REFERENCE, 50, buffer(), buffer());
    assert!(fastest.is_ok());
}

#[test]
fn blocks_come_in_turn_with_their_times() {
    let f = fixture();
    let addresses = f.start();
    for block in 1..=10 {
        f.ended(block, block * 20_000, block * 20_000 + 15);
    }
    let blocks = f.listener.blocks.borrow();
    assert_eq!(blocks.len(), 10);
    for (index, block) in blocks.iter().enumerate() {
        let expected = Seen {
            address: addresses[index % 2],
            scans: 80,
            last_scan_us: (index as u64 + 1) * 20_000,
            lost_blocks: 0,
            saturated: 0,
        };
        assert_eq!(*block, expected);
    }
}

#[test]
fn times_go_on_when_the_time_base_wraps() {
    let f = fixture();
    f.start();
    f.ended(1, 0xFFFF_FF00, 0xFFFF_FF10);
    f.ended(2, 19_744, 19_760);
    let blocks = f.listener.blocks.borrow();
    assert_eq!(blocks[0].last_scan_us, 0xFFFF_FF00);
    assert_eq!(blocks[1].last_scan_us, 0xFFFF_FF00 + 20_000);
}

#[test]
fn a_late_cpu_loses_blocks_and_says_so() {
    let f = fixture();
    let addresses = f.start();
    f.ended(3, 60_000, 61_000);
    f.ended(4, 80_000, 80_010);
    let blocks = f.listener.blocks.borrow();
    assert_eq!(blocks[0].address, addresses[0]);
    assert_eq!((blocks[0].last_scan_us, blocks[0].lost_blocks), (20_000, 0));
    assert_eq!(blocks[1].address, addresses[1]);
    assert_eq!((blocks[1].last_scan_us, blocks[1].lost_blocks), (80_000, 2));
}

#[test]
fn a_client_without_a_buffer_loses_blocks_and_is_told() {
    let f = fixture();
    f.start();
    f.listener.gives_back.set(false);
    f.ended(1, 20_000, 20_010);
    f.ended(2, 40_000, 40_010);
    f.ended(3, 60_000, 60_010);
    // The converter went over its one buffer again and again.
    assert_eq!(f.listener.blocks.borrow().len(), 1);
    let kept = f.listener.kept.borrow_mut().pop().unwrap();
    assert!(f.saadc.provide_scan_buffer(kept).is_ok());
    assert!(f.saadc.provide_scan_buffer(buffer()).is_err());
    f.ended(4, 80_000, 80_010);
    assert_eq!(f.listener.blocks.borrow()[1].lost_blocks, 2);
}

#[test]
fn saturation_is_reported_with_its_block() {
    let f = fixture();
    f.start();
    f.registers.events_ch[1].high.set(1);
    f.registers.events_ch[2].low.set(1);
    f.ended(1, 20_000, 20_010);
    f.ended(2, 40_000, 40_010);
    // Served after the next block has begun: it may be either's.
    f.registers.events_ch[0].high.set(1);
    f.ended(3, 60_000, 60_300);
    f.ended(4, 80_000, 80_010);
    f.ended(5, 100_000, 100_010);
    let blocks = f.listener.blocks.borrow();
    let flags: Vec<u8> = blocks.iter().map(|block| block.saturated).collect();
    assert_eq!(flags, [0b110, 0, 1, 1, 0]);
}

#[test]
fn stopping_gives_the_buffers_back_and_lets_others_in() {
    let f = fixture();
    f.start();
    let channel = AdcChannelSetup::new(AdcChannel::VDD);
    assert_eq!(f.saadc.sample(&channel), Err(ErrorCode::BUSY));
    f.saadc.stop_scan().unwrap();
    assert_eq!(f.saadc.stop_scan(), Err(ErrorCode::OFF));
    f.started();
    assert_eq!(f.listener.blocks.borrow().len(), 0);
    f.stopped();
    assert_eq!(f.listener.stopped.get(), Some(2));
    assert_eq!(f.saadc.sample(&channel), Ok(()));
}

#[test]
fn wrong_periods_and_buffers_are_refused() {
    let f = fixture();
    let refused = |period_us, first, second| {
        f.saadc
            .start_scan(&THREE_INPUTS, period_us, first, second)
            .unwrap_err()
            .0
    };
    assert_eq!(refused(0, buffer(), buffer()), ErrorCode::INVAL);
    // Three conversions of 12 us, and 2 us in between.
    assert_eq!(refused(37, buffer(), buffer()), ErrorCode::INVAL);
    assert_eq!(refused(u32::MAX, buffer(), buffer()), ErrorCode::INVAL);
    let short = &mut buffer()[..478];
    assert_eq!(refused(250, short, buffer()), ErrorCode::SIZE);
    let misaligned = &mut buffer()[2..476];
    assert_eq!(refused(250, buffer(), misaligned), ErrorCode::SIZE);
    let (_, spare) = f.saadc.provide_scan_buffer(buffer()).unwrap_err();
    assert_eq!(spare.len(), 480);
}

#[test]
fn a_single_sample_is_left_justified() {
    let f = fixture();
    let channel = AdcChannelSetup::new(AdcChannel::AnalogInput3);
    f.saadc.sample(&channel).unwrap();
    assert_eq!(f.registers.ch[0].pselp.get(), 4);
    assert_eq!(f.registers.result_maxcnt.get(), 1);
    f.started();
    assert!(triggered(f.registers, &f.registers.tasks_sample));
    // SAFETY: the buffer that the driver lent to the converter.
    unsafe { f.single.write_volatile(0x0ABC) };
    f.registers.events_end.set(1);
    f.saadc.handle_interrupt();
    assert_eq!(*f.listener.samples.borrow(), [0xABC0]);
    // A result below zero, as single-ended inputs near ground give.
    f.saadc.sample(&channel).unwrap();
    // SAFETY: as above.
    unsafe { f.single.write_volatile(0xFFFE) };
    f.registers.events_end.set(1);
    f.saadc.handle_interrupt();
    assert_eq!(f.listener.samples.borrow()[1], 0);
}

#[test]
fn repeated_samples_run_until_stopped() {
    let f = fixture();
    let channel = AdcChannelSetup::new(AdcChannel::AnalogInput0);
    assert_eq!(
        f.saadc.sample_continuous(&channel, 1_000_000),
        Err(ErrorCode::INVAL)
    );
    f.saadc.sample_continuous(&channel, 100).unwrap();
    assert_eq!(f.clock.cc[0].get(), 160_000);
    f.started();
    assert!(triggered(f.clock, &f.clock.tasks_start));
    for _ in 0..3 {
        f.registers.events_end.set(1);
        f.started();
    }
    assert!(!triggered(f.clock, &f.clock.tasks_start));
    assert_eq!(f.listener.samples.borrow().len(), 3);
    f.saadc.stop_sampling().unwrap();
    assert_eq!(f.saadc.sample(&channel), Err(ErrorCode::BUSY));
    f.stopped();
    assert_eq!(f.saadc.stop_sampling(), Err(ErrorCode::INVAL));
}

#[test]
fn buffers_are_filled_in_turn() {
    let f = fixture();
    let channel = AdcChannelSetup::new(AdcChannel::AnalogInput0);
    let first: &'static mut [u16] = Box::leak(Box::new([0x0123; 4]));
    let second: &'static mut [u16] = Box::leak(Box::new([0x0456; 6]));
    assert!(f
        .saadc
        .sample_highspeed(&channel, 8000, first, 4, second, 6)
        .is_ok());
    assert_eq!(f.registers.result_maxcnt.get(), 4);
    f.started();
    assert_eq!(f.registers.result_maxcnt.get(), 6);
    f.ended(1, 500, 510);
    assert_eq!(f.registers.result_maxcnt.get(), 4);
    f.listener.gives_back.set(false);
    f.ended(2, 1250, 1260);
    assert_eq!(
        *f.listener.filled.borrow(),
        [vec![0x1230; 4], vec![0x4560; 6]]
    );
    assert!(f.saadc.retrieve_buffers().is_err());
    f.saadc.stop_sampling().unwrap();
    f.stopped();
    let (first, second) = f.saadc.retrieve_buffers().unwrap();
    assert!(first.is_some() && second.is_none());
}

#[test]
fn the_last_block_is_delivered_and_what_follows_it_spills() {
    let f = fixture();
    f.listener.gives_back.set(false);
    let channel = AdcChannelSetup::new(AdcChannel::AnalogInput0);
    let first: &'static mut [u16] = Box::leak(Box::new([0x0123; 4]));
    let second: &'static mut [u16] = Box::leak(Box::new([0x0456; 6]));
    assert!(f
        .saadc
        .sample_highspeed(&channel, 8000, first, 4, second, 0)
        .is_ok());
    f.started();
    // The converter goes on to the driver's own sample, not to the block again.
    assert_eq!(f.registers.result_ptr.get(), f.single as u32);
    assert_eq!(f.registers.result_maxcnt.get(), 1);
    f.ended(1, 500, 510);
    assert_eq!(f.listener.filled.borrow()[0], [0x1230; 4]);
    // Samples that spilled are nobody's; the next buffer follows them.
    f.ended(3, 750, 760);
    let again = f.listener.kept_samples.borrow_mut().pop().unwrap();
    assert!(f.saadc.provide_buffer(again, 4).is_ok());
    assert_eq!(f.registers.result_maxcnt.get(), 4);
    f.ended(4, 875, 885);
    assert_eq!(f.registers.result_maxcnt.get(), 1);
    f.ended(5, 1375, 1385);
    assert_eq!(f.listener.filled.borrow().len(), 2);
    f.saadc.stop_sampling().unwrap();
    f.stopped();
    let (first, second) = f.saadc.retrieve_buffers().unwrap();
    assert!(first.is_none() && second.is_some_and(|buffer| buffer.len() == 6));
}

#[test]
fn a_client_may_begin_a_new_operation_when_it_is_given_a_block() {
    let f = fixture();
    let channel = AdcChannelSetup::new(AdcChannel::AnalogInput0);
    let first: &'static mut [u16] = Box::leak(Box::new([0x0123; 4]));
    let second: &'static mut [u16] = Box::leak(Box::new([0x0456; 6]));
    let address = first.as_ptr() as u32;
    assert!(f
        .saadc
        .sample_highspeed(&channel, 8000, first, 4, second, 6)
        .is_ok());
    f.started();
    assert!(triggered(f.clock, &f.clock.tasks_start));
    f.listener.begins_again.set(true);
    f.ended(1, 500, 510);
    assert_eq!(f.listener.filled.borrow().len(), 1);
    // The new operation's block is the next, and its clock waits for the converter.
    assert_eq!(f.registers.result_ptr.get(), address);
    assert_eq!(f.registers.result_maxcnt.get(), 4);
    assert!(!triggered(f.clock, &f.clock.tasks_start));
    f.counter.cc[0].set(0);
    f.started();
    assert!(triggered(f.clock, &f.clock.tasks_start));
    assert_eq!(f.registers.result_ptr.get(), f.single as u32);
    f.listener.gives_back.set(false);
    f.ended(1, 500, 510);
    assert_eq!(f.listener.filled.borrow().len(), 2);
}
