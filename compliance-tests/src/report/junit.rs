//! JUnit XML: one test suite per module. A broken SHOULD or MAY is a passed test with a note.

use std::fmt::Write as _;

use super::{CaseReport, RunReport};
use crate::case::{Level, Outcome};

pub(super) fn render(report: &RunReport) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for module in report.by_module().keys() {
        let cases: Vec<&CaseReport> = report.cases.iter().filter(|case| case.module == **module).collect();
        let count = |outcome: &dyn Fn(&CaseReport) -> bool| cases.iter().filter(|case| outcome(case)).count();
        let _ = writeln!(
            xml,
            "  <testsuite name=\"ocpi.{module}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            cases.len(),
            count(&|case| case.outcome == Outcome::Fail && case.level == Level::Must),
            count(&|case| case.outcome == Outcome::Error),
            count(&|case| matches!(case.outcome, Outcome::Skip | Outcome::NotApplicable)),
        );
        for case in cases {
            write_case(&mut xml, case);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn write_case(xml: &mut String, case: &CaseReport) {
    let seconds = std::time::Duration::from_millis(case.took_ms).as_secs_f64();
    let _ = write!(
        xml,
        "    <testcase classname=\"ocpi.{}\" name=\"{} {}\" time=\"{seconds:.3}\">",
        case.module,
        escape(&case.id),
        escape(&case.title)
    );
    let reason = escape(case.reason.as_deref().unwrap_or(""));
    let story = format!(
        "{}\nexpected: {}\nactual: {}\n{}",
        case.requirements.join(", "),
        case.expected.as_deref().unwrap_or(""),
        case.actual.as_deref().unwrap_or(""),
        case.exchanges.last().map(crate::exchange::Exchange::curl).unwrap_or_default()
    );
    match (case.outcome, case.level) {
        (Outcome::Pass, _) => {}
        (Outcome::Fail, Level::Must) => {
            let _ = write!(
                xml,
                "<failure message=\"{}\">{}</failure>",
                escape(case.actual.as_deref().unwrap_or("")),
                escape(&story)
            );
        }
        (Outcome::Fail, _) => {
            let _ = write!(xml, "<system-out>{}: {}</system-out>", case.word(), escape(&story));
        }
        (Outcome::Error, _) => {
            let _ = write!(xml, "<error message=\"{reason}\"/>");
        }
        (Outcome::Skip | Outcome::NotApplicable, _) => {
            let _ = write!(xml, "<skipped message=\"{}: {reason}\"/>", case.word());
        }
    }
    xml.push_str("</testcase>\n");
}

/// Text for XML and HTML; characters that XML forbids become a question mark.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('?'),
            c => safe.push(c),
        }
    }
    safe
}
