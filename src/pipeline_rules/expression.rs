//! The language of `rules:if`, `only:variables` and `workflow:rules:if`.
//!
//! Sources: `lib/gitlab/ci/pipeline/expression/` (`lexer.rb`, `parser.rb`, `statement.rb`, `lexeme/*.rb`) and
//! `doc/ci/jobs/job_rules.md`. An expression that GitLab cannot read makes the whole configuration invalid
//! (`ExpressionValidator` in `lib/gitlab/config/entry/validators.rb`).

use std::fmt;

use super::evaluate::{Value, evaluate};
use super::lexer::{Operator, Token, tokens};
use super::regexp::Regexp;
use super::truth::Truth;

/// An expression, read.
#[derive(Clone, Debug)]
pub struct Expression {
    root: Node,
}

/// A part of an expression.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Variable(Box<str>),
    /// `$[[ inputs.name ]]`, of which nothing is known here.
    Input(Box<str>),
    Text(Box<str>),
    Regexp(Regexp),
    Null,
    Boolean(bool),
    Not(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
}

/// Why an expression cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpressionError {
    /// Nothing but blanks.
    Empty,
    /// No word of the language: a bare word, a number, an unclosed quote, `${VAR}`.
    UnknownWord {
        /// Its offset in bytes.
        at: usize,
        /// Its beginning.
        found: Box<str>,
    },
    /// An operator without something to its left or right.
    MissingOperand,
    /// Two values without an operator between them.
    MissingOperator,
    /// `(` without `)`, or `)` without `(`.
    UnmatchedParenthesis,
    /// GitLab reads at most 99 words and signs.
    TooManyTokens,
    /// Longer than is read here; GitLab may well read it.
    TooLong,
}

impl ExpressionError {
    /// Whether GitLab refuses the expression too, and with it the whole configuration.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        *self != Self::TooLong
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the expression is empty"),
            Self::UnknownWord { found, .. } => write!(f, "`{found}` is no part of an expression"),
            Self::MissingOperand => f.write_str("an operator has nothing to its left or right"),
            Self::MissingOperator => f.write_str("two values have no operator between them"),
            Self::UnmatchedParenthesis => f.write_str("a parenthesis is not matched"),
            Self::TooManyTokens => f.write_str("GitLab reads at most 99 words and signs in an expression"),
            Self::TooLong => f.write_str("the expression is too long to be judged"),
        }
    }
}

impl std::error::Error for ExpressionError {}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// If GitLab does not read it either, or if it is longer than is read here.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Err(ExpressionError::Empty);
        }
        Ok(Self { root: Parser::default().parse(&tokens)? })
    }

    /// Whether the expression holds with these variables.
    ///
    /// As `truthful?` in `statement.rb` has it: a text holds unless it is empty or blank, `null` and `false` do not.
    #[must_use]
    pub fn evaluate(&self, variables: &dyn Fn(&str) -> Value) -> Truth {
        evaluate(&self.root, variables)
    }

    /// The variables that are read, in order, with repetitions.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.root.walk(&mut |node| {
            if let Node::Variable(name) = node {
                names.push(&**name);
            }
        });
        names
    }

    /// The texts that the variable is compared with by `==` and `!=`, and those that a regular expression such as
    /// `/^(main|develop)$/` spells out, without repetitions.
    #[must_use]
    pub fn literals_compared_with(&self, variable: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        self.root.walk(&mut |node| {
            let Node::Binary(_, left, right) = node else { return };
            match (&**left, &**right) {
                (Node::Variable(name), Node::Text(text)) | (Node::Text(text), Node::Variable(name))
                    if **name == *variable =>
                {
                    found.push(text.to_string());
                }
                (Node::Variable(name), Node::Regexp(regexp)) if **name == *variable => {
                    found.extend(regexp.names().iter().map(ToString::to_string));
                }
                _ => {}
            }
        });
        let mut unique = Vec::new();
        for text in found {
            if !unique.contains(&text) {
                unique.push(text);
            }
        }
        unique
    }
}

impl Node {
    /// Visits the node and those below it. There are at most as many levels as tokens.
    fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Self)) {
        visit(self);
        match self {
            Self::Not(operand) => operand.walk(visit),
            Self::Binary(_, left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            _ => {}
        }
    }
}

/// What waits for its right operand.
#[derive(Clone, Copy)]
enum Waiting {
    Open,
    Operator(Operator),
}

/// The shunting-yard algorithm, as GitLab has it, so that what it takes by chance is taken here too (`$A "x" ==`).
#[derive(Default)]
struct Parser {
    values: Vec<Node>,
    waiting: Vec<Waiting>,
}

impl Parser {
    fn parse(mut self, tokens: &[Token<'_>]) -> Result<Node, ExpressionError> {
        for token in tokens {
            match *token {
                Token::Variable(name) => self.values.push(Node::Variable(name.into())),
                Token::Input(name) => self.values.push(Node::Input(name.into())),
                Token::Text(text) => self.values.push(Node::Text(text.into())),
                Token::Regexp(source) => self.values.push(Node::Regexp(Regexp::of_lexeme(source))),
                Token::Null => self.values.push(Node::Null),
                Token::Boolean(value) => self.values.push(Node::Boolean(value)),
                Token::Open => self.waiting.push(Waiting::Open),
                Token::Close => self.close()?,
                Token::Operator(operator) => self.operator(operator)?,
            }
        }
        while let Some(waiting) = self.waiting.pop() {
            match waiting {
                Waiting::Open => return Err(ExpressionError::UnmatchedParenthesis),
                Waiting::Operator(operator) => self.apply(operator)?,
            }
        }
        match (self.values.pop(), self.values.pop()) {
            (Some(root), None) => Ok(root),
            (Some(_), Some(_)) => Err(ExpressionError::MissingOperator),
            (None, _) => Err(ExpressionError::Empty),
        }
    }

    fn operator(&mut self, operator: Operator) -> Result<(), ExpressionError> {
        // `!` has its operand behind it, so nothing that waits can be done yet.
        while let Some(Waiting::Operator(last)) = self.waiting.last().copied() {
            if operator == Operator::Not || operator.precedence() < last.precedence() {
                break;
            }
            self.waiting.pop();
            self.apply(last)?;
        }
        self.waiting.push(Waiting::Operator(operator));
        Ok(())
    }

    fn close(&mut self) -> Result<(), ExpressionError> {
        loop {
            match self.waiting.pop().ok_or(ExpressionError::UnmatchedParenthesis)? {
                Waiting::Open => return Ok(()),
                Waiting::Operator(operator) => self.apply(operator)?,
            }
        }
    }

    fn apply(&mut self, operator: Operator) -> Result<(), ExpressionError> {
        let mut operand = || self.values.pop().map(Box::new).ok_or(ExpressionError::MissingOperand);
        let right = operand()?;
        let node = match operator {
            Operator::Not => Node::Not(right),
            _ => Node::Binary(operator, operand()?, right),
        };
        self.values.push(node);
        Ok(())
    }
}
