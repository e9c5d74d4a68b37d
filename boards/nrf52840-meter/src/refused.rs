//! The report of a boot: which apps in flash do not run, and why.

use capsules_trust::app_signature::Refusal;
use tock_tbf::parse::{parse_tbf_header, parse_tbf_header_lengths};
use tock_tbf::types::InitialTbfParseError;

use crate::app_rules::{Signatures, SIGNATURES_REQUIRED};
use crate::crash::ProcessTable;

/// Notes each enabled app of the list in `flash` that has become no process.
pub fn report(flash: &'static [u8], signatures: &Signatures, table: &ProcessTable) {
    let mut rest = flash;
    while let Some(start) = rest.first_chunk::<8>() {
        let length = match parse_tbf_header_lengths(start) {
            Ok((version, header, total)) => {
                if let Some(header) = rest.get(..usize::from(header)) {
                    report_object(header, version, signatures, table);
                }
                total
            }
            Err(InitialTbfParseError::InvalidHeader(total)) => total,
            Err(InitialTbfParseError::UnableToParse) => return,
        };
        rest = rest.get(length as usize..).unwrap_or(&[]);
    }
}

fn report_object(
    header: &'static [u8],
    version: u16,
    signatures: &Signatures,
    table: &ProcessTable,
) {
    let flash_start = header.as_ptr().addr();
    let parsed = parse_tbf_header(header, version).ok();
    // Padding and disabled apps are not meant to run.
    if parsed.is_some_and(|app| !app.is_app() || !app.enabled()) || table.runs(flash_start) {
        return;
    }
    let refusal = match signatures.outcome_of(flash_start) {
        Some(Err(refusal)) => refusal,
        None if SIGNATURES_REQUIRED && parsed.is_some() => Refusal::Unsigned,
        Some(Ok(())) | None => Refusal::NotLoaded,
    };
    let name = parsed
        .and_then(|app| app.get_package_name())
        .unwrap_or_default();
    let short_id = parsed.and_then(|app| app.get_fixed_short_id());
    kernel::debug!(
        "app {} at {:#x} does not run: {:?}",
        name,
        flash_start,
        refusal
    );
    table.refused(
        flash_start,
        name,
        short_id.map_or(0, |id| id.get()),
        refusal.code(),
    );
}
