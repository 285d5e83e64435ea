//! Who is meant: a party in the eyes of OCPI.

use std::fmt;

use super::CiString;

/// A party: a country code (ISO 3166-1 alpha-2) and an id (ISO 15118) of three characters. Compared without regard to case.
///
/// ```
/// use ocpi_types::PartyId;
/// assert_eq!(PartyId::new("nl", "tnm"), PartyId::new("NL", "TNM"));
/// assert_eq!("NL/TNM".parse::<PartyId>().unwrap().to_string(), "NL/TNM");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartyId {
    /// ISO 3166-1 alpha-2.
    pub country_code: CiString<2>,
    /// The id within the country.
    pub party_id: CiString<3>,
}

impl PartyId {
    /// From its two parts.
    pub fn new(country_code: impl Into<CiString<2>>, party_id: impl Into<CiString<3>>) -> Self {
        Self { country_code: country_code.into(), party_id: party_id.into() }
    }

    /// Two and three printable ASCII characters, as the spec asks for.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let printable = |text: &str, length| text.len() == length && text.bytes().all(|b| (0x21..0x7f).contains(&b));
        printable(self.country_code.as_str(), 2) && printable(self.party_id.as_str(), 3)
    }

    /// `NL/TNM` in upper case: equal for equal parties, for use as a key in a database.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.country_code.key(), self.party_id.key())
    }
}

impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.country_code, self.party_id)
    }
}

/// The text is not of the form `NL/TNM`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0:?} is not a party: write country code and party id as NL/TNM")]
pub struct NotAParty(String);

impl std::str::FromStr for PartyId {
    type Err = NotAParty;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let party = text
            .split_once(['/', '*', '-'])
            .map(|(country, party)| Self::new(country, party))
            .filter(Self::is_well_formed);
        party.ok_or_else(|| NotAParty(text.to_owned()))
    }
}
