//! What a simulated EVSE does, second by second.

use ocpi_types::{DateTime, Evse, parse};
use serde_json::json;

use super::{
    Answer, Authorized, Car, Command, Driver, EndReason, EventKind, EvseState, ReservationEnd, Settings, Station,
};

fn at(text: &str) -> DateTime {
    ocpi_types::parse_date_time(&format!("2026-06-12T{text}Z")).unwrap().0
}

fn evse(power_type: &str, status: &str) -> Evse {
    let connector = |id: &str| {
        json!({
            "id": id, "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": power_type, "max_voltage": 230,
            "max_amperage": 32, "max_electric_power": 50_000, "last_updated": "2026-01-01T00:00:00Z",
        })
    };
    let json = json!({
        "uid": "E1", "status": status, "connectors": [connector("1"), connector("2")],
        "last_updated": "2026-01-01T00:00:00Z",
    });
    parse::<Evse>(json).value.unwrap()
}

fn somebody() -> Authorized {
    Authorized { id: "S1".to_owned(), uid: "CARD1".to_owned() }
}

fn start(connector_id: Option<&str>) -> Command {
    Command::Start { connector_id: connector_id.map(str::to_owned), authorized: somebody() }
}

fn by_hand() -> Settings {
    Settings { driver: Driver { automatic: false, ..Driver::default() }, ..Settings::default() }
}

fn told(station: &mut Station) -> Vec<(DateTime, EventKind)> {
    station.untold.drain(..).map(|event| (event.at, event.kind)).collect()
}

/// The last event's reading, in Wh.
fn wh(events: &[(DateTime, EventKind)]) -> i64 {
    match &events.last().unwrap().1 {
        EventKind::Meter { reading, .. } | EventKind::Ended { reading, .. } => reading.wh,
        other => panic!("not a reading: {other:?}"),
    }
}

#[test]
fn a_charge_from_plug_to_plug() {
    let settings = by_hand();
    let mut station = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:00"));
    station.plug_in(None, Car::new(50_000, 50), &settings).unwrap();
    assert_eq!(station.command(start(None), &settings), Answer::Accepted);
    station.advance(at("10:12:00"), &settings);
    station.unplug(&settings).unwrap();

    let events = told(&mut station);
    let kinds: Vec<_> = events
        .iter()
        .map(|(at, kind)| {
            let name = match kind {
                EventKind::Status { state } => format!("{state:?}"),
                EventKind::Begun { connector_id, .. } => format!("begun at {connector_id:?}"),
                EventKind::Meter { reading, .. } => format!("{} Wh, {} W", reading.wh, reading.watts),
                EventKind::Ended { reading, reason, .. } => format!("{} Wh, {reason:?}", reading.wh),
                EventKind::PluggedIn { .. } => "plugged in".to_owned(),
                EventKind::Limits { cause, .. } => format!("{cause:?}"),
                EventKind::Reserved { .. } | EventKind::ReservationEnded { .. } => "reservation".to_owned(),
            };
            format!("{} {name}", at.format("%T"))
        })
        .collect();
    // 230 V times 32 A: 7,360 W.
    assert_eq!(
        kinds,
        [
            "10:00:00 InUse",
            "10:00:00 begun at Some(\"1\")",
            "10:05:00 613 Wh, 7360 W",
            "10:10:00 1226 Wh, 7360 W",
            "10:12:00 1472 Wh, Unplugged",
            "10:12:00 Available",
        ]
    );
}

#[test]
fn time_in_one_step_or_in_many_is_the_same() {
    let settings = by_hand();
    let mut leap = Station::new(&evse("DC", "AVAILABLE"), at("10:00:00"));
    leap.plug_in(None, Car::new(40_000, 30), &settings).unwrap();
    assert_eq!(leap.command(start(None), &settings), Answer::Accepted);
    let mut steps = leap.clone();
    leap.advance(at("14:00:00"), &settings);
    let mut now = at("10:00:00");
    while now < at("14:00:00") {
        now = (now + chrono::TimeDelta::milliseconds(7_123)).min(at("14:00:00"));
        steps.advance(now, &settings);
    }
    assert_eq!(leap, steps);
    assert_eq!(wh(&told(&mut leap)), 28_000, "30 to 100 percent of 40 kWh");
}

#[test]
fn a_full_battery_means_parking() {
    let settings = by_hand();
    let mut station = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:00"));
    station.plug_in(None, Car::new(10_000, 90), &settings).unwrap();
    station.command(start(None), &settings);
    station.advance(at("12:00:00"), &settings);
    let events = told(&mut station);
    let charging = |kind: &EventKind| match kind {
        EventKind::Meter { reading, .. } => Some(reading.charging),
        _ => None,
    };
    let full = events.iter().position(|(_, kind)| charging(kind) == Some(false)).expect("the battery is full");
    assert!(events[full..].iter().all(|(_, kind)| charging(kind) == Some(false)));
    assert_eq!(wh(&events), 1_000);
    assert_eq!(station.state(), EvseState::InUse);
}

#[test]
fn a_start_without_a_cable_waits_and_gives_up() {
    let settings = by_hand();
    let mut station = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:00"));
    assert_eq!(station.command(start(Some("2")), &settings), Answer::Accepted);
    assert_eq!(station.command(start(None), &settings), Answer::Occupied);
    let mut patient = station.clone();
    patient.advance(at("10:01:00"), &settings);
    patient.plug_in(None, Car::new(50_000, 50), &settings).unwrap();
    assert_eq!(patient.plugged().unwrap().0, "2", "the connector that was asked for");
    assert!(told(&mut patient).iter().any(|(_, kind)| matches!(kind, EventKind::PluggedIn { .. })));

    station.advance(at("11:00:00"), &settings);
    let events = told(&mut station);
    let (ended_at, ended) = &events[events.len() - 2];
    assert_eq!(*ended_at, at("10:02:00"));
    assert!(matches!(ended, EventKind::Ended { reason: EndReason::NoVehicle, .. }));
    assert_eq!(station.state(), EvseState::Available);
}

// Proves: CMD-008
#[test]
fn a_station_can_insist_on_the_cable() {
    let settings = Settings { cable_first: true, ..by_hand() };
    let mut station = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:00"));
    assert_eq!(station.command(start(None), &settings), Answer::NoCable);
    assert!(told(&mut station).is_empty());
}

#[test]
fn a_simulated_driver_comes_and_goes() {
    let settings = Settings::default();
    let mut station = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:00"));
    station.command(start(None), &settings);
    station.advance(at("10:10:00"), &settings);
    assert!(station.transaction().is_some());
    let stop = Command::Stop { transaction_id: "S1".to_owned() };
    assert_eq!(station.command(stop.clone(), &settings), Answer::Accepted);
    assert_eq!(station.command(stop, &settings), Answer::Rejected);
    assert_eq!(station.state(), EvseState::InUse);
    station.advance(at("10:10:10"), &settings);
    assert_eq!(station.state(), EvseState::Available);

    // Nobody stops it: the driver comes back by himself.
    station.command(start(None), &settings);
    station.advance(at("12:00:00"), &settings);
    assert_eq!(station.state(), EvseState::Available);
    let left = told(&mut station).into_iter().rev().find_map(|(at, kind)| match kind {
        EventKind::Ended { reason, .. } => Some((at, reason)),
        _ => None,
    });
    assert_eq!(left, Some((at("10:55:15"), EndReason::Unplugged)));
}

#[test]
fn a_fault_ends_the_charge_and_nothing_starts_until_it_is_repaired() {
    let settings = by_hand();
    let mut station = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:00"));
    station.plug_in(None, Car::new(50_000, 50), &settings).unwrap();
    station.command(start(None), &settings);
    station.advance(at("10:01:00"), &settings);
    station.break_down("ground fault", &settings);
    let events = told(&mut station);
    assert!(events.iter().any(|(_, kind)| matches!(kind, EventKind::Ended { reason: EndReason::Fault, .. })));
    assert_eq!(events.last().unwrap().1, EventKind::Status { state: EvseState::Faulted });
    assert_eq!(station.command(start(None), &settings), Answer::Faulted);
    station.repair().unwrap();
    assert!(station.repair().is_err());
    assert_eq!(station.command(start(None), &settings), Answer::Accepted);
}

#[test]
fn unlocking_releases_the_cable_and_ends_the_charge() {
    let settings = by_hand();
    let mut station = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:00"));
    station.plug_in(Some("2"), Car::new(50_000, 50), &settings).unwrap();
    station.command(start(None), &settings);
    let unlock = |id: &str| Command::Unlock { connector_id: id.to_owned() };
    assert_eq!(station.command(unlock("9"), &settings), Answer::Rejected);
    assert_eq!(station.command(unlock("1"), &settings), Answer::Accepted);
    assert!(station.transaction().is_some(), "the other connector is in use");
    assert_eq!(station.command(unlock("2"), &settings), Answer::Accepted);
    assert!(station.transaction().is_none() && station.plugged().is_none());
}

#[test]
fn a_station_begins_in_the_state_that_is_published() {
    let settings = by_hand();
    for (status, answer) in [
        ("AVAILABLE", Answer::Accepted),
        ("UNKNOWN", Answer::Accepted),
        ("CHARGING", Answer::Occupied),
        ("RESERVED", Answer::Occupied),
        ("OUTOFORDER", Answer::Faulted),
        ("INOPERATIVE", Answer::Faulted),
        ("BLOCKED", Answer::Faulted),
    ] {
        let mut station = Station::new(&evse("AC_1_PHASE", status), at("10:00:00"));
        assert_eq!(station.command(start(None), &settings), answer, "{status}");
    }
    // Whoever was there before us leaves.
    let mut station = Station::new(&evse("AC_1_PHASE", "CHARGING"), at("10:00:00"));
    station.unplug(&settings).unwrap();
    assert_eq!(told(&mut station)[0].1, EventKind::Status { state: EvseState::Available });
}

#[test]
fn the_numbers_of_events_never_go_back() {
    let settings = by_hand();
    let mut station = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:00"));
    station.plug_in(None, Car::new(50_000, 50), &settings).unwrap();
    station.unplug(&settings).unwrap();
    let last = station.untold.last().unwrap().seq;
    let mut anew = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:01"));
    anew.plug_in(None, Car::new(50_000, 50), &settings).unwrap();
    assert!(anew.untold[0].seq > last);
}

fn reserve(id: &str, until: &str) -> Command {
    Command::Reserve { reservation_id: id.to_owned(), until: at(until) }
}

fn cancel(id: &str) -> Command {
    Command::CancelReservation { reservation_id: id.to_owned() }
}

/// How reservations ended, and when.
fn endings(station: &mut Station) -> Vec<(DateTime, ReservationEnd)> {
    let ending = |(at, kind)| match kind {
        EventKind::ReservationEnded { reason, .. } => Some((at, reason)),
        _ => None,
    };
    told(station).into_iter().filter_map(ending).collect()
}

// Proves: LOC-162, LOC-164
#[test]
fn an_evse_is_kept_for_one_driver_until_the_time_is_over() {
    let settings = by_hand();
    let mut station = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:00"));
    assert_eq!(station.command(reserve("S1", "10:30:00"), &settings), Answer::Accepted);
    assert_eq!(station.state(), EvseState::Reserved);
    assert!(!station.is_idle());
    assert_eq!(station.command(reserve("S2", "10:30:00"), &settings), Answer::Reserved);
    assert_eq!(
        station.command(reserve("S1", "10:20:00"), &settings),
        Answer::Accepted,
        "the same once more is a change"
    );
    assert_eq!(station.command(cancel("S2"), &settings), Answer::Rejected);
    let stranger = Authorized { id: "S2".to_owned(), uid: "CARD2".to_owned() };
    assert_eq!(station.start(None, stranger, &settings), Answer::Reserved);
    let mut cancelled = station.clone();
    station.advance(at("11:00:00"), &settings);
    assert_eq!(endings(&mut station), [(at("10:20:00"), ReservationEnd::Expired)]);
    assert_eq!(station.state(), EvseState::Available);
    assert_eq!(cancelled.command(cancel("S1"), &settings), Answer::Accepted);
    assert_eq!(endings(&mut cancelled), [(at("10:00:00"), ReservationEnd::Cancelled)]);
    assert_eq!(cancelled.command(reserve("S1", "09:00:00"), &settings), Answer::Rejected, "over before it began");
}

#[test]
fn a_start_without_a_vehicle_does_not_use_the_reservation_up() {
    let settings = by_hand();
    let mut station = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:00"));
    station.command(reserve("S1", "10:03:00"), &settings);
    assert_eq!(station.command(start(None), &settings), Answer::Accepted);
    station.advance(at("10:02:30"), &settings);
    assert_eq!(station.state(), EvseState::Reserved);
    // The second time the driver is still expected when the time is over, and is waited for.
    assert_eq!(station.command(start(None), &settings), Answer::Accepted);
    let mut late = station.clone();
    station.advance(at("10:04:00"), &settings);
    station.plug_in(None, Car::new(50_000, 50), &settings).unwrap();
    assert!(station.transaction().is_some());
    assert!(endings(&mut station).is_empty());
    late.advance(at("10:10:00"), &settings);
    assert_eq!(endings(&mut late), [(at("10:04:30"), ReservationEnd::Expired)]);
    assert_eq!(late.state(), EvseState::Available);
}

#[test]
fn a_fault_ends_the_reservation_and_nobody_hears_that_the_evse_is_free() {
    let settings = by_hand();
    let mut station = Station::new(&evse("AC_1_PHASE", "AVAILABLE"), at("10:00:00"));
    station.command(reserve("S1", "10:30:00"), &settings);
    told(&mut station);
    station.break_down("ground fault", &settings);
    assert_eq!(station.command(reserve("S1", "10:30:00"), &settings), Answer::Faulted);
    let events: Vec<_> = told(&mut station).into_iter().map(|(_, kind)| kind).collect();
    let ended = EventKind::ReservationEnded { reservation_id: "S1".to_owned(), reason: ReservationEnd::Fault };
    assert_eq!(events, [ended, EventKind::Status { state: EvseState::Faulted }]);
}
