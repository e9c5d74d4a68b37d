//! Capsules name nothing of the crates `kernel` and `tock_tbf` that upstream Tock's do not have.
//!
//! A capsule is to compile against either kernel. What upstream lacks is a trait of
//! `meter-hil` or `capsules-system` that a chip or a board implements (`word_flash`,
//! `step_call`, `WakeHint`). Signatures are looked up once, when a line is added below;
//! at upstream's 65608d7 they were these.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What upstream's crates have, and capsules here may name.
const UPSTREAM: &str = "
kernel::ErrorCode
kernel::Kernel
kernel::{KERNEL_MAJOR_VERSION, KERNEL_MINOR_VERSION}
kernel::ProcessId
kernel::capabilities::ProcessManagementCapability
kernel::collections::list::{List, ListLink, ListNode}
kernel::debug
kernel::debug::DebugWriter
kernel::deferred_call::{DeferredCall, DeferredCallClient}
kernel::errorcode
kernel::errorcode::into_statuscode
kernel::grant::{AllowRoCount, AllowRwCount, Grant, GrantKernelData, UpcallCount}
kernel::hil::adc::{Adc, AdcHighSpeed, Client, HighSpeedClient}
kernel::hil::entropy
kernel::hil::entropy::{Client32, Continue, Entropy32}
kernel::hil::gpio::{ActivationMode, ActivationState, ClientWithValue, Configure, FloatingState}
kernel::hil::gpio::{Input, InterruptEdge, InterruptPin, InterruptValueWrapper, InterruptWithValue}
kernel::hil::led::Led
kernel::hil::rng
kernel::hil::rng::{Client, Continue, Rng}
kernel::hil::sensors::{TemperatureClient, TemperatureDriver}
kernel::hil::time::{Alarm, AlarmClient, ConvertTicks, Frequency, OverflowClient}
kernel::hil::time::{Ticks, Ticks24, Ticks32, Ticks64, Time}
kernel::hil::uart
kernel::hil::uart::{Error, Parity, Receive, ReceiveClient}
kernel::hil::uart::{StopBits, Transmit, TransmitClient, Width}
kernel::platform::SyscallFilter
kernel::platform::chip::Chip
kernel::process::{Error, FaultAction, Process, ProcessBinary, ProcessFaultPolicy, ProcessId}
kernel::process::{ProcessLoadError, ProcessLoadingAsync, ProcessLoadingAsyncClient, ProcessSlot}
kernel::process::{ShortId, State, StoppedExecutingReason, StoppedState}
kernel::process_checker::{AppCredentialsPolicy, AppCredentialsPolicyClient, AppUniqueness}
kernel::process_checker::{CheckResult, CheckResultAcceptMetadata, Compress}
kernel::processbuffer::{ReadableProcessBuffer, WriteableProcessBuffer, WriteableProcessSlice}
kernel::scheduler::{Scheduler, SchedulingDecision}
kernel::syscall::{CommandReturn, Syscall, SyscallDriver, SyscallReturn}
kernel::utilities::io_write::IoWrite
kernel::utilities::cells::{MapCell, OptionalCell, TakeCell}
tock_tbf::parse::{parse_tbf_header, parse_tbf_header_lengths}
tock_tbf::types::{CommandPermissions, InitialTbfParseError}
tock_tbf::types::TbfParseError
tock_tbf::types::{TbfFooterV2Credentials, TbfFooterV2CredentialsType, TbfHeader}
";

/// The crates whose items are checked.
const CRATES: [&str; 2] = ["kernel::", "tock_tbf::"];

/// The source files of a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The paths that start at the beginning of `text`: one, or those of a tree of `use`.
fn paths(text: &str) -> Vec<String> {
    let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    let stem_end = text.find(|letter| !is_path(letter)).unwrap_or(text.len());
    let (stem, rest) = text.split_at(stem_end);
    let Some(inside) = rest.strip_prefix('{').filter(|_| stem.ends_with("::")) else {
        return vec![stem.trim_end_matches(':').to_string()];
    };
    branches(inside)
        .into_iter()
        .flat_map(paths)
        .map(|branch| match branch.as_str() {
            "self" => stem.trim_end_matches(':').to_string(),
            _ => format!("{stem}{branch}"),
        })
        .collect()
}

/// The branches of a tree, of which `text` begins behind the opening brace.
fn branches(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (place, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let branch = text[start..place].trim();
                if !branch.is_empty() {
                    found.push(branch);
                }
                start = place + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// Every path of the crates that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let code: Vec<&str> = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line))
        .collect();
    let code = code.join("\n");
    CRATES
        .iter()
        .flat_map(|name| code.match_indices(name))
        .filter(|(place, _)| {
            let before = code[..*place].chars().next_back();
            !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':')
        })
        .flat_map(|(place, _)| paths(&code[place..]))
        .collect()
}

/// Whether a path is one of the list, or goes on from one (a method, a variant).
fn is_upstreams(path: &str, list: &BTreeSet<String>) -> bool {
    list.contains(path)
        || list.iter().any(|item| {
            let is_type = item
                .rsplit("::")
                .next()
                .is_some_and(|name| name.starts_with(char::is_uppercase));
            is_type && path.starts_with(&format!("{item}::"))
        })
}

#[test]
fn capsules_name_only_what_upstream_has() {
    let here = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let capsules = Path::new(&here).parent().expect("the folder of capsules");
    let mut files = Vec::new();
    for name in ["core", "metering", "support", "system", "trust"] {
        sources(&capsules.join(name).join("src"), &mut files);
    }
    sources(&capsules.join("../libraries/meter-hil/src"), &mut files);
    let list: BTreeSet<String> = UPSTREAM.lines().flat_map(named).collect();
    let mut used = BTreeSet::new();
    for file in &files {
        for path in named(&fs::read_to_string(file).expect("a source file")) {
            assert!(
                is_upstreams(&path, &list),
                "{} names {path}, which is not on the list of what upstream's kernel has. \
                 If upstream has it, with the same signature, add it to {}; if not, make it a \
                 trait of meter-hil or capsules-system that the board implements.",
                file.display(),
                file!(),
            );
            used.insert(path);
        }
    }
    // A list that is longer than it need be hides what is gone.
    let unused: Vec<&String> = list
        .iter()
        .filter(|item| !used.iter().any(|path| path.starts_with(item.as_str())))
        .collect();
    assert!(unused.is_empty(), "no capsule names {unused:?} any more");
    assert!(files.len() > 50 && used.len() > 60);
}

#[test]
fn names_are_found_wherever_they_stand() {
    let text = "
        use kernel::{debug, hil::{self, uart::{Error, Width as W}}, ErrorCode};
        // kernel::not::this
        fn f(_: &my_kernel::Other) -> Result<(), kernel::process::Error> {
            tock_tbf::parse::parse_tbf_header(kernel::Deferred::new())
        }";
    let expected = [
        "kernel::Deferred::new",
        "kernel::ErrorCode",
        "kernel::debug",
        "kernel::hil",
        "kernel::hil::uart::Error",
        "kernel::hil::uart::Width",
        "kernel::process::Error",
        "tock_tbf::parse::parse_tbf_header",
    ];
    let found: Vec<String> = named(text).into_iter().collect();
    assert_eq!(found, expected);
    let list = BTreeSet::from(["kernel::Deferred".to_string(), "kernel::hil".to_string()]);
    assert!(is_upstreams("kernel::Deferred::new", &list));
    assert!(!is_upstreams("kernel::hil::uart", &list));
    assert!(!is_upstreams("kernel::DeferredToo", &list));
}
