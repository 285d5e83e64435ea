//! Markdown: a summary, then what is wrong, then what was not tested.

use std::fmt::Write as _;

use super::RunReport;

pub(super) fn render(report: &RunReport) -> String {
    let mut md = format!("# OCPI 2.2.1 conformance of {}\n\n", report.target.versions_url);
    let _ = writeln!(
        md,
        "{}, {}, judged as {}; {} ms.\n",
        report.tool,
        report.started,
        report.target.role.as_str(),
        report.took_ms
    );
    if let Some(trouble) = report.trouble.as_ref().or(report.target.trouble.as_ref()) {
        let _ = writeln!(md, "**{trouble}**\n");
    }
    let words = ["pass", "fail", "warning", "info", "skip", "not applicable", "error"];
    let _ = writeln!(md, "| module | {} |\n|---|{}|", words.join(" | "), words.map(|_| "---:").join("|"));
    for (module, counts) in report.by_module() {
        let cells = words.map(|word| counts.get(word).map_or(String::new(), ToString::to_string));
        let _ = writeln!(md, "| {module} | {} |", cells.join(" | "));
    }
    for (word, title) in [
        ("fail", "Broken MUST"),
        ("warning", "Broken SHOULD"),
        ("info", "Choices (MAY)"),
        ("error", "The tester's own errors"),
        ("skip", "Skipped"),
    ] {
        let cases: Vec<_> = report.cases.iter().filter(|case| case.word() == word).collect();
        if cases.is_empty() {
            continue;
        }
        let _ = writeln!(md, "\n## {title} ({})\n", cases.len());
        for case in cases {
            let _ = writeln!(md, "- **{}** {} ({})", case.id, case.title, case.requirements.join(", "));
            if let (Some(expected), Some(actual)) = (&case.expected, &case.actual) {
                let _ = writeln!(md, "  - expected: {expected}\n  - actual: {}", actual.replace('\n', " "));
                if let Some(line) =
                    case.exchanges.iter().rev().map(crate::exchange::Exchange::curl).find(|line| !line.is_empty())
                {
                    let _ = writeln!(md, "  - `{}`", line.replace('`', "'"));
                }
            }
            if let Some(reason) = &case.reason {
                let _ = writeln!(md, "  - {reason}");
            }
        }
    }
    let _ = writeln!(
        md,
        "\n## Not tested ({} of {} requirements)\n",
        report.untested.len(),
        crate::catalogue::requirements().len()
    );
    for row in &report.untested {
        let _ = writeln!(md, "- {} {}: {} — {}", row.id, row.level, row.text, row.why);
    }
    md
}
