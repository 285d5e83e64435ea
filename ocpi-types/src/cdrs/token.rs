//! Who started a session.

use crate::model::object;
use crate::{CiString, Context, TokenType, check};

object! {
    /// The token that started a session: enough to find the driver's contract.
    ///
    /// Spec: mod_cdrs, "CdrToken class".
    CdrToken("CdrToken", "mod_cdrs", CdrTokenBuilder, rules = token_rules) {
        /// Country of the EMSP that owns the token: ISO 3166-1 alpha-2.
        country_code: 1 CiString<2>,
        /// Id of the EMSP that owns the token: three characters, as in ISO 15118.
        party_id: 1 CiString<3>,
        /// Names the token together with `type`, at most 36 characters.
        uid: 1 CiString<36>,
        /// What kind of token it is. `type` in JSON.
        token_type as "type": 1 TokenType,
        /// Names the driver's contract within the EMSP's platform, at most 36 characters; the eMA id of eMI3 is recommended.
        contract_id: 1 CiString<36>,
    }
}

fn token_rules(token: &CdrToken, cx: &mut Context) {
    check::owner(&token.country_code, &token.party_id, "CdrToken", cx);
    check::id(&token.uid, "CdrToken", "uid", cx);
}
