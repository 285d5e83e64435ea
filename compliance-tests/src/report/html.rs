//! One self-contained HTML file: readable on a phone, filterable by module, level, outcome and text, dark and light.

use std::fmt::Write as _;

use super::junit::escape;
use super::{CaseReport, RunReport};
use crate::exchange::Exchange;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// The words for outcomes, in the order in which a reader wants them.
const WORST_FIRST: [&str; 7] = ["fail", "error", "warning", "info", "skip", "not applicable", "pass"];

pub(super) fn render(report: &RunReport) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>OCPI 2.2.1 conformance</title><style>{STYLE}</style></head><body>\n"
    );
    head(&mut html, report);
    filters(&mut html, report);
    html.push_str("<main id=\"cases\">\n");
    // What wants attention comes first; within that, the order of the run.
    let mut cases: Vec<&CaseReport> = report.cases.iter().collect();
    cases.sort_by_key(|case| WORST_FIRST.iter().position(|word| *word == case.word()));
    for case in cases {
        write_case(&mut html, case);
    }
    html.push_str("</main>\n");
    untested(&mut html, report);
    let _ = writeln!(html, "<script>{SCRIPT}</script></body></html>");
    html
}

fn head(html: &mut String, report: &RunReport) {
    let verdict = match report.exit_code() {
        0 => ("pass", "Every MUST that was tried holds"),
        1 => ("fail", "Some MUST requirements are broken"),
        2 => ("skip", "Nothing could be run"),
        _ => ("error", "The tester had trouble of its own"),
    };
    let _ = writeln!(
        html,
        "<header><h1>OCPI 2.2.1 conformance</h1><p class=\"verdict {}\">{}</p><p>{} · judged as {} · {}</p><p class=\"small\">{} · {} · {:.1} s</p>",
        verdict.0,
        verdict.1,
        escape(&report.target.versions_url),
        report.target.role.as_str(),
        escape(&report.target.parties.join(", ")),
        escape(&report.tool),
        escape(&report.started),
        std::time::Duration::from_millis(report.took_ms).as_secs_f64(),
    );
    if let Some(trouble) = report.trouble.as_ref().or(report.target.trouble.as_ref()) {
        let _ = writeln!(html, "<p class=\"trouble\">{}</p>", escape(trouble));
    }
    let counts = report.counts();
    let words: Vec<&str> = WORST_FIRST.into_iter().filter(|word| counts.contains_key(word)).collect();
    html.push_str("<p class=\"chips\">");
    for word in &words {
        let _ = write!(
            html,
            "<a href=\"#cases\" class=\"badge {class}\" data-outcome=\"{class}\">{} {word}</a> ",
            counts[word],
            class = class(word)
        );
    }
    html.push_str("</p>\n<div class=\"scroll\"><table><tr><th>module</th>");
    for word in &words {
        let _ = write!(html, "<th>{}</th>", if *word == "not applicable" { "n/a" } else { word });
    }
    html.push_str("</tr>\n");
    for (module, counts) in report.by_module() {
        let _ = write!(html, "<tr><td><a href=\"#\" data-module=\"{module}\">{module}</a></td>");
        for word in &words {
            let _ = write!(
                html,
                "<td class=\"{}\">{}</td>",
                class(word),
                counts.get(*word).map_or(String::new(), ToString::to_string)
            );
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table></div></header>\n");
}

fn class(word: &str) -> &str {
    if word == "not applicable" { "na" } else { word }
}

fn filters(html: &mut String, report: &RunReport) {
    html.push_str("<nav aria-label=\"Filter\"><input id=\"text\" type=\"search\" placeholder=\"Search id, title, requirement\" aria-label=\"Search\">");
    let modules: Vec<&str> = report.by_module().into_keys().collect();
    select(html, "module", "all modules", &modules);
    select(html, "level", "all levels", &["must", "should", "may"]);
    select(html, "outcome", "all outcomes", &["pass", "fail", "warning", "info", "skip", "na", "error"]);
    html.push_str("<output id=\"count\"></output></nav>\n");
}

fn select(html: &mut String, id: &str, all: &str, values: &[&str]) {
    let _ = write!(html, "<select id=\"{id}\" aria-label=\"{id}\"><option value=\"\">{all}</option>");
    for value in values {
        let _ = write!(html, "<option>{value}</option>");
    }
    html.push_str("</select>");
}

fn level(case: &CaseReport) -> &'static str {
    match case.level {
        crate::Level::Must => "must",
        crate::Level::Should => "should",
        crate::Level::May => "may",
    }
}

fn write_case(html: &mut String, case: &CaseReport) {
    let word = class(case.word());
    let _ = writeln!(
        html,
        "<details class=\"case\" id=\"{id}\" data-module=\"{}\" data-level=\"{level}\" data-outcome=\"{word}\"><summary><span class=\"badge {word}\">{}</span> <b>{}</b> <code>{id}</code> <span class=\"small\">{level} · {}</span></summary>",
        escape(&case.module),
        case.word(),
        escape(&case.title),
        escape(&case.requirements.join(" ")),
        id = escape(&case.id),
        level = level(case),
    );
    let _ =
        writeln!(html, "<p><b>Does</b> {}</p><p><b>Must be seen</b> {}</p>", escape(&case.does), escape(&case.expects));
    if let Some(reason) = &case.reason {
        let _ = writeln!(html, "<p><b>Reason</b> {}</p>", escape(reason));
    }
    if let (Some(expected), Some(actual)) = (&case.expected, &case.actual) {
        let _ = writeln!(
            html,
            "<p class=\"fail\"><b>Expected</b> {}</p><p class=\"fail\"><b>Actual</b> {}</p>",
            escape(expected),
            escape(actual)
        );
    }
    html.push_str("<ul class=\"rows\">");
    for id in &case.requirements {
        if let Some(row) = crate::catalogue::requirement(id) {
            let _ = write!(
                html,
                "<li><code>{id}</code> {} {} <span class=\"small\">{}</span></li>",
                row.level,
                escape(row.text),
                escape(row.section)
            );
        }
    }
    html.push_str("</ul>\n");
    for exchange in &case.exchanges {
        write_exchange(html, exchange);
    }
    html.push_str("</details>\n");
}

fn write_exchange(html: &mut String, exchange: &Exchange) {
    let direction = if exchange.incoming { "from the platform" } else { "to the platform" };
    let _ = write!(
        html,
        "<details class=\"exchange\"><summary>{direction}: <code>{} {}</code> → {} <span class=\"small\">{} ms</span></summary><pre>",
        escape(&exchange.method),
        escape(&exchange.url),
        if exchange.status == 0 {
            escape(exchange.error.as_deref().unwrap_or("no answer"))
        } else {
            exchange.status.to_string()
        },
        exchange.took_ms
    );
    for (name, value) in &exchange.request_headers {
        let _ = writeln!(html, "{}: {}", escape(name), escape(value));
    }
    let body = |text: &Option<String>| escape(&crate::formats::shorten(text.as_deref().unwrap_or(""), 4000));
    let _ = write!(html, "\n{}\n\n— answer —\n", body(&exchange.request_body));
    for (name, value) in &exchange.response_headers {
        let _ = writeln!(html, "{}: {}", escape(name), escape(value));
    }
    let _ = write!(html, "\n{}</pre>", body(&exchange.response_body));
    if !exchange.incoming {
        let _ = write!(html, "<p class=\"small\">Repeat it:</p><pre class=\"curl\">{}</pre>", escape(&exchange.curl()));
    }
    html.push_str("</details>\n");
}

fn untested(html: &mut String, report: &RunReport) {
    let total = crate::catalogue::requirements().len();
    let _ = writeln!(
        html,
        "<section><details><summary><b>Not tested</b>: {} of {total} requirements</summary><ul class=\"rows\">",
        report.untested.len()
    );
    for row in &report.untested {
        let _ = writeln!(
            html,
            "<li><code>{}</code> {} {} <span class=\"small\">{}</span></li>",
            row.id,
            row.level,
            escape(&row.text),
            escape(&row.why)
        );
    }
    html.push_str("</ul></details></section>\n");
}
