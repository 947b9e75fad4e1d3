//! The progress bar of runs that take long. It watches a counter from a thread of its own and leaves nothing behind.

use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::analysis::Steps;

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
    /// A run over many files from a moment on, with a number of steps.
    pub fn new(start: Instant, files: usize, steps: usize, is_quiet: bool) -> Self {
        let counter = Arc::new(Steps::default());
        let is_shown = files >= MANY && !is_quiet && is_capable();
        let watcher = is_shown.then(|| {
            let (sender, stop) = mpsc::channel();
            let counter = Arc::clone(&counter);
            let watcher = std::thread::spawn(move || {
                let patience = PATIENCE.saturating_sub(start.elapsed());
                if stop.recv_timeout(patience) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                let bar = show(files, steps);
                while stop.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                    bar.set_position(counter.count().min(steps) as u64);
                }
                *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = None;
                bar.finish_and_clear();
            });
            (sender, watcher)
        });
        Self { steps: counter, watcher }
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

/// Whether standard error is a terminal that can take a line back.
fn is_capable() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").map_or(cfg!(windows), |term| term != "dumb")
}

fn show(files: usize, steps: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
    // The template is a constant; were it invalid, the bar would look otherwise.
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {percent:>3}%") {
        bar.set_style(style.progress_chars("━╸ "));
    }
    bar.set_message(format!("Checking {files} files"));
    *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
    bar
}
