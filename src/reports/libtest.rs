//! Reads what `cargo test` prints.

/// What became of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    /// What a failed test has printed; why a test was skipped.
    pub(crate) output: String,
}

/// The tests of one program, or the examples in the documentation of one crate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Suite {
    pub(crate) name: String,
    pub(crate) tests: Vec<Test>,
    pub(crate) seconds: f64,
}

impl Suite {
    /// How many tests had this outcome.
    pub(crate) fn count(&self, outcome: Outcome) -> usize {
        self.tests.iter().filter(|test| test.outcome == outcome).count()
    }
}

/// Reads the output of `cargo test`, of any number of test programs. `crate_of` tells the crate of a test program by its path,
/// which `cargo test` does not print.
pub(crate) fn read(output: &str, crate_of: impl Fn(&str) -> Option<String>) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    let mut failed: Option<String> = None;
    for line in output.lines() {
        let trimmed = line.trim_start();
        if let Some(name) = program(trimmed, &crate_of) {
            suites.push(Suite { name, tests: Vec::new(), seconds: 0.0 });
            failed = None;
            continue;
        }
        let Some(suite) = suites.last_mut() else { continue };
        if let Some(result) = line.strip_prefix("test result: ") {
            suite.seconds += seconds(result).unwrap_or_default();
            failed = None;
        } else if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" ----")) {
            failed = Some(name.strip_suffix(" stdout").unwrap_or(name).to_owned());
        } else if line == "failures:" {
            failed = None;
        } else if let Some(name) = &failed {
            if let Some(test) = suite.tests.iter_mut().find(|test| test.name == *name) {
                test.output.push_str(line);
                test.output.push('\n');
            }
        } else if let Some(test) = test(line) {
            suite.tests.push(test);
        }
    }
    suites.retain(|suite| !suite.tests.is_empty());
    suites
}

/// `Running tests/it/main.rs (target/debug/deps/it-0123456789abcdef)` or `Doc-tests ocpi_types`.
fn program(line: &str, crate_of: impl Fn(&str) -> Option<String>) -> Option<String> {
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{} documentation", name.replace('_', "-")));
    }
    let (source, path) = line.strip_prefix("Running ")?.strip_suffix(')')?.split_once(" (")?;
    let source = source.strip_prefix("unittests ").unwrap_or(source);
    Some(crate_of(path).map_or_else(|| source.to_owned(), |name| format!("{name} {source}")))
}

/// `test name ... ok`.
fn test(line: &str) -> Option<Test> {
    let (name, outcome) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let (outcome, output) = match outcome.split_once(", ").unwrap_or((outcome, "")) {
        ("ok", _) => (Outcome::Passed, ""),
        ("FAILED", _) => (Outcome::Failed, ""),
        ("ignored", why) => (Outcome::Skipped, why),
        _ => return None,
    };
    let name = name.strip_suffix(" - should panic").unwrap_or(name);
    Some(Test { name: name.to_owned(), outcome, output: output.to_owned() })
}

/// `ok. 12 passed; … finished in 0.15s`.
fn seconds(result: &str) -> Option<f64> {
    result.rsplit_once("finished in ")?.1.strip_suffix('s')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
   Compiling emsp v0.1.0
     Running unittests src/lib.rs (target/debug/deps/emsp-0a)

running 3 tests
test tokens::one ... ok
test tokens::two ... FAILED
test tokens::three ... ignored, takes an hour

failures:

---- tokens::two stdout ----
thread 'tokens::two' panicked at src/lib.rs:1:1:
test result is wrong

failures:
    tokens::two

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.15s

     Running tests/it/main.rs (target/debug/deps/it-0b)

running 0 tests

test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests ocpi_types

running 1 test
test ocpi-types/src/lib.rs - (line 12) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s
";

    #[test]
    fn programs_tests_and_failures_are_found() {
        let suites = read(OUTPUT, |path| path.contains("emsp-0a").then(|| "emsp".to_owned()));
        let names: Vec<_> = suites.iter().map(|suite| suite.name.as_str()).collect();
        assert_eq!(names, ["emsp src/lib.rs", "ocpi-types documentation"]);
        assert_eq!(suites[0].seconds.to_string(), "0.15");
        assert_eq!(
            suites[0].tests[1],
            Test {
                name: "tokens::two".into(),
                outcome: Outcome::Failed,
                output: "thread 'tokens::two' panicked at src/lib.rs:1:1:\ntest result is wrong\n\n".into(),
            }
        );
        assert_eq!(
            (suites[0].tests[2].outcome, suites[0].tests[2].output.as_str()),
            (Outcome::Skipped, "takes an hour")
        );
        assert_eq!((suites[0].count(Outcome::Passed), suites[1].count(Outcome::Passed)), (1, 1));
    }

    #[test]
    fn what_is_no_test_output_has_no_suites() {
        assert_eq!(read("error: could not compile `emsp`\ntest x ... ok\n", |_| None), []);
    }
}
