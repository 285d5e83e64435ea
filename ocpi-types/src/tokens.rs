//! How drivers identify themselves. Spec: mod_tokens.

use crate::model::{object, open_enum};
use crate::{CiString, Context, DateTime, DisplayText, ProfileType, Rule, Text, check};

object! {
    /// What a driver identifies with: an RFID card, an app.
    ///
    /// Spec: mod_tokens, "Token Object". Owned by the EMSP. Known by `uid` and `type` together; never deleted, made invalid
    /// instead.
    ///
    /// ```
    /// use ocpi_types::{Token, TokenType, WhitelistType, parse, examples};
    ///
    /// let token: Token = parse(serde_json::from_str(examples::TOKEN).unwrap()).accept().unwrap().0;
    /// assert_eq!(token.token_type, TokenType::Rfid);
    /// assert_eq!(token.whitelist, WhitelistType::Allowed);
    /// assert_eq!(token.uid, "04a1b2c3d4e580"); // ids are compared without regard to case
    /// ```
    Token("Token", "mod_tokens", TokenBuilder, rules = token_rules) {
        /// Country of the EMSP that owns this token: ISO 3166-1 alpha-2.
        country_code: 1 CiString<2>,
        /// Id of the EMSP that owns this token: three characters, as in ISO 15118.
        party_id: 1 CiString<3>,
        /// Names the token together with `type`, at most 36 characters: for RFID cards what the reader reads, otherwise an id
        /// that the EMSP made up.
        uid: 1 CiString<36>,
        /// What kind of token it is. `type` in JSON.
        token_type as "type": 1 TokenType,
        /// Names the driver's contract within the EMSP's platform, at most 36 characters; the eMA id of eMI3 is recommended.
        contract_id: 1 CiString<36>,
        /// What is printed on the card, at most 64 characters.
        visual_number: ? Text<64>,
        /// The company that issued it, at most 64 characters. Not necessarily the EMSP.
        issuer: 1 Text<64>,
        /// Tokens with the same group can stop each other's sessions. At most 36 characters, 20 where old stations are used.
        group_id: ? CiString<36>,
        /// Whether it may be used.
        valid: 1 bool,
        /// Whether the CPO has to ask the EMSP before a session.
        whitelist: 1 WhitelistType,
        /// The language that the driver prefers: ISO 639-1, two letters.
        language: ? Text<2>,
        /// How sessions of this token are to be charged when nothing else is said.
        default_profile_type: ? ProfileType,
        /// The driver's own energy contract, for stations where it can be used.
        energy_contract: ? EnergyContract,
        /// When it changed last.
        last_updated: 1 DateTime,
    }
}

const CLASS: &str = "Token";

fn token_rules(token: &Token, cx: &mut Context) {
    check::owner(&token.country_code, &token.party_id, CLASS, cx);
    check::id(&token.uid, CLASS, "uid", cx);
    if let Some(language) = &token.language {
        check::language(language, CLASS, cx);
    }
    // TOK-083.
    let of_app = matches!(token.token_type, TokenType::AppUser | TokenType::AdHocUser);
    if of_app && token.whitelist != WhitelistType::Never {
        cx.found_at(CLASS, "whitelist", Rule::Suspicious, format!("NEVER is recommended for {}", token.token_type));
    }
}

open_enum! {
    /// What kind of token it is.
    ///
    /// Spec: mod_tokens, "TokenType enum".
    TokenType("TokenType", "mod_tokens") {
        /// For a single use: made up by a server or app for one session.
        AdHocUser = "AD_HOC_USER",
        /// The user of an app: the same in all sessions of that user.
        AppUser = "APP_USER",
        /// Something else.
        Other = "OTHER",
        /// An RFID card or tag.
        Rfid = "RFID",
    }
}

open_enum! {
    /// Whether a CPO may let a driver charge without asking the EMSP. It does not depend on [`Token::valid`].
    ///
    /// Spec: mod_tokens, "WhitelistType enum".
    WhitelistType("WhitelistType", "mod_tokens") {
        /// The CPO never asks: the token is always allowed from the list.
        Always = "ALWAYS",
        /// The CPO may ask, or allow from the list.
        Allowed = "ALLOWED",
        /// The CPO asks, and allows when the EMSP cannot be reached.
        AllowedOffline = "ALLOWED_OFFLINE",
        /// The CPO always asks.
        Never = "NEVER",
    }
}

object! {
    /// The driver's own contract with an energy supplier.
    ///
    /// Spec: mod_tokens, "EnergyContract class".
    EnergyContract("EnergyContract", "mod_tokens", EnergyContractBuilder) {
        /// Name of the supplier, at most 64 characters.
        supplier_name: 1 Text<64>,
        /// Id of the contract at the supplier, at most 64 characters.
        contract_id: ? Text<64>,
    }
}

object! {
    /// Where a driver wants to charge: the question that goes with a request for authorization.
    ///
    /// Spec: mod_tokens, "LocationReferences class".
    LocationReferences("LocationReferences", "mod_tokens", LocationReferencesBuilder, rules = references_rules) {
        /// The location, at most 36 characters.
        location_id: 1 CiString<36>,
        /// The EVSEs at that location, each at most 36 characters. None: the whole location.
        evse_uids: * CiString<36>,
    }
}

fn references_rules(references: &LocationReferences, cx: &mut Context) {
    check::id(&references.location_id, "LocationReferences", "location_id", cx);
}

object! {
    /// The EMSP's answer whether a driver may charge.
    ///
    /// Spec: mod_tokens, "AuthorizationInfo Object".
    AuthorizationInfo("AuthorizationInfo", "mod_tokens", AuthorizationInfoBuilder, rules = info_rules) {
        /// The verdict.
        allowed: 1 AllowedType,
        /// The token that was asked about, complete.
        token: 1 Token,
        /// The location that was asked about, with only those EVSEs where the driver may charge. Only when allowed.
        location: ? LocationReferences,
        /// The EMSP's name for this authorization, at most 36 characters; it returns in the session and in the CDR.
        authorization_reference: ? CiString<36>,
        /// A message to the driver.
        info: ? DisplayText,
    }
}

fn info_rules(info: &AuthorizationInfo, cx: &mut Context) {
    // TOK-058.
    if info.location.is_some() && info.allowed != AllowedType::Allowed {
        cx.found_at("AuthorizationInfo", "location", Rule::Inconsistent, "only given when charging there is allowed");
    }
}

open_enum! {
    /// Whether a token may be used.
    ///
    /// Spec: mod_tokens, "AllowedType enum".
    AllowedType("AllowedType", "mod_tokens") {
        /// Yes.
        Allowed = "ALLOWED",
        /// No: the token is blocked.
        Blocked = "BLOCKED",
        /// No: the token has expired.
        Expired = "EXPIRED",
        /// No: the account has not enough credit.
        NoCredit = "NO_CREDIT",
        /// No: the token is valid, but not at this location.
        NotAllowed = "NOT_ALLOWED",
    }
}
