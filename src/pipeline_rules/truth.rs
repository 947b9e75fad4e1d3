//! Yes, no, maybe.

/// An answer of three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It is not so.
    No,
    /// It cannot be told.
    Maybe,
    /// It is so.
    Yes,
}

impl Truth {
    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// The answer to the opposite question.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

impl From<bool> for Truth {
    fn from(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, Maybe, No, Yes};

    #[test]
    fn the_tables_of_three_values() {
        let all = [No, Maybe, Yes];
        let table = |connect: fn(Truth, Truth) -> Truth| all.map(|left| all.map(|right| connect(left, right)));
        assert_eq!(table(Truth::and), [[No, No, No], [No, Maybe, Maybe], [No, Maybe, Yes]]);
        assert_eq!(table(Truth::or), [[No, Maybe, Yes], [Maybe, Maybe, Yes], [Yes, Yes, Yes]]);
        assert_eq!(all.map(Truth::negated), [Yes, Maybe, No]);
    }
}
