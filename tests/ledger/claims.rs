//! What tests say that they prove: `// Proves: TOK-048, TOK-054` right above a test, or at the beginning of its body.

use std::path::Path;

use super::root;
use super::rows::Side;

/// Where tests are, and whom they speak for: what both parties are built from speaks for both.
const PLACES: &[(&str, &[Side])] = &[
    ("cpo-mock", &[Side::Cpo]),
    ("emsp", &[Side::Emsp]),
    ("ocpi-http", &[Side::Cpo, Side::Emsp]),
    ("ocpi-party", &[Side::Cpo, Side::Emsp]),
    ("ocpi-types", &[Side::Cpo, Side::Emsp]),
    ("src", &[Side::Cpo, Side::Emsp]),
    ("tests", &[Side::Cpo, Side::Emsp]),
];

/// One test that says that it proves one row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Claim {
    pub(crate) id: String,
    /// From the root of the workspace.
    pub(crate) file: String,
    pub(crate) test: String,
    pub(crate) line: usize,
    pub(crate) sides: &'static [Side],
}

/// All claims, by id, file and test.
pub(crate) fn claims() -> Vec<Claim> {
    let mut claims = Vec::new();
    for (place, sides) in PLACES {
        walk(&root().join(place), &mut |path| {
            let text = std::fs::read_to_string(path).unwrap();
            let file = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            // This file tells how a claim is written.
            if !file.starts_with("tests/ledger/") {
                claims_in(&text, &file, sides, &mut claims);
            }
        });
    }
    claims.sort();
    claims.dedup_by(|a, b| (&a.id, &a.file, &a.test) == (&b.id, &b.file, &b.test));
    claims
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            walk(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&path);
        }
    }
}

fn claims_in(text: &str, file: &str, sides: &'static [Side], claims: &mut Vec<Claim>) {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for (at, line) in lines.iter().enumerate() {
        let Some(first) = comment(line).and_then(|text| text.strip_prefix("Proves:")) else { continue };
        let mut ids = ids(first);
        let mut next = at + 1;
        // The list goes on in the next line of the comment.
        while let Some(more) = lines.get(next).and_then(|line| comment(line)).filter(|more| begins_with_id(more)) {
            ids.extend(self::ids(more));
            next += 1;
        }
        let near = test_below(&lines[next..]).or_else(|| test_above(&lines[..at]));
        let near = near.unwrap_or_else(|| panic!("{file}:{}: no test near this claim", at + 1));
        claims.extend(ids.into_iter().map(|id| Claim {
            id,
            file: file.to_owned(),
            test: near.to_owned(),
            line: at + 1,
            sides,
        }));
    }
}

/// The text of a line that is a comment.
fn comment(line: &str) -> Option<&str> {
    Some(line.strip_prefix("//")?.trim_start_matches(['/', '!']).trim())
}

fn begins_with_id(text: &str) -> bool {
    is_id(text.get(..7).unwrap_or_default())
}

fn is_id(text: &str) -> bool {
    let (letters, rest) = text.split_at_checked(3).unwrap_or_default();
    letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && rest.strip_prefix('-').is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// The ids in a text.
pub(crate) fn ids(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter(|word| is_id(word)).map(str::to_owned).collect()
}

/// The function, or the call of a macro that makes functions, that begins below, with nothing but comments and attributes
/// before it.
fn test_below<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let between = |line: &&&str| line.starts_with("//") || line.starts_with("#[") || line.is_empty();
    let line = lines.iter().find(|line| !between(line))?;
    let call = || line.strip_suffix(" {").filter(|name| name.ends_with('!') && !name.contains(' '));
    function(line).or_else(call)
}

/// The function in whose body we are.
fn test_above<'a>(lines: &[&'a str]) -> Option<&'a str> {
    lines.iter().rev().find_map(|line| function(line))
}

fn function(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let words = before.split_whitespace().all(|word| word == "async" || word.starts_with("pub"));
    after.split(['(', '<']).next().filter(|name| words && !name.is_empty())
}
