//! Tokens for demonstrations and first steps: an app user, and RFID cards of every kind and in every state.

use chrono::TimeDelta;
use ocpi_http::OcpiError;
use ocpi_party::{DbError, StartError};
use ocpi_types::{CiString, Token, TokenType, WhitelistType};
use rust_decimal::Decimal;

use crate::App;
use crate::tokens::account::{Account, Place};
use crate::tokens::{store, token_id};

/// The app user.
pub const APP_USER: &str = "demo-app-0001";
/// A card that is always accepted without asking us.
pub const RFID_ALWAYS: &str = "04DE5000000001";
/// A card that may be accepted without asking us.
pub const RFID_ALLOWED: &str = "04DE5000000002";
/// A card that is accepted without asking only when we cannot be reached.
pub const RFID_ALLOWED_OFFLINE: &str = "04DE5000000003";
/// A card for which we are asked every time.
pub const RFID_NEVER: &str = "04DE5000000004";
/// A card that has been blocked.
pub const RFID_BLOCKED: &str = "04DE5000000005";
/// A card whose contract has ended.
pub const RFID_EXPIRED: &str = "04DE5000000006";
/// A prepaid card that is used up.
pub const RFID_NO_CREDIT: &str = "04DE5000000007";
/// A card that works only at the stations of `US/CPO`; we must be told where it is used.
pub const RFID_BOUND: &str = "04DE5000000008";
/// A card that does not work at the stations of `US/CPO`.
pub const RFID_NOT_ALLOWED: &str = "04DE5000000009";

fn tokens(app: &App) -> Vec<(&'static str, TokenType, WhitelistType, Account)> {
    let fine = Account::default;
    let at_demo_cpo = || vec![Place { party: Some("US/CPO".into()), ..Place::default() }];
    let ended = app.party.clock.now() - TimeDelta::days(1);
    let rfid = |uid, whitelist, account| (uid, TokenType::Rfid, whitelist, account);
    vec![
        (APP_USER, TokenType::AppUser, WhitelistType::Never, fine()),
        rfid(RFID_ALWAYS, WhitelistType::Always, fine()),
        rfid(RFID_ALLOWED, WhitelistType::Allowed, fine()),
        rfid(RFID_ALLOWED_OFFLINE, WhitelistType::AllowedOffline, fine()),
        rfid(RFID_NEVER, WhitelistType::Never, fine()),
        rfid(RFID_BLOCKED, WhitelistType::Never, Account { blocked: true, ..fine() }),
        rfid(RFID_EXPIRED, WhitelistType::Never, Account { expires_at: Some(ended), ..fine() }),
        rfid(RFID_NO_CREDIT, WhitelistType::Never, Account { credit: Some(Decimal::ZERO), ..fine() }),
        rfid(RFID_BOUND, WhitelistType::Never, Account { allowed_at: at_demo_cpo(), ..fine() }),
        rfid(RFID_NOT_ALLOWED, WhitelistType::Never, Account { denied_at: at_demo_cpo(), ..fine() }),
    ]
}

/// Puts the demo tokens into the books, except for those that are there already.
pub async fn seed(app: &App) -> Result<(), StartError> {
    let owner = app.party.own_party();
    let now = app.party.clock.now();
    let mut new = Vec::new();
    for (n, (uid, token_type, whitelist, account)) in tokens(app).into_iter().enumerate() {
        let id = token_id(&CiString::<36>::from(uid), &token_type);
        if store::get(&app.party.db, &owner, &id).await?.is_some() {
            continue;
        }
        let token = Token {
            country_code: owner.country_code.clone(),
            party_id: owner.party_id.clone(),
            uid: uid.into(),
            token_type,
            contract_id: format!("{}-{}-C{:08}-X", owner.country_code, owner.party_id, n + 1).into(),
            visual_number: None,
            issuer: app.party.config.business_name.chars().take(64).collect::<String>().into(),
            group_id: None,
            valid: account.is_in_order(now),
            whitelist,
            language: Some("en".into()),
            default_profile_type: None,
            energy_contract: None,
            last_updated: now,
            extra: ocpi_types::Extra::default(),
        };
        new.push((token, account));
    }
    let saved: Result<(), OcpiError> = app
        .party
        .db
        .write(move |tx| {
            Box::pin(async move {
                for (token, account) in &new {
                    store::save(tx, token, account).await?;
                }
                Ok(())
            })
        })
        .await;
    saved.map_err(|error| DbError::corrupt(error.to_string()).into())
}
