//! The MPU driver: what a process can reach after every kind of request.

use super::region::tests::{hardware_allows, Random};
use super::*;
use kernel::platform::mpu::MPU as _;

fn unit() -> MPU {
    // SAFETY: the registers are the host's stand-in.
    unsafe { MPU::new() }
}

fn allows(config: &CortexMConfig, address: usize) -> bool {
    config
        .regions
        .iter()
        .any(|region| hardware_allows(region.words(), address as u32))
}

/// The process reaches all of `reachable` and nothing else of `block`, looking
/// at each 32 bytes (no region is finer).
fn assert_reach(config: &CortexMConfig, block: (usize, usize), reachable: (usize, usize)) {
    for address in (block.0..block.1).step_by(32) {
        let wanted = address >= reachable.0 && address < reachable.1;
        assert_eq!(allows(config, address), wanted, "{address:#x}");
    }
}

/// End of the accessible memory from the start of the block.
fn accessible_end(config: &CortexMConfig) -> usize {
    let (_, low_end) = config.regions[0].accessible().unwrap();
    config.regions[1]
        .accessible()
        .map_or(low_end, |high| high.1)
}

#[test]
fn kernel_part_is_never_reachable_at_creation() {
    let mpu = unit();
    let mut random = Random::new(7);
    let mut served = 0;
    for _ in 0..5_000 {
        let mut config = mpu.new_config().unwrap();
        let start = 0x2001_0000 + random.below(0x800) * 4;
        let size = 0x2000 + random.below(0x8000);
        let app = random.below(0x1800);
        let kernel = random.below(0x800);
        let least = random.below(0x2000);
        let Some((block, length)) = mpu.allocate_app_memory_region(
            start as *const u8,
            size,
            least,
            app,
            kernel,
            Permissions::ReadWriteExecute,
            &mut config,
        ) else {
            continue;
        };
        served += 1;
        let block = block as usize;
        assert!(block >= start && block + length <= start + size);
        assert!(length >= least && length >= app + kernel);
        assert!(length.is_power_of_two() && length >= 512);
        assert_eq!(block % (length / 2), 0);
        let end = accessible_end(&config);
        assert!(end >= block + app, "app part not wholly reachable");
        assert!(end <= block + length - kernel, "kernel part reachable");
        assert_reach(
            &config,
            (block - 0x200, block + length + 0x200),
            (block, end),
        );
    }
    assert!(served > 1_000, "only {served} requests were served");
}

#[test]
fn kernel_part_is_never_reachable_while_breaks_move() {
    let mpu = unit();
    let mut random = Random::new(99);
    let mut moved = 0;
    for _ in 0..200 {
        let mut config = mpu.new_config().unwrap();
        let (block, length) = mpu
            .allocate_app_memory_region(
                (0x2002_0000 + random.below(0x1000)) as *const u8,
                0x1_0000,
                0x200 << random.below(6),
                32,
                100,
                Permissions::ReadWriteOnly,
                &mut config,
            )
            .unwrap();
        let block = block as usize;
        let mut app_break = block + 32;
        let mut kernel_break = block + length - 100;
        for _ in 0..200 {
            let app_wanted = block + random.below(length + 64);
            let kernel_wanted = kernel_break - random.below(64).min(kernel_break - block);
            let before = config.regions;
            let result = mpu.update_app_memory_region(
                app_wanted as *const u8,
                kernel_wanted as *const u8,
                Permissions::ReadWriteOnly,
                &mut config,
            );
            match result {
                Ok(()) => {
                    moved += 1;
                    app_break = app_wanted;
                    kernel_break = kernel_wanted;
                }
                Err(()) => assert_eq!(before, config.regions, "an error changed something"),
            }
            let end = accessible_end(&config);
            assert!(end >= app_break && end <= kernel_break);
            assert_reach(&config, (block, block + length), (block, end));
        }
    }
    assert!(moved > 5_000, "only {moved} changes were accepted");
}

#[test]
fn breaks_outside_the_block_are_refused() {
    let mpu = unit();
    let mut config = mpu.new_config().unwrap();
    let update = |mpu: &MPU, config: &mut CortexMConfig, app: usize, kernel: usize| {
        mpu.update_app_memory_region(
            app as *const u8,
            kernel as *const u8,
            Permissions::ReadWriteOnly,
            config,
        )
    };
    assert_eq!(update(&mpu, &mut config, 0x2000_0000, 0x2000_0100), Err(()));
    let block = 0x2001_0000;
    mpu.allocate_app_memory_region(
        block as *const u8,
        0x1000,
        0x1000,
        32,
        32,
        Permissions::ReadWriteOnly,
        &mut config,
    )
    .unwrap();
    assert_eq!(update(&mpu, &mut config, block - 4, block + 0x800), Err(()));
    assert_eq!(
        update(&mpu, &mut config, block + 0x801, block + 0x800),
        Err(())
    );
    assert_eq!(
        update(&mpu, &mut config, block + 32, block + 0x1004),
        Err(())
    );
    assert_eq!(update(&mpu, &mut config, usize::MAX, usize::MAX), Err(()));
    // The last sixteenth may be the process's only if none of it is the kernel's.
    assert_eq!(
        update(&mpu, &mut config, block + 0xF01, block + 0xFFF),
        Err(())
    );
    assert_eq!(
        update(&mpu, &mut config, block + 0xF01, block + 0x1000),
        Ok(())
    );
    assert_eq!(
        update(&mpu, &mut config, block + 0xF00, block + 0xF00),
        Ok(())
    );
}

#[test]
fn block_doubles_where_parts_would_share_a_sixteenth() {
    let mpu = unit();
    let mut config = mpu.new_config().unwrap();
    // 512 bytes would do, but its sixteenths of 32 bytes do not separate
    // 481 from 31 bytes.
    let (_, length) = mpu
        .allocate_app_memory_region(
            0x2001_0000 as *const u8,
            0x1000,
            0,
            481,
            31,
            Permissions::ReadWriteOnly,
            &mut config,
        )
        .unwrap();
    assert_eq!(length, 1024);
}

#[test]
fn a_process_has_one_ram_block() {
    let mpu = unit();
    let mut config = mpu.new_config().unwrap();
    let mut allocate = |start: usize| {
        mpu.allocate_app_memory_region(
            start as *const u8,
            0x1000,
            512,
            32,
            32,
            Permissions::ReadWriteOnly,
            &mut config,
        )
    };
    assert!(allocate(0x2001_0000).is_some());
    assert!(allocate(0x2002_0000).is_none());
}

#[test]
fn regions_do_not_overlap_and_run_out_after_six() {
    let mpu = unit();
    let mut config = mpu.new_config().unwrap();
    mpu.allocate_app_memory_region(
        0x2001_0000 as *const u8,
        0x1000,
        0x1000,
        32,
        32,
        Permissions::ReadWriteOnly,
        &mut config,
    )
    .unwrap();
    let allocate = |config: &mut CortexMConfig, start: usize, size: usize| {
        mpu.allocate_region(
            start as *const u8,
            size,
            size,
            Permissions::ReadWriteOnly,
            config,
        )
    };
    // Within the RAM block, even where the process cannot reach yet.
    assert_eq!(allocate(&mut config, 0x2001_0F00, 0x100), None);
    for slot in 0..6 {
        let start = 0x2002_0000 + slot * 0x200;
        let region = allocate(&mut config, start, 0x100).unwrap();
        assert_eq!(
            (region.start_address() as usize, region.size()),
            (start, 0x100)
        );
        assert_eq!(allocate(&mut config, start + 0x20, 0x20), None);
    }
    assert_eq!(allocate(&mut config, 0x2003_0000, 0x100), None);
    let second = mpu::Region::new(0x2002_0200 as *const u8, 0x100);
    assert_eq!(mpu.remove_memory_region(second, &mut config), Ok(()));
    assert_eq!(mpu.remove_memory_region(second, &mut config), Err(()));
    assert!(!allows(&config, 0x2002_0200));
    assert!(allocate(&mut config, 0x2003_0000, 0x100).is_some());
    // The process's own RAM is not removable.
    let ram = config.regions[0].accessible().unwrap();
    let ram = mpu::Region::new(ram.0 as *const u8, ram.1 - ram.0);
    assert_eq!(mpu.remove_memory_region(ram, &mut config), Err(()));
}

#[test]
fn registers_are_written_only_when_they_must_be() {
    // The only test that looks at the stand-in registers of the MPU.
    let mpu = unit();
    let mut first = mpu.new_config().unwrap();
    let second = mpu.new_config().unwrap();
    let mut allocate = |start: usize| {
        mpu.allocate_region(
            start as *const u8,
            0x100,
            0x100,
            Permissions::ReadOnly,
            &mut first,
        )
        .unwrap();
    };
    allocate(0x4_0000);
    let configure = |config: &CortexMConfig| {
        // A value that no region has, to see whether it is overwritten.
        MPU_RBAR.at(4).set(0xDEAD_BEEF);
        // SAFETY: no process runs on a host.
        unsafe { mpu.configure_mpu(config) };
        MPU_RBAR.at(4).get() != 0xDEAD_BEEF
    };
    assert!(configure(&first));
    assert!(!configure(&first), "same process again");
    assert!(configure(&second));
    assert!(configure(&first));
    mpu.allocate_region(
        0x5_0000 as *const u8,
        0x100,
        0x100,
        Permissions::ReadOnly,
        &mut first,
    )
    .unwrap();
    assert!(configure(&first), "changed while loaded");
    mpu.reset_config(&mut first);
    assert!(configure(&first), "reset while loaded");
    mpu.enable_app_mpu();
    assert_eq!(MPU_CTRL.get(), 0b101);
    // SAFETY: no process runs on a host.
    unsafe { mpu.disable_app_mpu() };
    assert_eq!(MPU_CTRL.get(), 0b101, "stays on in the kernel");
}

#[test]
fn report_names_every_region() {
    let mpu = unit();
    let mut config = mpu.new_config().unwrap();
    mpu.allocate_region(
        0x4_0000 as *const u8,
        0x1_0000,
        0x1_0000,
        Permissions::ReadExecuteOnly,
        &mut config,
    )
    .unwrap();
    let report = config.to_string();
    assert!(report.contains("Region 2: [0x00040000:0x00050000] r-x"));
    assert!(report.contains("Region 7: off"));
}
