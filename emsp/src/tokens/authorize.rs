//! May this driver charge here? One pure decision, used by real-time authorization and before commands.
//!
//! Spec: mod_tokens, "POST Method (Real-time authorization)" and "AllowedType".

use chrono::{DateTime, Utc};
use ocpi_types::{AllowedType, DisplayText, LocationReferences, Token};

use super::account::{Account, Asked};
use super::words;

/// The answer to an authorization request for a Token that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Whether charging is allowed, or why not.
    pub allowed: AllowedType,
    /// The place asked for, as far as it is open to the driver; only with `ALLOWED`.
    pub location: Option<LocationReferences>,
    /// A word to the driver, where there is something to say.
    pub info: Option<DisplayText>,
}

/// It depends on the place whether the Token may be used, and no place was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceNeeded;

/// Decides. The state of the account comes first: a blocked card is blocked wherever it is held up.
///
/// Opening hours and the EVSE's status play no part, nor whether we know the location at all: our copy may be outdated.
pub fn decide(
    token: &Token,
    account: &Account,
    asked: Option<&Asked<'_>>,
    now: DateTime<Utc>,
) -> Result<Verdict, PlaceNeeded> {
    if account.blocked {
        return Ok(refusal(token, AllowedType::Blocked));
    }
    if account.is_expired(now) {
        return Ok(refusal(token, AllowedType::Expired));
    }
    let location = match asked {
        None if account.depends_on_place() => return Err(PlaceNeeded),
        None => None,
        Some(asked) => match account.permitted(asked) {
            None => return Ok(refusal(token, AllowedType::NotAllowed)),
            open => open,
        },
    };
    if account.is_out_of_credit() {
        return Ok(refusal(token, AllowedType::NoCredit));
    }
    // A Token that was invalidated for a reason that the account does not hold.
    if !token.valid && account.is_in_order(now) {
        return Ok(refusal(token, AllowedType::Blocked));
    }
    Ok(Verdict { allowed: AllowedType::Allowed, location, info: None })
}

fn refusal(token: &Token, allowed: AllowedType) -> Verdict {
    let info = words::refusal(token, &allowed);
    Verdict { allowed, location: None, info: Some(info) }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use rust_decimal::Decimal;

    use super::*;
    use crate::tokens::account::Place;

    fn now() -> DateTime<Utc> {
        "2026-01-15T10:00:00Z".parse().unwrap()
    }

    fn token() -> Token {
        Token::builder()
            .country_code("US")
            .party_id("EMS")
            .uid("04A1B2C3")
            .token_type(ocpi_types::TokenType::Rfid)
            .contract_id("US-EMS-C0000001-1")
            .issuer("Example")
            .valid(true)
            .whitelist(ocpi_types::WhitelistType::Never)
            .last_updated(now())
            .build()
            .unwrap()
    }

    fn allowed(account: &Account) -> AllowedType {
        decide(&token(), account, None, now()).unwrap().allowed
    }

    // Proves: TOK-056, TOK-076, TOK-077
    #[test]
    fn the_account_decides() {
        assert_eq!(allowed(&Account::default()), AllowedType::Allowed);
        assert_eq!(allowed(&Account { blocked: true, ..Account::default() }), AllowedType::Blocked);
        assert_eq!(allowed(&Account { expires_at: Some(now()), ..Account::default() }), AllowedType::Expired);
        let later = Some(now() + TimeDelta::seconds(1));
        assert_eq!(allowed(&Account { expires_at: later, ..Account::default() }), AllowedType::Allowed);
        assert_eq!(allowed(&Account { credit: Some(Decimal::ZERO), ..Account::default() }), AllowedType::NoCredit);
        assert_eq!(allowed(&Account { credit: Some(Decimal::ONE), ..Account::default() }), AllowedType::Allowed);
    }

    // Proves: TOK-061, TOK-071
    #[test]
    fn a_refusal_speaks_the_language_of_the_driver() {
        let blocked = Account { blocked: true, ..Account::default() };
        let said = |language: Option<&str>| {
            let token = Token { language: language.map(Into::into), ..token() };
            let info = decide(&token, &blocked, None, now()).unwrap().info.unwrap();
            (info.language.to_string(), info.text.to_string())
        };
        assert_eq!(said(Some("nl")), ("nl".into(), "Deze pas is geblokkeerd.".into()));
        assert_eq!(said(Some("DE")).0, "de");
        let english = ("en".into(), "This token is blocked.".into());
        assert_eq!(said(None), english);
        assert_eq!(said(Some("fi")), english, "a language that we do not speak");
        assert_eq!(decide(&token(), &Account::default(), None, now()).unwrap().info, None);
    }

    // Proves: TOK-049, TOK-058
    #[test]
    fn the_place_is_asked_for_only_where_it_matters() {
        let bound = Account {
            allowed_at: vec![Place { location_id: Some("LOC1".into()), ..Place::default() }],
            ..Account::default()
        };
        assert_eq!(decide(&token(), &bound, None, now()), Err(PlaceNeeded));
        let blocked = Account { blocked: true, ..bound.clone() };
        assert_eq!(decide(&token(), &blocked, None, now()).unwrap().allowed, AllowedType::Blocked);
        let location = LocationReferences::builder().location_id("LOC2").build().unwrap();
        let refused = decide(&token(), &bound, Some(&Asked { party: None, location: &location }), now()).unwrap();
        assert_eq!((refused.allowed, refused.location), (AllowedType::NotAllowed, None));
        let location = LocationReferences::builder().location_id("loc1").build().unwrap();
        let open = decide(&token(), &bound, Some(&Asked { party: None, location: &location }), now()).unwrap();
        assert_eq!((open.allowed, open.location), (AllowedType::Allowed, Some(location)));
    }
}
