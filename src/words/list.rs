//! Lists and counts.

/// "a", "a and b", "a, b and c".
#[must_use]
pub fn list_and<T: AsRef<str>>(names: &[T]) -> String {
    let joined = |names: &[T]| names.iter().map(T::as_ref).collect::<Vec<_>>().join(", ");
    match names {
        [init @ .., last] if !init.is_empty() => format!("{} and {}", joined(init), last.as_ref()),
        names => joined(names),
    }
}

/// The names, if they are no more than `most`; else the first of them and "3 more", `most` in all.
#[must_use]
pub fn cut<T: AsRef<str>>(names: &[T], most: usize) -> Vec<String> {
    shortened(names, kept_of(names.len(), most))
}

/// How long the start that names share must be to be said once.
const LEAST_START: usize = 8;

/// The same of full paths, each perhaps behind a word: where all lie below one path, that is said once, and more of them are told in its room: "projects below
/// acme/customer-experience/: shop", "blog", "7 more".
#[must_use]
pub fn cut_below<T: AsRef<str>>(names: &[T], most: usize) -> Vec<String> {
    let Some(start) = common_start(names) else { return cut(names, most) };
    let rests: Vec<&str> = names.iter().map(|name| name.as_ref().get(start.len()..).unwrap_or_default()).collect();
    let mut told = cut(&rests, most.saturating_mul(2));
    if let Some(first) = told.first_mut() {
        *first = match start.split_once(' ') {
            Some((noun, path)) => format!("{noun}s below {path}: {first}"),
            None => format!("below {start}: {first}"),
        };
    }
    told
}

/// What all of several names begin with, up to a `/`, if it is long enough.
fn common_start<T: AsRef<str>>(names: &[T]) -> Option<&str> {
    let (first, others) = names.split_first().filter(|(_, others)| !others.is_empty())?;
    let common = others.iter().fold(first.as_ref(), |common, other| {
        let mut pairs = common.char_indices().zip(other.as_ref().chars());
        let end = pairs.find(|((_, one), other)| one != other).map(|((at, _), _)| at);
        common.get(..end.unwrap_or(common.len().min(other.as_ref().len()))).unwrap_or_default()
    });
    let start = common.get(..common.rfind('/')? + 1)?;
    let path = start.rsplit(' ').next().unwrap_or(start);
    // A sentence that names more than a path has no start to share.
    let is_path = start.matches(' ').count() <= 1 && names.iter().all(|name| name.as_ref().len() > start.len());
    (is_path && path.len() >= LEAST_START).then_some(start)
}

/// "a", "a and b", "a, b and 3 more": at most so many parts.
#[must_use]
pub fn some_of<T: AsRef<str>>(names: &[T], most: usize) -> String {
    list_and(&cut(names, most))
}

/// "a", "a, b and c", "a, b, c and 2 more": the first three of any number.
#[must_use]
pub fn a_few<T: AsRef<str>>(names: &[T]) -> String {
    list_and(&shortened(names, 3))
}

/// The same of names that are put into words when they are told: of thousands, three are.
#[must_use]
pub fn a_few_of(names: impl ExactSizeIterator<Item = String>) -> String {
    let all = names.len();
    list_and(&first(names, 3, all))
}

/// How many parts a list of jobs has in a sentence.
const MOST_JOBS: usize = 6;

/// "`a` starts", "jobs `a` and `b` start".
#[must_use]
pub fn starts<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [one] => format!("{} starts", one.as_ref()),
        names => format!("{} start", jobs(names)),
    }
}

/// Jobs by their names: "jobs `a` and `b`", "`a`, `b`, `c`, `d`, `e` and 3 more jobs". What jobs share is told of all of them, so more are
/// named than in other lists.
#[must_use]
pub fn jobs<T: AsRef<str>>(names: &[T]) -> String {
    match names.len() {
        0..=MOST_JOBS => format!("jobs {}", list_and(names)),
        _ => format!("{} jobs", some_of(names, MOST_JOBS)),
    }
}

/// How many of so many jobs [`jobs`] names.
#[must_use]
pub fn named_jobs(all: usize) -> usize {
    kept_of(all, MOST_JOBS)
}

fn kept_of(all: usize, most: usize) -> usize {
    if all > most { most.saturating_sub(1) } else { all }
}

fn shortened<T: AsRef<str>>(names: &[T], kept: usize) -> Vec<String> {
    first(names.iter().map(|name| name.as_ref().to_owned()), kept, names.len())
}

/// The first names, and how many more there are.
pub(super) fn first(names: impl IntoIterator<Item = String>, kept: usize, all: usize) -> Vec<String> {
    let mut first: Vec<String> = names.into_iter().take(kept).collect();
    first.extend(all.checked_sub(kept).filter(|more| *more > 0).map(|more| format!("{more} more")));
    first
}

/// "1 project", "3 projects", "3 entries".
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if number == 1 => format!("1 {noun}"),
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        ('a'..).take(count).map(String::from).collect()
    }

    #[test]
    fn all_names_stand_where_there_is_room() {
        let all = ["", "a", "a and b", "a, b and c"];
        for (count, expected) in all.into_iter().enumerate() {
            assert_eq!(list_and(&names(count)), expected);
            assert_eq!(some_of(&names(count), 3), expected);
            assert_eq!(a_few(&names(count)), expected);
        }
    }

    #[test]
    fn the_others_are_counted() {
        assert_eq!(some_of(&names(4), 3), "a, b and 2 more");
        assert_eq!(a_few(&names(4)), "a, b, c and 1 more");
        assert_eq!(cut(&names(9), 3), ["a", "b", "7 more"]);
    }

    #[test]
    fn what_paths_share_is_said_once() {
        let names = ["project acme/experience/shop", "project acme/experience/blog", "project acme/experience/web/eu"];
        assert_eq!(cut_below(&names, 3), ["projects below acme/experience/: shop", "blog", "web/eu"]);
        assert_eq!(cut_below(&names, 1), ["projects below acme/experience/: shop", "2 more"]);
        assert_eq!(cut_below(&["acme/experience/a", "acme/experience/ab"], 3), ["below acme/experience/: a", "ab"]);
        for apart in [&names[..1], &["a/b", "a/c"], &["project acme/web/shop", "group acme/web/shops"]] {
            assert_eq!(cut_below(apart, 3), cut(apart, 3));
        }
    }

    #[test]
    fn jobs_are_named_or_counted() {
        assert_eq!(jobs(&names(2)), "jobs a and b");
        assert_eq!(jobs(&names(6)), "jobs a, b, c, d, e and f");
        assert_eq!(jobs(&names(8)), "a, b, c, d, e and 3 more jobs");
        assert_eq!([named_jobs(6), named_jobs(8)], [6, 5]);
    }

    #[test]
    fn counts_have_their_plural() {
        assert_eq!([count(1, "entry"), count(0, "entry"), count(2, "project")], ["1 entry", "0 entries", "2 projects"]);
    }
}
