//! Which uses a comparison is about, by all names that their environments may have.

use std::collections::HashMap;
use std::sync::Arc;

use super::uses::Use;
use crate::access::names::{Automata, Automaton, Found, NamePattern, shortest};
use crate::diff::{Diff, Of, Pair, Part, PatternList, Projects, Refs, Region};
use crate::gitlab::PartialText;

/// Whether a comparison is about a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Touch {
    /// It is about none: this is proved.
    No,
    /// It is not told.
    Untold,
    /// It is about one, or about a name that the environment of one may have.
    Some,
}

/// Whether something becomes otherwise for one of some uses. `pairs` are the matchers that are possible; conditions are taken to hold.
pub(super) fn by<'u, 'p: 'u>(diff: &Diff, pairs: &[Pair], uses: impl Iterator<Item = &'u Use<'p>> + Clone) -> Touch {
    let (mut touch, mut automata) = (Touch::No, Automata::default());
    for change in &diff.changes {
        let Of::Jobs { projects, refs, region, .. } = &change.of else { continue };
        let pairs = change.pairs.as_deref().unwrap_or(pairs);
        // Many jobs have the same project and name.
        let mut by_project: HashMap<&str, bool> = HashMap::new();
        let mut by_name: HashMap<Option<&PartialText>, Touch> = HashMap::new();
        for used in uses.clone().filter(|used| used.context == change.context) {
            let is_in = || projects.iter().any(|part: &Projects| part.holds(used.project));
            if !runs_on(used, *refs) || !*by_project.entry(used.project).or_insert_with(is_in) {
                continue;
            }
            let name = used.case.environment.as_ref();
            touch = touch.max(*by_name.entry(name).or_insert_with(|| of_region(region, pairs, name, &mut automata)));
            if touch == Touch::Some {
                return touch;
            }
        }
    }
    touch
}

/// Whether a use may run on some of these refs.
fn runs_on(used: &Use<'_>, refs: Refs) -> bool {
    used.asked.iter().any(|(protected, _)| match protected {
        Some(true) => refs.protected,
        Some(false) => refs.unprotected,
        None => refs.protected || refs.unprotected,
    })
}

/// Whether a job with this environment may lie in a region.
fn of_region(region: &Region, pairs: &[Pair], name: Option<&PartialText>, automata: &mut Automata) -> Touch {
    // A name of variables that are all empty is none.
    if region.without && name.is_none_or(|name| name.could_be("")) {
        return Touch::Some;
    }
    let Some(name) = name else { return Touch::No };
    // A region is told once for all pairs in which it is written alike, and each pair reads it in its own way.
    let matchers = pairs.iter().flat_map(|pair| match pair.is_even() {
        true => vec![Some(pair.base_is_new)],
        false => vec![None],
    });
    let all = matchers.flat_map(|is_new| region.names.iter().map(move |part| (part, is_new)));
    all.map(|(part, is_new)| of_part(part, is_new, name, automata)).max().unwrap_or(Touch::No)
}

/// Whether some name that a text may be lies in a part, by one matcher where both sides have the same.
fn of_part(part: &Part, is_new: Option<bool>, name: &PartialText, automata: &mut Automata) -> Touch {
    let read = |list: &PatternList| -> Vec<NamePattern> {
        let one = |pattern: &NamePattern| NamePattern::new(pattern.text(), is_new.unwrap_or(pattern.is_new()));
        list.patterns.iter().map(one).collect()
    };
    let within: Vec<Vec<NamePattern>> = part.within.iter().map(read).collect();
    // What cannot be judged leaves nothing out.
    let (judged, unjudged): (Vec<_>, Vec<_>) =
        read(&part.without).into_iter().partition(|pattern| pattern.matches("a").is_some());
    let found = if unjudged.is_empty() { Touch::Some } else { Touch::Untold };
    if let Some(name) = name.as_known() {
        let mut is_told = true;
        for list in &within {
            let verdicts = || list.iter().map(|pattern| pattern.matches(name));
            match verdicts().any(|verdict| verdict == Some(true)) {
                true => {}
                false if verdicts().any(|verdict| verdict.is_none()) => is_told = false,
                false => return Touch::No,
            }
        }
        return match judged.iter().any(|pattern| pattern.matches(name) == Some(true)) {
            true => Touch::No,
            false if is_told => found,
            false => Touch::Untold,
        };
    }
    let lists: Result<Vec<Arc<Automaton>>, _> = within.iter().map(|list| automata.of(list)).collect();
    let (Ok(lists), Ok(without)) = (lists, automata.of(&judged)) else { return Touch::Untold };
    let name = Automaton::of_partial(name);
    let all: Vec<&Automaton> = lists.iter().map(|list| &**list).chain([&name]).collect();
    match shortest(&all, &without).0 {
        Found::Nothing => Touch::No,
        Found::Name(_) => found,
        Found::TooMany => Touch::Untold,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gitlab::Shape;

    const NEW: Pair = Pair { base_is_new: true, head_is_new: true };
    const OLD: Pair = Pair { base_is_new: false, head_is_new: false };

    fn region(within: &[&str], without: &[&str]) -> Region {
        let list = |texts: &[&str]| PatternList {
            patterns: texts.iter().map(|text| NamePattern::new(text, false)).collect(),
            is_new: false,
        };
        let within = if within.is_empty() { Vec::new() } else { vec![list(within)] };
        Region { without: false, names: vec![Part { within, without: list(without) }] }
    }

    fn review(shape: Shape) -> PartialText {
        let mut text = PartialText::known("review/");
        text.push(&PartialText::unknown("NAME", shape));
        text
    }

    #[test]
    fn a_region_is_met_by_what_a_name_may_be() {
        let of = |within: &[&str], without: &[&str], pair| {
            of_region(&region(within, without), &[pair], Some(&review(Shape::Slug)), &mut Automata::default())
        };
        assert_eq!(of(&["review/f*"], &[], NEW), Touch::Some);
        assert_eq!(of(&["production"], &[], NEW), Touch::No);
        assert_eq!(of(&["review/*/eu"], &[], NEW), Touch::No, "no slug has a slash");
        assert_eq!(of(&[], &["review/*"], NEW), Touch::No);
        assert_eq!(of(&[], &["review/f*"], NEW), Touch::Some);
        // Each matcher reads a region in its own way.
        assert_eq!((of(&["view*"], &[], OLD), of(&["view*"], &[], NEW)), (Touch::Some, Touch::No));
        // What only Ruby can judge leaves nothing out, and may be anything.
        assert_eq!(of(&["(?<!a)b*"], &[], OLD), Touch::Untold);
        assert_eq!(of(&[], &["(?<!a)b*"], OLD), Touch::Untold);
    }

    #[test]
    fn a_name_that_may_be_empty_may_be_none() {
        let none = Region { without: true, names: Vec::new() };
        let of = |name: Option<&PartialText>| of_region(&none, &[NEW], name, &mut Automata::default());
        assert_eq!(of(None), Touch::Some);
        assert_eq!(of(Some(&PartialText::unknown("TARGET", Shape::Any))), Touch::Some);
        assert_eq!(of(Some(&review(Shape::Any))), Touch::No);
        assert_eq!(of_region(&region(&["a"], &[]), &[NEW], None, &mut Automata::default()), Touch::No);
    }

    proptest! {
        #[test]
        fn a_name_that_lies_in_a_region_is_never_missed(
            within in prop::collection::vec("[ab/*]{1,4}", 0..3),
            without in prop::collection::vec("[ab/*]{1,4}", 0..3),
            known in "[ab/]{0,2}",
            shape in prop::sample::select(vec![Shape::Any, Shape::NotEmpty, Shape::Slug, Shape::Hex]),
            name in "[ab/]{1,4}",
            is_new: bool,
        ) {
            let (within, without): (Vec<&str>, Vec<&str>) =
                (within.iter().map(|text| &**text).collect(), without.iter().map(|text| &**text).collect());
            let mut partial = PartialText::known(&known);
            partial.push(&PartialText::unknown("NAME", shape));
            let pair = Pair { base_is_new: is_new, head_is_new: is_new };
            let lies_in = |patterns: &[&str]| {
                patterns.iter().any(|text| NamePattern::new(text, is_new).matches(&name) == Some(true))
            };
            let is_met = (within.is_empty() || lies_in(&within)) && !lies_in(&without);
            let is_one = partial.could_be(&name) && crate::access::names::is_name(&name);
            let touch = of_region(&region(&within, &without), &[pair], Some(&partial), &mut Automata::default());
            prop_assert!(!(is_met && is_one) || touch == Touch::Some, "{:?}", touch);
            let of_name = of_region(&region(&within, &without), &[pair], Some(&PartialText::known(&name)), &mut Automata::default());
            prop_assert_eq!(of_name == Touch::Some, is_met);
        }
    }
}
