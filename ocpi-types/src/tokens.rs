//! The objects of module tokens. Spec: mod_tokens.

use crate::model::{object, open_enum};
use crate::{CiString, DateTime, DisplayText, ProfileType, Text};

object! {
    /// AuthorizationInfo. Spec: mod_tokens.
    AuthorizationInfo("AuthorizationInfo", "mod_tokens", AuthorizationInfoBuilder) {
        /// Allowed.
        allowed: 1 AllowedType,
        /// Token.
        token: 1 Token,
        /// Location.
        location: ? LocationReferences,
        /// Authorization reference.
        authorization_reference: ? CiString<36>,
        /// Info.
        info: ? DisplayText,
    }
}

object! {
    /// Token. Spec: mod_tokens.
    Token("Token", "mod_tokens", TokenBuilder) {
        /// Country code.
        country_code: 1 CiString<2>,
        /// Party id.
        party_id: 1 CiString<3>,
        /// Uid.
        uid: 1 CiString<36>,
        /// Type.
        token_type as "type": 1 TokenType,
        /// Contract id.
        contract_id: 1 CiString<36>,
        /// Visual number.
        visual_number: ? Text<64>,
        /// Issuer.
        issuer: 1 Text<64>,
        /// Group id.
        group_id: ? CiString<36>,
        /// Valid.
        valid: 1 bool,
        /// Whitelist.
        whitelist: 1 WhitelistType,
        /// Language.
        language: ? Text<2>,
        /// Default profile type.
        default_profile_type: ? ProfileType,
        /// Energy contract.
        energy_contract: ? EnergyContract,
        /// Last updated.
        last_updated: 1 DateTime,
    }
}

open_enum! {
    /// AllowedType. Spec: mod_tokens.
    AllowedType("AllowedType", "mod_tokens") {
        /// ALLOWED.
        Allowed = "ALLOWED",
        /// BLOCKED.
        Blocked = "BLOCKED",
        /// EXPIRED.
        Expired = "EXPIRED",
        /// NO_CREDIT.
        NoCredit = "NO_CREDIT",
        /// NOT_ALLOWED.
        NotAllowed = "NOT_ALLOWED",
    }
}

object! {
    /// EnergyContract. Spec: mod_tokens.
    EnergyContract("EnergyContract", "mod_tokens", EnergyContractBuilder) {
        /// Supplier name.
        supplier_name: 1 Text<64>,
        /// Contract id.
        contract_id: ? Text<64>,
    }
}

object! {
    /// LocationReferences. Spec: mod_tokens.
    LocationReferences("LocationReferences", "mod_tokens", LocationReferencesBuilder) {
        /// Location id.
        location_id: 1 CiString<36>,
        /// Evse uids.
        evse_uids: * CiString<36>,
    }
}

open_enum! {
    /// TokenType. Spec: mod_tokens.
    TokenType("TokenType", "mod_tokens") {
        /// AD_HOC_USER.
        AdHocUser = "AD_HOC_USER",
        /// APP_USER.
        AppUser = "APP_USER",
        /// OTHER.
        Other = "OTHER",
        /// RFID.
        Rfid = "RFID",
    }
}

open_enum! {
    /// WhitelistType. Spec: mod_tokens.
    WhitelistType("WhitelistType", "mod_tokens") {
        /// ALWAYS.
        Always = "ALWAYS",
        /// ALLOWED.
        Allowed = "ALLOWED",
        /// ALLOWED_OFFLINE.
        AllowedOffline = "ALLOWED_OFFLINE",
        /// NEVER.
        Never = "NEVER",
    }
}
