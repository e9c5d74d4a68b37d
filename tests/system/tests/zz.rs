//! scratch
use emulator::report::crash_log;
use std::time::{Duration, Instant};
use system_tests::firmware::Firmware;
use system_tests::meter;
#[test]
fn zz() {
    let fw = Firmware::meter()
        .with_puppet("dlms")
        .with_puppet("tls")
        .with_puppet("update")
        .with_puppet("factory");
    let mut m = meter::boot(fw.bytes(), "sine:230V,5A,pf0.8,50Hz", 1);
    for i in 0..12 {
        let t = Instant::now();
        let n = m.instructions();
        m.run_for(Duration::from_millis(100));
        eprintln!("{i} {:?} instr {}", t.elapsed(), m.instructions() - n);
    }
    let manifest = system_tests::firmware::manifest();
    let t = Instant::now();
    let p = system_tests::audit::puppet::Puppet::find(&mut m, &manifest, "dlms");
    eprintln!("{p:?} {:?}", t.elapsed());
    for p in crash_log::read(&mut m).unwrap().processes {
        eprintln!("{p:?}");
    }
    let p = p.unwrap();
    for _ in 0..3 {
        let t = Instant::now();
        let a = p.call(
            &mut m,
            system_tests::audit::puppet::Call::command(0x80000004, 1, 0, 0),
        );
        eprintln!("{a:?} {:?}", t.elapsed());
    }
}
