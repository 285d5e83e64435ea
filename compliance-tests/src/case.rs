//! What a test case is, and what can come out of one.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::context::Ctx;

/// How strongly the specification asks for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Breaking it is a failure.
    Must,
    /// Breaking it is a warning.
    Should,
    /// Allowed; the case only informs which choice the platform made.
    May,
}

/// How much a case disturbs the platform under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Only reads (apart from the registration that makes reading possible).
    ReadOnly,
    /// Creates and changes objects of the tester's own party only, and cleans up.
    OwnObjects,
    /// Causes charges, uses up tokens, or disturbs the platform in another way that stays.
    Destructive,
}

/// Which side of OCPI the platform under test plays in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetRole {
    /// Charge point operator: owns locations, tariffs, sessions and CDRs.
    Cpo,
    /// E-mobility service provider: owns tokens.
    Emsp,
}

impl TargetRole {
    /// The spelling of the specification.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpo => "CPO",
            Self::Emsp => "EMSP",
        }
    }

    /// The role that the tester plays against this one.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Cpo => Self::Emsp,
            Self::Emsp => Self::Cpo,
        }
    }
}

/// When in the life of the connection a case runs. Cases run in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// With the registration token, before the exchange of credentials.
    Unregistered,
    /// Looks at the exchange of credentials that the runner just did.
    Registration,
    /// Makes sessions and CDRs, so that later cases find some.
    Charging,
    /// Reads lists, while nothing of this run changes them.
    Reading,
    /// With a completed registration.
    Connected,
    /// Changes the credentials of the main connection.
    Rotation,
    /// Ends the main connection.
    Leaving,
    /// Looks at every exchange of the whole run; sends nothing.
    Audit,
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::Unregistered,
        Self::Registration,
        Self::Charging,
        Self::Reading,
        Self::Connected,
        Self::Rotation,
        Self::Leaving,
        Self::Audit,
    ];
}

/// Cases that wait much and disturb no others run beside them: one after the other in a lane, with a registration of the lane's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// On the main connection.
    #[default]
    Main,
    /// Charges whose price is checked, at stations of their own.
    Prices,
    /// Changes the credentials of the lane's connection.
    Rotation,
    /// Further partners come and go.
    Partners,
    /// Writes objects of the lane's own party.
    Receivers,
    /// Lets the platform pull from the lane's party.
    Pulls,
    /// Plays a hub.
    Hub,
    /// Reserves.
    Reservations,
    /// Steers charges by profiles and preferences.
    Steering,
    /// Stations that do not do what they are told.
    Stations,
}

impl Lane {
    /// The phase of the main connection in which the lane begins, and the one that does not end before the lane has. While lists are
    /// read, only those run that change none of the platform's.
    #[must_use]
    pub fn span(self) -> (Phase, Phase) {
        match self {
            Self::Main => (Phase::Unregistered, Phase::Audit),
            Self::Prices => (Phase::Charging, Phase::Charging),
            Self::Rotation | Self::Partners | Self::Receivers => (Phase::Reading, Phase::Rotation),
            Self::Pulls | Self::Hub | Self::Reservations | Self::Steering | Self::Stations => {
                (Phase::Connected, Phase::Rotation)
            }
        }
    }
}

/// Why a case did not pass.
#[derive(Clone, Debug)]
pub enum Stop {
    /// The platform broke the rule.
    Fail {
        /// What the requirement asks for.
        expected: String,
        /// What was seen.
        actual: String,
    },
    /// Could not be tried here, for this reason (no trigger, no data to work with).
    Skip(String),
    /// The rule does not concern this platform, for this reason (module not offered).
    NotApplicable(String),
    /// The tester's own fault.
    Error(String),
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fail { expected, actual } => write!(f, "{actual} (expected {expected})"),
            Self::Skip(why) | Self::NotApplicable(why) | Self::Error(why) => f.write_str(why),
        }
    }
}

/// What a case's function returns; `Ok` is a pass.
pub type CaseResult<T = ()> = Result<T, Stop>;

/// What came out of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The rule holds.
    Pass,
    /// The rule is broken. MUST: a failure; SHOULD: a warning; MAY: information.
    Fail,
    /// Could not be tried.
    Skip,
    /// Does not concern this platform.
    NotApplicable,
    /// The tester's own fault.
    Error,
}

type RunFn = Arc<dyn Fn(Arc<Ctx>) -> BoxFuture<'static, CaseResult> + Send + Sync>;

/// One check with a stable id.
#[derive(Clone)]
pub struct Case {
    /// Stable, dotted, starts with the module: `transport.auth.missing-header`.
    pub id: Cow<'static, str>,
    /// One line for people.
    pub title: Cow<'static, str>,
    /// Ids of the catalogue's rows that this case proves.
    pub requirements: Vec<&'static str>,
    /// Module of the specification.
    pub module: &'static str,
    /// The role the platform must play for the case to apply; `None` means any.
    pub role: Option<TargetRole>,
    /// How much it disturbs.
    pub tier: Tier,
    /// Strength of the rule.
    pub level: Level,
    /// When it runs.
    pub phase: Phase,
    /// Beside which others it runs.
    pub lane: Lane,
    /// What the tester does.
    pub does: Cow<'static, str>,
    /// What must be seen.
    pub expects: Cow<'static, str>,
    /// Faults of the reference party under which this case must fail.
    pub sabotage: Vec<Cow<'static, str>>,
    /// Written reason, when there is no sabotage.
    pub no_sabotage: Option<&'static str>,
    run: RunFn,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Case {
    /// Starts the description of a case. The module is the id up to its first dot.
    ///
    /// # Panics
    /// If the id does not begin with a module's name and a dot: a mistake in this crate, found by its first test.
    #[must_use]
    pub fn new(id: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        let id = id.into();
        let module = MODULES
            .iter()
            .find(|module| id.split_once('.').is_some_and(|(head, _)| head == **module))
            .unwrap_or_else(|| panic!("case id {id} must begin with a module"));
        Self {
            id,
            title: title.into(),
            requirements: Vec::new(),
            module,
            role: None,
            tier: Tier::ReadOnly,
            level: Level::Must,
            phase: Phase::Connected,
            lane: Lane::Main,
            does: Cow::Borrowed(""),
            expects: Cow::Borrowed(""),
            sabotage: Vec::new(),
            no_sabotage: None,
            run: Arc::new(|_| Box::pin(async { Err(Stop::Error("the case has no body".into())) })),
        }
    }

    /// Names the catalogue's rows.
    #[must_use]
    pub fn proves(mut self, ids: &[&'static str]) -> Self {
        self.requirements.extend(ids);
        self
    }

    /// Restricts the case to platforms in this role.
    #[must_use]
    pub fn on(mut self, role: TargetRole) -> Self {
        self.role = Some(role);
        self
    }

    /// A broken rule is a warning.
    #[must_use]
    pub fn should(mut self) -> Self {
        self.level = Level::Should;
        self
    }

    /// A broken rule is information.
    #[must_use]
    pub fn may(mut self) -> Self {
        self.level = Level::May;
        self
    }

    /// The case creates or changes objects of the tester's own party.
    #[must_use]
    pub fn writes(mut self) -> Self {
        self.tier = self.tier.max(Tier::OwnObjects);
        self
    }

    /// The case causes something that stays.
    #[must_use]
    pub fn destructive(mut self) -> Self {
        self.tier = Tier::Destructive;
        self
    }

    /// When the case runs.
    #[must_use]
    pub fn phase(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }

    /// Beside which others the case runs.
    #[must_use]
    pub fn lane(mut self, lane: Lane) -> Self {
        self.lane = lane;
        self
    }

    /// What the tester does.
    #[must_use]
    pub fn does(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.does = text.into();
        self
    }

    /// What must be seen.
    #[must_use]
    pub fn expects(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.expects = text.into();
        self
    }

    /// A fault of the reference party under which this case must fail.
    #[must_use]
    pub fn sabotage(mut self, fault: impl Into<Cow<'static, str>>) -> Self {
        self.sabotage.push(fault.into());
        self
    }

    /// Why there is no sabotage.
    #[must_use]
    pub fn unsabotaged(mut self, reason: &'static str) -> Self {
        self.no_sabotage = Some(reason);
        self
    }

    /// The body.
    #[must_use]
    pub fn run<F, Fut>(mut self, body: F) -> Self
    where
        F: Fn(Arc<Ctx>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = CaseResult> + Send + 'static,
    {
        self.run = Arc::new(move |ctx| Box::pin(body(ctx)));
        self
    }

    /// Runs the body once.
    pub fn execute(&self, ctx: Arc<Ctx>) -> BoxFuture<'static, CaseResult> {
        (self.run)(ctx)
    }

    /// Whether this is the case's id, the beginning of it up to a dot, or one of its requirements.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        *self.id == *name
            || self.id.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
            || self.requirements.iter().any(|id| id.eq_ignore_ascii_case(name))
    }

    /// Whether the case concerns platforms in this role.
    #[must_use]
    pub fn applies_to(&self, role: TargetRole) -> bool {
        self.role.is_none_or(|only| only == role)
    }
}

/// The modules that case ids begin with: the chapters of the specification.
pub const MODULES: [&str; 14] = [
    "transport",
    "versions",
    "credentials",
    "status",
    "types",
    "routing",
    "locations",
    "tariffs",
    "sessions",
    "cdrs",
    "tokens",
    "commands",
    "chargingprofiles",
    "hubclientinfo",
];

/// Ends a case as failed.
pub fn fail<T>(expected: impl Into<String>, actual: impl Into<String>) -> CaseResult<T> {
    Err(Stop::Fail { expected: expected.into(), actual: actual.into() })
}

/// Ends a case as skipped.
pub fn skip<T>(reason: impl Into<String>) -> CaseResult<T> {
    Err(Stop::Skip(reason.into()))
}

/// Fails unless the condition holds; `actual` is only worked out when needed.
pub fn ensure(holds: bool, expected: impl Into<String>, actual: impl FnOnce() -> String) -> CaseResult {
    if holds { Ok(()) } else { fail(expected, actual()) }
}
