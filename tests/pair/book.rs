//! What the pages say is true: every link leads somewhere, every JSON and TOML is what it says, every command works.
//!
//! The first word after the fence of a code block is its language; the second says more:
//!
//! | block | what is tested |
//! |---|---|
//! | `sh run` | it is run against the running pair, all blocks of a page one after the other |
//! | `sh check` | the programs know its options, the servers its URLs, the repository its scripts |
//! | `json` | it is JSON |
//! | `json Token`, `json Patch<Session>` | it is such an object, without a single finding |
//! | `toml emsp`, `toml cpo` | such a server takes it as its configuration |

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use ocpi_types::{Patch, Session, catalogue};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::process::{binary, binary_of, demonstration, free_port};

/// The pages of the repository, besides those in `docs/`.
const PAGES: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "DECISIONS.md",
    "compliance-tests/README.md",
    "ocpi-types/README.md",
];

/// Programs that the pages name, and that are not part of this repository.
const KNOWN_TOOLS: &str = "rustup|apt-get|xcode-select|sqlite3|openssl|export|cd|mdbook|git";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

struct Page {
    path: PathBuf,
    blocks: Vec<Block>,
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

struct Block {
    language: String,
    more: String,
    text: String,
}

fn pages() -> Vec<Page> {
    let docs = std::fs::read_dir(root().join("docs")).expect("docs/ exists");
    let docs = docs.map(|entry| entry.expect("a folder can be read").path());
    let markdown = docs.filter(|path| path.extension() == Some(OsStr::new("md")));
    let mut paths: Vec<PathBuf> = markdown.chain(PAGES.iter().map(|page| root().join(page))).collect();
    paths.sort();
    paths.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Page {
    let markdown = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut page = Page { path, blocks: Vec::new(), links: Vec::new(), anchors: BTreeSet::new() };
    let (mut block, mut heading): (Option<Block>, Option<String>) = (None, None);
    for event in Parser::new_ext(&markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => "sh check".to_owned(),
                };
                let (language, more) = info.split_once(' ').unwrap_or((&info, ""));
                block = Some(Block { language: language.into(), more: more.into(), text: String::new() });
            }
            Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => page.anchors.extend(heading.take().map(|text| anchor(&text))),
            Event::Start(Tag::Link { dest_url, .. }) => page.links.push(dest_url.to_string()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(block) = &mut block {
                    block.text.push_str(&text);
                } else if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    page
}

/// The name under which a heading can be linked to, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut checked = 0;
    for page in &pages {
        for link in page.links.iter().filter(|link| !link.contains("://")) {
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let folder = page.path.parent().expect("a page is in a folder");
            let target = if file.is_empty() { page.path.clone() } else { folder.join(file) };
            let there = target.canonicalize();
            assert!(there.is_ok(), "{}: {link} leads nowhere", page.path.display());
            let known = pages.iter().find(|other| other.path.canonicalize().ok() == there.as_ref().ok().cloned());
            let missing = known.is_some_and(|known| !fragment.is_empty() && !known.anchors.contains(fragment));
            assert!(!missing, "{}: {link}: there is no such heading", page.path.display());
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} links were found");
}

#[test]
fn the_table_of_contents_is_complete() {
    let summary = read(root().join("docs/SUMMARY.md"));
    let listed: BTreeSet<String> = summary.links.into_iter().collect();
    for page in pages().iter().filter(|page| page.path.parent() == Some(&root().join("docs"))) {
        let name = page.path.file_name().and_then(OsStr::to_str).expect("a name");
        assert!(name == "SUMMARY.md" || listed.contains(name), "docs/SUMMARY.md does not list {name}");
    }
}

#[test]
fn every_json_and_toml_is_what_it_says() {
    let mut checked = 0;
    for page in pages() {
        for block in &page.blocks {
            let place = format!("{}:\n{}", page.path.display(), block.text);
            match (block.language.as_str(), block.more.as_str()) {
                ("json", class) => json_is(class, &block.text, &place),
                ("toml", server @ ("emsp" | "cpo")) => configures(server, &block.text, &place),
                ("toml", "") => assert!(block.text.parse::<toml::Table>().is_ok(), "not TOML: {place}"),
                ("sh", "run" | "check") => continue,
                ("sh" | "bash" | "console" | "json5", _) => panic!("say `sh run` or `sh check`: {place}"),
                _ => continue,
            }
            checked += 1;
        }
    }
    assert!(checked >= 6, "only {checked} blocks were found");
}

fn json_is(class: &str, text: &str, place: &str) {
    let json: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {place}"));
    if class.is_empty() {
        return;
    }
    if class == "Patch<Session>" {
        let patch = Patch::<Session>::read(json);
        assert!(patch.is_ok(), "{}: {place}", patch.unwrap_err());
        return;
    }
    let class = catalogue::class(class).unwrap_or_else(|| panic!("there is no class {class}: {place}"));
    let parsed = class.parse(json);
    assert!(parsed.report.is_clean(), "{}: {place}", parsed.report);
}

fn configures(server: &str, text: &str, place: &str) {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("config.toml");
    std::fs::write(&file, text).expect("it can be written");
    let program = if server == "cpo" { "cpo-mock" } else { server };
    // An unusable port comes after the configuration and before the database: the server reads its file, and stops.
    let output = std::process::Command::new(binary(program))
        .args(["serve", "--config"])
        .arg(&file)
        .args(["--host", "256.0.0.1", "--database", "sqlite:unused.db"])
        .current_dir(folder.path())
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}: {place}");
    assert!(said.contains("cannot listen on 256.0.0.1"), "{said}: {place}");
}

#[test]
fn every_command_is_one_that_the_programs_know() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut checked = 0;
    for page in pages() {
        for block in page.blocks.iter().filter(|block| block.language == "sh" && block.more == "check") {
            // What a reader has set on the page before this block.
            let setting =
                |line: &&str| line.starts_with("KEY=") || line.starts_with("EMSP=") || line.starts_with("CPO=");
            let set: Vec<&str> = page.blocks.iter().flat_map(|b| b.text.lines()).filter(setting).collect();
            let script = format!("{}\n{}\n{}", shims("check"), set.join("\n"), block.text);
            let output = std::process::Command::new("bash")
                .args(["-e", "-c", &script])
                .current_dir(folder.path())
                .output()
                .expect("bash is there");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}:\n{}\n{said}", page.path.display(), block.text);
            for call in String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| line.strip_prefix("CALL ")) {
                let (method, url) = call.split_once(' ').expect("a method and a URL");
                assert!(is_served(method, url), "{}: no server has {method} {url}", page.path.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 10, "only {checked} blocks were found");
}

/// Whether one of the two documents has this call.
fn is_served(method: &str, url: &str) -> bool {
    let path = url.split("://").last().and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or(url);
    let path = path.split('?').next().unwrap_or(path);
    let plain = ["/docs", "/health", "/ready", "/metrics", "/inspect"];
    plain.contains(&path)
        || [emsp::App::openapi(), cpo_mock::App::openapi()].iter().any(|api| {
            let api = serde_json::to_value(api).expect("the document is JSON");
            let paths = api["paths"].as_object().expect("paths");
            paths.iter().any(|(known, item)| {
                matches(known, path) && item.get(method.to_lowercase()).is_some_and(Value::is_object)
            })
        })
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len() && template.iter().zip(path).all(|(t, p)| t.starts_with('{') || *t == p)
}

/// `cargo run` finds the programs that are built already; in `check` nothing is really done.
fn shims(mode: &str) -> String {
    let mut scripts = String::new();
    for entry in std::fs::read_dir(root().join("scripts")).expect("scripts/ exists") {
        let path = entry.expect("a folder can be read").path();
        if let (Some("sh"), Some(name)) = (path.extension().and_then(OsStr::to_str), path.file_name()) {
            let _ = writeln!(scripts, "scripts/{}() {{ :; }}", name.display());
        }
    }
    let (emsp, cpo, suite, pair) = (
        binary("emsp"),
        binary("cpo-mock"),
        binary_of("compliance-tests", "ocpi-compliance"),
        PathBuf::from(env!("CARGO_BIN_EXE_roaming-pair")),
    );
    let help = if mode == "check" { "--help >/dev/null" } else { "" };
    let curl = if mode == "check" {
        r#"curl() {
             local method=GET url=
             while [ $# -gt 0 ]; do
               case $1 in
                 -X) method=$2; shift 2 ;;
                 -d) [ $method = GET ] && method=POST; shift 2 ;;
                 -H) shift 2 ;;
                 -*) shift ;;
                 *) url=$1; shift ;;
               esac
             done
             echo "CALL $method $url"
           }
           PATH=/nonexistent"#
    } else {
        r#"curl() { command curl --fail-with-body --max-time 30 "$@" && echo; }"#
    };
    format!(
        r#"command_not_found_handle() {{ case $1 in {KNOWN_TOOLS}) ;; *) echo "unknown command: $1" >&2; return 127 ;; esac; }}
{scripts}
cargo() {{
  [ "$1" = run ] || {{ case $1 in build|test|doc|install|fmt|clippy) return 0 ;; *) echo "cargo $1?" >&2; return 1 ;; esac; }}
  shift
  local program="{pair}"
  while [ $# -gt 0 ]; do
    case $1 in
      -p) case $2 in
            emsp) program="{emsp}" ;; cpo-mock) program="{cpo}" ;; compliance-tests) program="{suite}" ;; *) return 0 ;;
          esac; shift 2 ;;
      --example) [ -f "{root}/examples/$2.rs" ] || {{ echo "there is no example $2" >&2; return 1; }}; return 0 ;;
      --) shift; break ;;
      *) shift ;;
    esac
  done
  "$program" "$@" {help}
}}
{curl}
"#,
        pair = pair.display(),
        emsp = emsp.display(),
        cpo = cpo.display(),
        suite = suite.display(),
        root = root().display(),
    )
}

#[tokio::test]
async fn the_tours_can_be_taken() {
    let data = TempDir::new().expect("a temporary folder");
    let (emsp, cpo) = (free_port(), free_port());
    let _pair = demonstration(data.path(), emsp, cpo).await;
    let mut taken = 0;
    for page in pages() {
        let blocks: Vec<&Block> = page.blocks.iter().filter(|b| b.language == "sh" && b.more == "run").collect();
        if blocks.is_empty() {
            continue;
        }
        let tour = blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join("\n");
        let tour = tour.replace("127.0.0.1:8000", &format!("127.0.0.1:{emsp}"));
        let tour = tour.replace("127.0.0.1:8001", &format!("127.0.0.1:{cpo}"));
        let output = Command::new("bash")
            .args(["-eu", "-o", "pipefail", "-c", &format!("{}\nset -x\n{tour}", shims("run"))])
            .current_dir(data.path())
            .stdin(Stdio::null())
            .output()
            .await
            .expect("bash is there");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}:\n{out}\n{err}", page.path.display());
        taken += 1;
    }
    assert!(taken > 0, "no page has a tour");
}
