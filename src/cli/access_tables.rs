//! `kaslint access --format parquet`: what is known and decided, as tables in a folder.

use jiff::civil::date;

use super::access_format::TablesAsked;
use super::{Exit, output};
use crate::access::Index;
use crate::access::jobs::ProjectJobs;
use crate::project::paths::shown_path;
use crate::project::{InventoryFile, Unusable};
use crate::tables::{ALL, Tables};
use crate::writing::StagedFiles;

/// Writes all tables, and says how many rows each has.
pub(super) fn write(
    asked: &TablesAsked<'_>,
    index: &Index<'_>,
    jobs: &[&ProjectJobs<'_>],
    file: Option<&InventoryFile>,
) -> Result<Exit, Unusable> {
    let url = index.inventory().and_then(|inventory| inventory.instance().url.as_deref()).map(str::to_owned);
    let source = url.or_else(|| Some(shown_path(&file?.file))).unwrap_or_else(|| "files".to_owned());
    let days = asked.snapshot.since(date(1970, 1, 1)).map(|span| span.get_days());
    let days = days.map_err(|error| Unusable::new(format!("`--snapshot` {}: {error}", asked.snapshot)))?;
    let tables = Tables::new(index, jobs, days, &source);
    let mut staged = StagedFiles::new(asked.folder).map_err(Unusable::new)?;
    let mut counts = Vec::with_capacity(ALL.len());
    for table in &ALL {
        let file = staged.create(&format!("{}.parquet", table.name)).map_err(Unusable::new)?;
        let rows = tables.write(table, file).map_err(|error| Unusable::new(staged.cannot(&error)))?;
        counts.push((table.name, rows));
    }
    staged.put().map_err(Unusable::new)?;
    output::to_stdout(&|out| {
        counts.iter().try_for_each(|(name, rows)| {
            let s = if *rows == 1 { "" } else { "s" };
            out.line(format_args!("{name}: {rows} row{s}"))
        })
    })?;
    Ok(Exit::Fine)
}
