//! Importing files, from crooked ones to the real ones.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use axum::http::Method;
use cpo_mock::import::{Progress, import};
use flate2::read::GzDecoder;
use ocpi_party::testing::databases;
use ocpi_types::{Location, PartyId, Tariff};
use serde_json::{Value, json};

use crate::emsp::Emsp;
use crate::world::{World, location};

fn operator_location(party_id: &str, id: &str) -> Value {
    let mut location = location();
    for (field, value) in
        [("country_code", "NL"), ("party_id", party_id), ("id", id), ("last_updated", "2026-06-01T00:00:00Z")]
    {
        location[field] = json!(value);
    }
    for evse in location["evses"].as_array_mut().unwrap() {
        evse["last_updated"] = json!("2026-06-01T00:00:00Z");
        for connector in evse["connectors"].as_array_mut().unwrap() {
            connector["last_updated"] = json!("2026-06-01T00:00:00Z");
        }
    }
    location["operator"] = json!({ "name": format!("Operator {party_id}") });
    location
}

#[tokio::test]
async fn good_objects_are_loaded_and_bad_ones_are_named() {
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        world.register(&emsp).await;
        let mut bad = operator_location("AAA", "BAD");
        bad["coordinates"] = json!("nowhere");
        bad["evses"][1]["connectors"][0]["max_voltage"] = json!("many");
        let mut tolerable = operator_location("BBB", "L2");
        tolerable["images"] = Value::Null;
        let lines = [operator_location("AAA", "L1"), bad, tolerable, operator_location("AAA", "l1"), json!(7)];
        let text = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let failed = import::<Location>(&world.app.party, std::io::Cursor::new(text), None, &Progress::silent()).await;
        assert!(failed.is_err(), "a number is no object");

        let text = lines[..4].iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let load = async || {
            let source = std::io::Cursor::new(text.clone());
            import::<Location>(&world.app.party, source, None, &Progress::silent()).await.unwrap()
        };
        let summary = load().await;
        assert_eq!(
            (summary.read, summary.created, summary.unchanged),
            (4, 0, 2),
            "the broken file had given us these two"
        );
        let faulty: Vec<_> = summary.faulty.iter().map(|faulty| (faulty.index, faulty.object.as_str())).collect();
        assert_eq!(faulty, [(1, "NL/AAA BAD"), (3, "NL/AAA l1")]);
        let pointers: Vec<_> = summary.faulty[0].faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/coordinates", "/evses/1/connectors/0/max_voltage"]);
        assert_eq!(summary.tolerated.keys().map(String::as_str).collect::<Vec<_>>(), ["/images NullForList"]);

        let parties = world.operate(Method::GET, "/parties", &Value::Null).await;
        let names: Vec<_> =
            parties.json["items"].as_array().unwrap().iter().map(|role| &role["business_details"]["name"]).collect();
        assert_eq!(names, ["Example CPO", "Operator AAA", "Operator BBB"]);
        emsp.answer(
            "PUT /credentials",
            200,
            Some(json!({
                "data": emsp.credentials(), "status_code": 1000, "timestamp": "2026-06-12T10:00:00Z",
            })),
        );
        world.settle().await;
        let mut lines = emsp.take_lines();
        lines.sort();
        assert_eq!(lines, ["PUT /credentials", "PUT /locations/NL/AAA/L1", "PUT /locations/NL/BBB/L2"]);
    }
}

#[tokio::test]
async fn a_party_can_take_everything_over() {
    for database in databases().await {
        let world = World::new(&database).await;
        let text = json!({ "data": [operator_location("AAA", "L1"), operator_location("BBB", "L1"), operator_location("BBB", "L2")] });
        let owner: PartyId = "US/CPO".parse().unwrap();
        let source = std::io::Cursor::new(text.to_string());
        let summary = import::<Location>(&world.app.party, source, Some(owner), &Progress::silent()).await.unwrap();
        assert_eq!((summary.created, summary.faulty.len(), summary.new_parties.len()), (2, 1, 0), "{summary:?}");
        let list = world.operate(Method::GET, "/locations?party=US/CPO", &Value::Null).await;
        assert_eq!(list.json["total"], 2);
    }
}

fn real(name: &str) -> Option<std::path::PathBuf> {
    let Ok(folder) = std::env::var("OCPI_REAL_DATA") else {
        eprintln!("SKIPPED: OCPI_REAL_DATA does not name the folder with the real data");
        return None;
    };
    Some(std::path::Path::new(&folder).join(name))
}

/// The objects of a file by owner and id, without nulls and empty lists, which mean nothing.
fn objects(path: &std::path::Path) -> BTreeMap<String, Value> {
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let list: Vec<Value> = serde_json::from_str(&text).unwrap();
    list.into_iter().map(|object| (name_of(&object), plain(object))).collect()
}

fn name_of(object: &Value) -> String {
    let text = |field: &str| object[field].as_str().unwrap();
    format!("{}/{} {}", text("country_code"), text("party_id"), text("id"))
}

fn plain(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let fields = map.into_iter().map(|(name, value)| (name, plain(value)));
            Value::Object(fields.filter(|(_, value)| !value.is_null() && *value != json!([])).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(plain).collect()),
        Value::Number(number) => json!(number.to_string().parse::<f64>().unwrap()),
        other => other,
    }
}

#[tokio::test]
async fn the_real_data_is_served_as_it_was_imported() {
    let (Some(locations), Some(tariffs)) = (real("nl-locations.json.gz"), real("nl-tariffs.json.gz")) else { return };
    for database in databases().await {
        let world = World::new(&database).await;
        let emsp = Emsp::start("US", "EMS").await;
        let partner = world.register(&emsp).await;
        let progress = Progress::silent();
        let file = |path| File::open(path).unwrap();
        let loaded = import::<Location>(&world.app.party, file(&locations), None, &progress).await.unwrap();
        assert_eq!((loaded.created, loaded.faulty.len()), (6193, 0), "{:?}", loaded.faulty);
        let loaded = import::<Tariff>(&world.app.party, file(&tariffs), None, &progress).await.unwrap();
        assert_eq!((loaded.created, loaded.faulty.len()), (938, 0), "{:?}", loaded.faulty);
        for (list, path) in [("locations", &locations), ("tariffs", &tariffs)] {
            let mut expected = objects(path);
            let mut offset = 0;
            loop {
                let page = partner.get(&world, &format!("/{list}?limit=1000&offset={offset}")).await;
                let page = page.data().as_array().unwrap().clone();
                offset += page.len();
                if page.is_empty() {
                    break;
                }
                for object in page {
                    let name = name_of(&object);
                    let mut original = expected.remove(&name).unwrap_or_else(|| panic!("{name} came twice"));
                    respell(&mut original);
                    assert_eq!(plain(object), original, "{name}");
                }
            }
            assert!(expected.is_empty(), "not served: {:?}", expected.keys());
        }
    }
}

/// Six Connectors spell a standard in a way that is understood and written correctly.
fn respell(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(respell),
        Value::Array(list) => list.iter_mut().for_each(respell),
        Value::String(text) if text == "IEC_60309_2_THREE_32" => "IEC_60309_2_three_32".clone_into(text),
        _ => {}
    }
}
