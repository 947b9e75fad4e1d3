//! What git says of a repository that may mean harm: its configuration starts no program, and nothing is waited for.
//!
//! What the machine and the user say to git holds: without their `safe.directory`, git says nothing of a repository that belongs to
//! somebody else, as is usual in containers.

#![allow(clippy::disallowed_methods, reason = "this is where git is asked")]

use std::collections::HashSet;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
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

/// Why git did not say what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitFault {
    /// It is not there.
    Missing,
    /// It ended with an error, and said this.
    Refused(String),
    /// It took too long, or said too much.
    Slow,
}

/// How long git may take to list what a revision holds.
const LONG_PATIENCE: Duration = Duration::from_secs(120);

/// Everything that git says to a question; what is asked for begins with no `-` unless it is ours.
///
/// # Errors
/// When git is not there, fails, or does not come to an end.
pub(super) fn say(repository: &Path, arguments: &[&str]) -> Result<Vec<u8>, GitFault> {
    let mut git = command(repository, arguments);
    git.env("GIT_NO_REPLACE_OBJECTS", "1").env("LC_ALL", "C").stderr(Stdio::piped());
    let mut child = git.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => GitFault::Missing,
        kind => GitFault::Refused(kind.to_string()),
    })?;
    let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else { return Err(GitFault::Slow) };
    let (sender, receiver) = mpsc::channel();
    let read_all =
        |from: Box<dyn io::Read + Send>, limit: u64, sender: mpsc::Sender<(bool, io::Result<Vec<u8>>)>, is_output| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let read = from.take(limit).read_to_end(&mut bytes).map(|_| bytes);
                let _ = sender.send((is_output, read));
            });
        };
    read_all(Box::new(output), MAX_PATHS, sender.clone(), true);
    read_all(Box::new(errors), MAX_ADDRESS, sender, false);
    let (mut said, mut complaint) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        match receiver.recv_timeout(LONG_PATIENCE) {
            Ok((true, Ok(bytes))) => said = bytes,
            Ok((false, Ok(bytes))) => complaint = bytes,
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(GitFault::Slow);
            }
        }
    }
    match child.wait() {
        Ok(status) if status.success() && (said.len() as u64) < MAX_PATHS => Ok(said),
        Ok(status) if status.success() => Err(GitFault::Slow),
        _ => Err(GitFault::Refused(String::from_utf8_lossy(&complaint).trim().to_owned())),
    }
}

/// The objects of a repository, read one after the other from a process that stays.
pub(super) struct Objects {
    repository: PathBuf,
    process: Mutex<Option<(Child, ChildStdin, BufReader<ChildStdout>)>>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").field("repository", &self.repository).finish_non_exhaustive()
    }
}

impl Objects {
    pub fn of(repository: &Path) -> Self {
        Self { repository: repository.to_owned(), process: Mutex::new(None) }
    }

    /// The bytes of an object; its size alone where that is over a limit.
    ///
    /// # Errors
    /// When it is not there, which is so in partial clones, or git fails.
    pub fn read(&self, name: &str, limit: u64) -> io::Result<Result<Vec<u8>, u64>> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if process.is_none() {
            let mut git = command(&self.repository, &["cat-file", "--batch"]);
            git.env("GIT_NO_REPLACE_OBJECTS", "1").stdin(Stdio::piped());
            let mut child = git.spawn()?;
            let pipes = child.stdin.take().zip(child.stdout.take());
            let Some((input, output)) = pipes else { return Err(io::Error::other("git cannot be asked")) };
            *process = Some((child, input, BufReader::new(output)));
        }
        let Some((_, input, output)) = process.as_mut() else { return Err(io::Error::other("git cannot be asked")) };
        input.write_all(format!("{name}\n").as_bytes())?;
        input.flush()?;
        let mut head = String::new();
        output.take(MAX_ADDRESS).read_line(&mut head)?;
        let size = match head.trim_end().rsplit_once(' ') {
            Some((_, size)) if size.bytes().all(|byte| byte.is_ascii_digit()) => {
                size.parse::<u64>().unwrap_or(u64::MAX)
            }
            _ => {
                let what =
                    "git has it not: the clone is partial or damaged, and nothing is fetched here; `git fetch` first";
                return Err(io::Error::other(what));
            }
        };
        // What is too large is passed over, byte by byte.
        let mut bytes = Vec::new();
        if size <= limit {
            output.by_ref().take(size).read_to_end(&mut bytes)?;
        } else {
            io::copy(&mut output.by_ref().take(size), &mut io::sink())?;
        }
        let mut end = [0];
        output.read_exact(&mut end)?;
        Ok(if size <= limit { Ok(bytes) } else { Err(size) })
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((mut child, input, output)) = process.take() {
            drop((input, output));
            let _ = child.wait();
        }
    }
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
