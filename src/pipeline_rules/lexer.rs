//! The words of an expression.
//!
//! Source: `lib/gitlab/ci/pipeline/expression/lexer.rb` and the patterns in `lexeme/*.rb` beside it.

use super::expression::ExpressionError;
use crate::source::secrets;

/// The longest expression that is read, in bytes. GitLab has no such limit; longer ones are not judged.
const MAX_LENGTH: usize = 64 << 10;

/// GitLab gives up at the hundredth token, before it sees whether anything follows.
const MAX_TOKENS: usize = 99;

/// A word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Open,
    Close,
    Variable(&'t str),
    /// `$[[ inputs.name ]]`
    Input(&'t str),
    Text(&'t str),
    /// With its slashes and flags.
    Regexp(&'t str),
    Null,
    Boolean(bool),
    Operator(Operator),
}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Not,
    Equals,
    NotEquals,
    Matches,
    NotMatches,
    And,
    Or,
}

impl Operator {
    /// The lower, the tighter it binds, as in Ruby.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Self::Not => 1,
            Self::Equals | Self::NotEquals | Self::Matches | Self::NotMatches => 10,
            Self::And => 11,
            Self::Or => 12,
        }
    }
}

/// Splits an expression into its words.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ExpressionError> {
    if text.len() > MAX_LENGTH {
        return Err(ExpressionError::TooLong);
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
        if rest.is_empty() {
            return Ok(tokens);
        }
        if tokens.len() == MAX_TOKENS {
            return Err(ExpressionError::TooManyTokens);
        }
        let Some((token, behind)) = token(rest) else {
            return Err(ExpressionError::UnknownWord { at: text.len() - rest.len(), found: word(rest) });
        };
        tokens.push(token);
        rest = behind;
    }
}

/// The word at the start, and what follows it.
fn token(rest: &str) -> Option<(Token<'_>, &str)> {
    // `null` needs no end of a word, and the longer signs come before those that they begin with.
    const FIXED: [(&str, Token<'_>); 10] = [
        ("(", Token::Open),
        (")", Token::Close),
        ("null", Token::Null),
        ("==", Token::Operator(Operator::Equals)),
        ("=~", Token::Operator(Operator::Matches)),
        ("!=", Token::Operator(Operator::NotEquals)),
        ("!~", Token::Operator(Operator::NotMatches)),
        ("&&", Token::Operator(Operator::And)),
        ("||", Token::Operator(Operator::Or)),
        ("!", Token::Operator(Operator::Not)),
    ];
    match rest.as_bytes().first()? {
        b'$' => input(rest).or_else(|| variable(rest)),
        quote @ (b'"' | b'\'') => string(rest, char::from(*quote)),
        b'/' => split(rest, regexp_length(rest)?, Token::Regexp),
        b't' | b'f' => boolean(rest),
        _ => FIXED.iter().find_map(|(text, token)| Some((*token, rest.strip_prefix(text)?))),
    }
}

fn split<'t>(rest: &'t str, at: usize, token: fn(&'t str) -> Token<'t>) -> Option<(Token<'t>, &'t str)> {
    Some((token(rest.get(..at)?), rest.get(at..)?))
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn word_length(text: &str) -> usize {
    text.find(|character| !is_word(character)).unwrap_or(text.len())
}

fn variable(rest: &str) -> Option<(Token<'_>, &str)> {
    let name = rest.strip_prefix('$')?;
    let length = word_length(name);
    if length == 0 { None } else { split(name, length, Token::Variable) }
}

fn input(rest: &str) -> Option<(Token<'_>, &str)> {
    let name = rest.strip_prefix("$[[")?.trim_start().strip_prefix("inputs.")?;
    let (token, behind) = split(name, word_length(name), Token::Input)?;
    Some((token, behind.trim_start().strip_prefix("]]")?))
}

/// A text in quotes ends at the next quote of the kind, on the same line; nothing escapes a quote.
fn string(rest: &str, quote: char) -> Option<(Token<'_>, &str)> {
    let inner = rest.get(1..)?;
    let end = inner.find([quote, '\n'])?;
    let behind = inner.get(end..)?.strip_prefix(quote)?;
    Some((Token::Text(inner.get(..end)?), behind))
}

fn boolean(rest: &str) -> Option<(Token<'_>, &str)> {
    let (word, behind) = rest.split_at_checked(word_length(rest))?;
    let value = match word {
        "true" => true,
        "false" => false,
        _ => return None,
    };
    Some((Token::Boolean(value), behind))
}

/// The length of a regular expression with its slashes and flags.
///
/// GitLab's pattern asks for two characters between the slashes, so that `/./` is a syntax error, and for a last one
/// that is no backslash. As that last one may be a slash itself, `/ab//` and `/\//` are regular expressions.
fn regexp_length(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let is_slash = |at: usize| bytes.get(at) == Some(&b'/');
    let mut at = 1;
    let end = loop {
        match bytes.get(at)? {
            b'\\' if is_slash(at + 1) && is_slash(at + 2) => break at + 3,
            b'\\' if is_slash(at + 1) => at += 2,
            b'/' if at > 1 && is_slash(at + 1) => break at + 2,
            b'/' if rest.get(1..at)?.chars().nth(1).is_some() => break at + 1,
            b'/' => return None,
            _ => at += 1,
        }
    };
    let flags = bytes.get(end..)?.iter().take_while(|byte| b"ismU".contains(byte)).count();
    Some(end + flags)
}

/// The beginning of what is no word, for a message.
fn word(rest: &str) -> Box<str> {
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    // Of a secret, the beginning would be shown.
    let word = secrets::mask(rest.get(..end).unwrap_or_default());
    word.chars().take(20).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_end_where_gitlab_ends_them() {
        for (text, words) in [
            ("$A==null", vec![Token::Variable("A"), Token::Operator(Operator::Equals), Token::Null]),
            ("nullnull", vec![Token::Null, Token::Null]),
            (r#"'it"s' "it's""#, vec![Token::Text("it\"s"), Token::Text("it's")]),
            (r#""\""#, vec![Token::Text("\\")]),
            ("!$A_1", vec![Token::Operator(Operator::Not), Token::Variable("A_1")]),
            ("true (false)", vec![Token::Boolean(true), Token::Open, Token::Boolean(false), Token::Close]),
            ("/ab/ && /cd/i", vec![Token::Regexp("/ab/"), Token::Operator(Operator::And), Token::Regexp("/cd/i")]),
            (r"/a\/b/", vec![Token::Regexp(r"/a\/b/")]),
            ("$[[ inputs.place ]]", vec![Token::Input("place")]),
        ] {
            assert_eq!(tokens(text).as_deref(), Ok(&words[..]), "{text}");
        }
    }

    #[test]
    fn what_is_no_word_is_named() {
        for (text, at, found) in [
            ("$A == 1", 6, "1"),
            ("$A == main", 6, "main"),
            ("$A = 'x'", 3, "="),
            ("$A == \"x", 6, "\"x"),
            ("$A == \"x\ny\"", 6, "\"x"),
            ("$A =~ /./", 6, "/./"),
            ("$A =~ /ab/x", 10, "x"),
            ("${A}", 0, "${A}"),
            ("$A & $B", 3, "&"),
            ("truex", 0, "truex"),
        ] {
            assert_eq!(tokens(text), Err(ExpressionError::UnknownWord { at, found: found.into() }), "{text}");
        }
    }

    #[test]
    fn the_hundredth_token_is_too_much() {
        assert_eq!(tokens(&"(".repeat(99)).map(|tokens| tokens.len()), Ok(99));
        assert_eq!(tokens(&"(".repeat(100)), Err(ExpressionError::TooManyTokens));
        assert_eq!(tokens(&"(".repeat(1 << 20)), Err(ExpressionError::TooLong));
    }

    proptest! {
        #[test]
        fn regular_expressions_end_where_a_backtracking_matcher_ends_them(text in r"/[/\\aiä ]{0,9}") {
            let pattern = regex::Regex::new(r"^/(?:[^/]|\\/)+[^\\]/[ismU]*").unwrap();
            prop_assert_eq!(regexp_length(&text), pattern.find(&text).map(|found| found.end()));
        }
    }
}
