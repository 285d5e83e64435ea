//! How two platforms get to know each other. Spec: credentials.

use crate::model::object;
use crate::{BusinessDetails, CiString, Context, PartyId, Role, Rule, Text, Url, check};

object! {
    /// What a platform needs to call another one: token, address, and who is behind it.
    ///
    /// Spec: credentials, "Credentials object". `Debug` does not show the token.
    ///
    /// ```
    /// use ocpi_types::{Credentials, examples};
    ///
    /// let credentials: Credentials = examples::of();
    /// assert_eq!(credentials.roles[0].party().to_string(), "US/EMS");
    /// assert!(!format!("{credentials:?}").contains(credentials.token.as_str()));
    /// ```
    Credentials("Credentials", "credentials", CredentialsBuilder, rules = credentials_rules, secret = token) {
        /// The token with which the receiver of this object calls its sender: printable ASCII without blanks, at most 64
        /// characters. Not in Base64 here.
        token: 1 Text<64>,
        /// The versions endpoint of the sender.
        url: 1 Url,
        /// The parties of the platform, with what they do.
        roles: + CredentialsRole,
    }
}

fn credentials_rules(credentials: &Credentials, cx: &mut Context) {
    const CLASS: &str = "Credentials";
    // CRE-054, CRE-055.
    let token = credentials.token.as_str();
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        cx.found_at(CLASS, "token", Rule::Pattern, "a token is printable ASCII without blanks");
    }
    // CRE-057.
    check::called_url(&credentials.url, CLASS, "url", cx);
    // CRE-059.
    let keys: Vec<String> = credentials.roles.iter().map(|r| format!("{} {}", r.role, r.party().key())).collect();
    if let Some(twice) = check::first_repeated(keys.iter().map(String::as_str)) {
        cx.found_at(CLASS, "roles", Rule::Inconsistent, format!("{twice} occurs twice"));
    }
    // CRE-065, CRE-066.
    if credentials.roles.iter().any(|r| r.role == Role::Hub) && credentials.roles.iter().any(|r| r.role != Role::Hub) {
        cx.found_at(CLASS, "roles", Rule::Suspicious, "a hub reports itself only, and as HUB only");
    }
}

object! {
    /// A party of a platform, with what it does.
    ///
    /// Spec: credentials, "CredentialsRole class".
    CredentialsRole("CredentialsRole", "credentials", CredentialsRoleBuilder, rules = role_rules) {
        /// What the party does.
        role: 1 Role,
        /// The company behind it.
        business_details: 1 BusinessDetails,
        /// Id of the party: three characters, as in ISO 15118.
        party_id: 1 CiString<3>,
        /// Country of the party: ISO 3166-1 alpha-2.
        country_code: 1 CiString<2>,
    }
}

fn role_rules(role: &CredentialsRole, cx: &mut Context) {
    check::owner(&role.country_code, &role.party_id, "CredentialsRole", cx);
}

impl CredentialsRole {
    /// The party.
    #[must_use]
    pub fn party(&self) -> PartyId {
        PartyId { country_code: self.country_code.clone(), party_id: self.party_id.clone() }
    }
}
