//! `parallel:matrix`: the variables of each job that it makes.
//!
//! Source: `lib/gitlab/ci/config/entry/product/matrix.rb` and `lib/gitlab/ci/config/normalizer/matrix_strategy.rb`.

use std::sync::Arc;

use super::MAX_MATRIX;
use super::model::Variable;
use super::problem::ProblemKind;
use super::resolver::Resolver;
use super::value::{Entry, Map, Value};

/// The combinations, in GitLab's order; no more than [`MAX_MATRIX`].
pub(super) fn matrix(resolver: &mut Resolver<'_>, job: &Map) -> Vec<Vec<Variable>> {
    let parallel = resolver.get(job, "parallel").and_then(|value| value.as_map().cloned());
    let Some(matrix) = parallel.and_then(|parallel| resolver.get(&parallel, "matrix")) else { return Vec::new() };
    let (mut combinations, mut count) = (Vec::new(), 0usize);
    for item in resolver.flatten(&matrix) {
        let Value::Map(map) = &item else {
            resolver.wrong_type("parallel:matrix", "a list of maps", item.place());
            continue;
        };
        let columns: Vec<Vec<Variable>> = map.entries().iter().map(|entry| column(resolver, entry)).collect();
        count =
            count.saturating_add(columns.iter().fold(1usize, |product, column| product.saturating_mul(column.len())));
        combine(&columns, &mut combinations);
    }
    if count > MAX_MATRIX {
        resolver.problem(ProblemKind::MatrixTooLarge(count), matrix.place());
    }
    combinations
}

/// The values that one variable takes.
fn column(resolver: &mut Resolver<'_>, entry: &Entry) -> Vec<Variable> {
    let values = resolver.flatten(&entry.value);
    let texts = values.iter().filter_map(Value::as_text);
    texts
        .map(|text| Variable {
            name: entry.key.text.shared(),
            value: text.shared(),
            expand: true,
            place: text.place.clone(),
        })
        .collect()
}

/// Counts through the columns, the last one fastest.
fn combine(columns: &[Vec<Variable>], combinations: &mut Vec<Vec<Variable>>) {
    if columns.is_empty() || columns.iter().any(Vec::is_empty) {
        return;
    }
    let mut positions = vec![0usize; columns.len()];
    while combinations.len() < MAX_MATRIX {
        let row = columns.iter().zip(&positions).filter_map(|(column, &at)| column.get(at).cloned());
        combinations.push(row.collect());
        let mut carried = true;
        for (position, column) in positions.iter_mut().zip(columns).rev() {
            *position += 1;
            carried = *position == column.len();
            if !carried {
                break;
            }
            *position = 0;
        }
        if carried {
            return;
        }
    }
}

/// The part that a combination adds to the job's name: `job: [a, b]`.
pub(super) fn name_of(job: &str, combination: &[Variable]) -> Arc<str> {
    let values: Vec<&str> = combination.iter().map(|variable| &*variable.value).collect();
    format!("{job}: [{}]", values.join(", ")).into()
}
