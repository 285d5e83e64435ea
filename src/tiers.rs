//! The kinds of tests, each with one command and a report.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::ValueEnum;

use crate::reports;

/// A kind of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tier {
    /// Tests of single functions, beside the code
    Unit,
    /// Tests over real HTTP and on both databases, and the examples in the documentation
    Integration,
    /// The compliance suite: against the reference party with every sabotage, and against both servers
    Compliance,
    /// A load run against release builds
    Performance,
    /// How much of the code the tests reach
    Coverage,
}

impl Tier {
    /// All of them, in the order of how long they take.
    pub(crate) const ALL: [Self; 5] =
        [Self::Unit, Self::Compliance, Self::Integration, Self::Performance, Self::Coverage];

    /// The name on the command line and of the reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Integration => "integration",
            Self::Compliance => "compliance",
            Self::Performance => "performance",
            Self::Coverage => "coverage",
        }
    }

    /// The commands of this kind. What is read by a machine is the standard output of all of them.
    fn commands(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Unit => &[&["cargo", "test", "--workspace", "--locked", "--no-fail-fast", "--lib", "--bins"]],
            Self::Integration => &[
                &[
                    "scripts/with-postgres.sh",
                    "cargo",
                    "test",
                    "--workspace",
                    "--exclude",
                    "compliance-tests",
                    "--locked",
                    "--no-fail-fast",
                    "--test",
                    "*",
                ],
                &["cargo", "test", "--workspace", "--locked", "--no-fail-fast", "--doc"],
            ],
            Self::Compliance => &[
                &["cargo", "test", "-p", "compliance-tests", "--locked", "--no-fail-fast"],
                &["cargo", "test", "-p", "roaming-pair", "--locked", "--test", "pair", "conformance"],
            ],
            Self::Performance => &[&["scripts/bench.sh"]],
            Self::Coverage => &[&["scripts/coverage.sh"]],
        }
    }

    fn is_cargo_test(self) -> bool {
        !matches!(self, Self::Performance | Self::Coverage)
    }
}

/// Runs the tests, shows what they print, and writes their report. Exit code 1 when one failed.
pub(crate) fn run(tier: Tier) -> ExitCode {
    // The compliance suite writes its own reports there while the tests run.
    if let Err(error) = std::fs::create_dir_all(reports::folder()) {
        eprintln!("error: {}: {error}", reports::folder().display());
        return ExitCode::FAILURE;
    }
    let (mut output, mut good) = (String::new(), true);
    for command in tier.commands() {
        println!("$ {}", command.join(" "));
        // `cargo test` tells which program it runs on standard error, and what came of it on standard output.
        match run_one(command, tier.is_cargo_test(), &mut output) {
            Ok(success) => good &= success,
            Err(error) => {
                eprintln!("error: {} cannot be run: {error}; start this in the project's folder", command[0]);
                return ExitCode::FAILURE;
            }
        }
    }
    let written = if tier.is_cargo_test() {
        reports::write(&output, Path::new("these tests"), tier.name()).map(Vec::from)
    } else {
        reports::save(&format!("{}.md", tier.name()), &output).map(|path| vec![path])
    };
    match written {
        Ok(paths) => {
            println!("\nReports:");
            for path in paths.iter().chain(&suite_reports(tier)) {
                println!("  {}", path.display());
            }
        }
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a command in the terminal and keeps what it writes to standard output, and where it is asked for also to standard error.
fn run_one(command: &[&str], errors_too: bool, output: &mut String) -> std::io::Result<bool> {
    let (reader, writer) = std::io::pipe()?;
    let mut child = Command::new(command[0]);
    child.args(&command[1..]).stdin(Stdio::null()).stdout(writer.try_clone()?);
    if errors_too {
        child.stderr(writer);
    } else {
        drop(writer);
    }
    child.env("COMPLIANCE_REPORTS", reports::folder());
    let mut running = child.spawn()?;
    // The command holds our end of the pipe: without this the reading below would never end.
    drop(child);
    let mut shown = std::io::stdout().lock();
    let mut lines = BufReader::new(reader);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        shown.write_all(&line)?;
        output.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(running.wait()?.success())
}

/// The reports that the compliance suite itself has written about both servers.
fn suite_reports(tier: Tier) -> Vec<PathBuf> {
    if tier != Tier::Compliance {
        return Vec::new();
    }
    let Ok(entries) = std::fs::read_dir(reports::folder()) else { return Vec::new() };
    let of_suite = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("suite-"));
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(of_suite).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_that_the_command_line_takes() {
        for tier in Tier::ALL {
            assert_eq!(Tier::from_str(tier.name(), false), Ok(tier));
        }
        assert_eq!(Tier::ALL.len(), Tier::value_variants().len());
    }

    #[test]
    fn what_a_command_prints_is_kept_in_order() {
        for (errors_too, kept) in [(true, "one\ntwo\nthree\n"), (false, "one\nthree\n")] {
            let mut output = String::new();
            let command = ["sh", "-c", "echo one; echo two >&2; echo three"];
            assert!(run_one(&command, errors_too, &mut output).unwrap());
            assert_eq!(output, kept);
            assert!(!run_one(&["sh", "-c", "exit 3"], errors_too, &mut output).unwrap());
            assert!(run_one(&["no-such-program"], errors_too, &mut output).is_err());
        }
    }
}
