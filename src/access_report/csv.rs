//! `csv`: rows as RFC 4180 has them, each kind of report with one header that stays.

use std::io;

use super::{AccessReport, columns};
use crate::access::Answer;
use crate::outlet::Outlet;

/// Every entry of every agent.
pub(super) fn grants(report: &AccessReport<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let mut rows = out.rows();
    rows.record(columns::GRANTS)?;
    for (id, agent) in report.index.agent_ids().filter(|(id, _)| report.is_asked(*id)) {
        let ci = columns::ci_rows(&report.agent_grants(id), agent, report.index.settings());
        let users = columns::user_rows(&report.index.user_grants(id), agent);
        ci.into_iter().chain(users).try_for_each(|row| rows.record(row))?;
    }
    rows.flush()
}

/// One row for each agent of each answer.
pub(super) fn answers<'w>(
    report: &AccessReport<'_, 'w>,
    answers: &mut dyn Iterator<Item = Answer<'w, '_>>,
    out: &mut Outlet<'_>,
) -> io::Result<()> {
    let mut rows = out.rows();
    rows.record(columns::ANSWER)?;
    for answer in answers {
        if answer.is_unknown_project() {
            rows.record(columns::unanswered_row(&answer))?;
        }
        for row in answer.allowed.iter().chain(&answer.denied).chain(&answer.unknown) {
            rows.record(columns::answer_row(report, &answer, row))?;
        }
    }
    rows.flush()
}
