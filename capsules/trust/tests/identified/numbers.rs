//! The numbers under which the drivers answer are those that apps know.

use capsules_trust::{channel, key_store, storage};

#[test]
fn drivers_answer_to_their_numbers() {
    assert_eq!(key_store::DRIVER_NUM, 0x8000_0004);
    assert_eq!(channel::DRIVER_NUM, 0x8000_0005);
    assert_eq!(storage::DRIVER_NUM, 0x8000_0006);
}
