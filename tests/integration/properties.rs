//! Laws that hold for every input.

use std::sync::Arc;

use kaslint::agent_config::location::Location;
use kaslint::agent_config::{AgentConfig, CONFIGURATION};
use kaslint::analysis::{Subject, analyse, analyse_watched};
use kaslint::diagnostic::Selection;
use kaslint::gitlab::NEWEST;
use kaslint::project::{Context, Input, Project, Steps};
use kaslint::schema::MessageRef;
use kaslint::source::Source;
use kaslint::yaml;
use proptest::prelude::*;

use crate::cases;
use crate::common::CONFIG;

/// A carried-over case with some characters taken out, doubled or put in.
pub fn mutated() -> impl Strategy<Value = String> {
    let texts: Vec<String> = cases::all().iter().filter_map(|case| case["yaml"].as_str().map(str::to_owned)).collect();
    let edit = (any::<prop::sample::Index>(), 0..4u8, "[-:*&?!|>{}\\[\\],#'\"%@\t\n \u{FEFF}\u{2028}é]");
    (prop::sample::select(texts), prop::collection::vec(edit, 0..4)).prop_map(|(text, edits)| {
        let mut characters: Vec<char> = text.chars().collect();
        for (index, action, new) in edits {
            if characters.is_empty() {
                break;
            }
            let at = index.index(characters.len());
            match action {
                0 => drop(characters.remove(at)),
                1 => characters.insert(at, characters[at]),
                _ => characters.splice(at..at, new.chars()).for_each(drop),
            }
        }
        characters.into_iter().collect()
    })
}

fn subject(text: &str) -> Subject {
    let location = Location::Config { agent: "prod".to_owned() };
    let input = Input::text(location, Arc::new(Source::new(CONFIG, text)));
    Subject::new(Project::new(vec![input], Context::default()), Selection::default())
}

pub fn analysis_of(text: &str) -> kaslint::analysis::Analysis {
    analyse(&[subject(text)]).remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Projects that stand alone have the findings that they have together, in their order.
    #[test]
    fn projects_apart_are_as_projects_together(texts in prop::collection::vec(mutated(), 1..12)) {
        let subjects: Vec<Subject> = texts.iter().map(|text| subject(text)).collect();
        let apart = analyse_watched(&subjects, &Steps::default());
        prop_assert_eq!(format!("{:?}", apart), format!("{:?}", analyse(&subjects)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// No rule fails, and every place lies on characters of the text.
    #[test]
    fn findings_lie_on_the_text(text in mutated()) {
        let analysis = analysis_of(&text);
        prop_assert!(!analysis.has_internal_error);
        for finding in &analysis.findings {
            let related = finding.related.iter().map(|related| &related.place);
            let edits = finding.fix.iter().flat_map(|fix| fix.edits.iter().map(|edit| &edit.place));
            for place in std::iter::once(&finding.place).chain(related).chain(edits) {
                prop_assert!(text.get(place.span.start..place.span.end).is_some(), "{} {:?}", finding.rule.name, place.span);
            }
        }
    }

    /// A file that is refused has an error; a file that is accepted has none that says so.
    #[test]
    fn refusal_and_errors_agree(text in mutated()) {
        let refusing = ["invalid-yaml", "unknown-key", "removed-key", "too-new-key", "wrong-type", "invalid-value"];
        let config = AgentConfig::read(&Source::new(CONFIG, text.as_str()), NEWEST);
        let analysis = analysis_of(&text);
        let says_refused = analysis.findings.iter().any(|finding| {
            refusing.contains(&finding.rule.name) && finding.message.contains("refuses the whole file")
                && !finding.message.contains("not known")
        });
        prop_assert_eq!(config.refused_at().is_some(), says_refused, "{:?}", config.refused_at());
    }

    /// Spans of plain scalars on one line hold just the value.
    #[test]
    fn plain_scalars_are_where_they_say(text in mutated()) {
        let source = Source::new(CONFIG, text.as_str());
        let document = yaml::read(&source);
        if document.problems().is_empty() && !document.unshown() {
            for (_, node) in document.tree().nodes() {
                let yaml::Data::Scalar { text: value, style: yaml::Style::Plain } = &node.data else { continue };
                let written = source.slice(node.span);
                if !value.is_empty() && !written.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
                    prop_assert_eq!(&**value, written);
                }
            }
        }
    }

    /// What follows the first document changes nothing.
    #[test]
    fn later_documents_change_nothing(text in mutated()) {
        // Where the text holds nothing, the marker opens the first document.
        let document = yaml::read(&Source::new(CONFIG, text.as_str()));
        let root = document.tree().root().map(|root| document.tree().node(root).span);
        prop_assume!(root.is_some_and(|span| !span.is_empty()));
        let alone = AgentConfig::read(&Source::new(CONFIG, format!("{text}\n---\n")), NEWEST);
        // A block's text may reach over the marker's line, and reading ahead meets characters that are not allowed.
        let followed = AgentConfig::read(&Source::new(CONFIG, format!("{text}\n---\nfoo: [1, 2]\n")), NEWEST);
        prop_assert_eq!(alone.refused_at(), followed.refused_at());
        prop_assert_eq!(alone.canonical(), followed.canonical());
    }

    /// What is taken over of an earlier state of a text changes nothing.
    #[test]
    fn a_text_reads_the_same_after_another(texts in prop::collection::vec(mutated(), 2..4), at in any::<prop::sample::Index>()) {
        let keys = MessageRef::from(&CONFIGURATION);
        let mut states = texts.clone();
        // Most states are near each other: those of an editor, of which one has a line less, or twice.
        for text in &texts {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let at = at.index(lines.len().max(1));
            let without = [&lines[..at], &lines[(at + 1).min(lines.len())..]].concat().concat();
            let twice = [&lines[..(at + 1).min(lines.len())], &lines[at.min(lines.len())..]].concat().concat();
            states.extend([text.clone(), without, text.clone(), twice, text.clone()]);
        }
        let mut earlier = None;
        for text in &states {
            let source = Source::new(CONFIG, text.as_str());
            let alone = AgentConfig::read(&source, NEWEST);
            let after = AgentConfig::read_after(earlier.take(), &source, NEWEST, &keys);
            prop_assert_eq!(format!("{alone:?}"), format!("{after:?}"), "{}", text);
            earlier = Some(after);
        }
    }
}
