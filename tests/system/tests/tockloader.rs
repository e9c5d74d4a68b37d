//! tockloader lists, installs and removes apps on the flash image, and what it leaves boots.

use audit::specimen::artifacts::manifest;
use system_tests::tockloader::Installation;

fn copy_of_the_meter(name: &str) -> Installation {
    Installation::new(name)
}

/// Names of the processes two seconds after a boot.
fn processes(image: &Installation) -> Vec<String> {
    let processes = image.processes();
    processes.into_iter().map(|process| process.name).collect()
}

#[test]
fn apps_are_listed_installed_and_removed() {
    let image = copy_of_the_meter("tockloader.img");
    let listing = image.run("list", &[]);
    assert!(listing.contains("metering"), "{listing}");
    assert!(!listing.contains("bench-app"), "{listing}");
    assert_eq!(processes(&image), ["metering"]);

    image.install("bench-app-dlms.tab");
    let listing = image.run("list", &[]);
    assert!(
        listing.contains("metering") && listing.contains("bench-app"),
        "{listing}"
    );
    assert_eq!(processes(&image), ["metering", "bench-app"]);

    image.run("uninstall", &["bench-app"]);
    let listing = image.run("list", &[]);
    assert!(
        listing.contains("metering") && !listing.contains("bench-app"),
        "{listing}"
    );
    assert_eq!(processes(&image), ["metering"]);
}

#[test]
fn the_kernel_tells_tockloader_what_it_is() {
    let flash = copy_of_the_meter("attributes.img").flash();
    let end = manifest().flash.kernel.end() as usize;
    assert_eq!(&flash[end - 4..end], b"TOCK");
    let word = |offset: usize| {
        u32::from_le_bytes(
            flash[end - offset..end - offset + 4]
                .try_into()
                .expect("four bytes"),
        )
    };
    // Backwards: sentinel, version, then the app memory's type, length and value.
    assert_eq!(word(8), 0x0100_0000);
    assert_eq!(word(12), 0x0008_0101);
    assert_eq!(word(20), manifest().ram.apps.start);
    assert_eq!(word(16), manifest().ram.apps.size);
}
