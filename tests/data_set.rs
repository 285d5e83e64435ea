//! The data set in `examples/data` is what a newcomer meets first: it must be spotless.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ocpi_types::{CiString, Location, Object, Tariff, parse};
use serde_json::Value;

fn read(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Parses every object and demands that nothing at all is found, and that writing it gives back what was read.
fn spotless<T: Object>(file: &str) -> Vec<T> {
    let items = read(file);
    let parsed = items.into_iter().enumerate().map(|(i, json)| {
        let id = json["id"].clone();
        let result = parse::<T>(json.clone());
        assert!(result.report.is_clean(), "{file}[{i}] {id}: {}", result.report);
        let value = result.value.expect("no findings, so there is a value");
        let written: Value = serde_json::from_str(&value.to_json()).expect("own JSON");
        assert_eq!(written, json, "{file}[{i}] {id} changes when it is written back");
        value
    });
    parsed.collect()
}

#[test]
fn every_object_is_valid_without_any_finding() {
    let locations = spotless::<Location>("locations.json");
    let tariffs = spotless::<Tariff>("tariffs.json");
    assert_eq!((locations.len(), tariffs.len()), (40, 22));
}

// Proves: LOC-081, LOC-100, TAR-036
#[test]
fn ids_are_unique_and_every_tariff_is_known_and_used() {
    let locations = spotless::<Location>("locations.json");
    let evses: Vec<_> = locations.iter().flat_map(|l| &l.evses).collect();
    let uids: BTreeSet<_> = evses.iter().map(|e| e.uid.as_str().to_uppercase()).collect();
    assert_eq!(uids.len(), evses.len(), "EVSE.uid is unique on the whole platform");
    let ids: BTreeSet<_> = locations.iter().map(|l| l.id.as_str().to_uppercase()).collect();
    assert_eq!(ids.len(), locations.len(), "Location.id is unique on the whole platform");

    let tariffs = spotless::<Tariff>("tariffs.json");
    let ids: BTreeSet<_> = tariffs.iter().map(|t| t.id.as_str().to_uppercase()).collect();
    assert_eq!(ids.len(), tariffs.len(), "Tariff.id is unique on the whole platform");
    let known: BTreeSet<_> =
        tariffs.iter().map(|t| (t.party_id.as_str().to_owned(), t.id.as_str().to_owned())).collect();
    let mut used = BTreeSet::new();
    for location in &locations {
        for connector in location.evses.iter().flat_map(|e| &e.connectors) {
            for tariff in &connector.tariff_ids {
                used.insert((location.party_id.as_str().to_owned(), tariff.as_str().to_owned()));
            }
        }
    }
    assert_eq!(used, known);
}

// Proves: LOC-113, LOC-114
#[test]
fn a_connector_never_has_two_tariffs_of_one_type_at_a_time() {
    let tariffs = spotless::<Tariff>("tariffs.json");
    let find = |id: &CiString<36>| tariffs.iter().find(|t| t.id == *id).expect("a known tariff");
    let mut pairs = 0;
    for location in spotless::<Location>("locations.json") {
        for connector in location.evses.iter().flat_map(|e| &e.connectors) {
            let listed: Vec<_> = connector.tariff_ids.iter().map(find).collect();
            for (i, one) in listed.iter().enumerate() {
                for other in listed[..i].iter().filter(|other| other.tariff_type == one.tariff_type) {
                    pairs += 1;
                    let (first, second) =
                        if one.start_date_time < other.start_date_time { (*one, *other) } else { (*other, *one) };
                    assert!(
                        first.end_date_time.is_some() && first.end_date_time <= second.start_date_time,
                        "{}",
                        location.id
                    );
                }
            }
        }
    }
    assert!(pairs > 0, "the set holds tariffs that follow each other");
}

// Proves: TAR-037, TAR-047
#[test]
fn a_tariff_names_its_owner_and_leaves_prices_to_its_elements() {
    for tariff in spotless::<Tariff>("tariffs.json") {
        assert!(["CPO", "VLT"].contains(&tariff.party_id.as_str()), "{}", tariff.id);
        for text in &tariff.tariff_alt_text {
            assert!(!text.text.as_str().contains(|c: char| c.is_ascii_digit()), "{} repeats a price", tariff.id);
        }
    }
}

#[test]
fn two_operators_share_the_platform() {
    let mut count = BTreeMap::new();
    for location in spotless::<Location>("locations.json") {
        *count.entry(format!("{}/{}", location.country_code, location.party_id)).or_insert(0) += 1;
    }
    assert_eq!(count, BTreeMap::from([("US/CPO".to_owned(), 25), ("US/VLT".to_owned(), 15)]));
}

/// Which fields of `T` none of `objects` has: proof that the set exercises the whole table.
fn missing<T: Object>(objects: &[&Value]) -> Vec<&'static str> {
    T::FIELDS.iter().map(|f| f.name).filter(|name| objects.iter().all(|o| o.get(name).is_none())).collect()
}

fn complete<T: Object>(object: &Value) -> bool {
    missing::<T>(&[object]).is_empty()
}

#[test]
fn one_location_and_one_tariff_have_every_optional_field() {
    use ocpi_types::{Connector, EnergyMix, Evse, Hours, PublishTokenType, TariffRestrictions};
    let (locations, tariffs) = (read("locations.json"), read("tariffs.json"));
    let location = locations.iter().find(|l| complete::<Location>(l)).expect("a Location with every field");
    assert!(complete::<Evse>(&location["evses"][0]));
    assert!(complete::<Connector>(&location["evses"][0]["connectors"][0]));
    assert!(complete::<Hours>(&location["opening_times"]));
    assert!(complete::<EnergyMix>(&location["energy_mix"]));
    assert!(complete::<PublishTokenType>(&location["publish_allowed_to"][0]));

    let tariff = tariffs.iter().find(|t| complete::<Tariff>(t)).expect("a Tariff with every field");
    let restrictions: Vec<&Value> =
        tariff["elements"].as_array().expect("a list").iter().filter_map(|e| e.get("restrictions")).collect();
    assert_eq!(missing::<TariffRestrictions>(&restrictions), Vec::<&str>::new());
}
