//! Input of the fuzzed drivers, and inputs to start from.

use kernel::process::ProcessAddresses;

use super::contract::SLOT;

/// The generator of P-256 as an uncompressed point: a public key that is one.
const POINT: [u8; 65] = {
    let mut point = [4; 65];
    let x = 0x6B17_D1F2_E12C_4247_F8BC_E6E5_63A4_40F2_u128.to_be_bytes();
    let x_rest = 0x7703_7D81_2DEB_33A0_F4A1_3945_D898_C296_u128.to_be_bytes();
    let y = 0x4FE3_42E2_FE1A_7F9B_8EE7_EB4A_7C0F_9E16_u128.to_be_bytes();
    let y_rest = 0x2BCE_3357_6B31_5ECE_CBB6_4068_37BF_51F5_u128.to_be_bytes();
    let mut byte = 0;
    while byte < 16 {
        point[1 + byte] = x[byte];
        point[17 + byte] = x_rest[byte];
        point[33 + byte] = y[byte];
        point[49 + byte] = y_rest[byte];
        byte += 1;
    }
    point
};

/// What is put into memory: a public key, or a pattern.
pub fn content(fill: u8) -> Vec<u8> {
    match fill {
        0 => POINT.to_vec(),
        fill => (0..fill).map(|byte| byte.wrapping_mul(fill)).collect(),
    }
}

/// The rest of the input; at its end it gives zeros.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Input(data)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&byte, rest)) => {
                self.0 = rest;
                byte
            }
            None => 0,
        }
    }

    pub fn half(&mut self) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()]))
    }

    fn word(&mut self) -> usize {
        usize::from_le_bytes(core::array::from_fn(|_| self.byte()))
    }

    /// Mostly the number of an allow.
    pub fn number(&mut self) -> usize {
        match self.byte() {
            small @ 0..=0xEF => usize::from(small & 3) % 3,
            small @ 0xF0..=0xF7 => usize::from(small & 7),
            0xF8..=0xFB => self.word(),
            edge => usize::MAX - usize::from(edge & 3),
        }
    }

    /// Mostly an object, a session slot, or a length.
    pub fn argument(&mut self) -> usize {
        match self.byte() {
            small @ 0..=0x7F => usize::from(small),
            slot @ 0x80..=0x8F => SLOT + usize::from(slot & 0x0F),
            slot @ 0x90..=0x9F => SLOT + usize::from(slot & 7) + (usize::from(slot >> 3 & 1) << 16),
            0xA0..=0xBF => self.half(),
            power @ 0xC0..=0xDF => 1 << (power & 31),
            power @ 0xE0..=0xEF => (1 << (power & 15)) - 1,
            0xF0..=0xF7 => self.word(),
            edge => [
                usize::MAX,
                usize::MAX - 1,
                0xFFFF_FFFF,
                0x1_0000_0001,
                0x7FFF_FFFF,
                0x8008,
                0xFFFF,
                0x1_0000,
            ][usize::from(edge & 7)],
        }
    }

    /// Mostly a buffer of a size that some command wants, in the process's memory.
    pub fn buffer(&mut self, own: &ProcessAddresses) -> (usize, usize) {
        const SIZES: [usize; 16] = [
            0, 4, 12, 16, 24, 28, 32, 48, 64, 65, 96, 100, 128, 200, 1024, 1025,
        ];
        let size = match self.byte() {
            choice @ 0..=0xBF => SIZES[usize::from(choice % 16)],
            0xC0..=0xEF => self.half(),
            0xF0..=0xF7 => self.word(),
            edge => usize::MAX - usize::from(edge & 7),
        };
        let (choice, offset) = (self.byte(), self.half());
        let address = match choice {
            0..=0xDF => own.sram_start.wrapping_add(offset % 1400),
            0xE0..=0xE7 => own.sram_app_brk.wrapping_sub(offset % 64),
            0xE8..=0xEB => own.sram_grant_start.wrapping_add(offset % 256),
            0xEC..=0xEF => own.flash_start.wrapping_add(offset % 512),
            0xF0..=0xF3 => offset % 16,
            0xF4..=0xF7 => usize::MAX - offset,
            _ => self.word(),
        };
        (address, size)
    }
}

const M: u8 = 0;
const U: u8 = 0x40;
const GUEST: u8 = 0x80;
const ENDS: u8 = 13;

fn subscribe(app: u8, place: u8) -> Vec<u8> {
    vec![app | 19, place, 1]
}

/// An input buffer whose size is number `size` of the sizes.
fn input(app: u8, driver: u8, number: u8, size: u8, offset: u16) -> Vec<u8> {
    let [low, high] = offset.to_le_bytes();
    vec![app | 21, driver, number, size, 0, low, high]
}

fn output(app: u8, driver: u8, size: u8, offset: u16) -> Vec<u8> {
    let [low, high] = offset.to_le_bytes();
    vec![app | 27, driver, 0, size, 0, low, high]
}

fn poke(app: u8, offset: u16, fill: u8) -> Vec<u8> {
    let [low, high] = offset.to_le_bytes();
    vec![app | 18, low, high, fill]
}

fn key_store(app: u8, number: u8, first: u8, second: u8) -> Vec<u8> {
    vec![app | 32, number, first, second]
}

fn channel(app: u8, number: u8, first: u8, second: u8) -> Vec<u8> {
    // 0x82 is a multiple of five.
    vec![app | 33, 0x82 + number, first, second]
}

fn storage(app: u8, number: u8, first: u8, second: u8) -> Vec<u8> {
    // 0xC0 is a multiple of six.
    vec![app | 34, 0xC0 + number, first, second]
}

fn ends() -> Vec<u8> {
    vec![ENDS]
}

/// Lives of keys, of messages and of records, each with what comes in between.
pub fn seeds() -> Vec<Vec<u8>> {
    let heard = |app: u8| {
        let mut calls: Vec<Vec<u8>> = (0..4).map(|place| subscribe(app, place)).collect();
        calls.extend((0..3).map(|driver| output(app, driver, 13, 1200)));
        calls.concat()
    };
    let steps = |count: usize| vec![4; count];
    let sign = [
        heard(M),
        key_store(M, 3, 1, 0),
        ends(),
        key_store(M, 5, 1, 0),
        ends(),
        input(M, 0, 0, 6, 0),
        key_store(M, 6, 1, 0),
        steps(9),
        vec![M | 10],
        steps(3),
        key_store(M, 6, 1, 0),
        input(M, 0, 0, 1, 0),
        ends(),
        key_store(M, 6, 9, 0),
        key_store(GUEST, 6, 1, 0),
    ];
    let agree = [
        heard(M),
        poke(M, 0, 0),
        input(M, 0, 0, 9, 0),
        input(M, 0, 1, 3, 100),
        key_store(M, 3, 1, 0),
        ends(),
        key_store(M, 7, 1, 0x90),
        ends(),
        input(M, 0, 2, 2, 200),
        key_store(M, 8, 0x80, 16),
        ends(),
        key_store(M, 9, 0x80, 12),
        ends(),
        key_store(M, 3, 3, 0),
        ends(),
        key_store(M, 11, 3, 0x80),
        ends(),
        input(M, 0, 0, 4, 1200),
        key_store(M, 12, 3, 0x81),
        ends(),
        key_store(M, 10, 0x81, 0),
        key_store(M, 20, 0x80, 0),
        key_store(U, 20, 0x81, 0),
        key_store(U, 8, 0x81, 16),
    ];
    let life = [
        heard(M),
        heard(U),
        input(M, 0, 0, 3, 50),
        key_store(M, 4, 3, 0),
        ends(),
        key_store(M, 18, 3, 0),
        ends(),
        key_store(M, 17, 8, 5),
        ends(),
        key_store(M, 16, 8, 0),
        key_store(U, 16, 8, 0),
        key_store(M, 2, 1, 0),
        vec![4, 3, 3, 3],
        key_store(U, 16, 8, 0),
        ends(),
        key_store(U, 16, 8, 0),
        input(U, 0, 0, 6, 0),
        input(U, 0, 2, 2, 64),
        key_store(U, 8, 3, 16),
        key_store(M, 8, 3, 16),
        ends(),
    ];
    let anchors = [
        heard(M),
        poke(M, 0, 0),
        input(M, 0, 0, 9, 0),
        key_store(M, 14, 6, 0),
        ends(),
        input(M, 0, 0, 10, 0),
        key_store(M, 13, 6, 0),
        ends(),
        input(M, 0, 0, 14, 0),
        key_store(M, 14, 7, 0),
        vec![4, 3, 3, U | 9, M | 11, 3, M | 12],
        ends(),
        key_store(M, 15, 7, 0),
        ends(),
        key_store(M, 19, 7, 0),
        ends(),
        key_store(M, 3, 5, 0),
        ends(),
        key_store(M, 10, 5, 0),
    ];
    let end = [
        heard(M),
        heard(U),
        key_store(M, 2, 1, 0),
        ends(),
        key_store(M, 3, 5, 0),
        key_store(U, 2, 2, 0),
        ends(),
        key_store(M, 10, 5, 0),
        key_store(M, 3, 5, 0),
    ];
    let messages = [
        heard(M),
        heard(U),
        poke(M, 0, 77),
        input(M, 1, 0, 8, 0),
        channel(M, 1, 7, 64),
        channel(M, 1, 7, 5),
        channel(U, 2, 7, 0),
        channel(M, 1, 7, 9),
        channel(M, 1, 7, 10),
        channel(M, 1, 7, 11),
        channel(U, 2, 7, 0),
        channel(U, 3, 7, 0),
        poke(U, 0, 33),
        input(U, 1, 0, 3, 0),
        channel(U, 1, 9, 16),
        channel(U, 1, 9, 3),
        channel(U, 1, 9, 4),
        channel(M, 2, 9, 0),
        vec![8, M | 10],
        channel(U, 3, 9, 0),
        channel(GUEST, 2, 7, 0),
    ];
    let records = [
        heard(M),
        heard(U),
        poke(M, 0, 101),
        input(M, 2, 0, 11, 0),
        storage(M, 1, 4, 100),
        storage(U, 2, 4, 0),
        vec![0, 0, 0, 0, 0],
        ends(),
        storage(U, 2, 4, 0),
        storage(M, 1, 4, 7),
        vec![0, 0, M | 10, 0],
        ends(),
        storage(M, 3, 4, 0),
        storage(M, 4, 4, 0),
        input(U, 2, 0, 7, 0),
        storage(U, 1, 6, 48),
        poke(U, 0, 90),
        ends(),
        storage(U, 2, 6, 0),
        output(U, 2, 2, 0),
        ends(),
        storage(GUEST, 2, 4, 0),
    ];
    let mut seeds = vec![
        sign.concat(),
        agree.concat(),
        life.concat(),
        anchors.concat(),
        end.concat(),
        messages.concat(),
        records.concat(),
    ];
    for app in [M, U, GUEST] {
        seeds.extend(everything(app).map(|calls| [heard(app), calls].concat()));
    }
    seeds
}

/// Every command of an app with every object, channel and partition.
fn everything(app: u8) -> [Vec<u8>; 4] {
    [[1, 3, 4], [5, 6, 7], [8, 9, 2], [0, 0x80, 10]].map(|objects| {
        let keys = (0..=20).flat_map(|number| {
            let second = [0, 0x80, 16][usize::from(number) % 3];
            objects.map(|object| key_store(app, number, object, second))
        });
        let others = [1, 2, 3, 4].into_iter().flat_map(|number| {
            let channels = [7, 9].map(|known| channel(app, number, known, 1));
            let partitions = [4, 6].map(|known| storage(app, number, known, 1));
            channels.into_iter().chain(partitions)
        });
        keys.chain(others).flatten().collect()
    })
}
