//! The law: about no repository do two sources of answers contradict each other.

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::ask;
use crate::claims::{About, Source};
use crate::repository::Repository;
use crate::strategy;

/// How many repositories are made, unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 64;
/// The seed, unless `PROPTEST_RNG_SEED` names another.
const SEED: u64 = 6;
/// How many smaller repositories are tried once one is found about which the sources do not agree, and for how many milliseconds.
const SMALLER: (u32, u32) = (400, 30_000);

/// Who speaks of what, so that it is compared.
const SPEAK: [(About, &[Source]); 13] = [
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
            Source::Hover,
        ],
    ),
    (
        About::Origin,
        &[Source::Contract, Source::CheckVerbose, Source::CheckTwice, Source::AccessVerbose, Source::AccessTwice],
    ),
    (About::Known, &[Source::CheckVerbose, Source::CheckTwice, Source::AccessVerbose, Source::AccessTwice]),
    (About::Gets, &[Source::AccessQueries, Source::AccessForForPeople, Source::AccessJobs, Source::Hover]),
    (About::Rows, &[Source::AccessQueries, Source::AccessFor, Source::AccessJobs]),
    (About::Context, &[Source::AccessJobs, Source::Hover]),
    (About::Selection, &[Source::Check, Source::AccessJobs]),
    (About::Findings, &[Source::Check, Source::Editor, Source::Workspace]),
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
    let result = TestRunner::new(config).run(&strategy::repository(), |repository| {
        let (outcome, text) = ask::compare(&repository);
        compared.borrow_mut().extend(outcome.compared);
        if outcome.disagreements.is_empty() { Ok(()) } else { Err(TestCaseError::fail(text)) }
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, smallest)) => {
            agree(&smallest);
            panic!("the sources agree now, and did not before:\n{reason}");
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    // What is never compared cannot be found to differ.
    let compared = compared.into_inner();
    for (about, sources) in SPEAK.iter().filter(|_| is_usual) {
        let missing: Vec<&Source> = sources.iter().filter(|source| !compared.contains(&(*about, **source))).collect();
        assert!(missing.is_empty(), "{missing:?} never spoke of {about:?}");
    }
}
