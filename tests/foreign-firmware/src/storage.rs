//! The two flash memories: a count of boots inside, a few pages outside.

use crate::say;
use embassy_nrf::buffered_uarte::BufferedUarte;
use embassy_nrf::nvmc::Nvmc;
use embassy_nrf::qspi::Qspi;
use embassy_nrf::{peripherals, Peri};
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

/// The page that holds the count.
const PAGE: u32 = 0x8_0000;

/// Counts this boot in flash; the count, or nothing if the flash refuses.
pub fn count_boot(controller: Peri<'static, peripherals::NVMC>) -> Option<u32> {
    let mut flash = Nvmc::new(controller);
    let mut bytes = [0; 4];
    flash.read(PAGE, &mut bytes).ok()?;
    // Blank flash is -1.
    let count = u32::from_le_bytes(bytes).wrapping_add(1).max(1);
    flash.erase(PAGE, PAGE + 4096).ok()?;
    flash.write(PAGE, &count.to_le_bytes()).ok()?;
    flash.read(PAGE, &mut bytes).ok()?;
    (u32::from_le_bytes(bytes) == count).then_some(count)
}

/// A word-aligned buffer, as EasyDMA asks for.
#[repr(align(4))]
struct Pages([u8; 512]);

/// Identifies, erases, programs and reads the external flash.
pub async fn use_nor(mut console: &mut BufferedUarte<'static>, nor: &mut Qspi<'static>) {
    let (mut identity, mut status) = ([0; 3], [0; 1]);
    // Missing answers show as zeros.
    let _ = nor.custom_instruction(0x9F, &[], &mut identity).await;
    let _ = nor.custom_instruction(0x05, &[], &mut status).await;
    say!(console, "nor {:x?}", identity);
    // Quad enable, for the four data lines of reads and programs.
    let _ = nor
        .custom_instruction(0x01, &[status[0] | 0x40], &mut [])
        .await;
    let mut pages = Pages([0; 512]);
    for (value, byte) in pages.0.iter_mut().enumerate() {
        *byte = value as u8;
    }
    let erased = nor.erase(0x1_0000).await;
    let written = nor.write(0x1_0000, &pages.0).await;
    let mut back = Pages([0xAA; 512]);
    let read = nor.read(0x1_0000, &mut back.0).await;
    let done = erased.and(written).and(read).is_ok();
    say!(console, "nor done {} same {}", done, back.0 == pages.0);
}
