//! The lessons in `examples/` run by themselves, and tell what they are meant to tell. Everything that they print is compared
//! with a snapshot; what differs from run to run is masked.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::process::Command;

use crate::process::example;

/// How long a lesson may take.
const A_MINUTE: Duration = Duration::from_mins(1);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of all lessons, in their order.
fn lessons() -> Vec<String> {
    let files = std::fs::read_dir(root().join("examples")).expect("examples/ exists");
    let paths = files.map(|file| file.expect("a folder can be read").path());
    let sources = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<String> = sources.map(|path| stem(&path)).collect();
    names.sort();
    names
}

fn stem(path: &Path) -> String {
    path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned()
}

/// Takes a lesson as somebody would who is not at a terminal.
async fn take(lesson: &str, options: &[&str]) -> Output {
    let child = Command::new(example(lesson))
        .args(options)
        .current_dir(root())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(A_MINUTE, child).await;
    output.unwrap_or_else(|_| panic!("{lesson} takes longer than a minute")).expect("a lesson can be started")
}

/// What a lesson that went well has printed.
fn told(lesson: &str, output: &Output) -> String {
    let (told, problems) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && problems.is_empty(), "{lesson}: {}\n{told}\n{problems}", output.status);
    told.into_owned()
}

#[tokio::test]
async fn every_lesson_tells_what_it_is_meant_to_tell() {
    let taken = stream::iter(lessons()).map(async |lesson| {
        let output = take(&lesson, &[]).await;
        (told(&lesson, &output), lesson)
    });
    let taken: Vec<(String, String)> = taken.buffered(4).collect().await;
    assert!(!taken.is_empty());
    for (told, lesson) in taken {
        let title = told.lines().next().unwrap_or_default();
        let number = lesson.split('_').next().and_then(|number| number.parse::<u8>().ok()).expect("a number");
        assert!(title.starts_with(&format!("Lesson {number}. ")), "{lesson}: {title}");
        for part in ["What you have learned", "Two things to try"] {
            assert!(told.contains(&format!("\n{part}\n")), "{lesson}: {part}");
        }
        let page = std::fs::read_to_string(root().join("docs/lessons.md")).expect("docs/lessons.md");
        assert!(page.contains(&format!("| `{lesson}` | {title}: ")), "docs/lessons.md: {lesson}: {title}");
        insta::assert_snapshot!(lesson, masked(&told));
    }
}

#[tokio::test]
async fn a_lesson_shows_everything_when_asked_and_waits_for_nobody() {
    let output = take("01_versions_and_endpoints", &["--raw", "--pause"]).await;
    let told = told("01_versions_and_endpoints", &output);
    for part in ["x-request-id: ", "x-correlation-id: ", "\"timestamp\": ", "\"chargingprofiles\""] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains(" more\n") && !told.contains("Press Enter") && !told.contains('\u{1b}'), "{told}");
}

#[test]
fn the_lessons_have_one_order_and_nothing_is_left_of_lessons_that_are_gone() {
    let lessons = lessons();
    for (index, lesson) in lessons.iter().enumerate() {
        assert!(lesson.starts_with(&format!("{:02}_", index + 1)), "{lesson} is the {}. file in examples/", index + 1);
    }
    let page = std::fs::read_to_string(root().join("docs/lessons.md")).expect("docs/lessons.md");
    let listed = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name);
    assert_eq!(listed.collect::<Vec<_>>(), lessons, "the order in docs/lessons.md");
    let snapshots = std::fs::read_dir(root().join("tests/pair/snapshots")).expect("snapshots");
    let snapshots = snapshots.map(|file| stem(&file.expect("a folder can be read").path()));
    let snapshots = snapshots.filter_map(|name| name.strip_prefix("pair__lessons__").map(str::to_owned));
    assert_eq!(snapshots.collect::<BTreeSet<_>>(), lessons.into_iter().collect());
}

/// Replaces ports and ids by names, the same one for the same thing. The beginning of a token goes, and what only one operating
/// system says.
fn masked(told: &str) -> String {
    let mut ports = Names::new("PORT");
    let mut ids = Names::new("ID");
    let lines = told.lines().map(|line| {
        let token = line.strip_prefix("Your token A: ").map(|token| &token[4..]);
        let line = token.map_or_else(|| line.to_owned(), |rest| format!("Your token A: ****{rest}"));
        let line = line.split_once(" (os error ").map_or(line.as_str(), |(line, _)| line);
        ids.replace(&ports.replace(line, port), uuid)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Names for what differs from run to run, in the order in which it appears.
struct Names {
    kind: &'static str,
    known: Vec<String>,
}

impl Names {
    fn new(kind: &'static str) -> Self {
        Self { kind, known: Vec::new() }
    }

    /// Replaces what `length` finds; it tells how long the thing is with which the rest of a line begins, or 0.
    fn replace(&mut self, line: &str, length: fn(before: &str, rest: &str) -> usize) -> String {
        let (mut masked, mut at) = (String::new(), 0);
        while let Some(next) = line[at..].chars().next() {
            let length = length(&line[..at], &line[at..]);
            if length == 0 {
                masked.push(next);
                at += next.len_utf8();
                continue;
            }
            let found = &line[at..at + length];
            let number = self.known.iter().position(|known| known == found).unwrap_or_else(|| {
                self.known.push(found.to_owned());
                self.known.len() - 1
            });
            let _ = write!(masked, "{}{}", self.kind, number + 1);
            at += length;
        }
        masked
    }
}

/// The port after `127.0.0.1:`, which may be written as in a query.
fn port(before: &str, rest: &str) -> usize {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if before.ends_with("127.0.0.1:") || before.ends_with("127.0.0.1%3A") { digits } else { 0 }
}

/// A UUID, in whatever case.
fn uuid(_before: &str, rest: &str) -> usize {
    const LENGTH: usize = 36;
    let is_one = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    let begins = rest.len() >= LENGTH && rest.bytes().take(LENGTH).enumerate().all(is_one);
    if begins { LENGTH } else { 0 }
}
