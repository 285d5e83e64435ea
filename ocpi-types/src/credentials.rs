//! The objects of module credentials. Spec: credentials.

use crate::model::object;
use crate::{BusinessDetails, CiString, Role, Text, Url};

object! {
    /// Credentials. Spec: credentials.
    Credentials("Credentials", "credentials", CredentialsBuilder) {
        /// Token.
        token: 1 Text<64>,
        /// Url.
        url: 1 Url,
        /// Roles.
        roles: + CredentialsRole,
    }
}

object! {
    /// CredentialsRole. Spec: credentials.
    CredentialsRole("CredentialsRole", "credentials", CredentialsRoleBuilder) {
        /// Role.
        role: 1 Role,
        /// Business details.
        business_details: 1 BusinessDetails,
        /// Party id.
        party_id: 1 CiString<3>,
        /// Country code.
        country_code: 1 CiString<2>,
    }
}
