//! Runs cases in the order of the connection's life and gathers the report.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::case::{Case, CaseResult, Lane, Outcome, Phase, Stop};
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
    let mut done: Vec<(usize, CaseReport)> = Vec::with_capacity(total);
    let mut keep = |result: (usize, CaseReport)| {
        observe(done.len() + 1, total, &result.1);
        done.push(result);
    };
    let (mut own, mut lanes) = lanes(&ctx, &chosen);
    let mut running = Vec::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    for phase in Phase::ALL {
        match phase {
            Phase::Registration if chosen.iter().any(|case| case.phase >= phase) => {
                connect(&ctx).await;
                trouble = ctx.target().trouble;
            }
            Phase::Leaving => {
                recorder.begin("clean-up");
                register::clean_up(&ctx).await;
            }
            Phase::Audit => {
                recorder.begin("farewell");
                register::leave(&ctx).await;
            }
            _ => {}
        }
        for (lane, cases) in lanes.extract_if(.., |(lane, _)| lane.span().0 == phase) {
            match beside(&ctx).await {
                Some(ctx) => running.push((lane, tokio::spawn(follow(ctx, cases, began, tell.clone())))),
                None => own.extend(cases),
            }
        }
        own.sort_by_key(|(place, _)| *place);
        for (place, case) in own.iter().filter(|(_, case)| case.phase == phase) {
            keep((*place, execute(&ctx, case, began).await));
            while let Ok(result) = told.try_recv() {
                keep(result);
            }
        }
        for (_, task) in running.extract_if(.., |(lane, _)| lane.span().1 == phase) {
            // A case that crashes does not end its lane.
            let _ = task.await;
            while let Ok(result) = told.try_recv() {
                keep(result);
            }
        }
    }
    done.sort_by_key(|(place, _)| *place);
    report.cases = done.into_iter().map(|(_, case)| case).collect();
    // That a case ended the registration is no trouble.
    let target = TargetReport { trouble, ..target_report(&ctx) };
    report.finish(target, &recorder, began.elapsed());
    report
}

/// Cases with their places in the report.
type Placed = Vec<(usize, Case)>;

/// Which cases run on the main connection, and which beside it.
fn lanes(ctx: &Arc<Ctx>, chosen: &[Case]) -> (Placed, Vec<(Lane, Placed)>) {
    let config = &ctx.config;
    // A person is not asked for several things at once, and tokens that were given are for cases that need them.
    let beside = config.side_by_side && config.token.is_none() && config.triggers.is_given("invite");
    let mut lanes: BTreeMap<Lane, Placed> = BTreeMap::new();
    for (place, case) in chosen.iter().cloned().enumerate() {
        let lane = if beside { case.lane } else { Lane::Main };
        lanes.entry(lane).or_default().push((place, case));
    }
    (lanes.remove(&Lane::Main).unwrap_or_default(), lanes.into_iter().collect())
}

/// A connection for a lane; none, where there is no main one or the platform refuses another partner.
async fn beside(main: &Arc<Ctx>) -> Option<Arc<Ctx>> {
    main.registered().ok()?;
    main.recorder.begin("registration");
    let ctx = main.beside().await.ok()?;
    ctx.recorder.begin("registration");
    register::register(&ctx).await;
    ctx.target().registered.then_some(ctx)
}

/// Runs the cases of a lane, and ends its registration.
async fn follow(ctx: Arc<Ctx>, cases: Placed, began: Instant, tell: mpsc::UnboundedSender<(usize, CaseReport)>) {
    for (place, case) in cases {
        let result = execute(&ctx, &case, began).await;
        // Whoever started the lane waits for its end.
        let _ = tell.send((place, result));
    }
    ctx.recorder.begin("clean-up");
    register::clean_up(&ctx).await;
    ctx.recorder.begin("farewell");
    register::leave(&ctx).await;
}

async fn connect(ctx: &Arc<Ctx>) {
    if ctx.config.token.is_none() {
        ctx.recorder.begin("registration");
        register::register(ctx).await;
    }
}

async fn execute(ctx: &Arc<Ctx>, case: &Case, run_began: Instant) -> CaseReport {
    ctx.recorder.begin(&case.id);
    let began = Instant::now();
    let late = run_began.elapsed() > ctx.config.deadline;
    let result =
        if late { Err(Stop::Error("the run's time was up".into())) } else { bounded(case.execute(ctx.clone())).await };
    CaseReport::new(case, &result, &ctx.recorder, began.elapsed())
}

async fn bounded(body: impl Future<Output = CaseResult> + Send + 'static) -> CaseResult {
    let task = tokio::spawn(body);
    let abort = task.abort_handle();
    match tokio::time::timeout(CASE_LIMIT, task).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(Stop::Error(format!("the case crashed: {panic}"))),
        Err(_) => {
            abort.abort();
            Err(Stop::Fail {
                expected: format!("all answers of the case within {} s", CASE_LIMIT.as_secs()),
                actual: "the platform was too slow".into(),
            })
        }
    }
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
