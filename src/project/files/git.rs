//! What git says of a repository that may mean harm: its configuration starts no program, and nothing is waited for.
//!
//! What the machine and the user say to git holds: without their `safe.directory`, git says nothing of a repository that belongs to
//! somebody else, as is usual in containers.

#![allow(clippy::disallowed_methods, reason = "this is where git is asked")]

use std::collections::HashSet;
use std::io::{self, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::project::paths::{absolute, folder_or_here};

/// How long git may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest address of a remote, in bytes.
const MAX_ADDRESS: u64 = 1 << 16;

/// The most bytes of paths that are read of one repository: some two million files.
const MAX_PATHS: u64 = 1 << 28;

/// What would have git look at another repository, or at parts of this one alone. Hooks set these.
const OF_ANOTHER: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

/// Settings that go before those of the repository: each names a program, or has git look further than here.
///
/// Source: `Documentation/config/` of git (`core.txt`, `safe.txt`, `protocol.txt`).
const SETTINGS: [&str; 4] =
    ["core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never", "safe.bareRepository=explicit"];

/// The address of the remote called origin.
pub(super) fn remote(repository: &Path) -> Option<String> {
    ask(repository, &["config", "--local", "--no-includes", "--get", "remote.origin.url"], MAX_ADDRESS, |lines| {
        let mut address = String::new();
        lines.read_line(&mut address)?;
        Ok(Some(address.trim().to_owned()))
    })
}

/// The folders of a repository in which git tracks something, by their paths from its top; `None` where git does not say.
pub(super) fn tracked_folders(repository: &Path) -> Option<HashSet<Vec<u8>>> {
    ask(repository, &["ls-files", "-z"], MAX_PATHS, |paths| {
        let (mut folders, mut path, mut size) = (HashSet::new(), Vec::new(), 0_u64);
        while paths.read_until(0, &mut path)? > 0 {
            size += path.len() as u64;
            if size >= MAX_PATHS {
                return Ok(None);
            }
            // Paths come in order, so that most folders are known from the path before.
            let mut rest = path.as_slice();
            while let Some(at) = rest.iter().rposition(|byte| *byte == b'/') {
                rest = rest.get(..at).unwrap_or_default();
                if !folders.insert(rest.to_vec()) {
                    break;
                }
            }
            path.clear();
        }
        Ok(Some(folders))
    })
}

/// Asks git about a repository; `None` where git is not there, fails, or takes too long. `read` takes at most `limit` bytes.
fn ask<T: Send + 'static>(
    repository: &Path,
    arguments: &[&str],
    limit: u64,
    read: impl FnOnce(&mut dyn io::BufRead) -> io::Result<Option<T>> + Send + 'static,
) -> Option<T> {
    let mut child = command(repository, arguments).spawn().ok()?;
    let output = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    // Not awaited: a program that git starts after all may hold the other end of the pipe.
    std::thread::spawn(move || {
        let _ = sender.send(read(&mut BufReader::new(output.take(limit))));
    });
    let answer = receiver.recv_timeout(PATIENCE);
    let is_well = matches!(answer, Ok(Ok(_))) && ends_well(&mut child);
    if !is_well {
        let _ = child.kill();
        let _ = child.wait();
    }
    answer.ok()?.ok()?.filter(|_| is_well)
}

/// Whether git ends with success, now that it has said everything.
fn ends_well(child: &mut Child) -> bool {
    child.wait().is_ok_and(|status| status.success())
}

fn command(repository: &Path, arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder_or_here(repository)).arg("--no-pager");
    for setting in SETTINGS {
        git.args(["-c", setting]);
    }
    git.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    for variable in OF_ANOTHER {
        git.env_remove(variable);
    }
    // Nothing is fetched, whatever address a repository gives for what it does not hold.
    git.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none").env("GIT_TERMINAL_PROMPT", "0");
    git.env("GIT_OPTIONAL_LOCKS", "0");
    if let Some(above) = absolute(repository).parent() {
        git.env("GIT_CEILING_DIRECTORIES", above);
    }
    git
}
