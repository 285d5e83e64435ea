//! Real charging data, which is not part of the project. `OCPI_REAL_DATA` names a folder that holds `nl-locations.json.gz`
//! and `nl-tariffs.json.gz`, JSON arrays of what Dutch operators publish.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use ocpi_types::{Location, Object, Rule, Tariff, parse};
use serde_json::Value;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("OCPI_REAL_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: set OCPI_REAL_DATA to a folder with real data to hold the tolerances against it");
    }
    folder
}

fn read(folder: &Path, file: &str) -> Vec<Value> {
    let mut text = String::new();
    let file = File::open(folder.join(file)).unwrap();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Where findings were, without the positions in lists.
fn place(pointer: &str) -> String {
    pointer.split('/').filter(|part| part.parse::<usize>().is_err()).collect::<Vec<_>>().join("/")
}

/// Parses all objects, prints what was found how often, and demands that none is refused and none is changed.
fn hold<T: Object>(objects: Vec<Value>) -> BTreeMap<(String, Rule), usize> {
    let (mut counts, mut refused, total) = (BTreeMap::new(), Vec::new(), objects.len());
    for json in objects {
        let id = json["id"].to_string();
        let parsed = parse::<T>(json);
        for finding in &parsed.report.findings {
            *counts.entry((place(&finding.pointer), finding.rule)).or_insert(0) += 1;
        }
        match parsed.accept() {
            Ok((object, _)) => {
                let again = parse::<T>(serde_json::to_value(&object).unwrap()).value;
                assert_eq!(again.as_ref(), Some(&object), "{} {id} changes when it is written", T::NAME);
            }
            Err(report) => refused.push(format!("{} {id}: {report}", T::NAME)),
        }
    }
    eprintln!("{total} {}s, {} refused", T::NAME, refused.len());
    for ((place, rule), count) in &counts {
        eprintln!("{count:>7} {rule:?} at {place}");
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    counts
}

#[test]
fn real_locations_are_accepted() {
    let Some(folder) = folder() else { return };
    let found = hold::<Location>(read(&folder, "nl-locations.json.gz"));
    assert!(found.keys().any(|(_, rule)| *rule == Rule::NullForList), "real data has nulls where lists belong");
}

#[test]
fn real_tariffs_are_accepted() {
    let Some(folder) = folder() else { return };
    hold::<Tariff>(read(&folder, "nl-tariffs.json.gz"));
}
