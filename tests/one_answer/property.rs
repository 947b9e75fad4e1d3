//! The law: about no repository do two sources of answers contradict each other.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::ask;
use crate::claims::{About, Source};
use crate::jobs::REPORTS;
use crate::repository::Repository;
use crate::strategy;

/// How many repositories are made, unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 64;
/// The seed, unless `PROPTEST_RNG_SEED` names another.
const SEED: u64 = 6;
/// How many smaller repositories are tried once one is found about which the sources do not agree, and for how many milliseconds.
const SMALLER: (u32, u32) = (400, 30_000);

/// Who speaks of what, so that it is compared.
const SPEAK: [(About, &[Source]); 15] = [
    (
        About::Usable,
        &[Source::Contract, Source::Decode, Source::Check, Source::Access, Source::AccessJobs, Source::Editor],
    ),
    (
        About::File,
        &[
            Source::Contract,
            Source::Decode,
            Source::Check,
            Source::CheckTwice,
            Source::Access,
            Source::AccessTwice,
            Source::AccessQueries,
            Source::Editor,
            Source::Hover,
        ],
    ),
    (About::Registered, &[Source::Contract, Source::Check, Source::Access]),
    (
        About::Path,
        &[
            Source::CheckVerbose,
            Source::AccessVerbose,
            Source::Access,
            Source::AccessQueries,
            Source::AccessJobs,
            Source::AccessForPeople,
            Source::Check,
            Source::Hover,
        ],
    ),
    (About::Environments, &[Source::Contract, Source::Check, Source::AccessJobs, Source::AccessForPeople]),
    (About::Entries, &[Source::Contract, Source::Access, Source::AccessForPeople, Source::Hover]),
    (
        About::Origin,
        &[Source::Contract, Source::CheckVerbose, Source::CheckTwice, Source::AccessVerbose, Source::AccessTwice],
    ),
    (About::Known, &[Source::CheckVerbose, Source::CheckTwice, Source::AccessVerbose, Source::AccessTwice]),
    (About::Gets, &[Source::AccessQueries, Source::AccessForForPeople, Source::AccessJobs, Source::Hover]),
    (About::Rows, &[Source::AccessQueries, Source::AccessFor, Source::AccessJobs]),
    (About::Context, &[Source::AccessJobs, Source::Hover]),
    (About::Selection, &[Source::Check, Source::AccessJobs]),
    (About::Findings, &[Source::Check, Source::Editor, Source::Edited, Source::Workspace]),
    (About::Times, &[Source::Check, Source::CheckTwice, Source::Access, Source::AccessTwice]),
    (About::Page, &[Source::Editor, Source::Page]),
];

/// Fails with all that does not agree about a repository.
pub fn agree(repository: &Repository) {
    let (outcome, text) = ask::compare(repository);
    assert!(outcome.disagreements.is_empty(), "{} disagreements\n\n{text}", outcome.disagreements.len());
}

#[test]
fn all_give_one_answer() {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let mut config = Config { failure_persistence: None, ..Config::default() };
    (config.max_shrink_iters, config.max_shrink_time) = SMALLER;
    let is_usual = !is_set("PROPTEST_CASES") && !is_set("PROPTEST_RNG_SEED");
    if !is_set("PROPTEST_CASES") {
        config.cases = CASES;
    }
    if !is_set("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    let compared: RefCell<BTreeSet<(About, Source)>> = RefCell::default();
    let reported: RefCell<BTreeSet<String>> = RefCell::default();
    // How many repositories the sources agreed about before the first about which they do not.
    let (agreed, cases) = (Cell::new(0u32), config.cases);
    let has_failed = Cell::new(false);
    let result = TestRunner::new(config).run(&strategy::repository(), |repository| {
        let (outcome, text) = ask::compare(&repository);
        compared.borrow_mut().extend(outcome.compared);
        reported.borrow_mut().extend(outcome.reported);
        if outcome.disagreements.is_empty() {
            agreed.set(agreed.get() + u32::from(!has_failed.get()));
            return Ok(());
        }
        has_failed.set(true);
        Err(TestCaseError::fail(text))
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, smallest)) => {
            let found = format!("repository {} of {cases}", agreed.get() + 1);
            let (outcome, text) = ask::compare(&smallest);
            let count = outcome.disagreements.len();
            assert!(count == 0, "{found}, made smaller: {count} disagreements\n\n{text}");
            panic!("{found}: the sources agree now, and did not before:\n{reason}");
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    // What is never compared cannot be found to differ.
    let compared = compared.into_inner();
    for (about, sources) in SPEAK.iter().filter(|_| is_usual) {
        let missing: Vec<&Source> = sources.iter().filter(|source| !compared.contains(&(*about, **source))).collect();
        assert!(missing.is_empty(), "{missing:?} never spoke of {about:?}");
    }
    for rule in REPORTS.iter().filter(|_| is_usual) {
        assert!(reported.borrow().contains(*rule), "{rule} never reported a context");
    }
}
