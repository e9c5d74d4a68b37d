//! Driver 0x40001 on a source that counts.

use std::cell::Cell;

use capsules_core::rng::{Entropy32ToRandom, RngDriver, DRIVER_NUM};
use kernel::hil::entropy::{Client32, Continue, Entropy32};
use kernel::hil::rng::Rng;
use kernel::syscall::SyscallReturn;
use kernel::utilities::cells::OptionalCell;
use kernel::ErrorCode;

use testing::bench::{grants, Bench};
use testing::host::forever;

#[derive(Default)]
struct Source {
    wanted: Cell<bool>,
    off: Cell<bool>,
    client: OptionalCell<&'static dyn Client32>,
}

impl Entropy32<'static> for Source {
    fn get(&self) -> Result<(), ErrorCode> {
        if self.off.get() {
            return Err(ErrorCode::OFF);
        }
        self.wanted.set(true);
        Ok(())
    }

    fn cancel(&self) -> Result<(), ErrorCode> {
        Ok(())
    }

    fn set_client(&'static self, client: &'static dyn Client32) {
        self.client.set(client);
    }
}

impl Source {
    /// Gives words once.
    fn give(&self, words: &[u32], result: Result<(), ErrorCode>) {
        assert!(self.wanted.take());
        let client = self.client.get().unwrap();
        let wants = client.entropy_available(&mut words.iter().copied(), result);
        self.wanted.set(wants == Continue::More);
    }
}

fn setup() -> (Bench, &'static Source) {
    let source = forever(Source::default());
    let bench = Bench::new(|kernel| {
        let random = forever(Entropy32ToRandom::new(source));
        let driver = forever(RngDriver::new(
            random,
            kernel.create_grant(DRIVER_NUM, grants()),
        ));
        random.set_client(driver);
        vec![(DRIVER_NUM, driver)]
    });
    bench.subscribe(0, DRIVER_NUM, 0);
    bench.subscribe(1, DRIVER_NUM, 0);
    (bench, source)
}

#[test]
fn fills_buffers_as_entropy_comes() {
    let (bench, source) = setup();
    bench.allow_rw(0, DRIVER_NUM, 0, 64, 6);
    assert_eq!(
        bench.command(0, DRIVER_NUM, 1, 6, 0),
        SyscallReturn::Success
    );
    source.give(&[0x0403_0201], Ok(()));
    assert!(source.wanted.get());
    assert!(bench.upcalls(0).is_empty());
    source.give(&[0x0807_0605, 0xFFFF_FFFF], Ok(()));
    assert!(!source.wanted.get());
    assert_eq!(bench.upcalls(0), [(0, [0, 6, 0])]);
    assert_eq!(bench.peek(0, 64, 6), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn no_two_apps_get_the_same_bytes() {
    let (bench, source) = setup();
    for index in 0..2 {
        bench.allow_rw(index, DRIVER_NUM, 0, 64, 100);
        bench.command(index, DRIVER_NUM, 1, 4, 0);
    }
    source.give(&[0x1111_1111, 0x2222_2222], Ok(()));
    assert_ne!(bench.peek(0, 64, 4), bench.peek(1, 64, 4));
    assert_eq!(bench.upcalls(0), [(0, [0, 4, 0])]);
    assert_eq!(bench.upcalls(1), [(0, [0, 4, 0])]);
}

#[test]
fn a_request_beyond_the_buffer_is_served_with_what_fits() {
    let (bench, source) = setup();
    bench.allow_rw(0, DRIVER_NUM, 0, 64, 3);
    bench.command(0, DRIVER_NUM, 1, usize::MAX, 0);
    source.give(&[7], Ok(()));
    assert_eq!(bench.upcalls(0), [(0, [0, 3, 0])]);
    // Without a buffer nothing fits.
    bench.command(1, DRIVER_NUM, 1, 4, 0);
    source.give(&[7], Ok(()));
    assert_eq!(bench.upcalls(1), [(0, [0, 0, 0])]);
}

#[test]
fn errors_are_told_and_do_not_block() {
    let (bench, source) = setup();
    bench.allow_rw(0, DRIVER_NUM, 0, 64, 4);
    source.off.set(true);
    assert_eq!(
        bench.command(0, DRIVER_NUM, 1, 4, 0),
        SyscallReturn::Failure(ErrorCode::OFF)
    );
    source.off.set(false);
    bench.command(0, DRIVER_NUM, 1, 4, 0);
    source.give(&[], Err(ErrorCode::FAIL));
    assert!(!source.wanted.get());
    assert_eq!(bench.upcalls(0), [(0, [ErrorCode::FAIL as usize, 0, 0])]);
    bench.command(0, DRIVER_NUM, 1, 4, 0);
    source.give(&[9], Ok(()));
    assert_eq!(bench.upcalls(0), [(0, [0, 4, 0])]);
}
