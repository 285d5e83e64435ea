//! Who is connected to a hub. Spec: mod_hub_client_info.

use crate::model::{object, open_enum};
use crate::{CiString, Context, DateTime, Role, check};

object! {
    /// A party that is connected to a hub.
    ///
    /// Spec: mod_hub_client_info, "ClientInfo Object". Owned by the hub; never deleted, suspended instead.
    ///
    /// ```
    /// use ocpi_types::{ClientInfo, ConnectionStatus, parse};
    ///
    /// let json = serde_json::json!({ "party_id": "CPO", "country_code": "US", "role": "CPO", "status": "CONNECTED" });
    /// let (info, report) = parse::<ClientInfo>(json).accept().unwrap();
    /// assert_eq!(info.status, ConnectionStatus::Connected);
    /// assert_eq!(report.findings[0].pointer, "/last_updated"); // missing in the spec's own example: tolerated
    /// ```
    ClientInfo("ClientInfo", "mod_hub_client_info", ClientInfoBuilder, rules = client_rules) {
        /// Id of the party: three characters, as in its credentials.
        party_id: 1 CiString<3>,
        /// Country of the party, as in its credentials: ISO 3166-1 alpha-2.
        country_code: 1 CiString<2>,
        /// What the party does.
        role: 1 Role,
        /// How it is connected.
        status: 1 ConnectionStatus,
        /// When that changed last.
        last_updated: 1 DateTime,
    }
}

fn client_rules(info: &ClientInfo, cx: &mut Context) {
    check::owner(&info.country_code, &info.party_id, "ClientInfo", cx);
}

open_enum! {
    /// How a party is connected to a hub.
    ///
    /// Spec: mod_hub_client_info, "ConnectionStatus enum".
    ConnectionStatus("ConnectionStatus", "mod_hub_client_info") {
        /// It can be reached.
        Connected = "CONNECTED",
        /// It cannot be reached at the moment.
        Offline = "OFFLINE",
        /// It will be connected for the first time.
        Planned = "PLANNED",
        /// It is gone for good.
        Suspended = "SUSPENDED",
    }
}
