//! A conformant party passes; a party with one broken rule fails.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use compliance_tests::fixtures::Owner;
use compliance_tests::party::{Party, PartyConfig};
use compliance_tests::trigger::Triggers;
use compliance_tests::{Case, Outcome, RunConfig, RunReport, TargetRole, Tier, cases, run};
use libtest_mimic::{Failed, Trial};

const TRIGGERS: &str = include_str!("../../triggers/reference.toml");

fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"))
}

/// Starts a reference party and runs cases against it.
async fn judge(role: TargetRole, faults: &[&str], only: &[&str]) -> RunReport {
    let config = PartyConfig {
        name: "Reference party".into(),
        roles: vec![(role, Owner::new("DE", "REF"))],
        faults: faults.iter().map(|fault| (*fault).to_string()).collect(),
        seed: true,
        page_cap: 100,
        operator: true,
        recorder: None,
    };
    let party = Party::start(([127, 0, 0, 1], 0).into(), None, config).await.expect("loopback can be listened on");
    let mut triggers = Triggers::parse(TRIGGERS).expect("the shipped trigger file is valid");
    triggers.variables.insert("operator".into(), format!("{}/operator", party.base()));
    let mut run_config = RunConfig::new(party.versions_url(), role);
    run_config.token_a = Some(party.invite());
    run_config.tier = Tier::Destructive;
    run_config.triggers = triggers;
    run_config.patience = Duration::from_millis(if faults.is_empty() { 5000 } else { 600 });
    run_config.quiet = Duration::from_millis(250);
    run_config.only = only.iter().map(|id| (*id).to_string()).collect();
    run(run_config).await
}

/// The run against a conformant party, done once per role.
fn conformant(role: TargetRole) -> Arc<RunReport> {
    static DONE: OnceLock<Mutex<BTreeMap<&'static str, Arc<RunReport>>>> = OnceLock::new();
    let mut done = DONE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    done.entry(role.as_str()).or_insert_with(|| Arc::new(runtime().block_on(judge(role, &[], &[])))).clone()
}

fn roles(case: &Case) -> Vec<TargetRole> {
    [TargetRole::Cpo, TargetRole::Emsp].into_iter().filter(|role| case.applies_to(*role)).collect()
}

fn passes(role: TargetRole, id: &str, may_skip: bool) -> Result<(), Failed> {
    let report = conformant(role);
    let case = report.cases.iter().find(|case| case.id == id).ok_or("the case was not run")?;
    match case.outcome {
        Outcome::Pass => Ok(()),
        Outcome::Skip | Outcome::NotApplicable if may_skip => Ok(()),
        _ => Err(format!(
            "{}: expected {:?}, actual {:?}, reason {:?}",
            case.word(),
            case.expected,
            case.actual,
            case.reason
        )
        .into()),
    }
}

fn fails_under(roles: &[TargetRole], id: &str, fault: &str) -> Result<(), Failed> {
    let mut seen = Vec::new();
    for role in roles {
        let report = runtime().block_on(judge(*role, &[fault], &[id]));
        let case = report.cases.iter().find(|case| case.id == id).ok_or("the case was not run")?;
        if case.outcome == Outcome::Fail {
            return Ok(());
        }
        seen.push(format!("{} as {}: {:?}", case.word(), role.as_str(), case.reason));
    }
    Err(format!("not noticed: {}", seen.join("; ")).into())
}

/// One test per case and role, and one per case and sabotage.
pub(crate) fn tests() -> Vec<Trial> {
    let mut tests = Vec::new();
    for case in cases::all() {
        for role in roles(&case) {
            let (id, may_skip) = (case.id.to_string(), case.no_sabotage.is_some());
            tests.push(Trial::test(format!("conformant {} {id}", role.as_str()), move || passes(role, &id, may_skip)));
        }
        for fault in &case.sabotage {
            let (id, fault, roles) = (case.id.to_string(), fault.to_string(), roles(&case));
            tests.push(Trial::test(format!("sabotage {id} by {fault}"), move || fails_under(&roles, &id, &fault)));
        }
    }
    tests
}
