//! ECB: AES-128 encryption by hardware, block by block, in ECB, CBC and counter mode.
//!
//! The engine only encrypts. Counter mode decrypts by encrypting; CBC and ECB
//! decryption are refused.

use crate::dma::DmaBuffer;
use crate::registers::ecb::{EcbRegisters, Interrupt};
use crate::registers::Task;
use core::cell::Cell;
use kernel::hil::symmetric_encryption::{
    AESCtr, Client, CryptRefused, AES, AES128, AES128_KEY_SIZE, AESCBC, AESECB, AES_BLOCK_SIZE,
};
use kernel::utilities::cells::{MapCell, OptionalCell, TakeCell};
use kernel::utilities::registers::interfaces::{Readable, Writeable};
use kernel::utilities::StaticRef;
use kernel::ErrorCode;

/// Bytes of the engine's data structure: key, clear text, cipher text.
pub const DATA_SIZE: usize = 48;

const CLEAR: usize = 16;
const CIPHER: usize = 32;

type Block = [u8; AES_BLOCK_SIZE];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Ctr,
    Cbc,
    Ecb,
}

/// The buffers of an operation and how far it is.
struct Operation {
    source: Option<&'static mut [u8]>,
    dest: &'static mut [u8],
    start: usize,
    position: usize,
    stop: usize,
}

impl Operation {
    /// The block that is to be worked on.
    fn input(&self) -> Block {
        let mut block = [0; AES_BLOCK_SIZE];
        let bytes = match &self.source {
            Some(source) => &source[self.position - self.start..][..AES_BLOCK_SIZE],
            None => &self.dest[self.position..][..AES_BLOCK_SIZE],
        };
        block.copy_from_slice(bytes);
        block
    }
}

/// The encryption engine.
pub struct Ecb<'a> {
    registers: StaticRef<EcbRegisters>,
    mode: Cell<Mode>,
    key: Cell<[u8; AES128_KEY_SIZE]>,
    iv: Cell<Block>,
    /// Counter, or the cipher text before.
    chain: Cell<Block>,
    data: TakeCell<'static, [u8; DATA_SIZE]>,
    lent: Cell<Option<DmaBuffer<u8>>>,
    operation: MapCell<Operation>,
    client: OptionalCell<&'a dyn Client<'a>>,
}

impl Ecb<'_> {
    /// Makes the driver; `data` is what the engine reads and writes.
    pub fn new(registers: StaticRef<EcbRegisters>, data: &'static mut [u8; DATA_SIZE]) -> Self {
        Ecb {
            registers,
            mode: Cell::new(Mode::Ctr),
            key: Cell::new([0; AES128_KEY_SIZE]),
            iv: Cell::new([0; AES_BLOCK_SIZE]),
            chain: Cell::new([0; AES_BLOCK_SIZE]),
            data: TakeCell::new(data),
            lent: Cell::new(None),
            operation: MapCell::empty(),
            client: OptionalCell::empty(),
        }
    }

    /// Starts the engine on the operation's present block.
    fn encrypt_next(&self) {
        let Some(data) = self.data.take() else {
            return;
        };
        let input = self
            .operation
            .map_or([0; AES_BLOCK_SIZE], |operation| operation.input());
        let clear = match self.mode.get() {
            Mode::Ctr => self.chain.get(),
            Mode::Cbc => xor(input, self.chain.get()),
            Mode::Ecb => input,
        };
        data[..CLEAR].copy_from_slice(&self.key.get());
        data[CLEAR..CIPHER].copy_from_slice(&clear);
        let lent = DmaBuffer::lend(data.as_mut_slice());
        self.registers.ecbdataptr.set(lent.address(0));
        self.lent.set(Some(lent));
        self.registers.events_endecb.set(0);
        self.registers.events_errorecb.set(0);
        self.registers
            .intenset
            .write(Interrupt::ENDECB.val(1) + Interrupt::ERRORECB.val(1));
        self.registers.tasks_startecb.write(Task::TRIGGER.val(1));
    }

    /// Takes a block from the engine and gives it the next one.
    pub fn handle_interrupt(&self) {
        let ended = self.registers.events_endecb.get() != 0;
        let aborted = self.registers.events_errorecb.get() != 0;
        if !ended && !aborted {
            return;
        }
        self.registers.events_endecb.set(0);
        self.registers.events_errorecb.set(0);
        let Some(lent) = self.lent.take() else {
            return;
        };
        // SAFETY: the engine has ended or aborted, so it is done with the data.
        let bytes = unsafe { lent.reclaim() };
        let mut cipher = [0; AES_BLOCK_SIZE];
        cipher.copy_from_slice(&bytes[CIPHER..DATA_SIZE]);
        // Neither key nor text stays behind.
        bytes.fill(0);
        if let Ok(data) = bytes.try_into() {
            self.data.replace(data);
        }
        // An abort means that a higher peripheral took the AES core: once more.
        if ended && self.finish_block(cipher) {
            self.finish();
        } else {
            self.encrypt_next();
        }
    }

    /// Stores the result of a block; was it the last one?
    fn finish_block(&self, cipher: Block) -> bool {
        let mode = self.mode.get();
        self.operation.map_or(true, |operation| {
            let result = match mode {
                Mode::Ctr => xor(operation.input(), cipher),
                Mode::Cbc | Mode::Ecb => cipher,
            };
            operation.dest[operation.position..][..AES_BLOCK_SIZE].copy_from_slice(&result);
            operation.position += AES_BLOCK_SIZE;
            match mode {
                Mode::Ctr => self.chain.set(incremented(self.chain.get())),
                Mode::Cbc => self.chain.set(cipher),
                Mode::Ecb => {}
            }
            operation.position >= operation.stop
        })
    }

    fn finish(&self) {
        self.registers
            .intenclr
            .write(Interrupt::ENDECB.val(1) + Interrupt::ERRORECB.val(1));
        if let Some(operation) = self.operation.take() {
            self.client
                .map(|client| client.crypt_done(operation.source, operation.dest));
        }
    }

    fn set_mode(&self, mode: Mode, possible: bool) -> Result<(), ErrorCode> {
        if !possible {
            return Err(ErrorCode::NOSUPPORT);
        }
        if self.operation.is_some() {
            return Err(ErrorCode::BUSY);
        }
        self.mode.set(mode);
        Ok(())
    }
}

fn xor(left: Block, right: Block) -> Block {
    core::array::from_fn(|index| left[index] ^ right[index])
}

/// The counter block after `counter`: one big-endian number of 128 bits.
fn incremented(counter: Block) -> Block {
    u128::from_be_bytes(counter).wrapping_add(1).to_be_bytes()
}

impl<'a> AES<'a, AES128> for Ecb<'a> {
    // The engine has no switch; it is only powered while it works.
    fn enable(&self) {}

    fn disable(&self) {
        self.key.set([0; AES128_KEY_SIZE]);
        self.chain.set([0; AES_BLOCK_SIZE]);
    }

    fn set_client(&'a self, client: &'a dyn Client<'a>) {
        self.client.set(client);
    }

    fn set_key(&self, key: &[u8]) -> Result<(), ErrorCode> {
        self.key.set(key.try_into().map_err(|_| ErrorCode::INVAL)?);
        Ok(())
    }

    fn set_iv(&self, iv: &[u8]) -> Result<(), ErrorCode> {
        self.iv.set(iv.try_into().map_err(|_| ErrorCode::INVAL)?);
        Ok(())
    }

    fn start_message(&self) {
        if self.operation.is_none() {
            self.chain.set(self.iv.get());
        }
    }

    fn crypt(
        &self,
        source: Option<&'static mut [u8]>,
        dest: &'static mut [u8],
        start_index: usize,
        stop_index: usize,
    ) -> Option<CryptRefused> {
        if self.operation.is_some() {
            return Some((Err(ErrorCode::BUSY), source, dest));
        }
        let length = stop_index.saturating_sub(start_index);
        let fits = length > 0
            && length.is_multiple_of(AES_BLOCK_SIZE)
            && stop_index <= dest.len()
            && source.as_ref().is_none_or(|source| source.len() == length);
        if !fits {
            return Some((Err(ErrorCode::INVAL), source, dest));
        }
        self.operation.put(Operation {
            source,
            dest,
            start: start_index,
            position: start_index,
            stop: stop_index,
        });
        self.encrypt_next();
        None
    }
}

impl AESCtr for Ecb<'_> {
    fn set_mode_aesctr(&self, _encrypting: bool) -> Result<(), ErrorCode> {
        self.set_mode(Mode::Ctr, true)
    }
}

impl AESCBC for Ecb<'_> {
    fn set_mode_aescbc(&self, encrypting: bool) -> Result<(), ErrorCode> {
        self.set_mode(Mode::Cbc, encrypting)
    }
}

impl AESECB for Ecb<'_> {
    fn set_mode_aesecb(&self, encrypting: bool) -> Result<(), ErrorCode> {
        self.set_mode(Mode::Ecb, encrypting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fake_registers, triggered};

    struct Listener {
        dest: TakeCell<'static, [u8]>,
        source_came_back: Cell<bool>,
    }

    impl Client<'static> for Listener {
        fn crypt_done(&'static self, source: Option<&'static mut [u8]>, dest: &'static mut [u8]) {
            self.source_came_back.set(source.is_some());
            self.dest.replace(dest);
        }
    }

    struct Fixture {
        registers: StaticRef<EcbRegisters>,
        data: *mut [u8; DATA_SIZE],
        ecb: &'static Ecb<'static>,
        listener: &'static Listener,
    }

    fn fixture() -> Fixture {
        let registers = fake_registers();
        let data: &'static mut [u8; DATA_SIZE] = Box::leak(Box::new([0; DATA_SIZE]));
        let pointer = core::ptr::from_mut(data);
        let ecb: &'static Ecb = Box::leak(Box::new(Ecb::new(registers, data)));
        let listener: &'static Listener = Box::leak(Box::new(Listener {
            dest: TakeCell::empty(),
            source_came_back: Cell::new(false),
        }));
        ecb.set_client(listener);
        ecb.set_key(&[0x55; 16]).unwrap();
        ecb.set_iv(&[0xFF; 16]).unwrap();
        Fixture {
            registers,
            data: pointer,
            ecb,
            listener,
        }
    }

    impl Fixture {
        /// Plays the engine with a cipher that is easy to follow: it adds 1 to each byte.
        fn work(&self) {
            while triggered(self.registers, &self.registers.tasks_startecb) {
                // SAFETY: the driver has lent the data to the engine, which is us.
                unsafe {
                    let mut data = self.data.read_volatile();
                    assert_eq!(data[..16], [0x55; 16]);
                    for index in 0..16 {
                        data[CIPHER + index] = data[CLEAR + index].wrapping_add(1);
                    }
                    self.data.write_volatile(data);
                }
                self.registers.events_endecb.set(1);
                self.ecb.handle_interrupt();
            }
        }
    }

    fn buffer(bytes: &[u8]) -> &'static mut [u8] {
        Box::leak(bytes.to_vec().into_boxed_slice())
    }

    #[test]
    fn counter_mode_counts_across_all_bytes() {
        let f = fixture();
        f.ecb.set_mode_aesctr(false).unwrap();
        f.ecb.start_message();
        assert!(f.ecb.crypt(None, buffer(&[0xA0; 40]), 4, 36).is_none());
        f.work();
        let dest = f.listener.dest.take().unwrap();
        // The first counter is all ones: its cipher is all zeros; the next wraps to zero.
        assert_eq!(dest[..20], [0xA0; 20]);
        assert_eq!(dest[20..36], [0xA1; 16]);
        assert_eq!(dest[36..], [0xA0; 4]);
    }

    #[test]
    fn chaining_feeds_the_cipher_text_on() {
        let f = fixture();
        f.ecb.set_mode_aescbc(true).unwrap();
        f.ecb.start_message();
        let source = buffer(&[0x0F; 32]);
        assert!(f.ecb.crypt(Some(source), buffer(&[0; 32]), 0, 32).is_none());
        f.work();
        let dest = f.listener.dest.take().unwrap();
        assert_eq!(dest[..16], [0xF1; 16]);
        assert_eq!(dest[16..], [(0xF1 ^ 0x0F) + 1; 16]);
        assert!(f.listener.source_came_back.get());
    }

    #[test]
    fn nothing_secret_stays_in_the_engines_data() {
        let f = fixture();
        f.ecb.set_mode_aesecb(true).unwrap();
        assert!(f.ecb.crypt(None, buffer(&[7; 16]), 0, 16).is_none());
        f.work();
        // SAFETY: no operation is under way.
        assert_eq!(unsafe { f.data.read_volatile() }, [0; DATA_SIZE]);
    }

    #[test]
    fn an_abort_of_the_engine_repeats_the_block() {
        let f = fixture();
        f.ecb.set_mode_aesecb(true).unwrap();
        assert!(f.ecb.crypt(None, buffer(&[7; 16]), 0, 16).is_none());
        assert!(triggered(f.registers, &f.registers.tasks_startecb));
        f.registers.events_errorecb.set(1);
        f.ecb.handle_interrupt();
        f.work();
        assert_eq!(f.listener.dest.take().unwrap(), [8; 16]);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let f = fixture();
        assert_eq!(f.ecb.set_mode_aesecb(false), Err(ErrorCode::NOSUPPORT));
        assert_eq!(f.ecb.set_mode_aescbc(false), Err(ErrorCode::NOSUPPORT));
        assert_eq!(f.ecb.set_key(&[0; 15]), Err(ErrorCode::INVAL));
        for (start, stop) in [(0, 15), (0, 64), (16, 0), (usize::MAX, 0), (0, 0)] {
            let (error, _, _) = f.ecb.crypt(None, buffer(&[0; 48]), start, stop).unwrap();
            assert_eq!(error, Err(ErrorCode::INVAL));
        }
        let wrong = Some(buffer(&[0; 15]));
        assert!(f.ecb.crypt(wrong, buffer(&[0; 16]), 0, 16).is_some());
        assert!(f.ecb.crypt(None, buffer(&[0; 16]), 0, 16).is_none());
        let (error, _, _) = f.ecb.crypt(None, buffer(&[0; 16]), 0, 16).unwrap();
        assert_eq!(error, Err(ErrorCode::BUSY));
    }
}
