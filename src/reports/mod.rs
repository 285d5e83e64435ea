//! Reports of test runs, in `target/reports`: JUnit for machines, HTML for people.

mod html;
pub(crate) mod libtest;

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::Value;

use libtest::{Outcome, Suite};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The output has no tests in it.
    #[error("no test was run in {0}; is it the output of `cargo test`?")]
    Nothing(PathBuf),
    /// The JUnit report cannot be written.
    #[error("the JUnit report cannot be written: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}

/// The folder of all reports.
pub(crate) fn folder() -> PathBuf {
    Path::new("target").join("reports")
}

/// `report --from FILE`.
pub(crate) fn make(from: &Path, name: &str) -> ExitCode {
    let text = if from == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read(from).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let written = text
        .map_err(|source| ReportError::File { path: from.to_owned(), source })
        .and_then(|text| write(&text, from, name));
    match written {
        Ok(paths) => {
            for path in paths {
                println!("{}", path.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes both reports of the output of `cargo test`; where they are.
pub(crate) fn write(output: &str, from: &Path, name: &str) -> Result<[PathBuf; 2], ReportError> {
    let crates = test_programs();
    let suites = libtest::read(output, |path| crates.get(file_name(path)).cloned());
    if suites.is_empty() {
        return Err(ReportError::Nothing(from.to_owned()));
    }
    let junit = save(&format!("{name}.xml"), &junit(name, &suites).to_string()?)?;
    let html = save(&format!("{name}.html"), &html::page(name, &suites))?;
    Ok([html, junit])
}

/// Writes a file of the reports.
pub(crate) fn save(name: &str, text: &str) -> Result<PathBuf, ReportError> {
    let path = folder().join(name);
    let failed = |source| ReportError::File { path: path.clone(), source };
    std::fs::create_dir_all(folder()).map_err(failed)?;
    std::fs::write(&path, text).map_err(failed)?;
    Ok(path)
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The crate of each test program that is built at the moment. Without cargo the reports go without the crates' names.
fn test_programs() -> HashMap<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["test", "--workspace", "--no-run", "--locked", "--offline", "--quiet", "--message-format=json"])
        .stderr(Stdio::null())
        .output();
    let Ok(built) = built else { return HashMap::new() };
    let messages = String::from_utf8_lossy(&built.stdout).into_owned();
    let program = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let executable = message["executable"].as_str()?;
        // `path+file:///…/emsp#0.1.0`, or `…#name@0.1.0` where the folder has another name.
        let (path, version) = message["package_id"].as_str()?.rsplit_once('#')?;
        let name = version.split_once('@').map_or_else(|| file_name(path), |(name, _)| name);
        Some((file_name(executable).to_owned(), name.to_owned()))
    };
    messages.lines().filter_map(program).collect()
}

fn junit(name: &str, suites: &[Suite]) -> Report {
    let mut report = Report::new(name);
    for suite in suites {
        let mut of_suite = TestSuite::new(suite.name.as_str());
        of_suite.set_time(std::time::Duration::from_secs_f64(suite.seconds));
        for test in &suite.tests {
            let status = match test.outcome {
                Outcome::Passed => TestCaseStatus::success(),
                Outcome::Failed => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_description(test.output.as_str());
                    status
                }
                Outcome::Skipped => {
                    let mut status = TestCaseStatus::skipped();
                    status.set_message(test.output.as_str());
                    status
                }
            };
            let mut case = TestCase::new(test.name.as_str(), status);
            case.set_classname(suite.name.as_str());
            of_suite.add_test_case(case);
        }
        report.add_test_suite(of_suite);
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use libtest::Test;

    fn suites() -> Vec<Suite> {
        let test = |name: &str, outcome, output: &str| Test { name: name.into(), outcome, output: output.into() };
        vec![Suite {
            name: "emsp tests/it/main.rs".into(),
            tests: vec![
                test("tokens::a_blocked_card", Outcome::Passed, ""),
                test("tokens::<odd> & \"quoted\"", Outcome::Failed, "left: <1>\n right: 2 & 3"),
                test("slow", Outcome::Skipped, "takes an hour"),
            ],
            seconds: 1.5,
        }]
    }

    #[test]
    fn the_junit_report_counts_and_escapes() {
        let xml = junit("unit", &suites()).to_string().unwrap();
        for expected in [
            r#"<testsuite name="emsp tests/it/main.rs" tests="3" skipped="1" errors="0" failures="1" time="1.500">"#,
            "left: &lt;1&gt;",
            "tokens::&lt;odd&gt; &amp; &quot;quoted&quot;",
        ] {
            assert!(xml.contains(expected), "{expected} is not in\n{xml}");
        }
    }

    #[test]
    fn the_page_shows_failures_first_and_escapes() {
        let page = html::page("unit", &suites());
        assert!(page.contains("left: &lt;1&gt;") && !page.contains("left: <1>"), "{page}");
        assert!(page.contains("1 passed") && page.contains("1 failed") && page.contains("1 skipped"), "{page}");
    }
}
