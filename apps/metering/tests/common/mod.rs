//! Fakes of the metering app's own drivers, a mains to sample, and the board
//! that they make.

#![allow(dead_code, reason = "each test program uses its own part")]

use drivers::meter_adc::Header;
use libtock::platform::{share, CommandReturn, ErrorCode, Syscalls as _, YieldNoWaitReturn};
use libtock::unittest::{command_return, fake, DriverInfo, DriverShareRef};
use libtock::unittest::{RoAllowBuffer, RwAllowBuffer};
use metering::app::{App, Instruments, Memory, Signals};
use metering::drivers::{energy_store, meter_adc};
use metering::publisher;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// The capsule's queue.
pub const QUEUE_BLOCKS: usize = 8;

/// The meter ADC: the test pushes blocks.
#[derive(Default)]
pub struct MeterAdc {
    started: Cell<bool>,
    queue: RefCell<VecDeque<Vec<u8>>>,
    sequence: Cell<u32>,
    lost_scans: Cell<u32>,
    pub lost_scans_in_total: Cell<u32>,
    since_take: Cell<u32>,
    buffer: RefCell<RwAllowBuffer>,
    share_ref: DriverShareRef,
}

impl MeterAdc {
    /// A block of scans arrives. With the queue full it is lost.
    pub fn push(&self, scans: &[[i16; 3]]) {
        let sequence = self.sequence.get();
        self.sequence.set(sequence + 1);
        if self.queue.borrow().len() == QUEUE_BLOCKS {
            self.lost_scans
                .set(self.lost_scans.get() + scans.len() as u32);
            self.lost_scans_in_total
                .set(self.lost_scans_in_total.get() + scans.len() as u32);
            return;
        }
        let lost_scans = self.lost_scans.take();
        let mut flags = if lost_scans > 0 { Header::OVERRUN } else { 0 };
        for scan in scans {
            for (channel, value) in scan.iter().enumerate() {
                if *value <= 0 || *value >= 16_383 {
                    flags |= Header::range_end(channel);
                }
            }
        }
        let header = Header {
            sequence,
            flags,
            time_us: u64::from(sequence + 1) * 128 * 153,
            scans: scans.len() as u32,
            lost_scans,
            reference: 13_653,
            temperature: Header::NO_TEMPERATURE,
        };
        let mut bytes = header.encode().to_vec();
        bytes.extend(scans.iter().flatten().flat_map(|value| value.to_le_bytes()));
        self.queue.borrow_mut().push_back(bytes);
        let arrivals = self.since_take.get() + 1;
        self.since_take.set(arrivals);
        // As the capsule does: a late app is not told of every block.
        if matches!(arrivals, 1 | 4 | 8) {
            let waiting = self.queue.borrow().len() as u32;
            self.share_ref
                .schedule_upcall(meter_adc::BLOCK_WAITING, (waiting, sequence, flags))
                .expect("upcall 0 exists");
        }
    }

    fn take(&self) -> CommandReturn {
        let mut buffer = self.buffer.borrow_mut();
        let mut queue = self.queue.borrow_mut();
        let Some(block) = queue.front() else {
            return command_return::failure(ErrorCode::NoMem);
        };
        if buffer.len() < block.len() {
            return command_return::failure(ErrorCode::Size);
        }
        buffer[..block.len()].copy_from_slice(block);
        let length = block.len() as u32;
        queue.pop_front();
        self.since_take.set(0);
        command_return::success_u32(length)
    }
}

impl fake::SyscallDriver for MeterAdc {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(meter_adc::DRIVER_NUM).upcall_count(1)
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, argument0: u32, _: u32) -> CommandReturn {
        use drivers::meter_adc::Command;
        match Command::from_number(command_id as usize) {
            Some(Command::Exists) => command_return::success(),
            Some(Command::Start) if argument0 != 153 => command_return::failure(ErrorCode::Invalid),
            Some(Command::Start) if self.started.replace(true) => {
                command_return::failure(ErrorCode::Already)
            }
            Some(Command::Start) => command_return::success(),
            Some(Command::Geometry) => command_return::success_2_u32(153, 128),
            Some(Command::TakeBlock) if !self.started.get() => {
                command_return::failure(ErrorCode::Reserve)
            }
            Some(Command::TakeBlock) => self.take(),
            // The app never stops it.
            Some(Command::Stop) | None => command_return::failure(ErrorCode::NoSupport),
        }
    }

    fn allow_readwrite(
        &self,
        buffer_num: u32,
        buffer: RwAllowBuffer,
    ) -> Result<RwAllowBuffer, (RwAllowBuffer, ErrorCode)> {
        match buffer_num {
            meter_adc::BLOCK_BUFFER => Ok(self.buffer.replace(buffer)),
            _ => Err((buffer, ErrorCode::NoSupport)),
        }
    }
}

/// The energy store: keeps its records over restarts of the app.
#[derive(Default)]
pub struct EnergyStore {
    pub records: RefCell<[Option<Vec<u8>>; 2]>,
    /// Records written since the store was made, by kind.
    pub writes: Cell<[u32; 2]>,
    /// Appends do not end until the test says so.
    pub slow: Cell<bool>,
    /// Appends end with this error.
    pub failing: Cell<Option<ErrorCode>>,
    /// Times that reads are answered with `Busy` first.
    pub busy_reads: Cell<u32>,
    under_way: RefCell<Option<(u32, Vec<u8>)>>,
    ro_buffer: RefCell<RoAllowBuffer>,
    rw_buffer: RefCell<RwAllowBuffer>,
    share_ref: DriverShareRef,
}

impl EnergyStore {
    /// Ends the append that is under way.
    pub fn complete(&self) {
        let Some((kind, record)) = self.under_way.take() else {
            return;
        };
        let status = match self.failing.get() {
            Some(error) => error as u32,
            None => {
                self.records.borrow_mut()[kind as usize] = Some(record);
                let mut writes = self.writes.get();
                writes[kind as usize] += 1;
                self.writes.set(writes);
                0
            }
        };
        self.share_ref
            .schedule_upcall(energy_store::APPENDED, (status, kind, 1))
            .expect("upcall 0 exists");
    }

    /// The power fails: what is under way is lost.
    pub fn cut_power(&self) {
        self.under_way.take();
    }

    fn append(&self, kind: u32, length: u32) -> CommandReturn {
        let buffer = self.ro_buffer.borrow();
        if kind > 1 {
            return command_return::failure(ErrorCode::Invalid);
        }
        if self.under_way.borrow().is_some() {
            return command_return::failure(ErrorCode::Busy);
        }
        if length > 112 || length as usize > buffer.len() {
            return command_return::failure(ErrorCode::Size);
        }
        let record = buffer[..length as usize].to_vec();
        drop(buffer);
        *self.under_way.borrow_mut() = Some((kind, record));
        if !self.slow.get() {
            self.complete();
        }
        command_return::success()
    }

    fn newest(&self, kind: u32) -> CommandReturn {
        if let Some(left) = self.busy_reads.get().checked_sub(1) {
            self.busy_reads.set(left);
            return command_return::failure(ErrorCode::Busy);
        }
        let records = self.records.borrow();
        let Some(record) = &records[kind as usize] else {
            return command_return::failure(ErrorCode::Uninstalled);
        };
        self.rw_buffer.borrow_mut()[..record.len()].copy_from_slice(record);
        command_return::success_2_u32(record.len() as u32, 1)
    }
}

impl fake::SyscallDriver for EnergyStore {
    fn info(&self) -> DriverInfo {
        DriverInfo::new(energy_store::DRIVER_NUM).upcall_count(1)
    }

    fn register(&self, share_ref: DriverShareRef) {
        self.share_ref.replace(share_ref);
    }

    fn command(&self, command_id: u32, argument0: u32, argument1: u32) -> CommandReturn {
        use drivers::energy_store::Command;
        match Command::from_number(command_id as usize) {
            Some(Command::Exists) => command_return::success(),
            Some(Command::Append) => self.append(argument0, argument1),
            Some(Command::Newest) => self.newest(argument0),
            // The app does not ask for it.
            Some(Command::Wear) | None => command_return::failure(ErrorCode::NoSupport),
        }
    }

    fn allow_readonly(
        &self,
        _: u32,
        buffer: RoAllowBuffer,
    ) -> Result<RoAllowBuffer, (RoAllowBuffer, ErrorCode)> {
        Ok(self.ro_buffer.replace(buffer))
    }

    fn allow_readwrite(
        &self,
        _: u32,
        buffer: RwAllowBuffer,
    ) -> Result<RwAllowBuffer, (RwAllowBuffer, ErrorCode)> {
        Ok(self.rw_buffer.replace(buffer))
    }
}

/// A 50 Hz supply with a load, as an ideal front end converts it.
#[derive(Clone, Copy)]
pub struct Mains {
    pub volts: f64,
    pub amperes: f64,
    pub lag_degrees: f64,
}

impl Mains {
    /// The scans of a block.
    pub fn block(&self, index: u64) -> Vec<[i16; 3]> {
        let step = 3.0 / 16_384.0;
        let wave = |time: f64, lag: f64| {
            2f64.sqrt() * (core::f64::consts::TAU * 50.0 * time - lag.to_radians()).sin()
        };
        let code = |millivolts: f64| (8_192.0 + millivolts / 1_000.0 / step).round();
        (0..128)
            .map(|scan| {
                let time = (index * 128 + scan) as f64 * 153e-6;
                let current = self.amperes * wave(time, self.lag_degrees);
                [
                    code(3.5 * self.volts * wave(time, 0.0)),
                    code(14.0 * current),
                    code(224.0 * current),
                ]
                .map(|value: f64| value.clamp(0.0, 16_383.0) as i16)
            })
            .collect()
    }
}

/// All fakes together. The store outlives restarts.
pub struct Board {
    pub adc: Rc<MeterAdc>,
    pub store: Rc<EnergyStore>,
    pub console: Rc<fake::Console>,
    pub leds: Rc<fake::Leds<1>>,
    pub alarm: Rc<fake::Alarm>,
    pub channel: Rc<fake::Channel>,
    pub supply: Rc<fake::Supply>,
    kernel: fake::Kernel,
    block: Cell<u64>,
}

impl Board {
    /// Powers the board up.
    pub fn new(store: &Rc<EnergyStore>) -> Self {
        let board = Board {
            adc: Rc::default(),
            store: store.clone(),
            console: fake::Console::new(),
            leds: fake::Leds::new(),
            alarm: fake::Alarm::new(32_768),
            channel: fake::Channel::new(&[publisher::CHANNEL], &[]),
            supply: fake::Supply::new(),
            kernel: fake::Kernel::new(),
            block: Cell::new(0),
        };
        board.kernel.add_driver(&board.adc);
        board.kernel.add_driver(&board.store);
        board.kernel.add_driver(&board.console);
        board.kernel.add_driver(&board.leds);
        board.kernel.add_driver(&board.alarm);
        board.kernel.add_driver(&board.supply);
        board
    }

    /// Powers a board up that has channels and an external flash as well.
    pub fn with_flash(store: &Rc<EnergyStore>, flash: &Rc<fake::Storage>) -> Self {
        let board = Board::new(store);
        flash.forget();
        board.kernel.add_driver(flash);
        board.kernel.add_driver(&board.channel);
        board
    }

    /// Runs `test` with a started app.
    pub fn run(&self, test: impl FnOnce(&Self, &mut App<'_, '_, fake::Syscalls>)) {
        let signals = Signals::default();
        let mut memory = Memory::new();
        let mut instruments = Instruments::new();
        share::scope(|shares| {
            let mut app =
                App::<fake::Syscalls>::start(shares, &signals, &mut memory, &mut instruments)
                    .expect("starts");
            test(self, &mut app);
        });
    }

    /// One block of the mains passes, and the app does what it has to.
    pub fn block(&self, app: &mut App<'_, '_, fake::Syscalls>, mains: Mains) {
        self.push(mains);
        self.wake(app);
    }

    /// One block passes while the app does not get the CPU.
    pub fn push(&self, mains: Mains) {
        let index = self.block.get();
        self.block.set(index + 1);
        self.adc.push(&mains.block(index));
    }

    /// The app gets the CPU until it would sleep.
    pub fn wake(&self, app: &mut App<'_, '_, fake::Syscalls>) {
        while fake::Syscalls::yield_no_wait() == YieldNoWaitReturn::Upcall {
            app.service().expect("goes on");
        }
    }

    /// Seconds of the mains pass.
    pub fn seconds(&self, app: &mut App<'_, '_, fake::Syscalls>, mains: Mains, seconds: u32) {
        for _ in 0..(u64::from(seconds) * 1_000_000).div_ceil(128 * 153) {
            self.block(app, mains);
        }
    }

    /// Types a line and lets it be read.
    pub fn type_line(&self, app: &mut App<'_, '_, fake::Syscalls>, mains: Mains, line: &str) {
        self.console.type_in(line.as_bytes());
        self.console.type_in(b"\n");
        for _ in 0..10 {
            self.block(app, mains);
        }
    }

    /// What the app has written since the last time.
    pub fn lines(&self) -> Vec<String> {
        String::from_utf8(self.console.take_bytes())
            .expect("ASCII")
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// System calls since the last time.
    pub fn syscalls(&self) -> usize {
        self.kernel.take_syscall_log().len()
    }
}

/// The value of a key in a line, as a number.
pub fn value(line: &str, key: &str) -> f64 {
    line.split(' ')
        .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
        .unwrap_or_else(|| panic!("{key} in {line}"))
        .parse()
        .unwrap_or_else(|_| panic!("{key} in {line}"))
}
