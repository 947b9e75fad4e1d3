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
    doc: "A rule failed inside; the others still report.\n\
        \n\
        This is a mistake of kaslint's and not of the file. The exit status is 3. All other findings are complete. Please report it with\n\
        the file, or with as much of it as can be shown.",
};

/// A comment to the linter that it cannot follow.
pub static INVALID_IGNORE: RuleInfo = RuleInfo {
    name: "invalid-ignore",
    severity: Severity::Error,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    tag: None,
    doc: "A comment that is to hide a finding names no rule, or an unknown one, or gives no reason.\n\
        \n\
        `# kaslint: ignore[rule-name, other-rule] reason` hides findings of these rules on its line, or, alone on a line, on the line below. Whoever\n\
        reads it later must see what is hidden and why, so both are required. In `.kaslint.yaml`, `ignore` does the same for entries by their ids.",
};

/// A comment or an item of the settings that hides nothing.
pub static UNUSED_IGNORE: RuleInfo = RuleInfo {
    name: "unused-ignore",
    severity: Severity::Warning,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    tag: Some(Tag::NoEffect),
    doc: "A comment or an item of `ignore` hides nothing.\n\
        \n\
        What it was written for is gone. Left there, it would hide the next mistake on that line. Rules that did not run, because they are off or\n\
        lack an inventory, and files that `exclude` leaves out are not counted.",
};

/// A mistake of a settings file; the call cannot be carried out.
pub static INVALID_SETTINGS: RuleInfo = RuleInfo {
    name: "invalid-settings",
    severity: Severity::Error,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    tag: None,
    doc: "The settings file `.kaslint.yaml` cannot be used.\n\
        \n\
        It is no YAML, has a key, a value or a rule's name that kaslint does not know, or names a file that is not there. Nothing is checked by halves:\n\
        the command ends with status 2 and names every mistake with its place. `kaslint schema settings` prints the JSON Schema of the file.",
};

/// A mistake of an inventory; the call cannot be carried out.
pub static INVALID_INVENTORY: RuleInfo = RuleInfo {
    name: "invalid-inventory",
    severity: Severity::Error,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    tag: None,
    doc: "The inventory cannot be used.\n\
        \n\
        It is no YAML, has a key or a value that kaslint does not know, or contradicts itself: two projects of one path, an id that stands twice. Answers on\n\
        access would be wrong, so the command ends with status 2 and names every mistake with its place. `kaslint inventory check FILE` does\n\
        nothing else, and `kaslint schema inventory` prints the JSON Schema of the file.",
};
