//! Loading: lists of objects, sound and hostile.

use capsules_system::process_policies::StopFaultPolicy;
use kernel::process::{self, ProcessLoadError, State};
use testing::*;

struct Loaded {
    result: Result<(), ProcessLoadError>,
    slots: &'static Slots,
}

impl Loaded {
    fn names(&self) -> Vec<&'static str> {
        self.slots
            .as_slice()
            .iter()
            .filter_map(|slot| slot.get())
            .map(|process| process.get_process_name())
            .collect()
    }
}

fn load_into(flash: Vec<u8>, memory: &'static mut [u8]) -> Loaded {
    let (kernel, slots) = bare_kernel();
    let chip = forever(FakeChip::new());
    let flash = Box::leak(flash.into_boxed_slice());
    let policy = forever(StopFaultPolicy {});
    let result = process::load_processes(kernel, chip, flash, memory, policy, &Power);
    Loaded { result, slots }
}

fn load(flash: Vec<u8>) -> Loaded {
    load_into(flash, ram(32 * 1024))
}

fn names(flash: Vec<u8>) -> Vec<&'static str> {
    let loaded = load(flash);
    assert!(loaded.result.is_ok());
    loaded.names()
}

fn app(name: &'static str) -> App {
    App::new(name).min_ram(1024)
}

fn concat(objects: &[Vec<u8>]) -> Vec<u8> {
    objects.concat()
}

#[test]
fn nothing_is_no_error() {
    assert!(names(vec![]).is_empty());
    assert!(names(vec![0xFF; 4]).is_empty());
    assert!(names(vec![0xFF; 1024]).is_empty());
    assert!(names(vec![0; 1024]).is_empty());
}

#[test]
fn padding_and_disabled_apps_are_passed_over() {
    let disabled = App {
        flags: 0,
        ..app("disabled")
    };
    let flash = concat(&[
        app::padding(16),
        app("one").build(),
        app::padding(512),
        disabled.build(),
        app::padding(20),
        app("two").build(),
    ]);
    assert_eq!(names(flash), ["one", "two"]);
}

#[test]
fn sticky_apps_run() {
    let sticky = App {
        flags: 3,
        ..app("sticky")
    };
    assert_eq!(names(sticky.build()), ["sticky"]);
}

#[test]
fn broken_header_is_passed_over() {
    let mut broken_sum = app("sum").build();
    broken_sum[12] ^= 1;
    let mut header_too_short = app("short").build();
    header_too_short[2..4].copy_from_slice(&12u16.to_le_bytes());
    let mut header_too_long = app("long").build();
    header_too_long[2..4].copy_from_slice(&0xFFF0u16.to_le_bytes());
    let mut header_odd = app("odd").build();
    header_odd[2] += 1;
    for broken in [broken_sum, header_too_short, header_too_long, header_odd] {
        let flash = concat(&[app("before").build(), broken, app("after").build()]);
        assert_eq!(names(flash), ["before", "after"]);
    }
}

#[test]
fn list_ends_at_another_version_and_at_the_end_of_flash() {
    let mut other = app("other").build();
    other[0] = 3;
    let flash = concat(&[app("one").build(), other, app("two").build()]);
    assert_eq!(names(flash), ["one"]);

    let mut beyond = app("beyond").build();
    let length = beyond.len() as u32;
    beyond[4..8].copy_from_slice(&(length + 4).to_le_bytes());
    assert_eq!(names(concat(&[app("one").build(), beyond])), ["one"]);

    let cut = app("cut").build();
    for end in 0..cut.len() {
        let flash = concat(&[app("one").build(), cut[..end].to_vec()]);
        assert_eq!(names(flash), ["one"]);
    }
}

#[test]
fn objects_without_size_end_the_list() {
    for size in 0..16u32 {
        let mut object = app("tiny").build();
        object[4..8].copy_from_slice(&size.to_le_bytes());
        assert_eq!(names(concat(&[app("one").build(), object])), ["one"]);
    }
}

#[test]
fn unknown_elements_are_skipped() {
    let app = app("new").element(77, &[1, 2, 3]).element(0xFFFF, &[9; 40]);
    assert_eq!(names(app.build()), ["new"]);
}

#[test]
fn elements_of_wrong_length_reject_the_app() {
    for (element, payload) in [
        (1, vec![0; 8]),
        (9, vec![0; 16]),
        (2, vec![0; 12]),
        (5, vec![0; 4]),
        (6, vec![1, 0]),
        (6, vec![0]),
        (7, vec![0; 5]),
        (8, vec![2, 0]),
        (10, vec![0; 8]),
        (128, vec![0; 8]),
        (3, vec![0xFF, 0xFE]),
    ] {
        let flash = concat(&[
            app("bad").element(element, &payload).build(),
            app("good").build(),
        ]);
        assert_eq!(names(flash), ["good"], "element {element}");
    }
}

#[test]
fn kernel_version_must_fit() {
    let version = |major: u16, minor: u16| {
        let payload = [major.to_le_bytes(), minor.to_le_bytes()].concat();
        names(app("app").element(8, &payload).build()).len()
    };
    for minor in [0, 1, 2, 3] {
        assert_eq!(version(2, minor), 1);
    }
    for (major, minor) in [(2, 4), (1, 0), (3, 0), (0, 0), (2, u16::MAX)] {
        assert_eq!(version(major, minor), 0);
    }
    let silent = App {
        says_kernel_version: false,
        ..app("silent")
    };
    assert!(names(silent.build()).is_empty(), "it may need any");
}

#[test]
fn fixed_addresses_that_do_not_hold_reject_the_app() {
    let fixed = |ram: u32, flash: u32| {
        let payload = [ram.to_le_bytes(), flash.to_le_bytes()].concat();
        let list = [
            app("fixed").element(5, &payload).build(),
            app("free").build(),
        ];
        names(concat(&list))
    };
    // Neither is where the host put RAM and flash.
    assert_eq!(fixed(0x2000_0000, u32::MAX), ["free"]);
    assert_eq!(fixed(u32::MAX, 0x4_0000), ["free"]);
    assert_eq!(fixed(0, u32::MAX), ["free"]);
    assert_eq!(fixed(u32::MAX, u32::MAX), ["fixed", "free"]);
}

#[test]
fn app_that_wants_too_much_leaves_memory_to_the_others() {
    for min_ram in [32 * 1024, 1 << 20, u32::MAX, u32::MAX - 4096] {
        let flash = concat(&[
            app("greedy").min_ram(min_ram).build(),
            app("modest").build(),
        ]);
        assert_eq!(names(flash), ["modest"], "{min_ram}");
    }
}

#[test]
fn memory_too_small_for_anything() {
    for size in [0, 1, 16, 100, 1000] {
        let loaded = load_into(app("app").build(), ram(size));
        assert!(loaded.result.is_ok());
        assert!(loaded.names().is_empty());
    }
}

#[test]
fn full_table_is_reported() {
    let apps: Vec<_> = ["1", "2", "3", "4", "5"].map(app).to_vec();
    let loaded = load(app::list(&apps));
    assert!(matches!(
        loaded.result,
        Err(ProcessLoadError::NoProcessSlot)
    ));
    assert_eq!(loaded.names(), ["1", "2", "3", "4"]);
    let loaded = load(app::list(&apps[..4]));
    assert!(loaded.result.is_ok());
}

#[test]
fn blocks_do_not_overlap() {
    let apps: Vec<_> = ["1", "2", "3", "4"].map(app).to_vec();
    let loaded = load(app::list(&apps));
    let mut end = 0;
    for slot in loaded.slots.as_slice() {
        let process = slot.get().unwrap();
        let at = process.get_addresses();
        assert!(at.sram_start >= end);
        assert_eq!(at.sram_app_brk, at.sram_start + 32);
        assert!(at.sram_grant_start >= at.sram_start + 1024);
        assert_eq!(process.get_state(), State::Yielded);
        let sizes = process.get_sizes();
        assert!(at.sram_end - at.sram_grant_start >= sizes.process_control_block);
        end = at.sram_end;
    }
}

/// A small generator of numbers that repeat from run to run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn mutated_lists_never_break_the_loader() {
    let rich = app("rich")
        .permissions(&[(1, 0, 3), (2, 1, 1)])
        .element(2, &[0; 8])
        .element(5, &[0xFF; 8])
        .element(7, &[1, 0, 0, 0, 1, 0, 9, 0, 0, 0, 0, 0])
        .element(8, &[2, 0, 0, 0])
        .element(10, &[5, 0, 0, 0])
        .footer(&[3; 36]);
    let original = app::list(&[app("a"), rich, app("b")]);
    let header_end = usize::from(u16::from_le_bytes([original[2], original[3]]));
    let first_len = u32::from_le_bytes(original[4..8].try_into().unwrap()) as usize;
    let rich_header = usize::from(u16::from_le_bytes([
        original[first_len + 2],
        original[first_len + 3],
    ]));
    let mut random = Random(7);
    let mut loaded_count = 0;
    for _ in 0..3000 {
        let mut flash = original.clone();
        for _ in 0..=random.below(4) {
            let at = match random.below(3) {
                0 => random.below(header_end),
                1 => first_len + random.below(rich_header),
                _ => random.below(flash.len()),
            };
            flash[at] = match random.below(3) {
                0 => random.below(256) as u8,
                1 => flash[at] ^ (1 << random.below(8)),
                _ => [0, 0xFF, 0x7F, 0x80][random.below(4)],
            };
        }
        // Half of them with a sound checksum, so that they get further.
        if random.below(2) == 0 {
            app::seal(&mut flash[..header_end]);
            app::seal(&mut flash[first_len..first_len + rich_header]);
        }
        let loaded = load(flash);
        for slot in loaded.slots.as_slice() {
            if let Some(process) = slot.get() {
                loaded_count += 1;
                let at = process.get_addresses();
                assert!(at.flash_non_protected_start <= at.flash_end);
                assert!(at.flash_integrity_end.addr() <= at.flash_end);
                for region in 0..process.number_writeable_flash_regions() {
                    let (offset, size) = process.get_writeable_flash_region(region);
                    assert!(at.flash_start + offset + size <= at.flash_end);
                }
            }
        }
    }
    assert!(loaded_count > 1000, "{loaded_count}");
}
