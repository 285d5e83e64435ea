//! Lesson 5: what does charging cost, and who works it out?
//!
//! `cargo run --example 05_tariffs_and_pricing`

mod lesson;

use lesson::{Companies, Done, Lesson};
use ocpi_types::pricing::{self, PricingInput};
use ocpi_types::{ChargingPeriod, Decimal, Tariff, parse, parse_date_time};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 5. Tariffs and prices",
        "mod_tariffs, mod_cdrs",
        "The driver wants to know what a charge will cost. The CPO sets the price. It publishes price lists; in OCPI \
         they are called Tariffs. Each Connector names the Tariffs that hold there, in its field tariff_ids. (You \
         have seen that in lesson 3.)\n\n\
         It is the CPO that works out the price of a charge. But everything that it needs for that is known to the \
         EMSP, too. So the EMSP can tell the driver beforehand, and check the bill afterwards.",
    );
    let companies = Companies::start().await?;
    let emsp = &companies.emsp;
    companies.register().await?;

    lesson.step(
        "The EMSP fetches the Tariffs",
        "mod_tariffs, \"Tariff Object\"",
        "A pull, as in lesson 3. The first Tariff in the list is a simple one: 0.35 dollars for one kWh (kilowatt \
         hour: the unit of energy).",
    );
    companies.settle().await?;
    lesson.show("EMSP", "CPO", &emsp.calls_of("/tariffs")[..1]);

    lesson.step(
        "How to read a Tariff",
        "mod_tariffs, \"TariffElement\", \"PriceComponent\" and \"TariffRestrictions\"",
        "Here is another one. A Tariff is a list of elements. An element has prices (price_components). It may have \
         restrictions: they say when these prices hold.\n\n\
         A price has a type. ENERGY is per kWh. TIME is per hour in which the car charges. PARKING_TIME is per hour \
         in which it is plugged in and does not charge. FLAT is once for each charge. vat is a tax in percent that \
         is added.\n\n\
         At each moment, and for each type by itself: go through the list from the top. The first element counts \
         that has a price of this type and whose restrictions are fulfilled.\n\n\
         So this Tariff says: 0.45 dollars per kWh. And who has been here for more than half an hour (min_duration: \
         1800 seconds) pays 6 dollars per hour of parking.",
    );
    let stored = emsp.operator.get("/tariffs/US/CPO/CPO-IDLE").await?;
    lesson.show_json(&stored["elements"]);
    let tariffs = [parse::<Tariff>(stored).value.ok_or("the tariff is readable")?];

    lesson.step(
        "A charge, in charging periods",
        "mod_cdrs, \"ChargingPeriod\" and \"CdrDimension\"",
        "A charge is told in periods. A new one begins whenever something changes that matters for the price. Each \
         one lasts until the next begins.\n\n\
         This car charges for 40 minutes. It takes 20.45 kWh. Then it is full, and stays for 22 minutes. Times are \
         in hours: 0.6667 hours are 40 minutes.",
    );
    let periods = [
        period(
            "2026-10-05T17:00:00Z",
            &json!([{ "type": "ENERGY", "volume": 20.45 }, { "type": "TIME", "volume": 0.6667 }]),
        ),
        period("2026-10-05T17:40:00Z", &json!([{ "type": "PARKING_TIME", "volume": 0.3667 }])),
    ];
    lesson.show_json(&serde_json::to_value(&periods)?);

    lesson.step(
        "What it costs",
        "mod_tariffs, \"PriceComponent\"; mod_cdrs, \"CDR Object\"",
        "Now the price can be worked out, line by line. One word is left to explain. step_size says in which blocks \
         a thing is billed. For parking it is 300 seconds: every five minutes that have begun are paid in full. So \
         22 minutes become 25.",
    );
    lesson.list(price(&periods, "2026-10-05T18:02:00Z", &tariffs)?);

    lesson.step(
        "A driver who comes back in time",
        "mod_tariffs, \"TariffRestrictions\"",
        "Another car charges for 25 minutes, and is gone four minutes later. That is less than half an hour in all. \
         So the restriction of the second element is not fulfilled. There is no other price for parking. What has no \
         price costs nothing.",
    );
    let periods = [
        period(
            "2026-10-05T17:00:00Z",
            &json!([{ "type": "ENERGY", "volume": 12.78 }, { "type": "TIME", "volume": 0.4167 }]),
        ),
        period("2026-10-05T17:25:00Z", &json!([{ "type": "PARKING_TIME", "volume": 0.0667 }])),
    ];
    lesson.list(price(&periods, "2026-10-05T17:29:00Z", &tariffs)?);

    lesson.step(
        "Why exact numbers matter",
        "types, \"number type\"",
        "Computers like to calculate with floating point numbers. In these, 0.1 + 0.2 is not 0.3. The EMSP and the \
         CPO must come to the same amount. So this project calculates with decimals, as you do on paper.",
    );
    println!("  floating point: 0.1 + 0.2 = {}", 0.1_f64 + 0.2_f64);
    println!("  decimals:       0.1 + 0.2 = {}", Decimal::new(1, 1) + Decimal::new(2, 1));
    println!();

    lesson.end(
        &[
            "The CPO publishes Tariffs, and Connectors name them.",
            "A Tariff is a list of elements with prices and restrictions. For each type of price the first one \
             counts that fits.",
            "A charge is told in charging periods. Periods and Tariff give the price, whoever works it out.",
            "step_size says in which blocks a thing is billed.",
        ],
        [
            "Change the restriction to 3600 seconds: `tariffs[0].elements[1].restrictions`, or the step_size to 1. \
             Say what it will cost before you run it.",
            "Read ocpi-types/tests/pricing/spec_examples.rs. There is every example of the specification, as a test.",
        ],
    );
    Ok(())
}

/// What a charge costs that ends at `end`, line by line.
fn price(periods: &[ChargingPeriod], end: &str, tariffs: &[Tariff]) -> Result<Vec<String>, &'static str> {
    let charge = PricingInput {
        start: periods[0].start_date_time,
        end: parse_date_time(end).ok_or("a date")?.0,
        periods,
        tariffs,
        // Tariffs speak of the time of day at the station.
        time_zone: pricing::time_zone("America/Los_Angeles").ok_or("a time zone")?,
        currency: Some("USD"),
        reservation_expired: false,
        assume_only_tariff: false,
    };
    Ok(pricing::explain(&pricing::price(&charge)))
}

fn period(start: &str, dimensions: &Value) -> ChargingPeriod {
    let json = json!({ "start_date_time": start, "dimensions": dimensions, "tariff_id": "CPO-IDLE" });
    parse(json).value.expect("a charging period")
}
