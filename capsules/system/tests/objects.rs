//! The walk over a list of objects in flash: what it finds, where it ends, and that the kernel finds the same.

use capsules_system::tbf_objects::Objects;
use kernel::process::{self, FaultAction};
use testing::app::{padding, seal};
use testing::*;

/// End of the list: erased flash.
const ERASED: [u8; 64] = [0xFF; 64];

fn in_flash(parts: &[&[u8]]) -> &'static [u8] {
    Box::leak(parts.concat().into_boxed_slice())
}

/// Offset in the list, size, and name of each object; the name is `None` where there is no
/// sound header, and empty where the object is no app.
fn walk(flash: &'static [u8]) -> Vec<(usize, usize, Option<String>)> {
    let start = flash.as_ptr().addr();
    let objects = Objects::of(flash).map(|object| {
        let header = object.header();
        let name = header.map(|header| header.get_package_name().unwrap_or_default().to_owned());
        (object.address - start, object.size, name)
    });
    // A walk that never ends fails the test instead of hanging it.
    let walked: Vec<_> = objects.take(100).collect();
    assert!(walked.len() < 100, "the walk ends");
    walked
}

fn named(name: &str) -> Option<String> {
    Some(name.to_owned())
}

/// A whole app whose fixed header is changed, with its checksum set right.
fn changed(name: &'static str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut object = App::new(name).build();
    let header = usize::from(u16::from_le_bytes([object[2], object[3]]));
    change(&mut object);
    seal(&mut object[..header]);
    object
}

fn header_size(size: u16) -> impl FnOnce(&mut Vec<u8>) {
    move |object| object[2..4].copy_from_slice(&size.to_le_bytes())
}

fn total_size(size: usize) -> impl FnOnce(&mut Vec<u8>) {
    move |object| object[4..8].copy_from_slice(&(size as u32).to_le_bytes())
}

#[test]
fn all_objects_come_in_their_order_with_padding_among_them() {
    let (first, second) = (App::new("first").build(), App::new("second").build());
    let flash = in_flash(&[&first, &padding(64), &second, &ERASED]);
    let behind_padding = first.len() + 64;
    assert_eq!(
        walk(flash),
        [
            (0, first.len(), named("first")),
            (first.len(), 64, named("")),
            (behind_padding, second.len(), named("second")),
        ]
    );
    let kinds: Vec<bool> = Objects::of(flash)
        .map(|object| object.header().is_some_and(|header| header.is_app()))
        .collect();
    assert_eq!(kinds, [true, false, true]);
}

#[test]
fn a_list_that_holds_no_object_is_empty() {
    for flash in [&[][..], &[2], &[2, 0, 16, 0, 16, 0, 0], &ERASED, &[0; 64]] {
        assert_eq!(walk(in_flash(&[flash])), [], "{flash:?}");
    }
}

#[test]
fn a_header_that_leaves_the_list_is_none() {
    let app = App::new("cut").build();
    let header = usize::from(u16::from_le_bytes([app[2], app[3]]));
    for length in 0..header {
        assert_eq!(walk(in_flash(&[&app[..length]])), [], "{length} bytes");
    }
    let whole = [(0, app.len(), named("cut"))];
    assert_eq!(walk(in_flash(&[&app[..header]])), whole);
}

#[test]
fn an_object_with_a_header_of_no_sound_length_is_stepped_over() {
    let last = App::new("last").build();
    for size in [0, 8, 15] {
        let unsound = changed("unsound", header_size(size));
        let flash = in_flash(&[&unsound, &last, &ERASED]);
        let expected = [(unsound.len(), last.len(), named("last"))];
        assert_eq!(walk(flash), expected, "{size} bytes");
    }
    // Longer than its object.
    let object = App::new("unsound").build();
    let mut unsound = object.clone();
    header_size(object.len() as u16 + 4)(&mut unsound);
    let flash = in_flash(&[&unsound, &last, &ERASED]);
    assert_eq!(walk(flash), [(unsound.len(), last.len(), named("last"))]);
}

#[test]
fn an_object_with_a_wrong_checksum_is_found_without_a_header() {
    let (mut broken, last) = (App::new("broken").build(), App::new("last").build());
    broken[12] ^= 1;
    assert_eq!(
        walk(in_flash(&[&broken, &last, &ERASED])),
        [
            (0, broken.len(), None),
            (broken.len(), last.len(), named("last")),
        ]
    );
}

#[test]
fn the_list_ends_at_an_object_too_short_to_step_over() {
    let first = App::new("first").build();
    for size in [0, 1, 15] {
        let short = changed("short", total_size(size));
        let flash = in_flash(&[&first, &short, &first, &ERASED]);
        assert_eq!(
            walk(flash),
            [(0, first.len(), named("first"))],
            "size {size}"
        );
    }
}

#[test]
fn an_object_that_claims_more_than_the_list_has_is_its_last() {
    let first = App::new("first").build();
    for size in [first.len() + 4_096, u32::MAX as usize & !3] {
        let long = changed("long", total_size(size));
        let flash = in_flash(&[&long, &first, &ERASED]);
        let walked = walk(flash);
        assert_eq!(walked, [(0, size, named("long"))], "size {size}");
    }
}

/// Addresses of the processes that the kernel makes of a list.
fn loaded(flash: &'static [u8]) -> Vec<usize> {
    let (kernel, slots) = bare_kernel();
    let host = HostKernel::assemble(kernel, slots, Drivers::new(), round_robin(slots));
    let policy = forever(Always(FaultAction::Stop));
    process::load_processes(kernel, host.chip, flash, ram(32_768), policy, &Power)
        .expect("there is room for all");
    let processes = slots.as_slice().iter().filter_map(|slot| slot.get());
    processes
        .map(|process| process.get_addresses().flash_start)
        .collect()
}

#[test]
fn the_kernel_makes_a_process_of_each_whole_app_of_the_list_and_of_nothing_else() {
    let app = |name| App::new(name).build();
    let disabled = App {
        flags: 0,
        ..App::new("disabled")
    };
    let mut broken = app("broken");
    broken[12] ^= 1;
    let lists = [
        vec![app("a"), padding(64), app("b"), ERASED.to_vec()],
        vec![app("a"), disabled.build(), app("b"), ERASED.to_vec()],
        vec![broken, app("a"), ERASED.to_vec()],
        vec![changed("short", header_size(8)), app("a"), ERASED.to_vec()],
        vec![app("a"), changed("none", total_size(0)), app("b")],
        vec![app("a"), changed("long", total_size(100_000)), app("b")],
        vec![app("a"), app("b")[..40].to_vec()],
        vec![padding(16), app("a"), vec![2, 0, 16]],
    ];
    for (number, list) in lists.iter().enumerate() {
        let flash = in_flash(&[&list.concat()]);
        let end = flash.as_ptr_range().end.addr();
        let expected: Vec<usize> = Objects::of(flash)
            .filter(|object| object.address + object.size <= end)
            .filter(|object| {
                let header = object.header();
                header.is_some_and(|header| header.is_app() && header.enabled())
            })
            .map(|object| object.address)
            .collect();
        assert!(!expected.is_empty());
        assert_eq!(loaded(flash), expected, "list {number}");
    }
}
