//! The IEC points measured by the flashed image in the emulator.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use audit::specimen::meter;
use emulator::front_end::FrontEnd;
use emulator::mains::Mains;
use emulator::Machine;

use crate::calibration;
use crate::iec::{iec_points, Accuracy, IecPoint};

/// Virtual time from the supply to the first line.
const START: Duration = Duration::from_secs(2);
/// Virtual time at a point: the first second is the meter's to settle.
const DURATION: Duration = Duration::from_millis(7_500);

/// Measures the error of the active energy at every point, with the front end of `seed`.
///
/// # Panics
/// When the images are not built, or the meter falls silent.
pub fn measure_all(seed: u64) -> Vec<Accuracy> {
    let firmware = calibration::calibrated(seed);
    let points = iec_points();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(vec![None; points.len()]);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                // One start for all points: the load changes, the meter goes on.
                let mut machine = meter::boot(firmware.bytes(), &points[0].mains(), seed);
                machine.run_for(START);
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(point) = points.get(index) else {
                        return;
                    };
                    let accuracy = measure(&mut machine, point, seed);
                    found.lock().expect("no worker panics")[index] = Some(accuracy);
                }
            });
        }
    });
    let found = found.into_inner().expect("no worker panics");
    found.into_iter().flatten().collect()
}

fn measure(machine: &mut Machine, point: &IecPoint, seed: u64) -> Accuracy {
    let mains = Mains::parse(&point.mains()).expect("a load");
    machine.set_analog(Box::new(FrontEnd::from_seed(mains, seed)));
    machine.take_uart_output(0);
    machine.run_for(DURATION);
    // The first line still holds some of the load before.
    let readings = meter::readings(machine);
    let (first, last) = (&readings[1], &readings[readings.len() - 1]);
    let joules = (last["import_Wh"] - first["import_Wh"]) * 3_600.0;
    let seconds = (last["samples"] - first["samples"]) * 153e-6;
    Accuracy {
        amperes: point.amperes,
        power_factor: point.power_factor,
        error_percent: (joules / seconds / point.watts() - 1.0) * 100.0,
    }
}
