//! Ends the server when the editor that started it is gone. Its pipes close then, unless another process holds them open.

use crossbeam_channel::Sender;

use super::transport::Incoming;

/// Ends the session when the process is gone.
#[cfg(unix)]
pub(super) fn end_with(process: i64, sender: Sender<Incoming>) {
    use std::time::Duration;

    use rustix::process::{Pid, test_kill_process};

    const EVERY: Duration = Duration::from_secs(2);
    // Others than positive numbers name groups of processes, of which `Pid` will have nothing.
    let process = i32::try_from(process).ok().filter(|process| *process > 0);
    let Some(pid) = process.and_then(Pid::from_raw) else { return };
    std::thread::spawn(move || {
        let is_gone = || test_kill_process(pid) == Err(rustix::io::Errno::SRCH);
        // A process that this machine never had, as from within a container, cannot end.
        if is_gone() {
            return;
        }
        while !is_gone() {
            std::thread::sleep(EVERY);
        }
        let _ = sender.send(Incoming::End(Some("the editor is gone".to_owned())));
    });
}

/// Elsewhere the pipes have to do.
#[cfg(not(unix))]
pub(super) fn end_with(_: i64, _: Sender<Incoming>) {}
