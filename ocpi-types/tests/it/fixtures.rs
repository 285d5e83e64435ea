//! Self-written input for every module: what is valid, what is tolerated, what is refused.
//!
//! `tests/fixtures/<module>/<verdict>/<Class>-<what>.json`. What is found in each file is a snapshot.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use ocpi_types::{Parsed, catalogue};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn parse(file: &Path, class: &str) -> Parsed<Value> {
    let json = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    catalogue::class(class).unwrap_or_else(|| panic!("{}: no such class", file.display())).parse(json)
}

/// Holds every file of a module to its folder's verdict, and lists what was found.
fn findings(module: &str) -> String {
    let mut text = String::new();
    for verdict in ["rejected", "tolerated", "valid"] {
        let folder = root().join(module).join(verdict);
        let files = names(&folder);
        assert!(!files.is_empty());
        for file in files {
            let class = file.split('-').next().unwrap();
            let parsed = parse(&folder.join(&file), class);
            let report = &parsed.report;
            let fits = match verdict {
                "valid" => report.is_clean(),
                "tolerated" => report.is_acceptable() && !report.is_clean(),
                _ => !report.is_acceptable(),
            };
            assert!(fits, "{module}/{verdict}/{file}: {report}");
            assert!(verdict == "rejected" || parsed.value.is_some(), "{module}/{verdict}/{file} gives no object");
            writeln!(text, "{verdict}/{file}").unwrap();
            for finding in &report.findings {
                writeln!(text, "    {:?} {:?} {finding}", finding.severity, finding.rule).unwrap();
            }
        }
    }
    text
}

macro_rules! modules {
    ($($module:ident)*) => {
        const MODULES: &[&str] = &[$(stringify!($module)),*];
        $(
            #[test]
            fn $module() {
                insta::assert_snapshot!(stringify!($module), findings(stringify!($module)));
            }
        )*
    };
}

// Proves: TYP-003, TYP-005, TYP-006, TYP-007, TYP-008, TYP-010, TYP-011, TYP-012, TYP-019, TYP-022, TYP-028, TYP-029,
// TYP-030, LOC-084, LOC-087, LOC-089, LOC-091, LOC-100, LOC-103, LOC-104, LOC-107, LOC-108, LOC-109, LOC-128, LOC-130,
// LOC-133, LOC-138, LOC-140, LOC-141, LOC-152, LOC-154, LOC-155, LOC-156, LOC-157, LOC-158, LOC-159, SES-012, SES-066,
// SES-073, SES-074, SES-075, SES-076, CDR-010, CDR-011, CDR-012, CDR-014, CDR-015, CDR-049, CDR-058, CDR-059, CDR-061,
// CDR-062, CDR-064, CDR-066, CDR-068, CDR-074, CDR-078, CDR-096, CDR-105, CDR-109, CDR-111, CDR-113, TOK-058, TOK-071,
// TOK-083, TAR-031, TAR-038, TAR-055, TAR-056, TAR-057, CMD-021, CMD-031, CMD-032, CMD-056, CMD-070, CHP-052, CHP-055,
// CHP-059, CHP-063, CHP-065, CRE-018, CRE-054, CRE-055, CRE-057, CRE-058, CRE-059, CRE-065, CRE-069, VER-012, VER-022,
// VER-025, VER-038, HCI-049, HCI-050, HCI-051
modules! {
    types locations sessions cdrs tokens tariffs commands chargingprofiles hubclientinfo credentials versions
}

#[test]
fn every_folder_is_tested() {
    let mut modules = MODULES.to_vec();
    modules.sort_unstable();
    assert_eq!(names(&root()), modules);
}

/// What has been accepted must stay readable after it was stored: as what it was read as, and without new faults.
#[test]
fn what_is_accepted_can_be_stored_and_read_again() {
    for module in MODULES {
        for verdict in ["tolerated", "valid"] {
            let folder = root().join(module).join(verdict);
            for file in names(&folder) {
                let class = catalogue::class(file.split('-').next().unwrap()).unwrap();
                let written = parse(&folder.join(&file), class.name).value.unwrap();
                let again = class.parse(written.clone());
                assert!(again.report.is_acceptable(), "{file}: {}", again.report);
                assert_eq!(again.value, Some(written), "{file} changes when it is written");
            }
        }
    }
}
