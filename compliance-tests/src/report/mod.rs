//! What a run found, and the forms in which it is written down.

pub mod compare;
mod html;
mod junit;
mod markdown;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::case::{Case, Level, Outcome, Stop, TargetRole, Tier};
use crate::context::RunConfig;
use crate::exchange::{Exchange, Recorder};
use crate::{cases, catalogue};

/// Exchanges shown for one case.
const SHOWN: usize = 40;

/// The result of one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseReport {
    /// Id of the case.
    pub id: String,
    /// One line.
    pub title: String,
    /// Module.
    pub module: String,
    /// Strength of the rule.
    pub level: Level,
    /// How much it disturbs.
    pub tier: Tier,
    /// Catalogue rows.
    pub requirements: Vec<String>,
    /// What the tester did.
    pub does: String,
    /// What had to be seen.
    pub expects: String,
    /// What came out.
    pub outcome: Outcome,
    /// Why it was skipped, does not apply, or is an error.
    pub reason: Option<String>,
    /// For a failure.
    pub expected: Option<String>,
    /// For a failure.
    pub actual: Option<String>,
    /// Milliseconds.
    pub took_ms: u64,
    /// What went over the wire, redacted.
    pub exchanges: Vec<Exchange>,
}

impl CaseReport {
    pub(crate) fn new(case: &Case, result: &Result<(), Stop>, recorder: &Recorder, took: Duration) -> Self {
        let (reason, expected, actual) = match result {
            Ok(()) => (None, None, None),
            Err(Stop::Fail { expected, actual }) => (None, Some(expected.clone()), Some(actual.clone())),
            Err(Stop::Skip(why) | Stop::NotApplicable(why) | Stop::Error(why)) => (Some(why.clone()), None, None),
        };
        let clean = |text: Option<String>| text.map(|text| recorder.redact(&text));
        let mut exchanges = recorder.of(&case.id);
        exchanges.truncate(SHOWN);
        Self {
            id: case.id.to_string(),
            title: case.title.to_string(),
            module: case.module.to_string(),
            level: case.level,
            tier: case.tier,
            requirements: case.requirements.iter().map(ToString::to_string).collect(),
            does: case.does.to_string(),
            expects: case.expects.to_string(),
            outcome: Outcome::of(result),
            reason: clean(reason),
            expected: clean(expected),
            actual: clean(actual),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            exchanges,
        }
    }

    /// The word for people: a broken SHOULD is a warning, a broken MAY is information.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (self.outcome, self.level) {
            (Outcome::Pass, _) => "pass",
            (Outcome::Fail, Level::Must) => "fail",
            (Outcome::Fail, Level::Should) => "warning",
            (Outcome::Fail, Level::May) => "info",
            (Outcome::Skip, _) => "skip",
            (Outcome::NotApplicable, _) => "not applicable",
            (Outcome::Error, _) => "error",
        }
    }
}

/// The platform as it presented itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetReport {
    /// Its versions URL.
    pub versions_url: String,
    /// The role it was judged in.
    pub role: TargetRole,
    /// Its parties.
    pub parties: Vec<String>,
    /// Its endpoints.
    pub endpoints: Vec<String>,
    /// Why there was no registration.
    pub trouble: Option<String>,
}

/// A catalogue row that this run did not test.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Untested {
    /// Row.
    pub id: String,
    /// `MUST`, `SHOULD`, `MAY`.
    pub level: String,
    /// The requirement.
    pub text: String,
    /// Why.
    pub why: String,
}

/// Everything about a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunReport {
    /// Name and version of this tool.
    pub tool: String,
    /// When it began.
    pub started: String,
    /// Milliseconds.
    pub took_ms: u64,
    /// The platform.
    pub target: TargetReport,
    /// Results in running order.
    pub cases: Vec<CaseReport>,
    /// The map of what this run did not test.
    pub untested: Vec<Untested>,
    /// Exchanges that belong to no case: discovery, registration, farewell.
    pub other_exchanges: Vec<Exchange>,
    /// The tester's own trouble.
    pub trouble: Option<String>,
    /// Nobody answers at the versions URL: nothing was run.
    #[serde(default)]
    pub unreachable: bool,
}

impl RunReport {
    pub(crate) fn begin(config: &RunConfig, started: String) -> Self {
        Self {
            tool: concat!("ocpi-compliance ", env!("CARGO_PKG_VERSION")).into(),
            started,
            took_ms: 0,
            target: TargetReport {
                versions_url: config.versions_url.clone(),
                role: config.role,
                parties: Vec::new(),
                endpoints: Vec::new(),
                trouble: None,
            },
            cases: Vec::new(),
            untested: Vec::new(),
            other_exchanges: Vec::new(),
            trouble: None,
            unreachable: false,
        }
    }

    pub(crate) fn finish(&mut self, target: TargetReport, recorder: &Recorder, took: Duration) {
        self.target = target;
        self.target.trouble = self.target.trouble.take().map(|text| recorder.redact(&text));
        self.took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        for step in ["discovery", "registration", "clean-up", "farewell"] {
            self.other_exchanges.extend(recorder.of(step).into_iter().take(SHOWN));
        }
        self.untested = self.untested_rows();
    }

    fn untested_rows(&self) -> Vec<Untested> {
        let tried: std::collections::BTreeSet<&str> = self
            .cases
            .iter()
            .filter(|case| matches!(case.outcome, Outcome::Pass | Outcome::Fail))
            .flat_map(|case| case.requirements.iter().map(String::as_str))
            .collect();
        let all = cases::all();
        let covered = catalogue::covered_by(&all);
        catalogue::requirements()
            .iter()
            .filter(|row| !tried.contains(row.id))
            .map(|row| {
                let why = match (catalogue::gaps().get(row.id), covered.get(row.id)) {
                    (Some((gap, reason)), _) => format!("{}: {reason}", gap.as_str()),
                    (None, Some(ids)) => self.why_not_run(ids),
                    (None, None) => "unobservable: internal".into(),
                };
                Untested { id: row.id.into(), level: row.level.into(), text: row.text.into(), why }
            })
            .collect()
    }

    fn why_not_run(&self, ids: &[String]) -> String {
        let result = self.cases.iter().find(|case| ids.contains(&case.id));
        match result {
            Some(case) => format!("{} ({}): {}", case.word(), case.id, case.reason.as_deref().unwrap_or("")),
            None => format!("its cases were not selected for this run or this role: {}", ids.join(", ")),
        }
    }

    /// How often each word occurs.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for case in &self.cases {
            *counts.entry(case.word()).or_insert(0) += 1;
        }
        counts
    }

    /// Counts per module: pass, fail, warning, info, skip, not applicable, error.
    #[must_use]
    pub fn by_module(&self) -> BTreeMap<&str, BTreeMap<&'static str, usize>> {
        let mut modules: BTreeMap<&str, BTreeMap<&'static str, usize>> = BTreeMap::new();
        for case in &self.cases {
            *modules.entry(case.module.as_str()).or_default().entry(case.word()).or_insert(0) += 1;
        }
        modules
    }

    /// 0: every MUST that was tried holds. 1: some MUST failed. 2: nothing could be run. 3: the tester's own error.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let counts = self.counts();
        let has = |word: &str| counts.get(word).copied().unwrap_or(0) > 0;
        if has("fail") {
            1
        } else if self.unreachable {
            2
        } else if self.trouble.is_some() || has("error") {
            3
        } else if !(has("pass") || has("warning") || has("info")) {
            2
        } else {
            0
        }
    }

    /// JSON, the form that `--compare` reads.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_else(|err| format!("{{\"error\": \"{err}\"}}"))
    }

    /// JUnit XML for CI.
    #[must_use]
    pub fn to_junit(&self) -> String {
        junit::render(self)
    }

    /// Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown::render(self)
    }

    /// One self-contained HTML file.
    #[must_use]
    pub fn to_html(&self) -> String {
        html::render(self)
    }
}
