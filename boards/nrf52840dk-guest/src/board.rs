//! Pins and wiring.

use capsules_core::{adc, alarm, button, console, led, low_level_debug};
use capsules_system::process_policies::StopFaultPolicy;
use capsules_system::scheduler::round_robin::{RoundRobinProcessNode, RoundRobinSched};
use capsules_system::syscall_filter::tbf_header_filter::TbfHeaderFilterDefaultAllow;
use cortexm4::systick::SysTick;
use kernel::hil::time::Counter;
use kernel::platform::{KernelResources, SyscallDriverLookup};
use kernel::process::{load_processes, ProcessArray};
use kernel::syscall::SyscallDriver;
use kernel::{capabilities, create_capability, debug, static_init, static_init_const, Kernel};
use nrf52840::saadc::{AdcChannel, AdcChannelSetup};
use nrf52840::{base, chip::Nrf52840, gpio::Pin, gpio::Port};
use nrf52840_components::{
    inputs_outputs, memory, peripherals::Common, serial, serial::LocalPort, start, time,
};

const LEDS: [Pin; 4] = [Pin::P0_13, Pin::P0_14, Pin::P0_15, Pin::P0_16];
const BUTTONS: [Pin; 4] = [Pin::P0_11, Pin::P0_12, Pin::P0_24, Pin::P0_25];
const LOCAL_PORT: LocalPort = LocalPort {
    txd: Pin::P0_06,
    rxd: Pin::P0_08,
    baud: 115_200,
};
/// What a debug probe reads, if board.toml says `debug_rtt = true`.
#[cfg(debug_rtt)]
static RTT: capsules_system::debug_writer::rtt::Rtt = capsules_system::rtt!();
static INPUTS: [AdcChannelSetup; 1] = [AdcChannelSetup::new(AdcChannel::AnalogInput1)];
/// Places in the table of processes.
const PROCESSES: usize = 4;

type Chip = Nrf52840<'static, Common>;
type Thread = <Chip as kernel::platform::chip::Chip>::ThreadIdProvider;

/// What the kernel loop asks for.
struct Board {
    drivers: [(usize, &'static dyn SyscallDriver); 6],
    filter: TbfHeaderFilterDefaultAllow,
    scheduler: RoundRobinSched<'static>,
    timer: SysTick,
}

/// Called by the reset handler with RAM made ready.
///
/// # Safety
/// Once, by the reset handler.
#[no_mangle]
unsafe extern "C" fn main() -> ! {
    start::begin::<Chip, Thread>();
    #[cfg(debug_rtt)]
    kernel::debug::set_debug_writer_wrapper(
        &RTT,
        create_capability!(capabilities::SetDebugWriterCapability),
    );
    let memory_capability = create_capability!(capabilities::MemoryAllocationCapability);
    let management = create_capability!(capabilities::ProcessManagementCapability);
    // SAFETY: this function runs once; so for all memory that is taken here.
    let (kernel, board, chip) = unsafe {
        let pins = static_init!(Port<'static>, Port::new(base::P0, base::P1, base::GPIOTE));
        let common = &*static_init!(Common, Common::new(pins, static_init!([u16; 1], [0])));
        let chip = &*static_init!(Chip, Chip::new(common));
        let places = &*static_init_const!(ProcessArray<PROCESSES>, ProcessArray::new());
        let kernel = &*static_init!(Kernel, Kernel::new(places.as_slice()));
        // It cannot fail on this counter.
        let _ = common.rtc.start();

        let mux = time::mux(common);
        let grants = &memory_capability;
        let (console, debug) = serial::serial(kernel, common, &LOCAL_PORT, grants);
        let board = static_init!(
            Board,
            Board {
                drivers: [
                    (alarm::DRIVER_NUM, time::alarms(kernel, mux, grants)),
                    (console::DRIVER_NUM, console),
                    (led::DRIVER_NUM, inputs_outputs::leds(common, LEDS)),
                    (
                        button::DRIVER_NUM,
                        inputs_outputs::buttons(kernel, common, BUTTONS, grants)
                    ),
                    (
                        adc::DRIVER_NUM,
                        inputs_outputs::converter(kernel, common, &INPUTS, grants)
                    ),
                    (low_level_debug::DRIVER_NUM, debug),
                ],
                filter: TbfHeaderFilterDefaultAllow {},
                scheduler: RoundRobinSched::new(),
                timer: SysTick::new_with_calibration(start::CPU_HZ),
            }
        );
        let nodes = static_init!(
            [RoundRobinProcessNode<'static>; PROCESSES],
            core::array::from_fn(|place| RoundRobinProcessNode::new(&places[place]))
        );
        for node in nodes.iter() {
            board.scheduler.processes.push_tail(node);
        }
        let (flash, ram) = memory::app_memory();
        if cfg!(debug_rtt) {
            debug!(
                "nrf52840dk-guest kernel {}.{}",
                ::kernel::KERNEL_MAJOR_VERSION,
                ::kernel::KERNEL_MINOR_VERSION
            );
        }
        // What cannot be loaded is left out.
        let loaded = load_processes(kernel, chip, flash, ram, &StopFaultPolicy {}, &management);
        if let (true, Err(error)) = (cfg!(debug_rtt), loaded) {
            debug!("apps are left out: {:?}", error);
        }
        (kernel, &*board, chip)
    };
    let main_loop = create_capability!(capabilities::MainLoopCapability);
    kernel.kernel_loop(board, chip, &main_loop)
}

impl SyscallDriverLookup for Board {
    fn with_driver<F, R>(&self, number: usize, f: F) -> R
    where
        F: FnOnce(Option<&dyn SyscallDriver>) -> R,
    {
        let mut drivers = self.drivers.iter();
        f(drivers.find_map(|(of, driver)| (*of == number).then_some(*driver)))
    }
}

impl KernelResources<Chip> for Board {
    type SyscallDriverLookup = Self;
    type SyscallFilter = TbfHeaderFilterDefaultAllow;
    type ProcessFault = ();
    type ContextSwitchCallback = ();
    type Scheduler = RoundRobinSched<'static>;
    type SchedulerTimer = SysTick;
    type WatchDog = ();

    fn syscall_driver_lookup(&self) -> &Self {
        self
    }

    fn syscall_filter(&self) -> &TbfHeaderFilterDefaultAllow {
        &self.filter
    }

    fn process_fault(&self) -> &() {
        &()
    }

    fn context_switch_callback(&self) -> &() {
        &()
    }

    fn scheduler(&self) -> &RoundRobinSched<'static> {
        &self.scheduler
    }

    fn scheduler_timer(&self) -> &SysTick {
        &self.timer
    }

    fn watchdog(&self) -> &() {
        &()
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    cortexm4::scb::reset()
}
