//! Advisory locks, so that two runs do not write one image.

use super::failure::{tell, Failure};
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file that belongs to this run until the lock is dropped.
pub struct Lock {
    _file: File,
}

/// How often a file may be replaced while it is being locked.
const MOST_TRIES: usize = 100;

/// Takes a file for this run. An error says which process has it, where the system tells.
pub fn take(path: &Path) -> Result<Lock, Failure> {
    let failed = |error| Failure::output(path, error);
    for _ in 0..MOST_TRIES {
        let file = File::options()
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let who = holder(&file).unwrap_or_else(|| "another process".into());
                let what = format_args!("in use by {who}, which writes it at the end of its run");
                return Err(Failure::in_use(path, what).or_discard());
            }
            Err(TryLockError::Error(error)) => {
                tell(format_args!(
                    "{}: cannot be locked here ({error}): let no other run use it\n",
                    path.display()
                ));
                return Ok(Lock { _file: file });
            }
        }
        // The run before may have put a new file there meanwhile.
        if is_at(&file, path) {
            return Ok(Lock { _file: file });
        }
    }
    Err(Failure::in_use(path, "replaced again and again"))
}

/// Takes a file that only this run knows yet.
pub fn of_new(file: File) -> Lock {
    // Where files cannot be locked, the run has said so at its start.
    let _ = file.try_lock();
    Lock { _file: file }
}

/// Returns whether the open file is the one that stands at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |there: fs::Metadata| (there.dev(), there.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => identity(open) == identity(there),
        _ => false,
    }
}

/// The process that has the lock, where the system lists locks.
fn holder(file: &File) -> Option<String> {
    let inode = file.metadata().ok()?.ino();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let process = holder_in(&locks, inode)?;
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    Some(match name.trim() {
        "" => format!("process {process}"),
        name => format!("process {process} ({name})"),
    })
}

/// The process that has the lock on a file, in the list as Linux writes it:
/// `1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF`.
fn holder_in(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (kind, _, _) = (fields.next()?, fields.next()?, fields.next()?);
        let (process, file) = (fields.next()?, fields.next()?);
        let of_file = file.rsplit(':').next()?.parse() == Ok(inode);
        // 0 is a process of which this one may not know.
        let process = process.parse().ok().filter(|process| *process != 0);
        process.filter(|_| kind == "FLOCK" && of_file)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_found_by_its_file() {
        let locks = "1: POSIX  ADVISORY  WRITE 7 08:01:5678 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 12 08:01:567 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 13 08:01:5678 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF\n";
        assert_eq!(holder_in(locks, 5678), Some(1234));
        assert_eq!(holder_in(locks, 567), Some(12));
        assert_eq!(holder_in(locks, 1), None);
        assert_eq!(holder_in("garbage\n\n1:", 1), None);
    }
}
