//! Objects of the data that comes with the program, as examples that exist in each demonstration.

use serde_json::Value;

const LOCATIONS: &str = include_str!("../../../examples/data/locations.json");
const TARIFFS: &str = include_str!("../../../examples/data/tariffs.json");

/// The Location of this id in `examples/data/locations.json`; null where there is none.
#[must_use]
pub fn demo_location(id: &str) -> Value {
    find(LOCATIONS, id)
}

/// The Tariff of this id in `examples/data/tariffs.json`; null where there is none.
#[must_use]
pub fn demo_tariff(id: &str) -> Value {
    find(TARIFFS, id)
}

fn find(list: &str, id: &str) -> Value {
    let list: Vec<Value> = serde_json::from_str(list).unwrap_or_default();
    list.into_iter().find(|object| object["id"] == id).unwrap_or_default()
}
