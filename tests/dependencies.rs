//! Holds the dependencies to the rules in `deny.toml`, offline and without any tool but cargo.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// The crates.io index: the only place that crates may come from, besides this workspace.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

struct Rules {
    licences: BTreeSet<String>,
    /// Crate and version prefix: `("rand", "0.9")`.
    skipped: Vec<(String, String)>,
}

fn rules() -> Rules {
    let text = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    let deny: toml::Table = toml::from_str(&text).expect("deny.toml is TOML");
    let licences = deny["licenses"]["allow"].as_array().expect("a list").iter();
    let skipped = deny["bans"]["skip"].as_array().expect("a list").iter().map(|entry| {
        let spec = entry["crate"].as_str().expect("name@version");
        let (name, version) = spec.split_once('@').expect("name@version");
        (name.to_owned(), version.to_owned())
    });
    Rules { licences: licences.map(|l| l.as_str().expect("text").to_owned()).collect(), skipped: skipped.collect() }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn output_of(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(root()).output().expect("runs");
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

struct Package {
    name: String,
    version: String,
    licence: String,
}

/// Every package that is built on this kind of machine, tests included.
fn packages() -> Vec<Package> {
    let edges = "--edges=normal,build,dev";
    let args = ["tree", "--offline", "--locked", "--workspace", edges, "--prefix=none", "--format={p}\t{l}"];
    let tree = output_of(env!("CARGO"), &args);
    let lines: BTreeSet<&str> = tree.lines().filter(|line| !line.is_empty()).collect();
    assert!(lines.len() > 100, "cargo tree names only {} packages", lines.len());
    lines.into_iter().map(package).collect()
}

/// Reads `name v1.2.3 (proc-macro)<tab>MIT`; a package that was told of before ends in `(*)`.
fn package(line: &str) -> Package {
    let (package, licence) = line.split_once('\t').expect("a licence column");
    let mut words = package.split(' ');
    let name = words.next().expect("a name").to_owned();
    let version = words.next().and_then(|v| v.strip_prefix('v')).expect("a version").to_owned();
    Package { name, version, licence: licence.trim_end_matches("(*)").trim().to_owned() }
}

/// Name, version and source of everything in `Cargo.lock`.
fn locked() -> Vec<(String, String, Option<String>)> {
    let text = std::fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let lock: toml::Table = toml::from_str(&text).expect("Cargo.lock is TOML");
    let packages = lock["package"].as_array().expect("a list").iter();
    let text = |p: &toml::Value, key: &str| p.get(key).map(|v| v.as_str().expect("text").to_owned());
    packages.map(|p| (text(p, "name").unwrap(), text(p, "version").unwrap(), text(p, "source"))).collect()
}

/// Whether an SPDX expression can be met with allowed licences. `AND` binds more tightly than `OR`.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // Old manifests write `MIT/Apache-2.0`.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().peekable();
    let result = any_of(&mut tokens, allowed);
    assert!(tokens.peek().is_none(), "cannot read the licence expression {expression:?}");
    result
}

type Tokens<'a, 'b> = &'b mut std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(tokens: Tokens<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    let mut result = all_of(tokens, allowed);
    while tokens.next_if_eq(&"OR").is_some() {
        result |= all_of(tokens, allowed);
    }
    result
}

fn all_of(tokens: Tokens<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    let mut result = one(tokens, allowed);
    while tokens.next_if_eq(&"AND").is_some() {
        result &= one(tokens, allowed);
    }
    result
}

fn one(tokens: Tokens<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    match tokens.next() {
        Some("(") => {
            let result = any_of(tokens, allowed);
            assert_eq!(tokens.next(), Some(")"));
            result
        }
        Some(licence) => {
            // An exception only ever grants more.
            if tokens.next_if_eq(&"WITH").is_some() {
                tokens.next();
            }
            allowed.contains(licence)
        }
        None => false,
    }
}

#[test]
fn every_licence_is_on_the_list() {
    let allowed = rules().licences;
    let refused: Vec<String> = packages()
        .into_iter()
        .filter(|p| !is_allowed(&p.licence, &allowed))
        .map(|p| format!("{} {}: {:?}", p.name, p.version, p.licence))
        .collect();
    assert!(refused.is_empty(), "licences that deny.toml does not allow: {refused:#?}");
}

#[test]
fn every_crate_comes_from_crates_io_or_from_here() {
    for (name, version, source) in locked() {
        // Members of the workspace have no source.
        assert!(source.as_deref().is_none_or(|s| s == REGISTRY), "{name} {version} comes from {source:?}");
    }
}

#[test]
fn no_crate_is_there_twice_without_a_reason() {
    let skipped = rules().skipped;
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        versions.entry(package.name).or_default().insert(package.version);
    }
    for (name, mut found) in versions {
        found.retain(|version| !skipped.iter().any(|(n, v)| *n == name && version.starts_with(&format!("{v}."))));
        assert!(found.len() <= 1, "{name} is there in versions {found:?}: agree on one, or give a reason in deny.toml");
    }
}

#[test]
fn no_reason_outlives_its_duplicate() {
    let locked = locked();
    for (name, version) in rules().skipped {
        let of_name: Vec<&str> = locked.iter().filter(|(n, ..)| *n == name).map(|(_, v, _)| v.as_str()).collect();
        let listed = of_name.iter().filter(|v| v.starts_with(&format!("{version}."))).count();
        assert!(0 < listed && listed < of_name.len(), "{name}@{version} is no duplicate: take it out of deny.toml");
    }
}

#[test]
fn licence_expressions_are_read_as_spdx_says() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned(), "Apache-2.0".to_owned()]);
    for yes in [
        "MIT",
        "GPL-3.0 OR MIT",
        "GPL-3.0/MIT",
        "(GPL-3.0 OR MIT) AND ISC",
        "Apache-2.0 WITH LLVM-exception",
        "GPL-3.0 OR MIT AND ISC",
    ] {
        assert!(is_allowed(yes, &allowed), "{yes}");
    }
    for no in ["GPL-3.0", "MIT AND GPL-3.0", "GPL-3.0 AND ISC OR GPL-3.0", "(MIT OR ISC) AND GPL-3.0", ""] {
        assert!(!is_allowed(no, &allowed), "{no}");
    }
}
