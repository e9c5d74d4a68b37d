//! A small assembler for test firmware, and machines made from it.

#![allow(dead_code)]

pub mod program;

use emulator::image::{Image, Segment};
use emulator::{Config, Machine};

/// The data RAM.
pub const RAM: u32 = 0x2000_0000;
const ENABLE_INTERRUPTS: u32 = 0xE000_E100;
/// The stack of test firmware.
pub const STACK: u32 = 0x2000_8000;
/// Where its code begins: after all vectors.
pub const CODE: u32 = 0x200;

/// Thumb-2 code, written instruction by instruction.
pub struct Code {
    base: u32,
    halves: Vec<u16>,
}

impl Code {
    pub fn at(base: u32) -> Self {
        Code {
            base,
            halves: Vec::new(),
        }
    }

    /// The address of the next instruction.
    pub fn here(&self) -> u32 {
        self.base + 2 * self.halves.len() as u32
    }

    pub fn half(&mut self, half: u16) -> &mut Self {
        self.halves.push(half);
        self
    }

    fn wide(&mut self, first: u32, second: u32) -> &mut Self {
        self.half(first as u16).half(second as u16)
    }

    fn move_half(&mut self, opcode: u32, register: u32, value: u32) -> &mut Self {
        let (imm4, i, imm3, imm8) = (
            value >> 12 & 0xF,
            value >> 11 & 1,
            value >> 8 & 7,
            value & 0xFF,
        );
        self.wide(opcode | i << 10 | imm4, imm3 << 12 | register << 8 | imm8)
    }

    /// MOVW and MOVT: any constant.
    pub fn load(&mut self, register: u32, value: u32) -> &mut Self {
        self.move_half(0xF240, register, value & 0xFFFF)
            .move_half(0xF2C0, register, value >> 16)
    }

    /// LDR register, [address register].
    pub fn ldr(&mut self, register: u32, address: u32) -> &mut Self {
        self.half((0x6800 | address << 3 | register) as u16)
    }

    /// STR register, [address register].
    pub fn str(&mut self, register: u32, address: u32) -> &mut Self {
        self.half((0x6000 | address << 3 | register) as u16)
    }

    /// Stores a constant at a constant address; uses R6 and R7.
    pub fn poke(&mut self, address: u32, value: u32) -> &mut Self {
        self.load(7, address).load(6, value).str(6, 7)
    }

    /// ADDS register, #value.
    pub fn add(&mut self, register: u32, value: u32) -> &mut Self {
        self.half((0x3000 | register << 8 | value) as u16)
    }

    /// SUBS register, #value.
    pub fn sub(&mut self, register: u32, value: u32) -> &mut Self {
        self.half((0x3800 | register << 8 | value) as u16)
    }

    /// CMP register, #value.
    pub fn compare(&mut self, register: u32, value: u32) -> &mut Self {
        self.half((0x2800 | register << 8 | value) as u16)
    }

    fn offset(&self, target: u32) -> i32 {
        target as i32 - (self.here() as i32 + 4)
    }

    /// B target.
    pub fn branch(&mut self, target: u32) -> &mut Self {
        let offset = self.offset(target) >> 1 & 0x7FF;
        self.half(0xE000 | offset as u16)
    }

    /// BNE target.
    pub fn branch_not_equal(&mut self, target: u32) -> &mut Self {
        let offset = self.offset(target) >> 1 & 0xFF;
        self.half(0xD100 | offset as u16)
    }

    /// BEQ target.
    pub fn branch_equal(&mut self, target: u32) -> &mut Self {
        let offset = self.offset(target) >> 1 & 0xFF;
        self.half(0xD000 | offset as u16)
    }

    /// BX register.
    pub fn jump(&mut self, register: u32) -> &mut Self {
        self.half((0x4700 | register << 3) as u16)
    }

    /// BX LR: returns, from an exception too.
    pub fn ret(&mut self) -> &mut Self {
        self.half(0x4770)
    }

    pub fn nop(&mut self) -> &mut Self {
        self.half(0xBF00)
    }

    pub fn wfi(&mut self) -> &mut Self {
        self.half(0xBF30)
    }

    /// WFI for ever.
    pub fn sleep(&mut self) -> &mut Self {
        let top = self.here();
        self.wfi().branch(top)
    }

    /// Waits until the word at a constant address is not zero; uses R6, R7.
    pub fn wait_for(&mut self, address: u32) -> &mut Self {
        self.load(7, address);
        let top = self.here();
        self.ldr(6, 7).compare(6, 0).branch_equal(top)
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.halves
            .iter()
            .flat_map(|half| half.to_le_bytes())
            .collect()
    }
}

/// Firmware: vectors (all of them to `sleep for ever` but those given) and code.
pub struct Firmware {
    vectors: Vec<(u32, u32)>,
    parts: Vec<Segment>,
}

impl Firmware {
    /// Firmware whose reset handler is `code`.
    pub fn new(code: &Code) -> Self {
        let mut firmware = Firmware {
            vectors: vec![(1, code.base)],
            parts: Vec::new(),
        };
        firmware.place(code);
        firmware
    }

    fn place(&mut self, code: &Code) {
        self.parts.push(Segment {
            address: code.base,
            bytes: code.bytes(),
        });
    }

    /// Exception `number` (interrupts from 16 on) enters `code`.
    pub fn vector(mut self, number: u32, code: &Code) -> Self {
        self.vectors.push((number, code.base));
        self.place(code);
        self
    }

    pub fn image(self) -> Image {
        let mut forever = Code::at(CODE - 4);
        forever.sleep();
        let mut table: Vec<u8> = STACK.to_le_bytes().to_vec();
        for number in 1..64 {
            let target = self
                .vectors
                .iter()
                .rev()
                .find(|(vector, _)| *vector == number)
                .map_or(CODE - 4, |(_, target)| *target);
            table.extend((target | 1).to_le_bytes());
        }
        let mut segments = vec![Segment {
            address: 0,
            bytes: table,
        }];
        segments.push(Segment {
            address: CODE - 4,
            bytes: forever.bytes(),
        });
        segments.extend(self.parts);
        Image { segments }
    }

    pub fn machine(self) -> Machine {
        Machine::new(&self.image(), Config::default()).expect("a machine")
    }
}

/// A machine that runs `code` from reset.
pub fn machine(code: &Code) -> Machine {
    Firmware::new(code).machine()
}

/// Counts in R0 for ever.
pub fn counter() -> Code {
    let mut code = Code::at(CODE);
    code.load(0, 0);
    let top = code.here();
    code.add(0, 1).nop().branch(top);
    code
}

/// RTC1 interrupts every 32 ticks; the handler counts in RAM.
pub fn ticking() -> Firmware {
    let mut main = Code::at(CODE);
    main.poke(RAM, 0)
        .poke(0x4000_0008, 1)
        .poke(0x4001_1540, 32)
        .poke(0x4001_1304, 1 << 16)
        .poke(0x4001_1000, 1)
        .poke(ENABLE_INTERRUPTS, 1 << 17)
        .sleep();
    let mut handler = Code::at(CODE + 0x200);
    handler
        .poke(0x4001_1140, 0)
        .load(0, 0x4001_1540)
        .ldr(1, 0)
        .add(1, 32)
        .str(1, 0)
        .load(0, RAM)
        .ldr(1, 0)
        .add(1, 1)
        .str(1, 0)
        .ret();
    Firmware::new(&main).vector(16 + 17, &handler)
}
