//! Rows of a table by the names in them.

/// The names of a table's rows, sorted.
pub(super) struct Names(Vec<(&'static str, usize)>);

impl Names {
    /// Of the names of each row in turn.
    pub fn of(rows: impl Iterator<Item = &'static [&'static str]>) -> Self {
        let mut names: Vec<(&str, usize)> =
            rows.enumerate().flat_map(|(row, names)| names.iter().map(move |name| (*name, row))).collect();
        names.sort_unstable();
        Self(names)
    }

    /// The numbers of the rows that have a name, in order.
    pub fn rows(&self, name: &str) -> impl Iterator<Item = usize> {
        let start = self.0.partition_point(|(other, _)| *other < name);
        let named = self.0.get(start..).unwrap_or_default().iter();
        named.take_while(move |(other, _)| *other == name).map(|(_, row)| *row)
    }
}
