//! The progress bar of runs that take long. It watches a counter from a thread of its own and leaves nothing behind.

use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::fetch::Watch;
use crate::project::Steps;

/// From how many files on a bar may be shown.
const MANY: usize = 50;

/// How long a run takes without a bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two looks at the counter.
const PACE: Duration = Duration::from_millis(100);

/// The bar that is shown, around which others have to write.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Writes to standard error without disturbing the bar, if there is one.
pub(super) fn aside(write: impl FnOnce()) {
    let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match &*shown {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// A run that somebody may watch; when dropped, the bar is gone.
pub(super) struct Progress {
    pub steps: Arc<Steps>,
    watcher: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// A run that does something to files from a moment on, in so many steps for each. It has a bar only if the files are many.
    pub fn new(start: Instant, doing: &'static str, steps_a_file: usize) -> Self {
        let counter = Arc::new(Steps::default());
        let watcher = is_capable().then(|| {
            let (sender, stop) = mpsc::channel();
            let counter = Arc::clone(&counter);
            let watcher = std::thread::spawn(move || {
                let mut patience = PATIENCE.saturating_sub(start.elapsed());
                // How many files there are is known once they were found.
                while stop.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                    let files = counter.files();
                    if files >= MANY {
                        watch(&counter, &stop, (doing, files), files * steps_a_file);
                        return;
                    }
                    patience = PACE;
                }
            });
            (sender, watcher)
        });
        Self { steps: counter, watcher }
    }

    /// A run that nobody watches.
    pub fn unwatched() -> Self {
        Self { steps: Arc::default(), watcher: None }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, watcher)) = self.watcher.take() {
            drop(stop);
            let _ = watcher.join();
        }
    }
}

/// Shows how far the counter is, until the run is over.
fn watch(counter: &Steps, stop: &Receiver<()>, (doing, files): (&str, usize), steps: usize) {
    let bar = show(doing, files, steps);
    loop {
        bar.set_position(counter.count().min(steps) as u64);
        if stop.recv_timeout(PACE) != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
    *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = None;
    bar.finish_and_clear();
}

/// Whether standard error is a terminal that can take a line back.
#[allow(clippy::disallowed_methods, reason = "terminals say in TERM what they can do")]
fn is_capable() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").map_or(cfg!(windows), |term| term != "dumb")
}

fn show(doing: &str, files: usize, steps: usize) -> ProgressBar {
    // Nothing is drawn before the first look at the counter.
    let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr())
        .with_message(format!("{doing} {files} files"));
    // The template is a constant; were it invalid, the bar would look otherwise. It fits into 60 columns.
    let bar = match ProgressStyle::with_template("{msg} {bar:30} {percent:>3}%") {
        Ok(style) => bar.with_style(style.progress_chars("━╸ ")),
        Err(_) => bar,
    };
    *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
    bar
}

/// What the bar of requests looks like while their number is known, and while it is not.
const COUNTED: &str = "{msg} {pos}/{len} {bar:20} {eta}";
const UNCOUNTED: &str = "{spinner} {msg} {pos}";

/// The bar of a run of requests, with counts and an estimate; when dropped, it is gone.
pub(super) struct Requests {
    bar: Option<ProgressBar>,
    doing: Mutex<&'static str>,
}

impl Requests {
    pub fn new() -> Self {
        let bar = is_capable().then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = bar.clone();
        Self { bar, doing: Mutex::new("") }
    }
}

impl Watch for Requests {
    fn step(&self, doing: &'static str, done: usize, of: Option<usize>) {
        let Some(bar) = &self.bar else { return };
        let mut current = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
        if *current != doing {
            *current = doing;
            bar.reset();
            if let Ok(style) = ProgressStyle::with_template(if of.is_some() { COUNTED } else { UNCOUNTED }) {
                bar.set_style(style.progress_chars("━╸ "));
            }
            bar.set_message(doing);
        }
        if let Some(of) = of {
            bar.set_length(of as u64);
        }
        bar.set_position(done as u64);
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
