//! The rules about the linter itself; the analysis says what they say.

use super::{RuleInfo, Severity, Tag, Topic};

/// A rule that failed.
pub static INTERNAL_ERROR: RuleInfo = RuleInfo {
    name: "internal-error",
    severity: Severity::Error,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    tag: None,
    doc: &[
        " A rule failed inside; the others still report.",
        "",
        " This is a mistake of kaslint's and not of the file. The exit status is 3. All other findings are complete. Please report it with",
        " the file, or with as much of it as can be shown.",
    ],
};

/// A comment to the linter that it cannot follow.
pub static INVALID_IGNORE: RuleInfo = RuleInfo {
    name: "invalid-ignore",
    severity: Severity::Error,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    tag: None,
    doc: &[
        " A comment that is to hide a finding names no rule, or an unknown one, or gives no reason.",
        "",
        " `# kaslint: ignore[rule-name, other-rule] reason` hides findings of these rules on its line, or, alone on a line, on the line below. Whoever",
        " reads it later must see what is hidden and why, so both are required. In `.kaslint.yaml`, `ignore` does the same for entries by their ids.",
    ],
};

/// A comment or an item of the settings that hides nothing.
pub static UNUSED_IGNORE: RuleInfo = RuleInfo {
    name: "unused-ignore",
    severity: Severity::Warning,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    tag: Some(Tag::NoEffect),
    doc: &[
        " A comment or an item of `ignore` hides nothing.",
        "",
        " What it was written for is gone. Left there, it would hide the next mistake on that line. Rules that did not run, because they are off or",
        " lack an inventory, are not counted.",
    ],
};
