//! Lesson 3: how the EMSP learns where stations are, and stays up to date.
//!
//! `cargo run --example 03_locations_discovery`

mod lesson;

use lesson::{Companies, Done, Lesson};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 3. Locations",
        "mod_locations, transport_and_format",
        "A driver opens the EMSP's app and sees stations on a map: where they are, which plugs they have, whether \
         they are free. But they belong to the CPO. How did they get there?\n\n\
         OCPI has three words for this. A Location is a place with an address. At a Location there are EVSEs; each \
         one can charge one car at a time. (EVSE is short for electric vehicle supply equipment.) An EVSE has \
         Connectors: the plugs and sockets. You can use one of them at a time.",
    );
    let companies = Companies::start().await?;
    let (emsp, cpo) = (&companies.emsp, &companies.cpo);
    companies.register().await?;
    emsp.calls();

    lesson.step(
        "The EMSP fetches everything",
        "transport_and_format, \"Pagination\" and \"Message Routing Headers\"; mod_locations, \"Location Object\"",
        "To fetch is called to pull. A list can be very long, so it comes in pages. The EMSP asks for 500 Locations. \
         The CPO gives 20 at a time (X-Limit). There are 25 (X-Total-Count). The header Link says where the next \
         page is.\n\n\
         The four headers that begin with OCPI- say from which company a message comes, and for which one it is. In \
         the answer they are the other way round.\n\n\
         Of the list you see only the first Location here, and in it only the first EVSE.",
    );
    companies.settle().await?;
    let pages = emsp.calls_of("/locations");
    lesson.show_routing(true);
    lesson.show("EMSP", "CPO", &pages[..1]);

    lesson.step(
        "And what is left",
        "transport_and_format, \"Pagination\"",
        "The EMSP follows the link. This page has no Link header: it was the last one.\n\n\
         Then it asks again, for another company: VLT. Its stations are run by the same computers. You remember: the \
         CPO had two roles in its credentials.",
    );
    lesson.outline("EMSP", "CPO", &pages[1..]);
    lesson.show_routing(false);
    let known = emsp.operator.get("/locations?limit=1").await?;
    lesson.say(&format!("The EMSP now knows {} Locations.", known["total"]));

    lesson.step(
        "A car is plugged in, and the map changes at once",
        "mod_locations, \"PATCH Method\"",
        "An hour later somebody begins to charge in Oakland. This EVSE is not free any more. The CPO does not wait \
         until it is asked. It sends what has changed. That is called to push.\n\n\
         A PATCH holds only some fields of an object: the others stay as they are. The URL says whose fields they \
         are: company US/CPO, Location OAK001, EVSE OAK001-1.",
    );
    companies.pass(60).await?;
    emsp.calls();
    cpo.calls();
    cpo.operator.post("/stations/OAK001-1/plug-in", &json!({})).await?;
    companies.settle().await?;
    lesson.show("CPO", "EMSP", &cpo.calls());
    let oakland = emsp.operator.get("/locations/US/CPO/OAK001").await?;
    lesson.say(&format!("The EMSP's copy of this EVSE says now: {}.", oakland["evses"][0]["status"]));

    lesson.step(
        "A new station opens",
        "mod_locations, \"PUT Method\"",
        "Something new is sent as a whole, with PUT. The EMSP answers HTTP 201: it did not have this one before.",
    );
    cpo.operator.put("/locations/US/CPO/LES001", &new_station()).await?;
    companies.settle().await?;
    lesson.show("CPO", "EMSP", &cpo.calls());

    lesson.step(
        "What if a message was lost?",
        "transport_and_format, \"Pagination\"; mod_locations, \"GET List: Request Parameters\"",
        "Then the EMSP's map would be wrong. So now and then the EMSP pulls again. It need not fetch everything: \
         with date_from it asks for what has changed since it last asked. Every object has a field last_updated for \
         this.\n\n\
         Two Locations have changed in the last hour: the one in Oakland and the new one. In both of them nothing is \
         new to the EMSP. No push was lost. (The EMSP asks from a minute earlier, to be on the safe side.)",
    );
    let partners = emsp.operator.get("/partners").await?;
    let partner = partners["partners"][0]["id"].as_str().ok_or("a partner")?;
    emsp.operator.post(&format!("/partners/{partner}/sync"), &json!({})).await?;
    companies.settle().await?;
    lesson.outline("EMSP", "CPO", &emsp.calls_of("/locations"));

    lesson.end(
        &[
            "Location, EVSE, Connector: a place, what charges one car, a plug.",
            "Pull: fetch a list, page by page. Push: send what has changed, at once. Push is fast, and pull repairs \
             what push has missed.",
            "PUT sends a whole object. PATCH sends some fields of it. Every change has a new last_updated.",
        ],
        [
            "Break a station before the last step: `cpo.operator.post(\"/stations/SEA002-1/fault\", \
             &json!({})).await?`. What is sent, and what does the last step show then?",
            "Open ocpi-types/src/locations/location.rs. Which fields must a Location have, and which may be missing?",
        ],
    );
    Ok(())
}

fn new_station() -> Value {
    json!({
        "publish": true, "name": "Lesson Street", "address": "3 Lesson Street", "city": "Oakland", "country": "USA",
        "time_zone": "America/Los_Angeles", "coordinates": { "latitude": "37.804364", "longitude": "-122.271114" },
        "evses": [{
            "uid": "LES001-1", "evse_id": "US*CPO*ELES001*1", "status": "AVAILABLE",
            "connectors": [{
                "id": "1", "standard": "IEC_62196_T1", "format": "CABLE", "power_type": "AC_1_PHASE",
                "max_voltage": 240, "max_amperage": 32,
            }],
        }],
    })
}
