//! Markdown in which nothing out of a file is markup, as GitLab renders it.

use crate::source::Printable;

/// Text that means itself in Markdown and HTML, in a cell and elsewhere, made printable: of `code` in our own words the backticks
/// stay.
pub(crate) fn escape(text: &str) -> String {
    let text = &*Printable::of(text);
    let mut parts = text.split('`');
    let mut escaped = parts.next().map(plain).unwrap_or_default();
    let mut is_code = true;
    let rest: Vec<&str> = parts.collect();
    if rest.len() % 2 == 1 {
        // A backtick out of a file: none of them can be trusted to be ours.
        return plain(&text.replace('`', "'"));
    }
    for part in rest {
        if is_code && !part.is_empty() {
            escaped.push_str(&code_of(part));
        } else {
            escaped.push_str(&plain(part));
        }
        is_code = !is_code;
    }
    escaped
}

fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '`' => escaped.push_str("&#96;"),
            // `@` and `#`, `&`, `!`, `~`, `%`, `$`, `^` would mention people, issues and epics.
            '|' | '\\' | '*' | '_' | '[' | ']' | '~' | '#' | '@' | '&' | '!' | '$' | '%' | '^' => {
                escaped.push('\\');
                escaped.push(character);
            }
            character => escaped.push(character),
        }
    }
    // Addresses would become links.
    escaped.replace("://", ":\\//").replace("www.", "www\\.")
}

/// Printable text within an HTML element, where no Markdown is read.
pub(crate) fn html(text: &str) -> String {
    Printable::of(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Printable text as code: in HTML, since backticks cannot hold a backtick, nor a table's cell a pipe.
pub(crate) fn code(text: &str) -> String {
    code_of(&Printable::of(text))
}

fn code_of(text: &str) -> String {
    if text.contains(['`', '|', '\\']) {
        return format!("<code>{}</code>", plain(text));
    }
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_out_of_a_file_is_markup() {
        assert_eq!(escape("a|b <script> [x](y) *z* @all"), r"a\|b &lt;script&gt; \[x\](y) \*z\* \@all");
        assert_eq!(escape("the pattern `prod*` matches"), "the pattern `prod*` matches");
        assert_eq!(escape("the pattern `a`b` matches"), "the pattern 'a'b' matches");
        assert_eq!(escape("&lt;b&gt; &1 https://x.test www.x.test"), r"\&lt;b\&gt; \&1 https:\//x.test www\.x.test");
        assert_eq!(code("a|b`c"), r"<code>a\|b&#96;c</code>");
        assert_eq!(code("prod*"), "`prod*`");
        assert_eq!(escape("a\n- b\u{202e}"), r"a\\n- b\\u{202e}");
        assert_eq!(code("a\n- b"), r"<code>a\\n- b</code>");
    }
}
