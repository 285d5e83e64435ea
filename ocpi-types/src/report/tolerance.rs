//! Which broken rules a receiver lives with: the only place where that is decided.
//!
//! The principle: what makes an object impossible to address, to act on or to bill is a violation; what is merely shown to
//! people, or has a clear meaning in spite of its form, is tolerated and reported.
//!
//! Some faults are tolerated in pulled lists and imported files only. There nobody listens to a refusal, and the object would
//! be lost; the sender of a pushed object learns at once what to mend, and OCPI's code 2001 names these very faults (a
//! missing field, an unknown value of a required enum, a text that is too long).

use super::{Rule, Severity};

/// A broken rule that is tolerated, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// The rule.
    pub rule: Rule,
    /// The class and the JSON name of the field where it is tolerated; `None`: wherever it is broken.
    pub place: Option<(&'static str, &'static str)>,
    /// The JSON text that stands in for a missing value.
    pub default: Option<&'static str>,
    /// It is tolerated in a pushed object, too; otherwise only in pulled lists and imported files.
    pub when_pushed: bool,
    /// The reason.
    pub why: &'static str,
}

const fn anywhere(rule: Rule, why: &'static str) -> Tolerance {
    Tolerance { rule, place: None, default: None, when_pushed: true, why }
}

const fn at(class: &'static str, field: &'static str, rule: Rule, why: &'static str) -> Tolerance {
    Tolerance { rule, place: Some((class, field)), default: None, when_pushed: true, why }
}

const fn in_lists(class: &'static str, field: &'static str, rule: Rule, why: &'static str) -> Tolerance {
    Tolerance { when_pushed: false, ..at(class, field, rule, why) }
}

const fn missing(class: &'static str, field: &'static str, default: &'static str, why: &'static str) -> Tolerance {
    Tolerance { rule: Rule::Missing, place: Some((class, field)), default: Some(default), when_pushed: false, why }
}

const SHOWN_ONLY: &str = "it is only shown to people";
const BILLING: &str = "billing data is worth more than its form";
const LIFTED: &str = "the receiver takes the latest of the whole and its parts";
const TWO_LETTERS: &str = "people understand the text; without a known language the default one is used";
const LATER_VERSIONS: &str = "later versions add values, and one of them should not hide the rest";
const DECIMALS: &str = "the place is clear with fewer or more decimals than asked for";

/// Every tolerance there is.
pub const TOLERANCES: &[Tolerance] = &[
    anywhere(Rule::NotPrintable, "directions and remarks with line breaks are common and harmless"),
    anywhere(Rule::UnknownEnumInList, LATER_VERSIONS),
    anywhere(Rule::MisspeltEnum, "the meaning is clear"),
    anywhere(Rule::QuotedValue, "the meaning is clear"),
    anywhere(Rule::UnquotedValue, "the meaning is clear"),
    anywhere(Rule::NullForList, "absent, null and [] mean the same"),
    anywhere(Rule::SingleForList, "the meaning is clear"),
    anywhere(Rule::ListForSingle, "the meaning is clear"),
    anywhere(Rule::EmptyText, "it means that there is no value"),
    anywhere(Rule::DateTimeForm, "the instant is clear"),
    anywhere(Rule::TimeForm, "the time is clear, and the end of a day cannot be written otherwise"),
    anywhere(Rule::TooManyDecimals, "the value is usable as it is"),
    anywhere(Rule::Suspicious, "only a person can tell"),
    // Locations.
    missing("Location", "time_zone", "\"UTC\"", "it is often left out; charging does not need it"),
    at("Location", "time_zone", Rule::Pattern, "charging does not need it; prices by local time say so when they do"),
    at("Location", "publish_allowed_to", Rule::Inconsistent, "a public location stays public"),
    at("Location", "parking_type", Rule::UnknownEnum, SHOWN_ONLY),
    at("Location", "last_updated", Rule::Inconsistent, LIFTED),
    in_lists("EVSE", "connectors", Rule::EmptyList, "an EVSE without connectors can still report its status"),
    at("EVSE", "evse_id", Rule::Missing, "the uid names the EVSE; the evse_id is for people"),
    at("EVSE", "evse_id", Rule::Pattern, "ids of the older DIN form and of an operator's own making are in the field"),
    at("EVSE", "last_updated", Rule::Inconsistent, LIFTED),
    in_lists("Connector", "standard", Rule::UnknownEnum, "one new kind of plug should not hide a whole location"),
    in_lists("Image", "category", Rule::UnknownEnum, SHOWN_ONLY),
    in_lists("EnergySource", "source", Rule::UnknownEnum, SHOWN_ONLY),
    in_lists("EnvironmentalImpact", "category", Rule::UnknownEnum, SHOWN_ONLY),
    at("Connector", "terms_and_conditions", Rule::NotAUrl, SHOWN_ONLY),
    at("GeoLocation", "latitude", Rule::Pattern, DECIMALS),
    at("GeoLocation", "latitude", Rule::TooLong, DECIMALS),
    at("GeoLocation", "longitude", Rule::Pattern, DECIMALS),
    at("GeoLocation", "longitude", Rule::TooLong, DECIMALS),
    at("AdditionalGeoLocation", "latitude", Rule::Pattern, DECIMALS),
    at("AdditionalGeoLocation", "latitude", Rule::TooLong, DECIMALS),
    at("AdditionalGeoLocation", "longitude", Rule::Pattern, DECIMALS),
    at("AdditionalGeoLocation", "longitude", Rule::TooLong, DECIMALS),
    at("AdditionalGeoLocation", "name", Rule::SeveralForSingle, "one name of several is better than no location"),
    at("BusinessDetails", "website", Rule::NotAUrl, SHOWN_ONLY),
    at("Image", "url", Rule::NotAUrl, SHOWN_ONLY),
    at("Image", "thumbnail", Rule::NotAUrl, SHOWN_ONLY),
    at("Hours", "regular_hours", Rule::Inconsistent, "open around the clock includes every other opening hour"),
    at("Hours", "regular_hours", Rule::EmptyList, "opening hours that are not known do not prevent charging"),
    at("RegularHours", "period_end", Rule::Inconsistent, "hours over midnight cannot be written otherwise"),
    at("ExceptionalPeriod", "period_end", Rule::Inconsistent, SHOWN_ONLY),
    at("StatusSchedule", "period_end", Rule::Inconsistent, SHOWN_ONLY),
    at("DisplayText", "language", Rule::Pattern, TWO_LETTERS),
    in_lists("DisplayText", "language", Rule::TooLong, TWO_LETTERS),
    // Tokens.
    in_lists("Token", "language", Rule::Pattern, TWO_LETTERS),
    in_lists("Token", "language", Rule::TooLong, TWO_LETTERS),
    at("Token", "default_profile_type", Rule::UnknownEnum, "charging can begin without it"),
    at("AuthorizationInfo", "location", Rule::Inconsistent, "the verdict is clear without it"),
    // Tariffs.
    at("Tariff", "tariff_alt_url", Rule::NotAUrl, SHOWN_ONLY),
    at("TariffElement", "price_components", Rule::Inconsistent, "the components that cannot apply cost nothing"),
    // Sessions.
    at(
        "Session",
        "end_date_time",
        Rule::Missing,
        "the status says that it ended, last_updated says when at the latest",
    ),
    at("Session", "charging_periods", Rule::Inconsistent, "their times tell the order"),
    at("Session", "evse_uid", Rule::Inconsistent, "the session is known by its id"),
    at("Session", "connector_id", Rule::Inconsistent, "the session is known by its id"),
    // CDRs.
    at("CDR", "id", Rule::Inconsistent, BILLING),
    in_lists("CDR", "auth_method", Rule::UnknownEnum, BILLING),
    at("CDR", "charging_periods", Rule::Inconsistent, "their times tell the order"),
    in_lists("CdrToken", "type", Rule::UnknownEnum, BILLING),
    in_lists("CdrDimension", "type", Rule::UnknownEnum, BILLING),
    at("CdrLocation", "address", Rule::TooLong, "it copies the Location, whose limit was raised to 255 in 2026"),
    at("CdrLocation", "state", Rule::TooLong, "it copies the Location, whose limit was raised to 45 in 2026"),
    at("CdrLocation", "country", Rule::Pattern, BILLING),
    at("CdrLocation", "evse_id", Rule::Pattern, BILLING),
    in_lists("CdrLocation", "connector_standard", Rule::UnknownEnum, BILLING),
    // Charging profiles.
    at("ActiveChargingProfileResult", "profile", Rule::Missing, "the result is clear without it"),
    at("ActiveChargingProfileResult", "profile", Rule::Inconsistent, "the result is clear in spite of it"),
    // Configuration modules.
    Tolerance {
        when_pushed: true,
        ..missing("ClientInfo", "last_updated", "\"1970-01-01T00:00:00Z\"", "the spec's own example lacks it")
    },
    at("Credentials", "roles", Rule::Inconsistent, "said twice is said once"),
    at("Version", "version", Rule::UnknownEnum, "versions that one side does not know are passed over"),
    at("Endpoint", "identifier", Rule::UnknownEnum, "parties may have modules of their own; they are passed over"),
    missing("Endpoint", "role", "\"\"", "it means nothing for credentials; elsewhere the endpoint is passed over"),
    at("Endpoint", "role", Rule::UnknownEnum, "the endpoint is passed over"),
];

impl Rule {
    /// What a receiver does about this rule when `class.field` breaks it.
    #[must_use]
    pub fn severity(self, class: &str, field: &str) -> Severity {
        let applies = |t: &&Tolerance| t.rule == self && t.place.is_none_or(|place| place == (class, field));
        match TOLERANCES.iter().find(applies) {
            Some(tolerance) if tolerance.when_pushed => Severity::Tolerated,
            Some(_) => Severity::ToleratedInLists,
            None => Severity::Violation,
        }
    }

    /// The JSON text that stands in for a missing `class.field`, where its absence is tolerated.
    pub(crate) fn default_for(class: &str, field: &str) -> Option<&'static str> {
        TOLERANCES.iter().filter(|t| t.place == Some((class, field))).find_map(|t| t.default)
    }
}

#[cfg(test)]
mod tests {
    use super::{Rule, TOLERANCES};
    use crate::catalogue;

    #[test]
    fn every_tolerated_place_exists() {
        for (class, field) in TOLERANCES.iter().filter_map(|t| t.place) {
            let info = catalogue::class(class).unwrap_or_else(|| panic!("{class}"));
            assert!(info.field(field).is_some(), "{class}.{field}");
        }
    }

    #[test]
    fn every_tolerance_is_said_once_and_has_a_reason() {
        for (i, tolerance) in TOLERANCES.iter().enumerate() {
            assert!(!tolerance.why.is_empty());
            let again = TOLERANCES[i + 1..].iter().find(|other| {
                other.rule == tolerance.rule && (other.place == tolerance.place || tolerance.place.is_none())
            });
            assert_eq!(again, None);
        }
    }

    #[test]
    fn a_stand_in_is_only_for_what_is_missing() {
        assert!(TOLERANCES.iter().filter(|t| t.default.is_some()).all(|t| t.rule == Rule::Missing));
    }
}
