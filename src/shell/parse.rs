//! The syntax tree of a piece of shell. With `words.rs`, the only place that knows `brush-parser`.
//!
//! Its parser recurses, and backtracks in 2ⁿ steps over n parentheses that nothing closes: 22 take a second, 128 nested
//! `if` overflow a stack of 2 MiB. So nesting is counted before it gets to see a text.

use std::panic::{AssertUnwindSafe, catch_unwind};

use brush_parser::{ParserOptions, SourceInfo, Token, TokenizerOptions, ast, parse_tokens, uncached_tokenize_str};

pub(super) use ast::Program;

/// The longest text that is parsed.
pub(super) const MAX_LENGTH: usize = 256 * 1024;
/// How deep constructs may nest.
const MAX_NESTING: usize = 24;
/// How deep parentheses may nest.
const MAX_PARENTHESES: usize = 10;
/// How many substitutions a text may have without a look at their nesting.
const MAX_SUBSTITUTIONS: usize = 64;

/// Parses a text; `None` if that cannot be done within bounds or it is no shell.
pub(super) fn parse(text: &str) -> Option<Program> {
    if text.len() > MAX_LENGTH || !substitutions_are_bounded(text) {
        return None;
    }
    catch_unwind(AssertUnwindSafe(|| {
        let tokens = uncached_tokenize_str(text, &TokenizerOptions::default()).ok()?;
        if !constructs_are_bounded(&tokens) {
            return None;
        }
        parse_tokens(&tokens, &ParserOptions::default(), &SourceInfo::default()).ok()
    }))
    .ok()
    .flatten()
}

/// How many substitutions a text opens in which others can nest: `$(`, `${`, `$[`, `` ` ``.
pub(super) fn substitutions(text: &str) -> usize {
    let bytes = text.as_bytes();
    let opens = |at: usize| match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'`'), _) | (Some(b'$'), Some(b'(' | b'[')) => true,
        (Some(b'$'), Some(b'{')) => !is_plain_expansion(bytes.get(at + 1..).unwrap_or_default()),
        _ => false,
    };
    (0..bytes.len()).filter(|&at| opens(at)).count()
}

/// The tokenizer recurses into substitutions.
fn substitutions_are_bounded(text: &str) -> bool {
    if substitutions(text) <= MAX_SUBSTITUTIONS {
        return true;
    }
    // In here-documents and `$'…'`, quotes mean something else than what is followed below.
    !text.contains("<<") && !text.contains("$'") && deepest_substitution(text.as_bytes()) <= MAX_NESTING
}

/// How deep quotes and substitutions nest, by the shell's rules for both.
fn deepest_substitution(bytes: &[u8]) -> usize {
    let mut stack = Vec::new();
    let (mut deepest, mut at) = (0, 0);
    let rest_until =
        |from: usize, end: u8| bytes.get(from..).unwrap_or_default().iter().take_while(|&&byte| byte != end).count();
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied().unwrap_or(0);
        let top = stack.last().copied();
        let starts_word = at == 0 || bytes.get(at - 1).is_some_and(|byte| byte.is_ascii_whitespace());
        match byte {
            b'\\' => at += 1,
            b'\'' if top != Some(b'"') => at += 1 + rest_until(at + 1, b'\''),
            b'#' if starts_word && !matches!(top, Some(b'"' | b'{')) => at += rest_until(at, b'\n'),
            b'"' | b'`' if top == Some(byte) => drop(stack.pop()),
            b'"' | b'`' => stack.push(byte),
            b'$' if matches!(next, b'(' | b'{' | b'[') => {
                stack.push(next);
                at += 1;
            }
            b'(' if top != Some(b'"') => stack.push(b'('),
            b')' if top == Some(b'(') => drop(stack.pop()),
            b'}' if top == Some(b'{') => drop(stack.pop()),
            b']' if top == Some(b'[') => drop(stack.pop()),
            _ => {}
        }
        at += 1;
        deepest = deepest.max(stack.len());
    }
    deepest
}

/// Whether this is `{NAME}`, in which nothing can nest.
fn is_plain_expansion(bytes: &[u8]) -> bool {
    let name = bytes.iter().skip(1).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    bytes.get(1 + name) == Some(&b'}')
}

/// What the parser recurses into: parentheses and the shell's reserved words.
fn constructs_are_bounded(tokens: &[Token]) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut parentheses = 0_usize;
    let mut command_starts = true;
    for token in tokens {
        let text = token.to_str();
        let is_operator = matches!(token, Token::Operator(..));
        match (is_operator, text) {
            (true, "(") => {
                open.push("(");
                parentheses += 1;
            }
            (true, ")") if open.last() == Some(&"(") => {
                open.pop();
                parentheses = parentheses.saturating_sub(1);
            }
            (false, "if" | "case" | "do" | "{" | "[[") if command_starts => open.push(text),
            (false, "fi") => close(&mut open, "if"),
            (false, "esac") => close(&mut open, "case"),
            (false, "done") => close(&mut open, "do"),
            (false, "}") => close(&mut open, "{"),
            (false, "]]") => close(&mut open, "[["),
            _ => {}
        }
        if open.len() > MAX_NESTING || parentheses > MAX_PARENTHESES {
            return false;
        }
        command_starts = is_operator
            || matches!(text, "then" | "else" | "do" | "{" | "!" | "if" | "elif" | "while" | "until" | "time" | "in");
    }
    true
}

fn close(open: &mut Vec<&str>, opener: &str) {
    if open.last() == Some(&opener) {
        open.pop();
    }
}
