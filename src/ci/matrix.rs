//! `parallel:matrix`: the variables of each job that it makes.
//!
//! Source: `lib/gitlab/ci/config/entry/product/matrix.rb` and `lib/gitlab/ci/config/normalizer/matrix_strategy.rb`.

use std::sync::Arc;

use super::MAX_MATRIX;
use super::model::Variable;
use super::problem::ProblemKind;
use super::resolver::Resolver;
use super::value::{Entry, Map, Value};

/// `parallel:matrix`: which variables are combined. A combination is put together when somebody asks for it, so that what is kept grows with
/// what is written.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// The items, each as the values of its variables.
    items: Vec<Vec<Vec<Variable>>>,
}

impl Matrix {
    /// How many combinations there are: no more than [`MAX_MATRIX`], and none without a matrix.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count().min(MAX_MATRIX)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many combinations are written.
    fn count(&self) -> usize {
        self.items.iter().map(|columns| product(columns)).fold(0, usize::saturating_add)
    }

    /// The variables of a combination, in GitLab's order: the last variable counts fastest.
    #[must_use]
    pub fn combination(&self, number: usize) -> Option<Vec<Variable>> {
        let mut left = Some(number).filter(|number| *number < MAX_MATRIX)?;
        for columns in &self.items {
            let size = product(columns);
            if left >= size {
                left -= size;
                continue;
            }
            let mut row = Vec::with_capacity(columns.len());
            for column in columns.iter().rev() {
                row.extend(column.get(left % column.len()).cloned());
                left /= column.len();
            }
            row.reverse();
            return Some(row);
        }
        None
    }

    /// The variables with each of their values.
    pub(super) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.items.iter().flatten().flatten()
    }

    /// All combinations.
    pub fn combinations(&self) -> impl Iterator<Item = Vec<Variable>> {
        (0..self.len()).filter_map(|number| self.combination(number))
    }
}

/// How many combinations an item makes. One without variables makes none.
fn product(columns: &[Vec<Variable>]) -> usize {
    if columns.is_empty() { 0 } else { columns.iter().map(Vec::len).fold(1, usize::saturating_mul) }
}

/// The matrix of a job.
pub(super) fn matrix(resolver: &mut Resolver<'_>, job: &Map) -> Matrix {
    let parallel = resolver.get(job, "parallel").and_then(|value| value.as_map().cloned());
    let Some(written) = parallel.and_then(|parallel| resolver.get(&parallel, "matrix")) else {
        return Matrix::default();
    };
    let mut matrix = Matrix::default();
    for item in resolver.flatten(&written) {
        let Value::Map(map) = &item else {
            resolver.wrong_type("parallel:matrix", "a list of maps", item.place());
            continue;
        };
        matrix.items.push(map.entries().iter().map(|entry| column(resolver, entry)).collect());
    }
    let count = matrix.count();
    if count > MAX_MATRIX {
        resolver.problem(ProblemKind::MatrixTooLarge(count), written.place());
    }
    matrix
}

/// The values that one variable takes.
fn column(resolver: &mut Resolver<'_>, entry: &Entry) -> Vec<Variable> {
    let values = resolver.flatten(&entry.value);
    let texts = values.iter().filter_map(Value::as_text);
    texts
        .map(|text| Variable {
            in_doubt: false,
            name: entry.key.text.shared(),
            value: text.shared(),
            expand: true,
            place: text.place.clone(),
        })
        .collect()
}

/// The part that a combination adds to the job's name: `job: [a, b]`.
pub(super) fn name_of(job: &str, combination: &[Variable]) -> Arc<str> {
    let values: Vec<&str> = combination.iter().map(|variable| &*variable.value).collect();
    format!("{job}: [{}]", values.join(", ")).into()
}
