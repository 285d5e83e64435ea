//! Who may see a location that is not for everybody.

use crate::model::object;
use crate::{CiString, Context, Rule, Text, Token, TokenType};

object! {
    /// What a driver's token must look like for a location that is not published to be shown to that driver.
    ///
    /// Spec: mod_locations, "PublishTokenType class". A token matches when all fields that are set here are equal.
    PublishTokenType("PublishTokenType", "mod_locations", PublishTokenTypeBuilder, rules = publish_rules) {
        /// The token's uid, at most 36 characters. Needs `type`.
        uid: ? CiString<36>,
        /// The token's type. `type` in JSON.
        token_type as "type": ? TokenType,
        /// What is printed on the token, at most 64 characters. Needs `issuer`.
        visual_number: ? Text<64>,
        /// The company that issued it, at most 64 characters.
        issuer: ? Text<64>,
        /// The group of the token, at most 36 characters.
        group_id: ? CiString<36>,
    }
}

fn publish_rules(token: &PublishTokenType, cx: &mut Context) {
    const CLASS: &str = "PublishTokenType";
    // LOC-154.
    if token.uid.is_none() && token.visual_number.is_none() && token.group_id.is_none() {
        cx.found(Rule::Missing, "one of uid, visual_number and group_id is required");
    }
    // LOC-155.
    if token.uid.is_some() && token.token_type.is_none() {
        cx.found_at(CLASS, "type", Rule::Missing, "required when uid is set");
    }
    // LOC-156.
    if token.visual_number.is_some() && token.issuer.is_none() {
        cx.found_at(CLASS, "issuer", Rule::Missing, "required when visual_number is set");
    }
}

impl PublishTokenType {
    /// Whether a token has all that is asked for here (LOC-078).
    ///
    /// ```
    /// use ocpi_types::{PublishTokenType, Token, examples};
    /// let token: Token = examples::of();
    /// let family = PublishTokenType::builder().group_id("MAPLE-COURT").build().unwrap();
    /// assert!(family.matches(&token));
    /// let others = PublishTokenType::builder().group_id("OAK-COURT").build().unwrap();
    /// assert!(!others.matches(&token));
    /// ```
    #[must_use]
    pub fn matches(&self, token: &Token) -> bool {
        let names_something = self.uid.is_some() || self.visual_number.is_some() || self.group_id.is_some();
        names_something
            && self.uid.as_ref().is_none_or(|uid| *uid == token.uid)
            && self.token_type.as_ref().is_none_or(|kind| *kind == token.token_type)
            && self.visual_number.as_ref().is_none_or(|number| token.visual_number.as_ref() == Some(number))
            && self.issuer.as_ref().is_none_or(|issuer| *issuer == token.issuer)
            && self.group_id.as_ref().is_none_or(|group| token.group_id.as_ref() == Some(group))
    }
}
