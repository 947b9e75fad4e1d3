//! `json`: one object a line.

mod grants;
mod members;
pub mod rows;

use std::io;

use serde_json::{Map, Value as Json, json};

pub use grants::{agent_grants, user_grants};

use self::members::{Line, Members as _};
use super::AccessReport;
use super::why::{self, Note, Step};
use crate::access::Answer;
use crate::outlet::Outlet;
use crate::source::secrets;

/// How many projects of an entry are listed; their number is always told.
const LISTED_PROJECTS: usize = 1000;

/// Every agent with its entries and what each comes to.
pub(super) fn grants(report: &AccessReport<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let index = report.index;
    let mut line = Line::default();
    for (id, _) in index.agent_ids().filter(|(id, _)| report.is_asked(*id)) {
        let granted = report.agent_grants(id);
        out.json_line_text(line.of(|object| {
            grants::tell_agent_grants(index, &granted, LISTED_PROJECTS, object);
            object.object("user_access", |object| grants::tell_user_grants(index, &index.user_grants(id), object));
        }))?;
    }
    Ok(())
}

/// Answers, one a line.
pub(super) fn answers<'w, 'q>(
    report: &AccessReport<'_, 'w>,
    answers: &mut dyn Iterator<Item = Answer<'w, 'q>>,
    out: &mut Outlet<'_>,
) -> io::Result<()> {
    let mut line = Line::default();
    for answer in answers {
        if report.why {
            let mut object = answer_object(report, &answer);
            secrets::mask_json(&mut object);
            out.json_line(&object)?;
        } else {
            out.json_line_text(line.of(|object| rows::tell_answer(report.index, &answer, object)))?;
        }
    }
    Ok(())
}

/// An answer with the steps that lead to it, if they are asked for.
pub(super) fn answer_object<'w>(report: &AccessReport<'_, 'w>, answer: &Answer<'w, '_>) -> Json {
    let mut line = rows::answer(report.index, answer);
    if !report.why {
        return line;
    }
    for (list, rows) in [("allowed", &answer.allowed), ("denied", &answer.denied), ("unknown", &answer.unknown)] {
        for (place, row) in rows.iter().enumerate() {
            line[list][place]["steps"] = why::steps(report, answer, row).iter().map(step).collect();
        }
    }
    line
}

/// A step of `--why`. As whom the job acts stands in its row.
fn step(step: &Step) -> Json {
    let mut object = json!({ "step": step.name, "text": step.text });
    if !step.notes.is_empty() {
        object["notes"] = step.notes.iter().map(note).collect();
    }
    object
}

fn note(note: &Note) -> Json {
    let mut object = Map::new();
    object.insert("outcome".to_owned(), note.state.into());
    object.insert("text".to_owned(), note.text.as_str().into());
    object.extend(note.route.as_ref().map(|route| ("route".to_owned(), route.as_str().into())));
    if let Some(line) = &note.line {
        object.insert("path".to_owned(), line.path.as_str().into());
        object.insert("line".to_owned(), line.number.into());
        object.insert("source".to_owned(), line.text.as_str().into());
    }
    Json::Object(object)
}
