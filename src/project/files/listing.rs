//! The files below a folder, listed once for all patterns that are compared with them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use regex::Regex;

use super::{FileSource, Kind, Walk};

/// How many files and folders are looked at for a list.
const MAX_PATHS: usize = 200_000;

/// The longest pattern that is compared, in bytes: no path on the disk is longer (`PATH_MAX` of Linux).
const MAX_PATTERN: usize = 4_096;

/// What one list may spend on patterns for one reading of a pipeline, in paths that are looked at.
const BUDGET: usize = 20_000_000;

/// What it costs to compile a pattern, in paths that are looked at: at the least, and for each byte.
const COMPILED: (usize, usize) = (1_000, 10);

/// How many patterns a list keeps the files of.
const KEPT_PATTERNS: usize = 1_000;

/// The files below a folder.
#[derive(Clone, Debug)]
pub struct Listing {
    files: Arc<Files>,
    /// Those that only an editor has.
    more: Vec<String>,
    left: usize,
}

/// The first of the files that a pattern meets, behind how many were asked for.
type FirstMet = (usize, Arc<[u32]>);

/// The files of a list, by their paths from the folder, sorted.
#[derive(Debug, Default)]
struct Files {
    paths: Vec<Box<str>>,
    is_cut: bool,
    /// By pattern.
    met: Mutex<HashMap<Box<str>, FirstMet>>,
}

/// What a pattern meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    /// The paths, sorted.
    pub paths: Vec<String>,
    /// Whether these are all that there are, or as many as were asked for.
    pub is_whole: bool,
}

/// Lists that are kept, by folder, until they are dropped: nobody who keeps them learns of files that come and go.
#[derive(Debug, Default)]
pub struct Listings {
    by_top: Mutex<HashMap<PathBuf, Arc<Files>>>,
}

impl Listing {
    /// Walks a folder.
    pub fn of<S: FileSource + ?Sized>(files: &S, top: &Path) -> Self {
        let walk = Walk { top, limit: MAX_PATHS, leaves_out_ignored: true, is_large: false, wanted: &|_, _| true };
        let walked = files.walk(&walk);
        let met = walked.met.into_iter().filter(|(_, kind)| *kind == Kind::File);
        let mut paths: Vec<Box<str>> =
            met.filter_map(|(path, _)| Some(relative(&path, top)?.into_boxed_str())).collect();
        paths.sort_unstable();
        paths.dedup();
        let files = Files { paths, is_cut: walked.is_cut, met: Mutex::default() };
        Self { files: Arc::new(files), more: Vec::new(), left: BUDGET }
    }

    /// Adds a file that does not lie there.
    pub(super) fn add(&mut self, path: &Path, top: &Path) {
        self.more.extend(relative(path, top));
    }

    /// The first files, at most so many, that a pattern meets: `**` stands for any characters and `*` for any but `/`, over the whole path.
    ///
    /// Costs in proportion to the files that start as the pattern does. Where patterns ask for more than a list gives, the answer says that it
    /// is not whole.
    ///
    /// Source: `search_files_by_wildcard_path` in `app/models/repository.rb`.
    pub fn matching(&mut self, pattern: &str, most: usize) -> Met {
        let nothing = Met { paths: Vec::new(), is_whole: false };
        if pattern.len() > MAX_PATTERN {
            return nothing;
        }
        let form = Form::of(pattern);
        let start = self.files.paths.partition_point(|path| **path < *form.start);
        let behind = self.files.paths.get(start..).unwrap_or_default();
        let candidates = behind.partition_point(|path| path.starts_with(form.start));
        // What is known already costs the same, so that the answer hangs on the files alone.
        let cost = candidates + self.more.len() + form.cost();
        if cost > self.left {
            self.left = 0;
            return nothing;
        }
        self.left -= cost;
        let Some(matcher) = form.matcher() else { return nothing };
        let known = self.files.met.lock().unwrap_or_else(PoisonError::into_inner).get(pattern).cloned();
        let met = known.filter(|(asked, _)| *asked == most).map(|(_, met)| met).unwrap_or_else(|| {
            let candidates = (start..).zip(behind.iter().take(candidates));
            let met = candidates.filter(|(_, path)| matcher.meets(path)).take(most);
            let met: Arc<[u32]> = met.filter_map(|(at, _)| u32::try_from(at).ok()).collect();
            let mut all = self.files.met.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() >= KEPT_PATTERNS {
                all.clear();
            }
            all.insert(pattern.into(), (most, Arc::clone(&met)));
            met
        });
        let below = met.iter().filter_map(|&at| self.files.paths.get(at as usize)).map(ToString::to_string);
        let more = self.more.iter().filter(|path| matcher.meets(path)).cloned();
        let mut paths: Vec<String> = below.chain(more).collect();
        paths.sort_unstable();
        paths.dedup();
        paths.truncate(most);
        let is_whole = !self.files.is_cut || paths.len() == most;
        Met { paths, is_whole }
    }
}

impl Listings {
    /// The list of a folder, walked unless it is kept.
    pub(super) fn of(&self, files: &dyn FileSource, top: &Path) -> Listing {
        let kept = self.by_top.lock().unwrap_or_else(PoisonError::into_inner).get(top).cloned();
        if let Some(files) = kept {
            return Listing { files, more: Vec::new(), left: BUDGET };
        }
        let listing = files.list(top);
        let files = Arc::clone(&listing.files);
        self.by_top.lock().unwrap_or_else(PoisonError::into_inner).insert(top.to_owned(), files);
        listing
    }

    /// Whether a folder's list is kept.
    pub fn has(&self, top: &Path) -> bool {
        self.by_top.lock().unwrap_or_else(PoisonError::into_inner).contains_key(top)
    }

    /// Drops all lists: files may have come or gone.
    pub fn drop_all(&mut self) {
        self.by_top.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A path from the folder; `None` for one that lies elsewhere or is no text. What only an editor has goes by the path that reports show.
fn relative(path: &Path, top: &Path) -> Option<String> {
    let absolute = || std::path::absolute(top).ok();
    let path = match path.strip_prefix(top) {
        Ok(relative) => relative.to_owned(),
        Err(_) => std::path::absolute(path).ok()?.strip_prefix(absolute()?).ok()?.to_owned(),
    };
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}

/// A pattern in its parts.
struct Form<'p> {
    pattern: &'p str,
    /// What stands in front of the first star.
    start: &'p str,
    /// What stands behind the last.
    end: &'p str,
    /// The stars, where there is nothing else between the two.
    stars: Option<&'p str>,
}

/// A pattern that is ready to be compared.
struct Matcher<'p> {
    form: Form<'p>,
    /// For more than stars in one place.
    expression: Option<Regex>,
}

impl<'p> Form<'p> {
    fn of(pattern: &'p str) -> Self {
        let (first, last) =
            (pattern.find('*').unwrap_or(pattern.len()), pattern.rfind('*').map_or(pattern.len(), |at| at + 1));
        let (start, end) = (pattern.get(..first).unwrap_or_default(), pattern.get(last..).unwrap_or_default());
        let stars =
            pattern.get(first..last).filter(|between| !between.is_empty() && between.bytes().all(|byte| byte == b'*'));
        Self { pattern, start, end, stars }
    }

    fn cost(&self) -> usize {
        if self.stars.is_some() { 0 } else { COMPILED.0 + COMPILED.1 * self.pattern.len() }
    }

    fn matcher(self) -> Option<Matcher<'p>> {
        let expression = match self.stars {
            Some(_) => None,
            None => {
                let expression = regex::escape(self.pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*");
                Some(Regex::new(&format!("^(?s:{expression})$")).ok()?)
            }
        };
        Some(Matcher { form: self, expression })
    }
}

impl Matcher<'_> {
    fn meets(&self, path: &str) -> bool {
        let Form { start, end, stars, .. } = &self.form;
        let between = path.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        match (between, &self.expression) {
            (None, _) => false,
            (Some(_), Some(expression)) => expression.is_match(path),
            // `***` is `**` and `*`, which is any characters as well.
            (Some(between), None) => stars.is_some_and(|stars| stars.len() > 1) || !between.contains('/'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::{Memory, Overlay, Texts};
    use crate::source::Source;

    fn listing(paths: &[&str]) -> Listing {
        let mut tree = Memory::default();
        for path in paths {
            tree.write(format!("w/{path}"), "");
        }
        Listing::of(&tree, Path::new("w"))
    }

    #[test]
    fn stars_stay_within_a_folder_and_double_stars_do_not() {
        let paths = ["a.yml", "ci/a.yml", "ci/b.yaml", "ci/deep/a.yml", "cj/a.yml"];
        let met = |pattern: &str| listing(&paths).matching(pattern, 9).paths;
        assert_eq!(met("*.yml"), ["a.yml"]);
        assert_eq!(met("ci/*.yml"), ["ci/a.yml"]);
        assert_eq!(met("ci/**.yml"), ["ci/a.yml", "ci/deep/a.yml"]);
        assert_eq!(met("ci/***.yml"), ["ci/a.yml", "ci/deep/a.yml"]);
        assert_eq!(met("c*/*.yml"), ["ci/a.yml", "cj/a.yml"]);
        assert_eq!(met("**/a.yml"), ["ci/a.yml", "ci/deep/a.yml", "cj/a.yml"]);
        assert_eq!(met("**/deep/*"), ["ci/deep/a.yml"]);
        assert_eq!(met("a.yml*.yml"), [""; 0]);
        assert_eq!(met("**"), paths);
    }

    proptest::proptest! {
        #[test]
        fn the_quick_ways_meet_what_the_expression_does(pattern in "[ab/*]{0,8}", path in "[ab]{1,3}(/[ab]{1,3}){0,2}") {
            let expression = regex::escape(&pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*");
            let meets = Regex::new(&format!("^(?s:{expression})$")).is_ok_and(|it| it.is_match(&path));
            let met = listing(&[&path]).matching(&pattern, 9);
            proptest::prop_assert_eq!(met.paths, if meets { vec![path] } else { vec![] });
        }
    }

    #[test]
    fn what_patterns_may_cost_is_bounded_and_said() {
        let paths: Vec<String> = (0..100).map(|number| format!("{number:03}.yml")).collect();
        let mut listing = listing(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(listing.matching("*.yml", 3), Met { paths: paths[..3].to_vec(), is_whole: true });
        let long = format!("{}*", "a".repeat(MAX_PATTERN));
        assert_eq!(listing.matching(&long, 3), Met { paths: Vec::new(), is_whole: false });
        let all =
            (0..2 * BUDGET / COMPILED.0).take_while(|number| listing.matching(&format!("*{number}*"), 3).is_whole);
        let count = all.count();
        assert!((1_000..BUDGET / COMPILED.0).contains(&count), "{count}");
        assert!(!listing.matching("*.yml", 3).is_whole, "what is known is no cheaper");
    }

    #[test]
    fn kept_lists_have_what_only_an_editor_has() {
        let mut tree = Memory::default();
        tree.write("/w/ci/a.yml", "").write("/w/ci/c.yml", "");
        let mut kept = Listings::default();
        let texts = Texts::from([("/w/ci/b.yml".to_owned(), Arc::new(Source::new("/w/ci/b.yml", "")))]);
        let met = |tree: &Memory, kept: &Listings, texts: &Texts| {
            Overlay::new(tree, texts).keeping(kept).list(Path::new("/w")).matching("ci/*", 9).paths
        };
        assert_eq!(met(&tree, &kept, &texts), ["ci/a.yml", "ci/b.yml", "ci/c.yml"]);
        tree.write("/w/ci/d.yml", "");
        assert_eq!(met(&tree, &kept, &Texts::new()), ["ci/a.yml", "ci/c.yml"]);
        kept.drop_all();
        assert_eq!(met(&tree, &kept, &Texts::new()), ["ci/a.yml", "ci/c.yml", "ci/d.yml"]);
    }
}
