//! What became better or worse since an earlier report.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::RunReport;
use crate::case::Outcome;

/// Lines of a kind that are printed: after a run of some cases only, all others are no longer run.
const SHOWN: usize = 40;

/// The differences between two reports.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Did not pass before, passes now.
    pub better: Vec<String>,
    /// Passed before, fails now.
    pub worse: Vec<String>,
    /// Any other change of outcome.
    pub changed: Vec<String>,
    /// Cases that the earlier report did not have.
    pub new: Vec<String>,
    /// Cases that only the earlier report had.
    pub gone: Vec<String>,
}

/// Compares by case id.
#[must_use]
pub fn compare(old: &RunReport, new: &RunReport) -> Comparison {
    let index = |report: &RunReport| -> BTreeMap<String, (Outcome, &'static str)> {
        report.cases.iter().map(|case| (case.id.clone(), (case.outcome, case.word()))).collect()
    };
    let (before, after) = (index(old), index(new));
    let mut result = Comparison::default();
    for (id, (outcome, word)) in &after {
        match before.get(id) {
            None => result.new.push(format!("{id}: {word}")),
            Some((was, _)) if was == outcome => {}
            Some((was, was_word)) => {
                let line = format!("{id}: {was_word} → {word}");
                match (was, outcome) {
                    (_, Outcome::Pass) => result.better.push(line),
                    (Outcome::Pass, Outcome::Fail) => result.worse.push(line),
                    _ => result.changed.push(line),
                }
            }
        }
    }
    result.gone = before.keys().filter(|id| !after.contains_key(*id)).cloned().collect();
    result
}

impl Comparison {
    /// For the terminal.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (title, lines) in [
            ("Better", &self.better),
            ("Worse", &self.worse),
            ("Changed", &self.changed),
            ("New", &self.new),
            ("No longer run", &self.gone),
        ] {
            let _ = writeln!(text, "{title}: {}", lines.len());
            for line in lines.iter().take(SHOWN) {
                let _ = writeln!(text, "  {line}");
            }
            if lines.len() > SHOWN {
                let _ = writeln!(text, "  … and {} more", lines.len() - SHOWN);
            }
        }
        text
    }
}
