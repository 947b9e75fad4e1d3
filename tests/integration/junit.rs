//! Reads JUnit reports back, strictly.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use quick_xml::events::attributes::{AttrError, Attribute};
use quick_xml::{Reader, XmlVersion};

/// A suite of a JUnit report, read strictly.
#[derive(Debug)]
pub struct Suite {
    pub attributes: BTreeMap<String, String>,
    pub cases: Vec<Case>,
}

/// A case of a JUnit report, with the one element in it, if any.
#[derive(Debug)]
pub struct Case {
    pub attributes: BTreeMap<String, String>,
    pub outcome: Option<String>,
    pub outcome_attributes: BTreeMap<String, String>,
    pub text: String,
}

/// Reads a JUnit report; anything that is not as documented ends the test.
pub fn read_junit(text: &str) -> Vec<Suite> {
    let is_allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    assert!(text.chars().all(is_allowed), "a character that XML 1.0 does not know");
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut suites: Vec<Suite> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut report = BTreeMap::new();
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(start) => {
                let name = String::from_utf8(start.name().as_ref().to_vec()).expect("a name");
                let attributes: BTreeMap<String, String> = start.attributes().map(attribute).collect();
                match (open.last().map(String::as_str), name.as_str()) {
                    (None, "testsuites") => report = attributes,
                    (Some("testsuites"), "testsuite") => suites.push(Suite { attributes, cases: Vec::new() }),
                    (Some("testsuite"), "testcase") => suites.last_mut().expect("a suite").cases.push(Case {
                        attributes,
                        outcome: None,
                        outcome_attributes: BTreeMap::new(),
                        text: String::new(),
                    }),
                    (Some("testcase"), "failure" | "skipped") => {
                        let case = suites.last_mut().and_then(|suite| suite.cases.last_mut()).expect("a case");
                        assert!(case.outcome.is_none(), "one outcome a case");
                        case.outcome = Some(name.clone());
                        case.outcome_attributes = attributes;
                    }
                    place => panic!("{place:?}"),
                }
                open.push(name);
            }
            Event::End(end) => {
                assert_eq!(open.pop().expect("an element").as_bytes(), end.name().as_ref());
            }
            Event::Text(part) => add_text(&mut suites, &open, &part.decode().expect("UTF-8")),
            Event::GeneralRef(entity) => {
                let resolved = match entity.resolve_char_ref().expect("a reference") {
                    Some(character) => character.to_string(),
                    None => resolve_predefined_entity(&entity.decode().expect("UTF-8")).expect("an entity").to_owned(),
                };
                add_text(&mut suites, &open, &resolved);
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(open.is_empty());
    let count = |attributes: &BTreeMap<String, String>, name: &str| attributes[name].parse::<usize>().expect("a count");
    let with = |suite: &Suite, outcome: &str| {
        suite.cases.iter().filter(|case| case.outcome.as_deref() == Some(outcome)).count()
    };
    for suite in &suites {
        assert_eq!(count(&suite.attributes, "tests"), suite.cases.len());
        assert_eq!(count(&suite.attributes, "failures"), with(suite, "failure"));
        assert_eq!(count(&suite.attributes, "skipped"), with(suite, "skipped"));
        let names: BTreeSet<&String> = suite.cases.iter().map(|case| &case.attributes["name"]).collect();
        assert_eq!(names.len(), suite.cases.len(), "no two cases share a name");
    }
    assert_eq!(count(&report, "tests"), suites.iter().map(|suite| suite.cases.len()).sum::<usize>());
    suites
}

fn attribute(attribute: Result<Attribute<'_>, AttrError>) -> (String, String) {
    let attribute = attribute.expect("an attribute");
    let name = String::from_utf8(attribute.key.as_ref().to_vec()).expect("a name");
    (name, attribute.normalized_value(XmlVersion::Implicit1_0).expect("a value").into_owned())
}

fn add_text(suites: &mut [Suite], open: &[String], text: &str) {
    match open.last().map(String::as_str) {
        Some("failure" | "skipped") => {
            let case = suites.last_mut().and_then(|suite| suite.cases.last_mut()).expect("a case");
            case.text.push_str(text);
        }
        _ => assert!(text.trim().is_empty(), "text outside of a case: {text}"),
    }
}
