//! What the provider knows about the contract behind a Token, beyond what partners see.

use chrono::{DateTime, Utc};
use ocpi_types::{CiString, LocationReferences, PartyId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The state of the account behind a Token, and where it may be used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// Blocked by the provider: lost card, unpaid bills.
    pub blocked: bool,
    /// From this moment on the Token has expired. Absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// What is left of a prepaid account, in the provider's currency; nothing goes at zero or below. Absent: not prepaid.
    #[serde(skip_serializing_if = "Option::is_none", with = "rust_decimal::serde::arbitrary_precision_option")]
    #[schema(value_type = Option<f64>)]
    pub credit: Option<Decimal>,
    /// The only places where the Token may be used. Empty: everywhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_at: Vec<Place>,
    /// Places where the Token may not be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub denied_at: Vec<Place>,
}

/// A place: a CPO, one of its locations, or some EVSEs of a location. What is left out stands for all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Place {
    /// The CPO, as `NL/TNM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "NL/TNM")]
    pub party: Option<String>,
    /// `Location.id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "LOC1")]
    pub location_id: Option<String>,
    /// `EVSE.uid`s of that location. Empty: all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evse_uids: Vec<String>,
}

/// Where a driver wants to charge: what a CPO said in its authorize request, or an operator in a command.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The CPO, where it is known.
    pub party: Option<&'a PartyId>,
    /// The location and, optionally, its EVSEs.
    pub location: &'a LocationReferences,
}

/// How far a place covers what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover<'a> {
    None,
    Evses(&'a [String]),
    All,
}

impl Place {
    fn cover(&self, asked: &Asked<'_>) -> Cover<'_> {
        let same_party = match (&self.party, asked.party) {
            (None, _) => true,
            // Without knowing the CPO a rule about a CPO cannot be shown to apply.
            (Some(_), None) => false,
            (Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(&theirs.to_string()),
        };
        let same_location = self.location_id.as_ref().is_none_or(|id| asked.location.location_id == id.as_str());
        match (same_party && same_location, self.evse_uids.as_slice()) {
            (false, _) => Cover::None,
            (true, []) => Cover::All,
            (true, evses) => Cover::Evses(evses),
        }
    }

    fn covers_evse(&self, asked: &Asked<'_>, evse: &CiString<36>) -> bool {
        match self.cover(asked) {
            Cover::None => false,
            Cover::All => true,
            Cover::Evses(evses) => evses.iter().any(|uid| *evse == uid.as_str()),
        }
    }
}

impl Account {
    /// Neither blocked nor expired nor out of credit: what `Token.valid` says to partners.
    #[must_use]
    pub fn is_in_order(&self, now: DateTime<Utc>) -> bool {
        !self.blocked && !self.is_expired(now) && !self.is_out_of_credit()
    }

    /// The contract has ended.
    #[must_use]
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// A prepaid account that is used up.
    #[must_use]
    pub fn is_out_of_credit(&self) -> bool {
        self.credit.is_some_and(|left| left <= Decimal::ZERO)
    }

    /// Whether it depends on the place if the Token may be used.
    #[must_use]
    pub fn depends_on_place(&self) -> bool {
        !self.allowed_at.is_empty() || !self.denied_at.is_empty()
    }

    /// Whether it depends on the EVSE, and not only on the location, if the driver may charge there.
    #[must_use]
    pub fn depends_on_evse(&self, asked: &Asked<'_>) -> bool {
        self.allowed_at.iter().chain(&self.denied_at).any(|place| matches!(place.cover(asked), Cover::Evses(_)))
    }

    /// What of the place asked for is open to the driver: the same location with those EVSEs that are allowed; `None` when
    /// nothing is.
    #[must_use]
    pub fn permitted(&self, asked: &Asked<'_>) -> Option<LocationReferences> {
        let mut answer = asked.location.clone();
        if answer.evse_uids.is_empty() {
            return self.permits_location(asked).then_some(answer);
        }
        answer.evse_uids.retain(|evse| {
            let allowed = self.allowed_at.is_empty() || self.allowed_at.iter().any(|p| p.covers_evse(asked, evse));
            allowed && !self.denied_at.iter().any(|p| p.covers_evse(asked, evse))
        });
        (!answer.evse_uids.is_empty()).then_some(answer)
    }

    /// A location as a whole is open when some of its EVSEs may be and it is not denied altogether.
    fn permits_location(&self, asked: &Asked<'_>) -> bool {
        let allowed = self.allowed_at.is_empty() || self.allowed_at.iter().any(|p| p.cover(asked) != Cover::None);
        allowed && !self.denied_at.iter().any(|p| p.cover(asked) == Cover::All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(location: &str, evses: &[&str]) -> LocationReferences {
        LocationReferences::builder().location_id(location).evse_uids(evses.iter().copied()).build().unwrap()
    }

    fn place(party: Option<&str>, location: Option<&str>, evses: &[&str]) -> Place {
        Place {
            party: party.map(Into::into),
            location_id: location.map(Into::into),
            evse_uids: evses.iter().map(ToString::to_string).collect(),
        }
    }

    fn uids(found: Option<LocationReferences>) -> Option<Vec<String>> {
        found.map(|found| found.evse_uids.iter().map(ToString::to_string).collect())
    }

    // Proves: TOK-059, TOK-082
    #[test]
    fn only_the_allowed_evses_of_those_asked_for_come_back() {
        let account = Account { allowed_at: vec![place(None, Some("loc1"), &["e1", "E2"])], ..Account::default() };
        let party = PartyId::new("NL", "CPO");
        let ask = |location: &LocationReferences| uids(account.permitted(&Asked { party: Some(&party), location }));
        assert_eq!(ask(&asked("LOC1", &["E1", "E3"])), Some(vec!["E1".into()]));
        assert_eq!(ask(&asked("LOC1", &["E3"])), None);
        assert_eq!(ask(&asked("LOC1", &[])), Some(vec![]), "the location as a whole, as asked");
        assert_eq!(ask(&asked("LOC2", &[])), None);
    }

    // Proves: TOK-053, TOK-078
    #[test]
    fn a_denied_place_is_closed_and_all_others_are_open() {
        let account = Account { denied_at: vec![place(Some("nl/cpo"), None, &[])], ..Account::default() };
        let (here, there) = (PartyId::new("NL", "CPO"), PartyId::new("NL", "XYZ"));
        let location = asked("LOC1", &["E1"]);
        assert_eq!(account.permitted(&Asked { party: Some(&here), location: &location }), None);
        assert!(account.permitted(&Asked { party: Some(&there), location: &location }).is_some());
        assert!(account.permitted(&Asked { party: None, location: &location }).is_some());
    }

    #[test]
    fn credit_is_exact_in_json() {
        let account: Account = serde_json::from_str(r#"{"credit":0.10}"#).unwrap();
        assert_eq!(serde_json::to_string(&account).unwrap(), r#"{"blocked":false,"credit":0.10}"#);
        assert!(!account.is_out_of_credit());
        let empty: Account = serde_json::from_str(r#"{"credit":-1e-1}"#).unwrap();
        assert!(empty.is_out_of_credit());
        assert!(serde_json::from_str::<Account>(r#"{"credit":true}"#).is_err());
        assert!(
            serde_json::from_str::<Account>(r#"{"blokced":true}"#).is_err(),
            "a misspelt field must not be ignored"
        );
    }
}
