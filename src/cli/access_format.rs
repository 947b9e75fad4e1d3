//! The formats that `access` is asked for: those of reports, and tables.

use std::path::Path;
use std::sync::LazyLock;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use jiff::civil::Date;

use crate::access_report::Format;

/// A format of `access`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A report.
    Report(Format),
    /// Tables for a warehouse.
    Parquet,
}

/// Tables that are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct TablesAsked<'a> {
    /// The folder for them.
    pub folder: &'a Path,
    /// The day of which they are.
    pub snapshot: Date,
}

static ALL: LazyLock<Vec<Asked>> = LazyLock::new(|| {
    let reports = Format::value_variants().iter().copied().map(Asked::Report);
    reports.chain([Asked::Parquet]).collect()
});

impl ValueEnum for Asked {
    fn value_variants<'a>() -> &'a [Self] {
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Report(format) => format.to_possible_value(),
            Self::Parquet => Some(PossibleValue::new("parquet")),
        }
    }
}
