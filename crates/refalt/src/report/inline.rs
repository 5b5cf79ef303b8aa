//! Text to HTML: escaped, with code between backticks and addresses as links.

/// Returns `text` as HTML.
pub(super) fn to_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    let mut parts = text.split('`');
    if let Some(first) = parts.next() {
        link(first, &mut html);
    }
    // Parts alternate between code and text; a backtick without its partner stays a backtick.
    let rest: Vec<&str> = parts.collect();
    for (index, part) in rest.iter().enumerate() {
        let is_code = index % 2 == 0;
        if is_code && index + 1 < rest.len() {
            html.push_str("<code>");
            escape(part, &mut html);
            html.push_str("</code>");
        } else if is_code {
            html.push('`');
            link(part, &mut html);
        } else {
            link(part, &mut html);
        }
    }
    html
}

/// Escapes `text` and turns its addresses into links.
fn link(text: &str, html: &mut String) {
    let mut rest = text;
    while let Some(start) = rest.find("https://") {
        escape(&rest[..start], html);
        let end = rest[start..]
            .find(|c: char| c.is_whitespace() || "<>\"'`".contains(c))
            .map_or(rest.len(), |length| start + length);
        // Punctuation after an address belongs to the sentence.
        let address = rest[start..end].trim_end_matches(['.', ',', ';', ':', ')', ']', '!', '?']);
        html.push_str("<a href=\"");
        escape(address, html);
        html.push_str("\">");
        escape(address, html);
        html.push_str("</a>");
        rest = &rest[start + address.len()..];
    }
    escape(rest, html);
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_code_and_addresses() {
        let check = |text: &str, expected: &str| assert_eq!(to_html(text), expected);
        check("a < b & \"c\"", "a &lt; b &amp; &quot;c&quot;");
        check("run `refalt <x>` twice", "run <code>refalt &lt;x&gt;</code> twice");
        check("one ` alone", "one ` alone");
        check("`a` and `b", "<code>a</code> and `b");
        check(
            "see https://doi.org/10.1/x_(2).",
            "see <a href=\"https://doi.org/10.1/x_(2\">https://doi.org/10.1/x_(2</a>).",
        );
        check(
            "https://a.b/?q=1&r=<script>",
            "<a href=\"https://a.b/?q=1&amp;r=\">https://a.b/?q=1&amp;r=</a>&lt;script&gt;",
        );
        check("`https://a.b`", "<code>https://a.b</code>");
        check("javascript:alert(1)", "javascript:alert(1)");
        check("https://", "<a href=\"https://\">https://</a>");
    }
}
