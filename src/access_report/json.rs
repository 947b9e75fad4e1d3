//! `json`: one object a line.

use std::io;

use super::AccessReport;
use crate::access::{Answer, json};
use crate::secrets;

/// How many projects of an entry the picture lists; their number is always told.
const LISTED_PROJECTS: usize = 1000;

/// Every agent with its entries and what each comes to.
pub(super) fn pictures(report: &AccessReport<'_, '_>, out: &mut dyn io::Write) -> io::Result<()> {
    let index = report.index;
    for (id, _) in index.agent_ids().filter(|(id, _)| report.is_asked(*id)) {
        let mut object = json::picture(index, &index.picture(id), LISTED_PROJECTS);
        object["user_access"] = json::user_picture(index, &index.user_picture(id));
        writeln!(out, "{}", secrets::mask(&object.to_string()))?;
    }
    Ok(())
}

/// One answer.
pub(super) fn answer(
    report: &AccessReport<'_, '_>,
    answer: &Answer<'_, '_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    writeln!(out, "{}", secrets::mask(&json::answer(report.index, answer).to_string()))
}
