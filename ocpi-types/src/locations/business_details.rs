//! Companies.

use crate::model::object;
use crate::{Context, Image, Rule, Text, Url};

object! {
    /// A company: the operator or owner of a location, or a party of a platform.
    ///
    /// Spec: mod_locations, "BusinessDetails class".
    BusinessDetails("BusinessDetails", "mod_locations", BusinessDetailsBuilder, rules = details_rules) {
        /// Its name, at most 100 characters.
        name: 1 Text<100>,
        /// Its website.
        website: ? Url,
        /// Its logo.
        logo: ? Image,
    }
}

fn details_rules(details: &BusinessDetails, cx: &mut Context) {
    // CRE-069.
    if details.name.as_str().trim().is_empty() {
        cx.found_at("BusinessDetails", "name", Rule::Suspicious, "a company without a name");
    }
}
