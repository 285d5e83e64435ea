//! Runs cases in the order of the connection's life and gathers the report.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::case::{Case, Outcome, Phase, Stop};
use crate::cases;
use crate::clock;
use crate::context::{Ctx, RunConfig};
use crate::exchange::Recorder;
use crate::register;
use crate::report::{CaseReport, RunReport, TargetReport};

/// Longest time for one case; a case sends a handful of requests.
const CASE_LIMIT: Duration = Duration::from_secs(90);

/// The cases that this configuration selects, in running order.
#[must_use]
pub fn applicable(config: &RunConfig) -> Vec<Case> {
    let named = |case: &Case, list: &[String]| list.iter().any(|name| case.is_named(name));
    let mut chosen: Vec<Case> = cases::all()
        .into_iter()
        .filter(|case| case.applies_to(config.role))
        .filter(|case| config.only.is_empty() || named(case, &config.only))
        .filter(|case| !named(case, &config.skip))
        .filter(|case| config.modules.is_empty() || config.modules.iter().any(|module| module == case.module))
        .filter(|case| case.level <= config.level && case.tier <= config.tier)
        .collect();
    chosen.sort_by_key(|case| case.phase);
    chosen
}

/// Runs everything that the configuration selects.
pub async fn run(config: RunConfig) -> RunReport {
    run_observed(config, |_, _, _| {}).await
}

/// Like [`run`], and calls `observe(done, total, case)` after each case.
pub async fn run_observed(config: RunConfig, mut observe: impl FnMut(usize, usize, &CaseReport)) -> RunReport {
    let began = Instant::now();
    let recorder = Recorder::default();
    let chosen = applicable(&config);
    let mut report = RunReport::begin(&config, clock::timestamp());
    let ctx = match Ctx::new(config, recorder.clone()).await {
        Ok(ctx) => ctx,
        Err(why) => {
            report.trouble = Some(why);
            let target = report.target.clone();
            report.finish(target, &recorder, began.elapsed());
            return report;
        }
    };
    ctx.hide_operator_secrets();
    recorder.begin("discovery");
    if let Some(why) = register::discover(&ctx).await {
        // Nobody is there: no rule was kept or broken.
        report.trouble = Some(why);
        report.unreachable = true;
        report.finish(target_report(&ctx), &recorder, began.elapsed());
        return report;
    }
    let mut trouble = ctx.target().trouble;
    let total = chosen.len();
    let (mut registered, mut left) = (false, false);
    for case in &chosen {
        if case.phase >= Phase::Registration && !registered {
            registered = true;
            connect(&ctx).await;
            trouble = ctx.target().trouble;
        }
        if case.phase >= Phase::Leaving && !left {
            left = true;
            recorder.begin("clean-up");
            register::clean_up(&ctx).await;
        }
        if case.phase == Phase::Audit {
            recorder.begin("farewell");
            register::leave(&ctx).await;
        }
        let late = began.elapsed() > ctx.config.deadline;
        let (result, took) = if late {
            (Err(Stop::Error("the run's time was up".into())), Duration::ZERO)
        } else {
            execute(&ctx, case).await
        };
        report.cases.push(CaseReport::new(case, &result, &recorder, took));
        if let Some(last) = report.cases.last() {
            observe(report.cases.len(), total, last);
        }
    }
    if !left {
        recorder.begin("clean-up");
        register::clean_up(&ctx).await;
    }
    recorder.begin("farewell");
    register::leave(&ctx).await;
    // That a case ended the registration is no trouble.
    let target = TargetReport { trouble, ..target_report(&ctx) };
    report.finish(target, &recorder, began.elapsed());
    report
}

async fn connect(ctx: &Arc<Ctx>) {
    if ctx.config.token.is_none() {
        ctx.recorder.begin("registration");
        register::register(ctx).await;
    }
}

async fn execute(ctx: &Arc<Ctx>, case: &Case) -> (Result<(), Stop>, Duration) {
    ctx.recorder.begin(&case.id);
    let began = Instant::now();
    let task = tokio::spawn(case.execute(ctx.clone()));
    let abort = task.abort_handle();
    let result = match tokio::time::timeout(CASE_LIMIT, task).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(Stop::Error(format!("the case crashed: {panic}"))),
        Err(_) => {
            abort.abort();
            Err(Stop::Fail {
                expected: format!("all answers of the case within {} s", CASE_LIMIT.as_secs()),
                actual: "the platform was too slow".into(),
            })
        }
    };
    (result, began.elapsed())
}

fn target_report(ctx: &Arc<Ctx>) -> TargetReport {
    let target = ctx.target();
    let roles = target.credentials.as_ref().and_then(|c| c["roles"].as_array().cloned()).unwrap_or_default();
    TargetReport {
        versions_url: ctx.recorder.redact(&ctx.config.versions_url),
        role: ctx.config.role,
        parties: roles
            .iter()
            .map(|role| {
                let text = |field: &str| role[field].as_str().unwrap_or("?").to_string();
                format!("{} {}/{}", text("role"), text("country_code"), text("party_id"))
            })
            .collect(),
        endpoints: target.endpoints.iter().map(|e| format!("{} {}", e.identifier, e.role)).collect(),
        trouble: target.trouble,
    }
}

impl Outcome {
    pub(crate) fn of(result: &Result<(), Stop>) -> Self {
        match result {
            Ok(()) => Self::Pass,
            Err(Stop::Fail { .. }) => Self::Fail,
            Err(Stop::Skip(_)) => Self::Skip,
            Err(Stop::NotApplicable(_)) => Self::NotApplicable,
            Err(Stop::Error(_)) => Self::Error,
        }
    }
}
