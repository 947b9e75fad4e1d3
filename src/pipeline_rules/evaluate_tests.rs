//! Conditions and what they come to, one by one and by laws.

use proptest::prelude::*;

use super::super::Truth::{self, Maybe, No, Yes};
use super::super::{Expression, ExpressionError};
use super::*;

/// `A` is `one`, `EMPTY` is empty, `BLANK` blank, `PATTERN` a regular expression, `REF` some branch, `SLUG` some slug,
/// `DEEP` the default branch, `HIDDEN` not known, all others are not set.
fn variable(name: &str) -> Value {
    match name {
        "A" => "one".into(),
        "EMPTY" => "".into(),
        "BLANK" => "  ".into(),
        "PATTERN" => "/^o/".into(),
        "REF" => Value::Other(
            PartialText::unknown("REF", Shape::NotEmpty),
            [PartialText::known("main"), PartialText::unknown("DEFAULT", Shape::NotEmpty)].into(),
        ),
        "DEFAULT" => Value::Text(PartialText::unknown("DEFAULT", Shape::NotEmpty)),
        "SLUG" => {
            let mut text = PartialText::known("review-");
            text.push(&PartialText::unknown("CI_COMMIT_REF_SLUG", Shape::Slug));
            Value::Text(text)
        }
        "HIDDEN" => Value::Unknown,
        _ => Value::Unset,
    }
}

fn truth(expression: &str) -> Truth {
    Expression::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}")).evaluate(&variable)
}

#[test]
fn expressions_hold_as_documented() {
    for (expression, expected) in [
        ("$A == \"one\"", Yes),
        ("'one' == $A", Yes),
        ("$A == 'two'", No),
        ("$A != 'two'", Yes),
        ("$A == $PATTERN", No),
        ("$NONE == null", Yes),
        ("$NONE != null", No),
        ("$NONE == ''", No),
        ("$EMPTY == ''", Yes),
        ("$EMPTY == null", No),
        ("$A", Yes),
        ("$NONE", No),
        ("$EMPTY", No),
        ("$BLANK", No),
        ("null", No),
        ("'x'", Yes),
        ("true", Yes),
        ("$A =~ /^on/", Yes),
        ("$A =~ /^ON/", No),
        ("$A =~ /^ON/i", Yes),
        ("$A !~ /^on/", No),
        ("$NONE =~ /on/", No),
        ("$NONE !~ /on/", Yes),
        ("$A =~ $PATTERN", Yes),
        ("$A =~ $NONE", No),
        ("$A !~ $NONE", Yes),
        ("$A =~ 'gone'", Yes),
        ("$A =~ 'on'", No),
        ("!$NONE", Yes),
        ("!$A", No),
        ("!!$A", Yes),
        ("!($A == 'one')", No),
        // `!` binds tighter than anything.
        ("!$NONE == 'one'", No),
        ("$HIDDEN", Maybe),
        ("$HIDDEN == 'x'", Maybe),
        ("$HIDDEN != null", Maybe),
        ("$HIDDEN =~ /xx/", Maybe),
        ("!$HIDDEN", Maybe),
        ("$[[ inputs.a ]] == 'x'", Maybe),
    ] {
        assert_eq!(truth(expression), expected, "{expression}");
    }
}

#[test]
fn an_empty_text_is_true_to_operators_and_false_as_a_result() {
    for (expression, expected) in [
        ("$EMPTY && $A", Yes),
        ("$A && $EMPTY", No),
        ("$EMPTY || $A", No),
        ("($A || 'x') == 'one'", Yes),
        ("('x' == $A || 'x') == 'x'", Yes),
        ("($A == 'one') == 'true'", No),
        ("($A == 'one') =~ /true/", Yes),
    ] {
        assert_eq!(truth(expression), expected, "{expression}");
    }
}

#[test]
fn and_goes_before_or_and_parentheses_before_both() {
    for (expression, expected) in [
        ("$A == 'one' || $A == 'two' && $NONE", Yes),
        ("($A == 'one' || $A == 'two') && $NONE", No),
        ("$NONE && $NONE || $A", Yes),
        ("$NONE && ($NONE || $A)", No),
        ("$NONE == null && $A != null && $A", Yes),
        ("(($A))", Yes),
    ] {
        assert_eq!(truth(expression), expected, "{expression}");
    }
}

#[test]
fn three_values_combine() {
    for (expression, expected) in [
        ("$HIDDEN == 'x' && $NONE", No),
        ("$HIDDEN == 'x' && $A", Maybe),
        ("$HIDDEN == 'x' || $A", Yes),
        ("$HIDDEN == 'x' || $NONE", Maybe),
        // An empty value would be the result.
        ("$HIDDEN || $A", Maybe),
    ] {
        assert_eq!(truth(expression), expected, "{expression}");
    }
}

#[test]
fn partly_known_texts_are_compared_as_far_as_they_go() {
    for (expression, expected) in [
        ("$SLUG == 'review-a'", Maybe),
        ("$SLUG == 'review-A'", No),
        ("$SLUG == 'other'", No),
        ("$SLUG != 'other'", Yes),
        ("$SLUG", Yes),
        ("$SLUG == $SLUG", Yes),
        ("$SLUG =~ /^review/", Maybe),
        ("$SLUG =~ /^stable/", No),
        ("$REF", Yes),
        ("$REF == 'main'", No),
        ("$REF == 'topic'", Maybe),
        ("$REF == $DEFAULT", No),
        ("$DEFAULT == $REF", No),
        ("$REF =~ /^main$/", No),
        ("$REF =~ /^(main|topic)$/", Maybe),
        ("$REF == null", No),
    ] {
        assert_eq!(truth(expression), expected, "{expression}");
    }
}

#[test]
fn syntax_errors_are_named() {
    for (expression, error) in [
        ("", ExpressionError::Empty),
        ("  \n", ExpressionError::Empty),
        ("()", ExpressionError::Empty),
        ("$A ==", ExpressionError::MissingOperand),
        ("&& $A", ExpressionError::MissingOperand),
        ("!", ExpressionError::MissingOperand),
        ("$A $B", ExpressionError::MissingOperator),
        ("$A == 'x' 'y'", ExpressionError::MissingOperator),
        ("($A", ExpressionError::UnmatchedParenthesis),
        ("$A)", ExpressionError::UnmatchedParenthesis),
    ] {
        assert_eq!(Expression::parse(expression).err(), Some(error), "{expression}");
    }
    assert!(Expression::parse(&"(".repeat(1 << 20)).is_err_and(|error| !error.is_certain()));
    assert!(Expression::parse(&"!".repeat(99)).is_err());
    assert_eq!(truth(&format!("{}$A{}", "(".repeat(49), ")".repeat(49))), Yes);
    assert_eq!(truth(&format!("{}$A", "!".repeat(98))), Yes);
    assert_eq!(truth(&format!("$SLUG == '{}'", "x".repeat(60_000))), Maybe, "too long to be compared");
}

#[test]
fn literals_are_found_on_both_sides_and_in_regular_expressions() {
    let expression = r"$B == 'main' || 'x' != $B && ($B =~ /^(dev|main)$/ || $C == 'no') || $B =~ /^rel/";
    let expression = Expression::parse(expression).unwrap();
    assert_eq!(expression.literals_compared_with("B"), ["main", "x", "dev"]);
    assert_eq!(expression.variables(), ["B", "B", "B", "C", "B"]);
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "$A == 'x'",
        "$A",
        "$B",
        "null",
        "'x'",
        "''",
        "$B != 'y'",
        "$A =~ /^x/",
        "$B !~ /y$/",
        "$A == $B",
        "$A == null",
        "true",
        "$A =~ $B",
        "'xx'",
        "/xy/",
        "$A =~ 'axb'",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 2, |inner| {
        (inner.clone(), prop::sample::select(vec!["&&", "||", "==", "!="]), inner, any::<bool>()).prop_map(
            |(left, operator, right, not)| format!("{}({left}) {operator} ({right})", if not { "!" } else { "" }),
        )
    })
}

fn text() -> impl Strategy<Value = PartialText> {
    prop::sample::select(vec!["", " ", "x", "y", "xy", "/x/", "/^y/", "x-1"]).prop_map(PartialText::known)
}

proptest! {
    #[test]
    fn reading_never_panics(text in r#"[ $AB"'/\\()!=~&|numltrue0ä\[\].^i]{0,60}"#) {
        if let Ok(expression) = Expression::parse(&text) {
            let _ = (expression.evaluate(&variable), expression.literals_compared_with("A"));
        }
    }

    #[test]
    fn knowing_more_takes_nothing_back(expression in expression(), a in text(), b in text(), shape in 0..3_usize) {
        let shape = [Shape::Any, Shape::NotEmpty, Shape::Slug][shape];
        let Ok(expression) = Expression::parse(&expression) else { return Ok(()) };
        let with = |left: Value, right: Value| {
            expression.evaluate(&move |name| if name == "A" { left.clone() } else { right.clone() })
        };
        let of = |text: &PartialText| Value::Text(text.clone());
        let known = with(of(&a), of(&b));
        for vague in [
            with(Value::Unknown, of(&b)),
            with(of(&a), Value::Unknown),
            with(Value::Unknown, Value::Unknown),
            with(Value::Text(PartialText::unknown("A", Shape::Any)), of(&b)),
        ] {
            prop_assert!(vague == Maybe || vague == known, "{:?} became {:?}", vague, known);
        }
        let partial = PartialText::unknown("A", shape);
        if a.as_known().is_some_and(|text| !text.trim().is_empty() && partial.could_be(text)) {
            let vague = with(Value::Text(partial), of(&b));
            prop_assert!(vague == Maybe || vague == known);
        }
        let unset = with(Value::Unset, of(&b));
        let vague = with(Value::Unknown, of(&b));
        prop_assert!(vague == Maybe || vague == unset);
    }
}
