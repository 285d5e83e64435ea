//! Secrets in JSON text, which may be cut off or broken.

/// The member names whose string values are secrets: the token of a credentials object, of an invitation, and of the
/// operator. (An object named `token` is a driver's token and no secret.)
const SECRET_MEMBERS: &[&str] = &["token", "token_a", "operator_key"];

/// Replaces secret values.
pub(super) fn redact(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(value) = next_secret(rest) {
        shown.push_str(&rest[..value.start]);
        shown.push_str("***\"");
        // On with what follows the closing quote, which is missing where the text was cut.
        rest = rest.get(value.end + 1..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

/// Where the next secret value stands, without its quotes.
fn next_secret(text: &str) -> Option<std::ops::Range<usize>> {
    let mut at = 0;
    while let Some(open) = text[at..].find('"').map(|found| at + found + 1) {
        let close = end_of_string(text, open);
        let name = &text[open..close];
        at = (close + 1).min(text.len());
        let after = text[at..].trim_start();
        let Some(value) = after.strip_prefix(':').map(str::trim_start) else { continue };
        if value.starts_with('"') && is_secret(name) {
            let start = text.len() - value.len() + 1;
            return Some(start..end_of_string(text, start));
        }
    }
    None
}

/// Whether a member of this name, as it stands between the quotes, is a secret. `t\u006fken` is a way to write `token`.
fn is_secret(name: &str) -> bool {
    if !name.contains('\\') {
        return SECRET_MEMBERS.contains(&name);
    }
    let unescaped = serde_json::from_str::<String>(&format!("\"{name}\""));
    unescaped.is_ok_and(|name| SECRET_MEMBERS.contains(&name.as_str()))
}

/// The index of the quote that ends the string whose content starts at `start`, or the end of the text.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (i, byte) in text.as_bytes()[start..].iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return start + i,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_not_shown() {
        assert_eq!(redact(r#"{"token":"s3cret","url":"x"}"#), r#"{"token":"***","url":"x"}"#);
        assert_eq!(redact(r#"{"data":{"token" : "a\"b","x":1}}"#), r#"{"data":{"token" : "***","x":1}}"#);
        assert_eq!(redact(r#"{"token_a":"x","token":"y"}"#), r#"{"token_a":"***","token":"***"}"#);
        assert_eq!(redact(r#"{"token":"cut of"#), r#"{"token":"***""#);
        assert_eq!(redact(r#"{"t\u006fken":"s3cret"}"#), r#"{"t\u006fken":"***"}"#);
        assert_eq!(redact(r#"{"token":{"uid":"012345"}}"#), r#"{"token":{"uid":"012345"}}"#);
        assert_eq!(redact(r#"{"message":"token","a":"b"}"#), r#"{"message":"token","a":"b"}"#);
        assert_eq!(redact(r#""token""#), r#""token""#);
    }
}
