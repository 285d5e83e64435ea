//! How fast a transaction may charge: limits over time, and how a simulated EVSE keeps to them.
//!
//! A partner, the driver's preferences, the platform's load management and the site's own protection can each set a limit. All
//! of them hold at once, so that the lowest counts. Those of a transaction end with it; the site's stays.

use chrono::TimeDelta;
use ocpi_types::{DateTime, Decimal};
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::model::Station;
use super::settings::ConnectorSpec;
use super::{Answer, EventKind};

/// The most steps that a station can keep in mind.
const MOST_STEPS: usize = 500;
/// How many answers a station remembers for those who did not hear them.
const REMEMBERED: usize = 100;

/// Limits over time, as a station takes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// When it begins; `None`: when charging began.
    pub start: Option<DateTime>,
    /// For how many seconds it holds; `None`: until the transaction ends.
    pub seconds: Option<i64>,
    /// The unit of all its limits.
    pub unit: Unit,
    /// The lowest rate at which the vehicle charges well: where the limits leave less, it pauses.
    pub lowest: Option<Decimal>,
    /// The limits. Before the first one there is none.
    pub steps: Vec<Step>,
}

/// A limit that holds until the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Seconds from the beginning of the profile.
    pub from: i64,
    /// The most that may flow.
    pub limit: Decimal,
}

/// The unit of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Watts, altogether.
    Watts,
    /// Amperes on each phase.
    AmperesPerPhase,
}

/// Who set a profile. Each has one, and changes only that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The driver's EMSP.
    Partner,
    /// The platform, for the sake of the driver's preferences.
    Preferences,
    /// The platform's load management.
    Platform,
}

/// Why the limits of a transaction have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitCause {
    /// A profile was set or cleared.
    Request {
        /// Whose.
        origin: Origin,
        /// The name of the request, as it was given with the command.
        request: String,
    },
    /// The site's own protection.
    Site,
    /// The duration of a profile is over.
    Expired,
}

/// What a station intends to do, by all limits that it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// When it was worked out; steps count from here.
    pub at: DateTime,
    /// How far it reaches, in seconds.
    pub seconds: i64,
    /// The unit of its limits.
    pub unit: Unit,
    /// The limits; the first one holds at once. Without any restriction that is what the connector can deliver.
    pub steps: Vec<Step>,
}

/// A profile that is to be set, or cleared where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileChange {
    /// The transaction, as it was named in [`EventKind::Begun`].
    pub transaction_id: String,
    /// The platform's name for the request; one that is repeated gets the same answer and changes nothing.
    pub request: String,
    /// Whose profile.
    pub origin: Origin,
    /// The profile; `None` clears the one that is set.
    pub profile: Option<Profile>,
}

/// The profiles of one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Limits {
    partner: Option<Profile>,
    preferences: Option<Profile>,
    platform: Option<Profile>,
    /// What was answered to the latest requests.
    answered: Vec<(String, Answer)>,
}

/// What may flow at a moment, and until when that holds.
struct Allowed {
    watts: Decimal,
    until: Option<DateTime>,
}

impl Profile {
    /// No limit at all.
    #[must_use]
    pub fn none() -> Self {
        Self { start: None, seconds: None, unit: Unit::Watts, lowest: None, steps: Vec::new() }
    }

    /// One limit, from now on.
    #[must_use]
    pub fn constant(unit: Unit, limit: Decimal) -> Self {
        Self { unit, steps: vec![Step { from: 0, limit }], ..Self::none() }
    }

    fn starts(&self, began: DateTime) -> DateTime {
        self.start.unwrap_or(began)
    }

    fn ends(&self, began: DateTime) -> Option<DateTime> {
        after(self.starts(began), self.seconds?)
    }

    fn is_over(&self, began: DateTime, at: DateTime) -> bool {
        self.ends(began).is_some_and(|end| end <= at)
    }

    /// The limit at a moment, if there is one, and when the next one begins.
    fn limit_at(&self, began: DateTime, at: DateTime) -> (Option<Decimal>, Option<DateTime>) {
        let (start, end) = (self.starts(began), self.ends(began));
        if at < start {
            return (None, Some(start));
        }
        if end.is_some_and(|end| end <= at) {
            return (None, None);
        }
        let begins = |step: &Step| after(start, step.from);
        let current = self.steps.iter().filter(|step| begins(step).is_some_and(|from| from <= at));
        let limit = current.max_by_key(|step| step.from).map(|step| step.limit.max(Decimal::ZERO));
        let next = self.steps.iter().filter_map(begins).filter(|from| *from > at).min();
        (limit, next.into_iter().chain(end).min())
    }
}

impl Limits {
    fn slot(&mut self, origin: Origin) -> &mut Option<Profile> {
        match origin {
            Origin::Partner => &mut self.partner,
            Origin::Preferences => &mut self.preferences,
            Origin::Platform => &mut self.platform,
        }
    }

    fn profiles(&self) -> impl Iterator<Item = &Profile> {
        [&self.partner, &self.preferences, &self.platform].into_iter().flatten()
    }

    /// Forgets what is over; whether there was anything.
    pub(super) fn expire(&mut self, began: DateTime, at: DateTime) -> bool {
        let mut expired = false;
        for origin in [Origin::Partner, Origin::Preferences, Origin::Platform] {
            let slot = self.slot(origin);
            if slot.as_ref().is_some_and(|profile| profile.is_over(began, at)) {
                *slot = None;
                expired = true;
            }
        }
        expired
    }

    fn allowed(&self, most: Decimal, spec: &ConnectorSpec, began: DateTime, at: DateTime) -> Allowed {
        let mut allowed = Allowed { watts: most, until: None };
        let mut lowest = Decimal::ZERO;
        for profile in self.profiles() {
            let watts = |limit: Decimal| spec.watts_of(limit, profile.unit);
            let (limit, next) = profile.limit_at(began, at);
            allowed.watts = limit.map_or(allowed.watts, |limit| allowed.watts.min(watts(limit)));
            allowed.until = allowed.until.into_iter().chain(next).min();
            if profile.starts(began) <= at && !profile.is_over(began, at) {
                lowest = profile.lowest.map_or(lowest, |rate| lowest.max(watts(rate)));
            }
        }
        if allowed.watts < lowest {
            allowed.watts = Decimal::ZERO;
        }
        allowed
    }
}

impl ConnectorSpec {
    fn watts_per_ampere(&self) -> Decimal {
        Decimal::from(self.volts * self.phases.max(1))
    }

    fn watts_of(&self, limit: Decimal, unit: Unit) -> Decimal {
        match unit {
            Unit::Watts => limit,
            // Nobody means more than can be counted.
            Unit::AmperesPerPhase => limit.checked_mul(self.watts_per_ampere()).unwrap_or(Decimal::MAX),
        }
    }

    fn in_unit(&self, watts: Decimal, unit: Unit) -> Decimal {
        match unit {
            Unit::Watts => watts.round_dp(1).normalize(),
            Unit::AmperesPerPhase => (watts / self.watts_per_ampere()).round_dp(1).normalize(),
        }
    }
}

impl Station {
    /// Sets or clears a profile of the transaction.
    pub(super) fn change_profile(&mut self, change: ProfileChange) -> Answer {
        let now = self.at;
        let running = self.transaction.as_mut().filter(|running| running.authorized.id == change.transaction_id);
        let Some(transaction) = running else { return Answer::Rejected };
        let limits = &mut transaction.limits;
        if let Some((_, answer)) = limits.answered.iter().find(|(request, _)| *request == change.request) {
            return *answer;
        }
        let slot = limits.slot(change.origin);
        let answer = match change.profile {
            Some(profile) if profile.steps.len() > MOST_STEPS || profile.is_over(transaction.began, now) => {
                Answer::Rejected
            }
            Some(profile) => {
                *slot = Some(profile);
                Answer::Accepted
            }
            None if slot.take().is_some() => Answer::Accepted,
            None => Answer::NoProfile,
        };
        if limits.answered.len() == REMEMBERED {
            limits.answered.remove(0);
        }
        limits.answered.push((change.request.clone(), answer));
        if answer == Answer::Accepted {
            self.tell_limits(LimitCause::Request { origin: change.origin, request: change.request });
        }
        answer
    }

    /// What was answered to a request about a profile, while its transaction goes on.
    #[must_use]
    pub fn answer_to(&self, request: &str) -> Option<Answer> {
        let answered = &self.transaction.as_ref()?.limits.answered;
        answered.iter().find(|(asked, _)| asked == request).map(|(_, answer)| *answer)
    }

    /// The site allows no more than this, in W, until it says otherwise; `None` lifts the limit.
    pub fn limit_site(&mut self, watts: Option<i64>) {
        if self.site_watts != watts {
            self.site_watts = watts;
            self.tell_limits(LimitCause::Site);
        }
    }

    /// What may flow now, in W, and when that changes; `None` while no vehicle is plugged in.
    pub(super) fn allowed(&self) -> Option<(i64, Option<DateTime>)> {
        let allowed = self.allowed_at(self.at)?;
        Some((allowed.watts.trunc().to_i64().unwrap_or(i64::MAX), allowed.until))
    }

    /// What the station intends to do with a transaction in the coming `seconds`.
    #[must_use]
    pub fn plan(&self, transaction_id: &str, seconds: i64) -> Option<Plan> {
        let transaction = self.transaction.as_ref().filter(|running| running.authorized.id == transaction_id)?;
        let spec = self.spec()?;
        let usual = if spec.is_dc { Unit::Watts } else { Unit::AmperesPerPhase };
        let unit = transaction.limits.partner.as_ref().map_or(usual, |profile| profile.unit);
        let start = self.at - TimeDelta::milliseconds(self.at.timestamp_millis().rem_euclid(1000));
        let end = after(start, seconds)?;
        let mut plan = Plan { at: start, seconds, unit, steps: Vec::new() };
        let mut next = Some(self.at);
        while let Some(at) = next.filter(|at| *at < end) {
            let allowed = self.allowed_at(at)?;
            let limit = spec.in_unit(allowed.watts, unit);
            if plan.steps.last().is_none_or(|step| step.limit != limit) {
                let from = if plan.steps.is_empty() { 0 } else { (at - start).num_seconds() };
                plan.steps.push(Step { from, limit });
            }
            next = allowed.until;
        }
        Some(plan)
    }

    fn allowed_at(&self, at: DateTime) -> Option<Allowed> {
        let spec = self.spec()?;
        let most = Decimal::from(self.site_watts.map_or(spec.watts, |site| site.min(spec.watts)).max(0));
        Some(match &self.transaction {
            Some(transaction) => transaction.limits.allowed(most, spec, transaction.began, at),
            None => Allowed { watts: most, until: None },
        })
    }

    fn spec(&self) -> Option<&ConnectorSpec> {
        let plugged = self.plugged.as_ref()?;
        self.connectors.iter().find(|spec| spec.id == plugged.connector_id)
    }

    /// Reports that the limits have changed, with a reading: another power flows from now on.
    pub(super) fn tell_limits(&mut self, cause: LimitCause) {
        let Some(transaction) = &self.transaction else { return };
        let transaction_id = transaction.authorized.id.clone();
        let reading = self.reading();
        self.tell(EventKind::Limits { transaction_id, reading, cause });
    }
}

/// A moment so many seconds later; `None` when it is beyond all time.
fn after(at: DateTime, seconds: i64) -> Option<DateTime> {
    at.checked_add_signed(TimeDelta::try_seconds(seconds)?)
}
