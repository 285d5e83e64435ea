//! Which versions and modules a platform has. Spec: version_information_endpoint.

use crate::model::{object, open_enum};
use crate::{Context, Url, check};

object! {
    /// A version of OCPI that a platform speaks.
    ///
    /// Spec: version_information_endpoint, "Version class".
    Version("Version", "version_information_endpoint", VersionBuilder, rules = version_rules) {
        /// Its number.
        version: 1 VersionNumber,
        /// Where its details are.
        url: 1 Url,
    }
}

fn version_rules(version: &Version, cx: &mut Context) {
    // VER-012.
    check::called_url(&version.url, "Version", "url", cx);
}

object! {
    /// The modules of a version, and where they are.
    ///
    /// Spec: version_information_endpoint, "Version details endpoint".
    ///
    /// ```
    /// use ocpi_types::{InterfaceRole, ModuleId, VersionDetails, examples};
    ///
    /// let details: VersionDetails = examples::of();
    /// let locations = details.endpoint(&ModuleId::Locations, &InterfaceRole::Sender).unwrap();
    /// assert_eq!(locations.url, "https://cpo.example.com/ocpi/2.2.1/cpo/locations");
    /// assert!(details.endpoint(&ModuleId::Locations, &InterfaceRole::Receiver).is_none());
    /// ```
    VersionDetails("VersionDetails", "version_information_endpoint", VersionDetailsBuilder) {
        /// The number of the version.
        version: 1 VersionNumber,
        /// Its endpoints: one for each module and role.
        endpoints: + Endpoint,
    }
}

impl VersionDetails {
    /// The endpoint of a module in a role. For [`ModuleId::Credentials`] the role is passed over (VER-027, VER-035).
    #[must_use]
    pub fn endpoint(&self, module: &ModuleId, role: &InterfaceRole) -> Option<&Endpoint> {
        let any_role = *module == ModuleId::Credentials;
        self.endpoints.iter().find(|endpoint| endpoint.identifier == *module && (any_role || endpoint.role == *role))
    }
}

object! {
    /// Where a module is, in one role.
    ///
    /// Spec: version_information_endpoint, "Endpoint class".
    Endpoint("Endpoint", "version_information_endpoint", EndpointBuilder, rules = endpoint_rules) {
        /// The module.
        identifier: 1 ModuleId,
        /// The side of the module that is served there. Without meaning for credentials.
        role: 1 InterfaceRole,
        /// Where it is.
        url: 1 Url,
    }
}

fn endpoint_rules(endpoint: &Endpoint, cx: &mut Context) {
    // VER-025.
    check::called_url(&endpoint.url, "Endpoint", "url", cx);
}

open_enum! {
    /// The two sides of a module.
    ///
    /// Spec: version_information_endpoint, "InterfaceRole enum".
    InterfaceRole("InterfaceRole", "version_information_endpoint") {
        /// The side of the owner of the data: others pull from here.
        Sender = "SENDER",
        /// The side that gets the data: owners push to here.
        Receiver = "RECEIVER",
    }
}

open_enum! {
    /// The modules. Parties may have further ones of their own, best with a prefix such as `nltnm-`.
    ///
    /// Spec: version_information_endpoint, "ModuleID enum".
    ModuleId("ModuleID", "version_information_endpoint") {
        /// Charge detail records.
        Cdrs = "cdrs",
        /// Charging profiles.
        Chargingprofiles = "chargingprofiles",
        /// Commands.
        Commands = "commands",
        /// Credentials and registration. Every platform has it.
        Credentials = "credentials",
        /// Who is connected to a hub.
        Hubclientinfo = "hubclientinfo",
        /// Locations.
        Locations = "locations",
        /// Sessions.
        Sessions = "sessions",
        /// Tariffs.
        Tariffs = "tariffs",
        /// Tokens.
        Tokens = "tokens",
    }
}

open_enum! {
    /// The versions of OCPI that were known when 2.2.1 was written.
    ///
    /// Spec: version_information_endpoint, "VersionNumber enum".
    VersionNumber("VersionNumber", "version_information_endpoint") {
        /// 2.0.
        V2_0 = "2.0",
        /// 2.1. Not to be used: 2.1.1 took its place.
        V2_1 = "2.1",
        /// 2.1.1.
        V2_1_1 = "2.1.1",
        /// 2.2. Not to be used: 2.2.1 took its place.
        V2_2 = "2.2",
        /// 2.2.1, this version.
        V2_2_1 = "2.2.1",
    }
}
