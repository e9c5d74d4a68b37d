//! Driver 0x5 on an ADC whose samples count.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use capsules_core::adc::{AdcDedicated, BUF_LEN, DRIVER_NUM};
use kernel::hil::adc::{Adc, AdcHighSpeed, Client, HighSpeedClient};
use kernel::syscall::SyscallReturn;
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

use testing::{forever, HostKernel, Power};

#[derive(Default)]
struct Converter {
    running: Cell<bool>,
    buffers: RefCell<VecDeque<(&'static mut [u16], usize)>>,
    next: Cell<u16>,
    client: OptionalCell<&'static dyn Client>,
    highspeed_client: OptionalCell<&'static dyn HighSpeedClient>,
}

impl Adc<'static> for Converter {
    type Channel = u8;

    fn sample(&self, _channel: &u8) -> Result<(), ErrorCode> {
        self.running.set(true);
        Ok(())
    }

    fn sample_continuous(&self, _channel: &u8, frequency: u32) -> Result<(), ErrorCode> {
        if frequency == 0 {
            return Err(ErrorCode::INVAL);
        }
        self.running.set(true);
        Ok(())
    }

    fn stop_sampling(&self) -> Result<(), ErrorCode> {
        self.running.set(false);
        Ok(())
    }

    fn get_resolution_bits(&self) -> usize {
        14
    }

    fn get_voltage_reference_mv(&self) -> Option<usize> {
        Some(3000)
    }

    fn set_client(&self, client: &'static dyn Client) {
        self.client.set(client);
    }
}

impl AdcHighSpeed<'static> for Converter {
    fn sample_highspeed(
        &self,
        _channel: &u8,
        frequency: u32,
        buffer1: &'static mut [u16],
        length1: usize,
        buffer2: &'static mut [u16],
        length2: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u16], &'static mut [u16])> {
        if frequency == 0 {
            return Err((ErrorCode::INVAL, buffer1, buffer2));
        }
        self.running.set(true);
        self.buffers
            .borrow_mut()
            .extend([(buffer1, length1), (buffer2, length2)]);
        Ok(())
    }

    fn provide_buffer(
        &self,
        buf: &'static mut [u16],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u16])> {
        let mut buffers = self.buffers.borrow_mut();
        assert!(length > 0 && buffers.len() < 2);
        buffers.push_back((buf, length));
        Ok(())
    }

    fn retrieve_buffers(
        &self,
    ) -> Result<(Option<&'static mut [u16]>, Option<&'static mut [u16]>), ErrorCode> {
        assert!(!self.running.get());
        let mut buffers = self.buffers.borrow_mut();
        let mut take = || buffers.pop_front().map(|(buffer, _)| buffer);
        Ok((take(), take()))
    }

    fn set_highspeed_client(&self, client: &'static dyn HighSpeedClient) {
        self.highspeed_client.set(client);
    }
}

impl Converter {
    fn sample_ready(&self, sample: u16) {
        self.client.map(|client| client.sample_ready(sample));
    }

    /// Fills the oldest buffer.
    fn fill(&self) {
        let (buffer, length) = self.buffers.borrow_mut().pop_front().unwrap();
        for place in &mut buffer[..length] {
            *place = self.next.get();
            self.next.set(self.next.get() + 1);
        }
        self.highspeed_client
            .map(|client| client.samples_ready(buffer, length));
    }
}

fn setup() -> (HostKernel, &'static Converter) {
    setup_with(2, 0)
}

/// The driver and so many apps, each with a function for this upcall.
fn setup_with(apps: usize, upcall: usize) -> (HostKernel, &'static Converter) {
    let converter = forever(Converter::default());
    let host = HostKernel::with_processes(apps, |kernel| {
        let buffer = || Box::leak(Box::new([0; BUF_LEN]));
        let driver = forever(AdcDedicated::new(
            converter,
            kernel.create_grant(DRIVER_NUM, &Power),
            &[3, 4],
            buffer(),
            buffer(),
            buffer(),
        ));
        converter.set_client(driver);
        converter.set_highspeed_client(driver);
        vec![(DRIVER_NUM, driver)]
    });
    (0..apps).for_each(|app| host.subscribe(app, DRIVER_NUM, upcall));
    (host, converter)
}

fn samples(bytes: &[u8]) -> Vec<u16> {
    bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

#[test]
fn samples_once_and_again() {
    let (host, converter) = setup();
    let command = |number, a, b| host.command(0, DRIVER_NUM, number, a, b);
    assert_eq!(command(0, 0, 0), SyscallReturn::SuccessU32(2));
    assert_eq!(command(101, 0, 0), SyscallReturn::SuccessU32(14));
    assert_eq!(command(102, 0, 0), SyscallReturn::SuccessU32(3000));
    assert_eq!(command(1, 2, 0), SyscallReturn::Failure(ErrorCode::INVAL));
    assert_eq!(command(1, 1, 0), SyscallReturn::Success);
    assert_eq!(command(1, 1, 0), SyscallReturn::Failure(ErrorCode::BUSY));
    converter.sample_ready(0x8000);
    assert_eq!(host.upcalls(0), [(0, [0, 1, 0x8000])]);

    assert_eq!(command(2, 0, 0), SyscallReturn::Failure(ErrorCode::INVAL));
    assert_eq!(command(2, 0, 100), SyscallReturn::Success);
    converter.sample_ready(1);
    converter.sample_ready(2);
    assert_eq!(host.upcalls(0), [(0, [1, 0, 1]), (0, [1, 0, 2])]);
    assert_eq!(command(5, 0, 0), SyscallReturn::Success);
    assert!(!converter.running.get());
    assert_eq!(command(5, 0, 0), SyscallReturn::Success);
}

#[test]
fn single_samples_of_several_apps_take_turns() {
    let (host, converter) = setup_with(3, 0);
    let command = |app, number, channel| host.command(app, DRIVER_NUM, number, channel, 1_000);
    let busy = SyscallReturn::Failure(ErrorCode::BUSY);
    assert_eq!(command(2, 1, 0), SyscallReturn::Success);
    assert_eq!(command(1, 1, 1), SyscallReturn::Success);
    assert_eq!(command(0, 1, 0), SyscallReturn::Success);
    assert_eq!(command(2, 1, 0), busy);
    assert_eq!(command(1, 1, 0), busy, "it waits already");
    assert_eq!(
        command(1, 2, 0),
        busy,
        "no stream before all have had their turn"
    );
    let unknown = SyscallReturn::Failure(ErrorCode::INVAL);
    assert_eq!(command(0, 1, 2), unknown);
    converter.sample_ready(0x10);
    // Whoever asks again stands behind those who have waited.
    assert_eq!(command(2, 1, 0), SyscallReturn::Success);
    for sample in [0x20, 0x30, 0x40] {
        assert!(converter.running.get());
        converter.running.set(false);
        converter.sample_ready(sample);
    }
    assert!(!converter.running.get());
    assert_eq!(host.upcalls(2), [(0, [0, 0, 0x10]), (0, [0, 0, 0x40])]);
    assert_eq!(host.upcalls(1), [(0, [0, 1, 0x20])]);
    assert_eq!(host.upcalls(0), [(0, [0, 0, 0x30])]);
    // All have been served.
    assert_eq!(command(0, 2, 0), SyscallReturn::Success);
}

#[test]
fn an_app_that_waits_can_stop_or_end_without_a_sample() {
    let (host, converter) = setup_with(3, 0);
    for app in 0..3 {
        host.command(app, DRIVER_NUM, 1, 0, 0);
    }
    let stopped = host.command(1, DRIVER_NUM, 5, 0, 0);
    assert_eq!(stopped, SyscallReturn::Success);
    assert!(converter.running.get(), "the first one's goes on");
    host.end(0);
    converter.sample_ready(1);
    converter.sample_ready(2);
    assert_eq!(host.upcalls(1), []);
    assert_eq!(host.upcalls(2), [(0, [0, 0, 2])]);
    // Who stops what is under way lets the next one have its turn.
    host.command(1, DRIVER_NUM, 1, 0, 0);
    host.command(2, DRIVER_NUM, 1, 1, 0);
    host.command(1, DRIVER_NUM, 5, 0, 0);
    assert!(converter.running.get());
    converter.sample_ready(3);
    assert_eq!(host.upcalls(2), [(0, [0, 1, 3])]);
}

#[test]
fn the_second_upcall_names_the_buffer_by_its_number() {
    let (host, converter) = setup_with(1, 1);
    let command = |number| host.command(0, DRIVER_NUM, number, 1, 1_000);
    command(1);
    converter.sample_ready(0x1230);
    command(2);
    converter.sample_ready(0x4560);
    command(5);
    assert_eq!(host.upcalls(0), [(1, [0, 1, 0x1230]), (1, [1, 1, 0x4560])]);
    host.allow_rw(0, DRIVER_NUM, 0, 64, 40);
    host.allow_rw(0, DRIVER_NUM, 1, 128, 60);
    command(3);
    converter.fill();
    assert_eq!(host.upcalls(0), [(1, [2, 20 << 8 | 1, 0])]);
    command(4);
    for _ in 0..3 {
        converter.fill();
    }
    let (first, second) = ([3, 20 << 8 | 1, 0], [3, 30 << 8 | 1, 1]);
    assert_eq!(host.upcalls(0), [(1, first), (1, second), (1, first)]);
}

#[test]
fn the_adc_belongs_to_the_app_that_streams_until_it_ends() {
    let (host, converter) = setup();
    host.command(0, DRIVER_NUM, 2, 0, 100);
    assert_eq!(
        host.command(1, DRIVER_NUM, 1, 0, 0),
        SyscallReturn::Failure(ErrorCode::NOMEM)
    );
    assert_eq!(
        host.command(1, DRIVER_NUM, 0, 0, 0),
        SyscallReturn::SuccessU32(2)
    );
    host.end(0);
    converter.sample_ready(1);
    assert!(!converter.running.get());
    assert_eq!(host.command(1, DRIVER_NUM, 1, 0, 0), SyscallReturn::Success);
}

#[test]
fn fills_one_buffer_and_stops() {
    let (host, converter) = setup();
    assert_eq!(
        host.command(0, DRIVER_NUM, 3, 0, 1000),
        SyscallReturn::Failure(ErrorCode::NOMEM)
    );
    host.allow_rw(0, DRIVER_NUM, 0, 64, 600);
    assert_eq!(
        host.command(0, DRIVER_NUM, 3, 1, 0),
        SyscallReturn::Failure(ErrorCode::INVAL)
    );
    assert_eq!(
        host.command(0, DRIVER_NUM, 3, 1, 1000),
        SyscallReturn::Success
    );
    converter.fill();
    converter.fill();
    assert!(host.upcalls(0).is_empty());
    converter.fill();
    let address = host.memory(0) + 64;
    assert_eq!(host.upcalls(0), [(0, [2, 300 << 8 | 1, address])]);
    assert!(!converter.running.get());
    assert!(samples(&host.peek(0, 64, 600)).into_iter().eq(0..300));
    // All the driver's buffers are back: it can start again.
    assert_eq!(
        host.command(0, DRIVER_NUM, 3, 1, 1000),
        SyscallReturn::Success
    );
}

#[test]
fn fills_two_buffers_in_turn() {
    let (host, converter) = setup();
    host.allow_rw(0, DRIVER_NUM, 0, 64, 40);
    assert_eq!(
        host.command(0, DRIVER_NUM, 4, 0, 1000),
        SyscallReturn::Failure(ErrorCode::NOMEM)
    );
    host.allow_rw(0, DRIVER_NUM, 1, 128, 300);
    assert_eq!(
        host.command(0, DRIVER_NUM, 4, 0, 1000),
        SyscallReturn::Success
    );
    let (first, second) = (host.memory(0) + 64, host.memory(0) + 128);
    converter.fill();
    assert_eq!(host.upcalls(0), [(0, [3, 20 << 8, first])]);
    assert!(samples(&host.peek(0, 64, 40)).into_iter().eq(0..20));
    converter.fill();
    converter.fill();
    assert_eq!(host.upcalls(0), [(0, [3, 150 << 8, second])]);
    assert!(samples(&host.peek(0, 128, 300)).into_iter().eq(20..170));
    converter.fill();
    assert_eq!(host.upcalls(0), [(0, [3, 20 << 8, first])]);
    assert_eq!(host.command(0, DRIVER_NUM, 5, 0, 0), SyscallReturn::Success);
    assert!(converter.buffers.borrow().is_empty());
    // A buffer that is taken back only loses its samples.
    assert_eq!(
        host.command(0, DRIVER_NUM, 4, 0, 1000),
        SyscallReturn::Success
    );
    host.allow_rw(0, DRIVER_NUM, 0, 0, 0);
    converter.fill();
    assert_eq!(host.upcalls(0).len(), 1);
    assert!(converter.running.get());
}
