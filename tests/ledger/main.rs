//! The ledger of requirements: every row of the catalogue with what proves it for the CPO and for the EMSP, or why nothing does.
//!
//! `UPDATE_LEDGER=1 cargo test --test ledger` writes `docs/ledger/` anew.

mod claims;
mod page;
mod reasons;
mod rows;

use std::path::{Path, PathBuf};

use compliance_tests::catalogue;

use self::rows::{Row, Side, rows};

/// MUST rows on which work is going on. Empty; never grows.
const OPEN: &[&str] = &[];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn ledger() -> PathBuf {
    root().join("docs/ledger")
}

#[test]
fn every_page_is_current() {
    let pages = page::pages(&rows());
    if std::env::var_os("UPDATE_LEDGER").is_some() {
        std::fs::create_dir_all(ledger()).unwrap();
        for (name, text) in &pages {
            std::fs::write(ledger().join(name), text).unwrap();
        }
    }
    for (name, text) in &pages {
        let kept = std::fs::read_to_string(ledger().join(name)).unwrap_or_default();
        assert!(
            kept == *text,
            "docs/ledger/{name} is out of date: run `UPDATE_LEDGER=1 cargo test --test ledger` and commit it"
        );
    }
}

#[test]
fn no_must_row_is_left_open() {
    let open = |row: &&Row| row.requirement.level == "MUST" && !row.open().is_empty();
    let rows = rows();
    let open: Vec<&Row> = rows.iter().filter(open).collect();
    for row in &open {
        println!("open for {:?}: {} {}", row.open(), row.requirement.id, row.requirement.text);
    }
    let ids: Vec<&str> = open.iter().map(|row| row.requirement.id).collect();
    let unexpected: Vec<&&str> = ids.iter().filter(|id| !OPEN.contains(id)).collect();
    assert!(
        unexpected.is_empty(),
        "neither proved nor explained: {unexpected:?}; name the row in a `// Proves:` comment above the test that shows it, or \
         give the reason in DECISIONS.md, section 3"
    );
    println!(
        "no longer open, so take them out of OPEN: {:?}",
        OPEN.iter().filter(|id| !ids.contains(id)).collect::<Vec<_>>()
    );
}

#[test]
fn claims_and_reasons_name_rows_that_exist() {
    let claimed =
        claims::claims().into_iter().map(|claim| (claim.id.clone(), format!("{}:{}", claim.file, claim.line)));
    let excused = reasons::reasons().into_iter().map(|reason| (reason.id, "DECISIONS.md".to_owned()));
    let unknown: Vec<_> = claimed.chain(excused).filter(|(id, _)| catalogue::requirement(id).is_none()).collect();
    assert!(unknown.is_empty(), "no such requirement: {unknown:?}");
}

#[test]
fn what_is_not_built_is_not_proved() {
    let both = |row: &&Row| {
        let excused = row.reasons.iter().any(|reason| reason.not_built);
        excused && row.concerned().all(|side| row.is_proved_by_tests(side)) && row.concerned().next().is_some()
    };
    let rows = rows();
    let both: Vec<&str> = rows.iter().filter(both).map(|row| row.requirement.id).collect();
    assert!(both.is_empty(), "tests prove what DECISIONS.md 3.1 says is not built: {both:?}; one of the two is wrong");
}

#[test]
fn every_side_that_a_row_concerns_is_known() {
    for row in rows() {
        let nobody = row.concerned().next().is_none();
        let hubs = row.requirement.subject == "hub" || row.requirement.module == "hubclientinfo";
        assert!(!nobody || hubs, "{} concerns nobody", row.requirement.id);
    }
    assert!(rows().iter().any(|row| row.concerned().eq([Side::Cpo])));
}
