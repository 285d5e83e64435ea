//! The catalogue is complete, the names are right, the generated pages are current.

use std::collections::BTreeSet;
use std::path::Path;

use compliance_tests::party::faults;
use compliance_tests::{cases, catalogue, pages};
use libtest_mimic::{Failed, Trial};

/// The tests of this file.
pub(crate) fn tests() -> Vec<Trial> {
    vec![
        Trial::test("every requirement has a case or a reason", every_row),
        Trial::test("every case names existing requirements", existing_rows),
        Trial::test("case ids are unique and cases are described", described),
        Trial::test("every case has a sabotage or a reason", sabotages),
        Trial::test("every fault is noticed by a case", faults_used),
        Trial::test("SABOTAGE.md is current", || current("SABOTAGE.md", &pages::matrix())),
        Trial::test("COVERAGE.md is current", || current("COVERAGE.md", &pages::coverage())),
    ]
}

fn none(what: &str, found: &[String]) -> Result<(), Failed> {
    if found.is_empty() { Ok(()) } else { Err(format!("{what}: {}", found.join(", ")).into()) }
}

fn every_row() -> Result<(), Failed> {
    let covered = catalogue::covered_by(&cases::all());
    let gaps = catalogue::gaps();
    let mut missing = Vec::new();
    let mut double = Vec::new();
    for row in catalogue::requirements() {
        let internal = row.observe.starts_with("n/a");
        match (covered.contains_key(row.id), gaps.contains_key(row.id) || internal) {
            (false, false) => missing.push(row.id.to_string()),
            (true, true) if !internal => double.push(row.id.to_string()),
            _ => {}
        }
    }
    none("neither case nor reason in data/not-covered.tsv", &missing)?;
    none("case and a reason why there is none", &double)?;
    let unknown: Vec<String> =
        gaps.keys().filter(|id| catalogue::requirement(id).is_none()).map(ToString::to_string).collect();
    none("no such requirement, in data/not-covered.tsv", &unknown)?;
    let mute: Vec<String> =
        gaps.iter().filter(|(_, (_, reason))| reason.len() < 10).map(|(id, _)| (*id).to_string()).collect();
    none("without a reason", &mute)
}

fn existing_rows() -> Result<(), Failed> {
    let wrong: Vec<String> = cases::all()
        .iter()
        .flat_map(|case| {
            case.requirements
                .iter()
                .filter(|id| catalogue::requirement(id).is_none())
                .map(|id| format!("{} in {}", id, case.id))
                .collect::<Vec<_>>()
        })
        .collect();
    none("no such requirement", &wrong)
}

fn described() -> Result<(), Failed> {
    let mut seen = BTreeSet::new();
    let wrong: Vec<String> = cases::all()
        .iter()
        .filter(|case| {
            !seen.insert(case.id.clone()) || case.title.is_empty() || case.does.is_empty() || case.expects.is_empty()
        })
        .map(|case| case.id.to_string())
        .collect();
    none("double or not described", &wrong)
}

fn sabotages() -> Result<(), Failed> {
    let bare: Vec<String> = cases::all()
        .iter()
        .filter(|case| case.sabotage.is_empty() && case.no_sabotage.is_none())
        .map(|case| case.id.to_string())
        .collect();
    none("neither sabotage nor reason", &bare)?;
    let unknown: Vec<String> = cases::all()
        .iter()
        .flat_map(|case| case.sabotage.clone())
        .filter(|fault| !faults::is_known(fault))
        .map(|fault| fault.to_string())
        .collect();
    none("no such fault", &unknown)
}

fn faults_used() -> Result<(), Failed> {
    let used: BTreeSet<String> =
        cases::all().iter().flat_map(|case| case.sabotage.clone()).map(|fault| fault.to_string()).collect();
    let idle: Vec<String> =
        faults::FAULTS.iter().filter(|(name, _)| !used.contains(*name)).map(|(name, _)| (*name).to_string()).collect();
    none("no case notices", &idle)
}

fn current(name: &str, text: &str) -> Result<(), Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept == text {
        return Ok(());
    }
    Err(format!(
        "{name} is out of date: run `ocpi-compliance {}` and commit it",
        if name.starts_with('S') { "matrix" } else { "coverage" }
    )
    .into())
}
