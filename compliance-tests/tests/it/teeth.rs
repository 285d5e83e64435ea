//! A conformant party passes; a party with one broken rule fails.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use compliance_tests::fixtures::Owner;
use compliance_tests::party::{Party, PartyConfig};
use compliance_tests::trigger::Triggers;
use compliance_tests::{Case, Outcome, Phase, RunConfig, RunReport, TargetRole, Tier, cases, run};
use libtest_mimic::{Failed, Trial};

const TRIGGERS: &str = include_str!("../../triggers/reference.toml");

/// Audit cases look at what others did: these make every kind of exchange.
const COMPANIONS: [&str; 10] = [
    "transport.errors.envelope",
    "status.unknown-object",
    "status.malformed-json",
    "transport.ids.on-errors",
    "locations.list.answers",
    "credentials.sender.handshake",
    "locations.trigger",
    "tariffs.trigger",
    "tokens.trigger",
    "transport.pull.nulls",
];

pub(crate) fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"))
}

/// Starts a reference party; gives it with the configuration of a run against it.
pub(crate) async fn reference(role: TargetRole, faults: &[String]) -> (Party, RunConfig) {
    let config = PartyConfig {
        name: "Reference party".into(),
        roles: vec![(role, Owner::new("DE", "REF")), (role, Owner::new("DE", "RE2"))],
        faults: faults.to_vec(),
        seed: true,
        page_cap: 100,
        operator: true,
        recorder: None,
    };
    let party = Party::start(([127, 0, 0, 1], 0).into(), None, config).await.expect("loopback can be listened on");
    let mut triggers = Triggers::parse(TRIGGERS).expect("the shipped trigger file is valid");
    triggers.variables.insert("operator".into(), format!("{}/operator", party.base()));
    let mut config = RunConfig::new(party.versions_url(), role);
    config.token_a = Some(party.invite());
    config.tier = Tier::Destructive;
    config.triggers = triggers;
    // What its operator does concerns the last of its partners only.
    config.side_by_side = false;
    (party, config)
}

async fn judge(role: TargetRole, faults: &[String], only: Vec<String>) -> RunReport {
    let (_party, mut config) = reference(role, faults).await;
    config.patience = Duration::from_millis(if faults.is_empty() { 5000 } else { 600 });
    config.quiet = Duration::from_millis(250);
    // The reference party's vehicles were plugged in long ago.
    config.charging = Duration::ZERO;
    config.only = only;
    run(config).await
}

type Runs<K> = OnceLock<Mutex<BTreeMap<K, Arc<OnceLock<Arc<RunReport>>>>>>;

/// A run that several tests look at is done once.
fn once<K: Ord + Clone>(runs: &'static Runs<K>, key: K, work: impl FnOnce() -> RunReport) -> Arc<RunReport> {
    let cell = {
        let mut map = runs.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        map.entry(key).or_default().clone()
    };
    cell.get_or_init(|| Arc::new(work())).clone()
}

/// The run against a conformant party.
pub(crate) fn conformant(role: TargetRole) -> Arc<RunReport> {
    static RUNS: Runs<&'static str> = OnceLock::new();
    once(&RUNS, role.as_str(), || runtime().block_on(judge(role, &[], Vec::new())))
}

/// The run of every case that names this fault, against a party that has it.
fn sabotaged(role: TargetRole, fault: &str) -> Arc<RunReport> {
    static RUNS: Runs<(&'static str, String)> = OnceLock::new();
    once(&RUNS, (role.as_str(), fault.to_string()), || {
        let concerned: Vec<Case> =
            cases::all().into_iter().filter(|case| case.sabotage.iter().any(|name| name == fault)).collect();
        let mut only: Vec<String> = concerned.iter().map(|case| case.id.to_string()).collect();
        if concerned.iter().any(|case| case.phase == Phase::Audit) {
            only.extend(COMPANIONS.iter().map(ToString::to_string));
        }
        runtime().block_on(judge(role, &[fault.to_string()], only))
    })
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
        let report = sabotaged(*role, fault);
        let case = report.cases.iter().find(|case| case.id == id).ok_or("the case was not run")?;
        if case.outcome == Outcome::Fail {
            return Ok(());
        }
        seen.push(format!("{} as {}: {:?}", case.word(), role.as_str(), case.reason));
    }
    Err(format!("not noticed: {}", seen.join("; ")).into())
}

/// Cases of several lanes: each passes, on a connection of its own, and is where it belongs in the report.
fn side_by_side() -> Result<(), Failed> {
    let only = ["credentials.put.new-token", "locations.list.answers", "tokens.push.token.create", "versions.harmless"];
    let report = runtime().block_on(async {
        let (_party, mut config) = reference(TargetRole::Cpo, &[]).await;
        config.side_by_side = true;
        config.only = only.iter().map(ToString::to_string).collect();
        run(config).await
    });
    let found: Vec<(&str, Outcome)> = report.cases.iter().map(|case| (case.id.as_str(), case.outcome)).collect();
    // In the order in which they would run one by one.
    let order = [only[1], only[2], only[3], only[0]].map(|id| (id, Outcome::Pass));
    if found != order {
        return Err(format!("{found:?}").into());
    }
    let puts = |id: &str| {
        let case = report.cases.iter().find(|case| case.id == id);
        case.map_or(0, |case| {
            case.exchanges.iter().filter(|e| e.method == "PUT" && e.url.contains("credentials")).count()
        })
    };
    if puts("credentials.put.new-token") != 1 || puts("locations.list.answers") != 0 {
        return Err("an exchange is with the wrong case".into());
    }
    Ok(())
}

/// One test per case and role, and one per case and sabotage.
pub(crate) fn tests() -> Vec<Trial> {
    let mut tests = vec![Trial::test("cases run side by side", side_by_side)];
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
