//! How a simulated EVSE keeps to its limits.

use ocpi_types::{DateTime, Decimal, Evse, parse};
use serde_json::json;

use super::{
    Answer, Authorized, Car, Command, Driver, EventKind, LimitCause, Origin, Profile, ProfileChange, Settings, Station,
    Step, Unit,
};

fn at(text: &str) -> DateTime {
    ocpi_types::parse_date_time(&format!("2026-06-12T{text}Z")).unwrap().0
}

fn by_hand() -> Settings {
    Settings { driver: Driver { automatic: false, ..Driver::default() }, ..Settings::default() }
}

/// Charging since ten o'clock: 230 V and at most 32 A on each phase, and a car that takes more than that.
fn charging(power_type: &str) -> Station {
    let evse = json!({
        "uid": "E1", "status": "AVAILABLE", "last_updated": "2026-01-01T00:00:00Z",
        "connectors": [{
            "id": "1", "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": power_type, "max_voltage": 230,
            "max_amperage": 32, "last_updated": "2026-01-01T00:00:00Z",
        }],
    });
    let mut station = Station::new(&parse::<Evse>(evse).value.unwrap(), at("10:00:00"));
    let mut car = Car::new(100_000, 10);
    car.max_ac_watts = 50_000;
    station.plug_in(None, car, &by_hand()).unwrap();
    let authorized = Authorized { id: "S1".to_owned(), uid: "CARD1".to_owned() };
    assert_eq!(station.command(Command::Start { connector_id: None, authorized }, &by_hand()), Answer::Accepted);
    told(&mut station);
    station
}

fn told(station: &mut Station) -> Vec<String> {
    let line = |at: DateTime, kind: EventKind| match kind {
        EventKind::Meter { reading, .. } => {
            format!("{} {} Wh, {} W, asks {}", at.format("%T"), reading.wh, reading.watts, reading.charging)
        }
        EventKind::Limits { reading, cause, .. } => {
            let cause = match cause {
                LimitCause::Request { origin, request } => format!("{origin:?} {request}"),
                other => format!("{other:?}"),
            };
            format!("{} {} Wh, {} W, {cause}", at.format("%T"), reading.wh, reading.watts)
        }
        other => format!("{} {other:?}", at.format("%T")),
    };
    station.untold.drain(..).map(|event| line(event.at, event.kind)).collect()
}

fn profile(unit: Unit, steps: &[(i64, i64)]) -> Profile {
    let steps = steps.iter().map(|(from, tenths)| Step { from: *from, limit: Decimal::new(*tenths, 1) }).collect();
    Profile { unit, steps, ..Profile::none() }
}

fn set(station: &mut Station, origin: Origin, request: &str, profile: Option<Profile>) -> Answer {
    let change = ProfileChange { transaction_id: "S1".to_owned(), request: request.to_owned(), origin, profile };
    station.command(Command::Profile(change), &by_hand())
}

/// The plan as `seconds: limit`.
fn plan(station: &Station, seconds: i64) -> Vec<String> {
    let plan = station.plan("S1", seconds).unwrap();
    plan.steps.iter().map(|step| format!("{}: {}", step.from, step.limit)).collect()
}

// Proves: CHP-058, CHP-060, CHP-061, CHP-064, CHP-003
#[test]
fn amperes_are_those_of_each_phase_and_steps_follow_each_other() {
    let mut station = charging("AC_3_PHASE");
    assert_eq!(plan(&station, 900), ["0: 32"], "what the connector can deliver");
    let steps = profile(Unit::AmperesPerPhase, &[(0, 160), (600, 80), (900, 500)]);
    assert_eq!(set(&mut station, Origin::Partner, "1", Some(steps)), Answer::Accepted);
    assert_eq!(plan(&station, 1800), ["0: 16", "600: 8", "900: 32"], "more than there is changes nothing");
    station.advance(at("10:15:00"), &by_hand());
    assert_eq!(
        told(&mut station),
        [
            "10:00:00 0 Wh, 11040 W, Partner 1",
            "10:05:00 920 Wh, 11040 W, asks true",
            "10:10:00 1840 Wh, 5520 W, asks true",
            "10:15:00 2300 Wh, 22080 W, asks true",
        ]
    );
    // A new one takes its place; relative, it began when charging began.
    let replaced = profile(Unit::Watts, &[(0, 10_000), (960, 30_000)]);
    assert_eq!(set(&mut station, Origin::Partner, "2", Some(replaced)), Answer::Accepted);
    assert_eq!(plan(&station, 120), ["0: 1000", "60: 3000"]);
    station.advance(at("11:00:00"), &by_hand());
    assert_eq!(plan(&station, 120), ["0: 3000"], "the last limit stays");
}

// Proves: CHP-060, CHP-062
#[test]
fn an_absolute_profile_begins_and_ends_by_the_clock() {
    let mut station = charging("AC_1_PHASE");
    let mut absolute = profile(Unit::Watts, &[(0, 30_000)]);
    absolute.start = Some(at("10:01:00"));
    absolute.seconds = Some(60);
    assert_eq!(set(&mut station, Origin::Partner, "1", Some(absolute.clone())), Answer::Accepted);
    assert_eq!(plan(&station, 300), ["0: 7360", "60: 3000", "120: 7360"]);
    station.advance(at("10:05:00"), &by_hand());
    assert_eq!(
        told(&mut station),
        [
            "10:00:00 0 Wh, 7360 W, Partner 1",
            "10:01:00 122 Wh, 3000 W, asks true",
            "10:02:00 172 Wh, 7360 W, Expired",
            "10:05:00 540 Wh, 7360 W, asks true",
        ]
    );
    assert_eq!(set(&mut station, Origin::Partner, "2", None), Answer::NoProfile, "nothing is left to be cleared");
    assert_eq!(set(&mut station, Origin::Partner, "3", Some(absolute)), Answer::Rejected, "it is over");
}

// Proves: CHP-033, CHP-050
#[test]
fn the_lowest_limit_counts_and_each_clears_its_own() {
    let mut station = charging("AC_1_PHASE");
    set(&mut station, Origin::Platform, "p", Some(Profile::constant(Unit::AmperesPerPhase, 20.into())));
    set(&mut station, Origin::Partner, "e", Some(Profile::constant(Unit::AmperesPerPhase, 10.into())));
    assert_eq!(plan(&station, 60), ["0: 10"]);
    station.limit_site(Some(1_150));
    assert_eq!(plan(&station, 60), ["0: 5"]);
    station.limit_site(None);
    assert_eq!(set(&mut station, Origin::Partner, "f", None), Answer::Accepted);
    assert_eq!(plan(&station, 60), ["0: 20"], "the platform's limit is still there");
    assert_eq!(set(&mut station, Origin::Platform, "q", None), Answer::Accepted);
    assert_eq!(plan(&station, 60), ["0: 32"]);
    assert_eq!(told(&mut station).len(), 6, "each change is reported");
}

// Proves: PRC-085 (the vehicle still asks)
#[test]
fn below_the_lowest_rate_the_vehicle_pauses() {
    let mut station = charging("AC_1_PHASE");
    let mut steps = profile(Unit::AmperesPerPhase, &[(0, 50), (60, 60)]);
    steps.lowest = Some(6.into());
    steps.seconds = Some(600);
    set(&mut station, Origin::Partner, "1", Some(steps));
    set(&mut station, Origin::Platform, "p", Some(Profile::constant(Unit::AmperesPerPhase, 5.into())));
    assert_eq!(plan(&station, 900), ["0: 0", "600: 5"], "as its own EMSP has said, and for so long");
    set(&mut station, Origin::Platform, "q", None);
    assert_eq!(plan(&station, 120), ["0: 0", "60: 6"]);
    station.advance(at("10:05:00"), &by_hand());
    assert_eq!(told(&mut station)[3..], ["10:01:00 0 Wh, 1380 W, asks true", "10:05:00 92 Wh, 1380 W, asks true"]);
    set(&mut station, Origin::Partner, "2", Some(profile(Unit::Watts, &[(0, 0)])));
    assert!(station.reading().charging && station.reading().watts == 0, "it is not parking");
}

#[test]
fn a_repeated_request_gets_the_same_answer_and_changes_nothing() {
    let mut station = charging("AC_1_PHASE");
    let low = Profile::constant(Unit::Watts, 1_000.into());
    assert_eq!(set(&mut station, Origin::Partner, "1", Some(low.clone())), Answer::Accepted);
    assert_eq!(set(&mut station, Origin::Partner, "2", None), Answer::Accepted);
    assert_eq!(set(&mut station, Origin::Partner, "2", None), Answer::Accepted);
    assert_eq!(set(&mut station, Origin::Partner, "1", Some(low)), Answer::Accepted);
    assert_eq!(plan(&station, 60), ["0: 32"]);
    assert_eq!((station.answer_to("1"), station.answer_to("9")), (Some(Answer::Accepted), None));
    let many = profile(Unit::Watts, &(0..600).map(|step| (step, 10)).collect::<Vec<_>>());
    assert_eq!(set(&mut station, Origin::Partner, "3", Some(many)), Answer::Rejected, "more than it can keep in mind");
}

// Proves: CHP-061 (until the end of the transaction)
#[test]
fn limits_end_with_the_transaction_and_time_in_steps_is_the_same() {
    let mut leap = charging("AC_1_PHASE");
    let steps: Vec<_> = (0..40).map(|step| (step * 97, 20 + 70 * (step % 5))).collect();
    set(&mut leap, Origin::Partner, "1", Some(profile(Unit::AmperesPerPhase, &steps)));
    let mut often = leap.clone();
    leap.advance(at("12:00:00"), &by_hand());
    let mut now = at("10:00:00");
    while now < at("12:00:00") {
        now = (now + chrono::TimeDelta::milliseconds(7_123)).min(at("12:00:00"));
        often.advance(now, &by_hand());
    }
    assert_eq!(leap, often);
    leap.unplug(&by_hand()).unwrap();
    assert!(leap.plan("S1", 60).is_none() && leap.answer_to("1").is_none());
    leap.plug_in(None, Car::new(100_000, 10), &by_hand()).unwrap();
    assert_eq!(set(&mut leap, Origin::Partner, "2", Some(Profile::none())), Answer::Rejected, "nobody charges");
    let authorized = Authorized { id: "S2".to_owned(), uid: "CARD1".to_owned() };
    leap.command(Command::Start { connector_id: None, authorized }, &by_hand());
    assert_eq!(leap.plan("S2", 60).unwrap().steps[0].limit, Decimal::from(32));
}
