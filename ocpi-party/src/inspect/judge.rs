//! What the validator says about the objects in a body.

use ocpi_http::{Exchange, KeptBody};
use ocpi_types::catalogue::{self, ClassInfo};
use ocpi_types::{Finding, Report, Rule, Severity};
use serde_json::Value;

use super::subject::{Carried, Subject};
use super::view::JudgedFinding;

/// How many findings of one body are shown.
const MAX_FINDINGS: usize = 200;

/// The findings of a request and of its answer, and which class each was held against.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub(super) asked: Side,
    pub(super) answered: Side,
}

/// One body.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) class: Option<&'static str>,
    pub(super) findings: Vec<JudgedFinding>,
}

pub(super) fn judge(subject: &Subject<'_>, exchange: &Exchange) -> Judgement {
    let mut judgement = Judgement::default();
    let asked = subject.asked(&exchange.method);
    if let Some((carried, json)) = asked.zip(whole(&exchange.request_body)) {
        // A push: its sender hears of faults, so less is tolerated than in a list.
        judgement.asked = side(carried, "", json, Report::for_push);
    }
    let succeeded = exchange.ocpi.is_some_and(|code| (1000..2000).contains(&code));
    let answered = subject.answered(&exchange.method).filter(|_| succeeded);
    if let Some((carried, mut json)) = answered.zip(whole(&exchange.response_body))
        && let Some(data) = json.get_mut("data").map(Value::take)
    {
        judgement.answered = side(carried, "/data", data, |report| report);
    }
    judgement
}

/// The JSON of a body, unless it was cut or is none.
fn whole(body: &KeptBody) -> Option<Value> {
    if body.is_cut() {
        return None;
    }
    serde_json::from_str(&body.text()?).ok()
}

fn side(carried: Carried, at: &str, json: Value, strictness: fn(Report) -> Report) -> Side {
    let (Carried::One(name) | Carried::List(name) | Carried::Part(name)) = carried;
    let Some(class) = catalogue::class(name) else { return Side::default() };
    let mut findings = Vec::new();
    let mut add = |at: &str, report: Report| {
        let shown = strictness(report).findings.into_iter().map(|finding| shown(class, at, finding));
        findings.extend(shown);
    };
    match (carried, json) {
        (Carried::List(_), Value::Array(items)) => {
            for (i, item) in items.into_iter().enumerate() {
                add(&format!("{at}/{i}"), class.parse(item).report);
            }
        }
        (Carried::Part(_), json) => add(at, part(class, json)),
        (_, json) => add(at, class.parse(json).report),
    }
    findings.truncate(MAX_FINDINGS);
    Side { class: Some(name), findings }
}

/// A PATCH need not have all the fields, only `last_updated`.
fn part(class: &ClassInfo, json: Value) -> Report {
    let present = json.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let mut report = class.parse(json).report;
    report.findings.retain(|finding| {
        let field = finding.pointer.trim_start_matches('/');
        finding.rule != Rule::Missing
            || field.contains('/')
            || field == "last_updated"
            || present.iter().any(|name| name == field)
    });
    report.findings.retain(|finding| finding.rule != Rule::Inconsistent && finding.rule != Rule::EmptyList);
    report
}

fn shown(class: &ClassInfo, at: &str, finding: Finding) -> JudgedFinding {
    let severity = match finding.severity {
        Severity::Violation => "violation",
        Severity::Tolerated | Severity::ToleratedInLists => "tolerated",
    };
    JudgedFinding {
        pointer: format!("{at}{}", finding.pointer),
        severity: severity.to_owned(),
        rule: format!("{:?}", finding.rule),
        message: finding.message,
        spec: class.spec.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointers(carried: Carried, at: &str, json: Value) -> Vec<String> {
        side(carried, at, json, Report::for_push).findings.into_iter().map(|finding| finding.pointer).collect()
    }

    #[test]
    fn a_patch_is_held_against_what_it_has() {
        let patch = json!({ "name": 7, "time_zone": null });
        assert_eq!(pointers(Carried::Part("Location"), "", patch), ["/name", "/time_zone", "/last_updated"]);
        let patch = json!({ "status": "CHARGING", "last_updated": "2026-05-12T15:31:00Z" });
        assert_eq!(pointers(Carried::Part("EVSE"), "", patch), Vec::<String>::new());
    }

    #[test]
    fn objects_of_a_page_are_told_apart() {
        let version = |url| json!({ "version": "2.2.1", "url": url });
        let page = json!([version("https://x.example/ocpi/2.2.1"), version("nonsense")]);
        assert_eq!(pointers(Carried::List("Version"), "/data", page), ["/data/1/url"]);
    }
}
