//! Module ChargingProfiles. As its Sender we limit how fast our drivers charge: `issue` asks the CPO, `callback` takes what comes
//! back. As its Receiver (`receiver`) we let smart charging partners (SCSP) do so through us: their requests go on to the CPO, its
//! answers go back to them. Spec: mod_charging_profiles, "Smart Charging Topologies".

pub mod callback;
pub mod issue;
pub mod push;
pub mod receiver;
pub mod store;
