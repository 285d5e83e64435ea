//! The objects of module hubclientinfo. Spec: mod_hub_client_info.

use crate::model::{object, open_enum};
use crate::{CiString, DateTime, Role};

object! {
    /// ClientInfo. Spec: mod_hub_client_info.
    ClientInfo("ClientInfo", "mod_hub_client_info", ClientInfoBuilder) {
        /// Party id.
        party_id: 1 CiString<3>,
        /// Country code.
        country_code: 1 CiString<2>,
        /// Role.
        role: 1 Role,
        /// Status.
        status: 1 ConnectionStatus,
        /// Last updated.
        last_updated: 1 DateTime,
    }
}

open_enum! {
    /// ConnectionStatus. Spec: mod_hub_client_info.
    ConnectionStatus("ConnectionStatus", "mod_hub_client_info") {
        /// CONNECTED.
        Connected = "CONNECTED",
        /// OFFLINE.
        Offline = "OFFLINE",
        /// PLANNED.
        Planned = "PLANNED",
        /// SUSPENDED.
        Suspended = "SUSPENDED",
    }
}
