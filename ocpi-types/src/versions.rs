//! The objects of module versions. Spec: version_information_endpoint.

use crate::Url;
use crate::model::{object, open_enum};

object! {
    /// Version. Spec: version_information_endpoint.
    Version("Version", "version_information_endpoint", VersionBuilder) {
        /// Version.
        version: 1 VersionNumber,
        /// Url.
        url: 1 Url,
    }
}

object! {
    /// VersionDetails. Spec: version_information_endpoint.
    VersionDetails("VersionDetails", "version_information_endpoint", VersionDetailsBuilder) {
        /// Version.
        version: 1 VersionNumber,
        /// Endpoints.
        endpoints: + Endpoint,
    }
}

object! {
    /// Endpoint. Spec: version_information_endpoint.
    Endpoint("Endpoint", "version_information_endpoint", EndpointBuilder) {
        /// Identifier.
        identifier: 1 ModuleId,
        /// Role.
        role: 1 InterfaceRole,
        /// Url.
        url: 1 Url,
    }
}

open_enum! {
    /// InterfaceRole. Spec: version_information_endpoint.
    InterfaceRole("InterfaceRole", "version_information_endpoint") {
        /// SENDER.
        Sender = "SENDER",
        /// RECEIVER.
        Receiver = "RECEIVER",
    }
}

open_enum! {
    /// ModuleID. Spec: version_information_endpoint.
    ModuleId("ModuleID", "version_information_endpoint") {
        /// cdrs.
        Cdrs = "cdrs",
        /// chargingprofiles.
        Chargingprofiles = "chargingprofiles",
        /// commands.
        Commands = "commands",
        /// credentials.
        Credentials = "credentials",
        /// hubclientinfo.
        Hubclientinfo = "hubclientinfo",
        /// locations.
        Locations = "locations",
        /// sessions.
        Sessions = "sessions",
        /// tariffs.
        Tariffs = "tariffs",
        /// tokens.
        Tokens = "tokens",
    }
}

open_enum! {
    /// VersionNumber. Spec: version_information_endpoint.
    VersionNumber("VersionNumber", "version_information_endpoint") {
        /// 2.0.
        V2_0 = "2.0",
        /// 2.1.
        V2_1 = "2.1",
        /// 2.1.1.
        V2_1_1 = "2.1.1",
        /// 2.2.
        V2_2 = "2.2",
        /// 2.2.1.
        V2_2_1 = "2.2.1",
    }
}
