//! A kernel's loop reduced to what the trials need: one process, its memory,
//! its MPU regions, and a way to run it until it leaves the CPU.

use core::panic::PanicInfo;

use cortexm4::mpu::{CortexMConfig, MPU};
use cortexm4::syscall::{CortexMStoredState, SysCall};
use cortexm4::systick::SysTick;
use kernel::platform::mpu::{Permissions, MPU as _};
use kernel::process::{FunctionCall, FunctionCallSource};
use kernel::syscall::{ContextSwitchReason, SyscallReturn, UserspaceKernelBoundary};

use crate::{log, trials};

#[link_section = ".irqs"]
#[used]
static IRQS: [unsafe extern "C" fn(); 48] = [cortexm4::generic_isr; 48];

/// Size of the flash that a process may execute: the code of all processes
/// lies within, and so does this firmware, which harms nobody here.
const FLASH_SIZE: usize = 256 * 1024;
/// RAM block of the process.
pub const RAM_SIZE: usize = 4096;
/// Bytes at the start of the block that the process may use.
pub const APP_SIZE: usize = 2048;

extern "C" {
    static conformance_play: u8;
}

/// Address of the process's RAM.
pub fn ram() -> usize {
    &raw const conformance_play as usize
}

/// One process and what it runs on.
pub struct Rig {
    mpu: MPU,
    config: CortexMConfig,
    boundary: SysCall,
    state: CortexMStoredState,
    /// The scheduler's timer, at one count a "microsecond".
    pub timer: SysTick,
}

impl Rig {
    fn new() -> Rig {
        // SAFETY: the only rig; the vector table is the one of `cortexm4`, and
        // `initialize` was called.
        let (mpu, boundary, timer) = unsafe {
            (
                MPU::new(),
                SysCall::new(),
                SysTick::new_with_calibration(1_000_000),
            )
        };
        // SAFETY: no process has run.
        unsafe { mpu.clear_mpu() };
        let mut config = mpu.new_config().expect("the first configuration");
        let block = mpu.allocate_app_memory_region(
            ram() as *const u8,
            RAM_SIZE,
            RAM_SIZE,
            APP_SIZE,
            RAM_SIZE - APP_SIZE,
            Permissions::ReadWriteExecute,
            &mut config,
        );
        assert!(block == Some((ram() as *const u8, RAM_SIZE)));
        mpu.allocate_region(
            core::ptr::null(),
            FLASH_SIZE,
            FLASH_SIZE,
            Permissions::ReadExecuteOnly,
            &mut config,
        )
        .expect("the region of the flash");
        Rig {
            mpu,
            config,
            boundary,
            state: CortexMStoredState::default(),
            timer,
        }
    }

    fn memory(&self) -> (*const u8, *const u8) {
        (ram() as *const u8, (ram() + APP_SIZE) as *const u8)
    }

    /// Prepares the process to start at `code` with four arguments.
    pub fn start(&mut self, code: unsafe extern "C" fn(), arguments: [usize; 4]) {
        let (start, end) = self.memory();
        let [argument0, argument1, argument2, argument3] = arguments;
        // SAFETY: the memory is the process's own and nothing refers to it.
        unsafe {
            self.boundary
                .initialize_process(start, end, &mut self.state)
                .expect("room for a frame");
            self.call(FunctionCall {
                source: FunctionCallSource::Kernel,
                argument0,
                argument1,
                argument2,
                argument3: argument3.into(),
                pc: (code as usize).into(),
            })
            .expect("room for a frame");
        }
    }

    /// Lets the process go on with `upcall`.
    ///
    /// # Safety
    ///
    /// Nothing refers to the process's memory.
    pub unsafe fn call(&mut self, upcall: FunctionCall) -> Result<(), ()> {
        let (start, end) = self.memory();
        // SAFETY: promised by the caller.
        unsafe {
            self.boundary
                .set_process_function(start, end, &mut self.state, upcall)
        }
    }

    /// Runs the process until it leaves the CPU.
    pub fn run(&mut self) -> ContextSwitchReason {
        let (start, end) = self.memory();
        // SAFETY: the memory is the process's own and nothing refers to it; the
        // MPU holds its regions.
        unsafe {
            self.mpu.configure_mpu(&self.config);
            self.mpu.enable_app_mpu();
            self.boundary
                .switch_to_process(start, end, &mut self.state)
                .0
        }
    }

    /// Gives the process the answer to its call.
    pub fn answer(&mut self, answer: SyscallReturn) -> Result<(), ()> {
        let (start, end) = self.memory();
        // SAFETY: the memory is the process's own and nothing refers to it.
        unsafe {
            self.boundary
                .set_syscall_return_value(start, end, &mut self.state, answer)
        }
    }

    /// Writes PC and xPSR of the frame at which the process will go on.
    pub fn overwrite_frame(&mut self, pc: u32, xpsr: u32) {
        let mut context = [0; 36];
        let length = self.boundary.store_context(&self.state, &mut context);
        assert!(length == Ok(36));
        let psp = [context[32], context[33], context[34], context[35]];
        let frame = u32::from_le_bytes(psp) as *mut u32;
        // SAFETY: the process has left the CPU by a system call, so its frame
        // lies in its memory, and nothing refers to it.
        unsafe {
            frame.add(6).write_volatile(pc);
            frame.add(7).write_volatile(xpsr);
        }
    }

    /// The regions of the process.
    pub fn config(&mut self) -> (&MPU, &mut CortexMConfig) {
        (&self.mpu, &mut self.config)
    }
}

#[no_mangle]
extern "C" fn main() -> ! {
    log::begin();
    // SAFETY: the first thing in `main`.
    unsafe { cortexm4::initialize() };
    log::end(trials::run(&mut Rig::new()))
}

#[panic_handler]
fn panicked(info: &PanicInfo) -> ! {
    use core::fmt::Write;
    let _ = writeln!(log::Log, "panic: {info}");
    log::end(0)
}
