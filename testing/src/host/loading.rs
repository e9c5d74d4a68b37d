//! The loader that checks credentials, and identities by nothing but the header.

use kernel::process::{
    Process, ProcessBinary, ProcessFaultPolicy, SequentialProcessLoaderMachine, ShortId,
};
use kernel::process_checker::{
    AppCredentialsPolicy, AppIdPolicy, AppUniqueness, Compress, ProcessCheckerMachine,
};
use kernel::utilities::cells::MapCell;
use kernel::Kernel;

use super::{forever, ram, FakeChip, Power, RAM};

/// Binaries of a list that the loader looks at.
const BINARIES: usize = 8;

pub type Loader = SequentialProcessLoaderMachine<'static, FakeChip>;

/// A loader of the objects in `flash`. It has no client yet, is not registered
/// for its deferred calls, and has not been started.
pub fn loader(
    kernel: &'static Kernel,
    chip: &'static FakeChip,
    flash: &'static [u8],
    credentials: &'static dyn AppCredentialsPolicy<'static>,
    identities: &'static dyn AppIdPolicy,
    faults: &'static dyn ProcessFaultPolicy,
) -> &'static Loader {
    let checker = forever(ProcessCheckerMachine::new(credentials));
    credentials.set_client(checker);
    let binaries: &'static [MapCell<ProcessBinary>] =
        Box::leak((0..BINARIES).map(|_| MapCell::empty()).collect());
    let loader = forever(SequentialProcessLoaderMachine::new(
        checker,
        binaries,
        kernel,
        chip,
        flash,
        ram(RAM),
        faults,
        &(),
        identities,
        &Power,
    ));
    checker.set_client(loader);
    loader
}

/// An app is who its header says it is.
pub struct ByHeader;

impl Compress for ByHeader {
    fn to_short_id(&self, binary: &ProcessBinary) -> ShortId {
        binary.header.get_fixed_short_id().into()
    }
}

impl AppUniqueness for ByHeader {
    fn different_identifier(&self, a: &ProcessBinary, b: &ProcessBinary) -> bool {
        self.to_short_id(a) != self.to_short_id(b)
    }

    fn different_identifier_process(&self, a: &ProcessBinary, b: &dyn Process) -> bool {
        self.to_short_id(a) != b.short_app_id()
    }

    fn different_identifier_processes(&self, a: &dyn Process, b: &dyn Process) -> bool {
        a.short_app_id() != b.short_app_id()
    }
}
