//! Runs the targets where there is no cargo-fuzz: seeds changed at random, blindly, with dice that a seed repeats.
//!
//! `stable SECONDS SEED [TARGET …]` tries each target for so long; `stable TARGET FILE` tries one input.

use std::cell::RefCell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use kaslint_fuzz::panics::is_reckoned_with;
use kaslint_fuzz::targets::{ALL, MAX_LENGTH, Target};

/// How long one input may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long an input that fails is made shorter.
const MINIMISING: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    listen_to_panics();
    if let [name, file] = texts[..]
        && let Some(target) = ALL.iter().find(|target| target.name == name)
    {
        return match fs::read(file).map(|input| failure(target, &input)) {
            Ok(None) => ExitCode::SUCCESS,
            Ok(Some(what)) => say(&format!("{name}: {what}"), ExitCode::FAILURE),
            Err(error) => say(&format!("{file}: {error}"), ExitCode::from(2)),
        };
    }
    let call = texts.split_at_checked(2).and_then(|(numbers, names)| {
        let (seconds, seed) = (numbers[0].parse().ok()?, numbers[1].parse().ok()?);
        let is_known = |name: &&str| ALL.iter().any(|target| target.name == *name);
        names.iter().all(is_known).then_some((Duration::from_secs(seconds), seed, names))
    });
    let Some((time, seed, names)) = call else {
        return say("usage: stable SECONDS SEED [TARGET …] | stable TARGET FILE", ExitCode::from(2));
    };
    let mut exit = ExitCode::SUCCESS;
    for target in ALL.iter().filter(|target| names.is_empty() || names.contains(&target.name)) {
        if !fuzz(target, time, seed) {
            exit = ExitCode::FAILURE;
        }
    }
    exit
}

fn say(text: &str, exit: ExitCode) -> ExitCode {
    eprintln!("{text}");
    exit
}

/// What the last panic said, in whatever thread: kaslint catches those of rules and requests.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

fn panicked() -> MutexGuard<'static, Option<String>> {
    PANIC.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen_to_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if !is_reckoned_with(panic) {
            panicked().get_or_insert_with(|| panic.to_string());
        }
    }));
}

/// What goes wrong with an input.
fn failure(target: &Target, input: &[u8]) -> Option<String> {
    *panicked() = None;
    // The hook has heard of it.
    let _ = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    panicked().take()
}

/// Where a panic stands, without what it says.
fn place(what: &str) -> &str {
    what.split('\n').next().unwrap_or_default()
}

/// Tries a target for so long; whether nothing was found.
fn fuzz(target: &Target, time: Duration, seed: u64) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seeds = texts_of(&folder.join("seeds").join(target.name));
    let words = words_of(&folder.join("seeds").join(format!("{}.dict", target.name)));
    let artifacts = folder.join("artifacts").join(target.name);
    let running = artifacts.join("running");
    if seeds.is_empty() || fs::create_dir_all(&artifacts).is_err() {
        eprintln!("{}: no seeds; `python3 fuzz/seeds.py` gathers them", target.name);
        return false;
    }
    let watched = Watched::start(target.name, &artifacts);
    let mut dice = Rng::with_seed(seed);
    let (start, mut count) = (Instant::now(), 0_usize);
    let mut failed = None;
    while failed.is_none() && (start.elapsed() < time || count < seeds.len()) {
        let input = match seeds.get(count) {
            Some(seed) => seed.clone(),
            None => mutated(&mut dice, &seeds, &words),
        };
        // What takes the process down leaves its input behind.
        let _ = fs::write(&running, &input);
        watched.begin(&input);
        failed = failure(target, &input).map(|what| (input, what));
        watched.end();
        count += 1;
    }
    let _ = fs::remove_file(&running);
    let name = target.name;
    let Some((input, what)) = failed else {
        println!("{name:<22} {count:>9} executions, seed {seed}, no finding");
        return true;
    };
    let input = minimised(target, input, place(&what));
    let file = artifacts.join(format!("stable-{seed}-{count}"));
    let _ = fs::write(&file, input);
    println!("{name:<22} {count:>9} executions, seed {seed}: {what}\n  input: {}", file.display());
    false
}

/// Notices an input that takes too long, keeps it and ends the process: a thread cannot be stopped.
struct Watched(Arc<Mutex<Option<(Instant, Vec<u8>)>>>);

impl Watched {
    fn start(name: &'static str, artifacts: &Path) -> Self {
        let shared = Arc::new(Mutex::new(None::<(Instant, Vec<u8>)>));
        let (watched, file) = (Arc::clone(&shared), artifacts.join("timeout"));
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_millis(500));
                let running = watched.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((_, input)) = running.as_ref().filter(|(start, _)| start.elapsed() > PATIENCE) {
                    let _ = fs::write(&file, input);
                    println!("{name}: more than {PATIENCE:?}\n  input: {}", file.display());
                    std::process::exit(1);
                }
                if Arc::strong_count(&watched) == 1 {
                    return;
                }
            }
        });
        Self(shared)
    }

    fn begin(&self, input: &[u8]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), input.to_vec()));
    }

    fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The same failure from as little as is found in the time for it.
fn minimised(target: &Target, input: Vec<u8>, at: &str) -> Vec<u8> {
    let (start, mut best) = (Instant::now(), input);
    let mut size = best.len().div_ceil(2);
    while size > 0 && start.elapsed() < MINIMISING {
        let mut from = 0;
        while from < best.len() && start.elapsed() < MINIMISING {
            let to = (from + size).min(best.len());
            let shorter = [&best[..from], &best[to..]].concat();
            if failure(target, &shorter).is_some_and(|what| place(&what) == at) {
                best = shorter;
            } else {
                from = to;
            }
        }
        size /= 2;
    }
    best
}

fn texts_of(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| fs::read(path).ok()).collect()
}

/// The words of a dictionary in libFuzzer's form.
fn words_of(file: &Path) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let quoted = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(unescaped).collect()
}

fn unescaped(quoted: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = quoted.bytes();
    while let Some(byte) = rest.next() {
        match (byte, byte == b'\\').1.then(|| rest.next()).flatten() {
            Some(b'x') => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = String::from_utf8_lossy(&digits).into_owned();
                bytes.extend(u8::from_str_radix(&digits, 16));
            }
            Some(escaped) => bytes.push(escaped),
            None => bytes.push(byte),
        }
    }
    bytes
}

/// A seed with some changes.
fn mutated(dice: &mut Rng, seeds: &[Vec<u8>], words: &[Vec<u8>]) -> Vec<u8> {
    let dice = RefCell::new(dice);
    let below = |bound: usize| dice.borrow_mut().usize(..bound.max(1));
    let mut input = seeds.get(below(seeds.len())).cloned().unwrap_or_default();
    for _ in 0..=below(6) {
        let at = below(input.len() + 1);
        let end = (at + 1 + below(1 << below(8))).min(input.len());
        match below(9) {
            0 => drop(input.drain(at..end)),
            1 => {
                let piece = input[at..end].to_vec();
                let to = below(input.len() + 1);
                drop(input.splice(to..to, piece));
            }
            2 => {
                let other = seeds.get(below(seeds.len())).map(Vec::as_slice).unwrap_or_default();
                let from = below(other.len() + 1);
                let to = (from + 1 + below(1 << below(9))).min(other.len());
                drop(input.splice(at..at, other[from..to].iter().copied()));
            }
            3 if at < input.len() => input[at] ^= 1 << below(8),
            4 => drop(input.splice(at..at, (0..=below(3)).map(|_| below(256) as u8))),
            5 => {
                let word = words.get(below(words.len())).cloned().unwrap_or_default();
                let times = if below(12) == 0 { 1 << below(8) } else { 1 };
                drop(input.splice(at..at, word.repeat(times)));
            }
            // In the place of a word, or of a line.
            6 | 7 => {
                let ends = |byte: &u8| if end % 2 == 0 { *byte == b'\n' } else { !byte.is_ascii_alphanumeric() };
                let start = input[..at].iter().rposition(ends).map_or(0, |before| before + 1);
                let end = input[at..].iter().position(ends).map_or(input.len(), |length| at + length);
                let word = words.get(below(words.len())).cloned().unwrap_or_default();
                drop(input.splice(start..end, word));
            }
            _ => {
                let other = below(input.len() + 1);
                if let (Some(one), Some(two)) = (input.get(at).copied(), input.get(other).copied()) {
                    (input[at], input[other]) = (two, one);
                }
            }
        }
        input.truncate(MAX_LENGTH);
    }
    input
}
