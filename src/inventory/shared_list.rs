//! Lists that many projects have the same of.

use std::ops::Deref;
use std::sync::Arc;

/// A list that is held once, however many have it: most projects of an instance have environments of the same names and the same branches
/// protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedList<T>(Arc<[T]>);

impl<T> Deref for SharedList<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> FromIterator<T> for SharedList<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<'l, T> IntoIterator for &'l SharedList<T> {
    type Item = &'l T;
    type IntoIter = std::slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
