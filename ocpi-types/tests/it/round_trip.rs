//! What is written can be read again, and is what it was; and nothing that is read brings the reader down.

use chrono::{TimeZone, Utc};
use ocpi_types::{
    AuthMethod, Cdr, CdrDimension, CdrDimensionType, CdrLocation, CdrToken, ChargingPeriod, CiString, Connector,
    ConnectorFormat, ConnectorType, DateTime, Decimal, DisplayText, Evse, Extra, Facility, GeoLocation, Location,
    Model, Object, PowerType, Price, Session, SessionStatus, Status, Text, TokenType, Url, catalogue, examples,
    format_date_time, parse, parse_date_time,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

fn id<const MAX: usize>() -> impl Strategy<Value = CiString<MAX>> {
    "[!-~]{1,36}".prop_map(Into::into)
}

fn text<const MAX: usize>() -> impl Strategy<Value = Text<MAX>> {
    vec(any::<char>().prop_filter("printable", |c| !c.is_control() && *c != '<'), 1..=45)
        .prop_map(|chars| chars.into_iter().collect::<String>().into())
}

/// A moment between 1971 and 2100, exact to the millisecond.
fn moment() -> impl Strategy<Value = DateTime> {
    (31_536_000_000_i64..4_102_444_800_000).prop_map(|millis| Utc.timestamp_millis_opt(millis).unwrap())
}

fn price() -> impl Strategy<Value = Price> {
    (0_i64..1_000_000, option::of(0_i64..100_000)).prop_map(|(excl, vat)| {
        let price = Price::builder().excl_vat(Decimal::new(excl, 4));
        match vat {
            Some(vat) => price.incl_vat(Decimal::new(excl + vat, 4)).build().unwrap(),
            None => price.build().unwrap(),
        }
    })
}

fn point() -> impl Strategy<Value = GeoLocation> {
    (-8_999_999_i64..9_000_000, -17_999_999_i64..18_000_000).prop_map(|(latitude, longitude)| {
        let degrees = |number| Decimal::new(number, 5).to_string();
        // Null island has a finding of its own.
        GeoLocation::builder().latitude(degrees(latitude)).longitude(degrees(longitude | 1)).build().unwrap()
    })
}

fn display_text() -> impl Strategy<Value = DisplayText> {
    ("[a-z]{2}", text::<512>())
        .prop_map(|(language, text)| DisplayText::builder().language(language).text(text).build().unwrap())
}

fn listed<T: for<'a> From<&'a str> + std::fmt::Debug>(values: &'static [&'static str]) -> impl Strategy<Value = T> {
    select(values).prop_map(|text| T::from(text))
}

prop_compose! {
    fn connector(at: DateTime)(
        id in id::<36>(),
        standard in listed::<ConnectorType>(ConnectorType::VALUES),
        format in listed::<ConnectorFormat>(ConnectorFormat::VALUES),
        power_type in listed::<PowerType>(PowerType::VALUES),
        max_voltage in 100_i64..300,
        max_amperage in 1_i64..700,
        power in option::of(1_000_i64..1_000_000),
        tariffs in vec(id::<36>(), 0..3),
        age in 0_i64..1_000_000,
    ) -> Connector {
        let connector = Connector::builder()
            .id(id).standard(standard).format(format).power_type(power_type)
            .max_voltage(max_voltage).max_amperage(max_amperage).tariff_ids(tariffs)
            .last_updated(at - chrono::TimeDelta::milliseconds(age));
        match power {
            Some(power) => connector.max_electric_power(power).build().unwrap(),
            None => connector.build().unwrap(),
        }
    }
}

prop_compose! {
    fn evse(at: DateTime)(
        uid in id::<36>(),
        outlet in "[0-9A-Z]{1,20}",
        status in listed::<Status>(Status::VALUES),
        connectors in vec(connector(at), 1..4),
        directions in vec(display_text(), 0..2),
        coordinates in point(),
    ) -> Option<Evse> {
        // Ids may come out equal, which is refused.
        Evse::builder()
            .uid(uid).evse_id(format!("NL*WTT*E{outlet}")).status(status).connectors(connectors)
            .directions(directions).coordinates(coordinates).last_updated(at)
            .build().ok()
    }
}

fn location() -> impl Strategy<Value = Location> {
    moment().prop_flat_map(|at| {
        let parts =
            (vec(evse(at), 0..4), point(), id::<36>(), text::<255>(), vec(listed::<Facility>(Facility::VALUES), 0..4));
        parts.prop_filter_map("ids are unique", move |(evses, coordinates, id, name, facilities)| {
            Location::builder()
                .country_code("NL")
                .party_id("WTT")
                .id(id)
                .publish(true)
                .name(name)
                .address("Kade 1")
                .city("Zutphen")
                .country("NLD")
                .coordinates(coordinates)
                .evses(evses.into_iter().flatten())
                .facilities(facilities)
                .time_zone("Europe/Amsterdam")
                .last_updated(at)
                .build()
                .ok()
        })
    })
}

fn token() -> impl Strategy<Value = CdrToken> {
    (id::<36>(), listed::<TokenType>(TokenType::VALUES), id::<36>()).prop_map(|(uid, kind, contract)| {
        CdrToken::builder()
            .country_code("BE")
            .party_id("RYD")
            .uid(uid)
            .token_type(kind)
            .contract_id(contract)
            .build()
            .unwrap()
    })
}

/// Periods that follow each other from `at` on, with their total energy and time.
fn periods(at: DateTime) -> impl Strategy<Value = (Vec<ChargingPeriod>, Decimal, Decimal)> {
    vec((0_i64..500_000, 1_i64..20_000), 1..6).prop_map(move |parts| {
        let dimension = |kind, volume| CdrDimension::builder().dimension_type(kind).volume(volume).build().unwrap();
        let (mut start, mut energy, mut time) = (at, Decimal::ZERO, Decimal::ZERO);
        let mut list = Vec::new();
        for (wh, seconds) in parts {
            let (kwh, hours) = (Decimal::new(wh, 3), (Decimal::from(seconds) / Decimal::from(3600)).round_dp(4));
            let dimensions = [dimension(CdrDimensionType::Energy, kwh), dimension(CdrDimensionType::Time, hours)];
            list.push(ChargingPeriod::builder().start_date_time(start).dimensions(dimensions).build().unwrap());
            start += chrono::TimeDelta::seconds(seconds);
            energy += kwh;
            time += hours;
        }
        (list, energy, time)
    })
}

prop_compose! {
    fn session()(at in moment())(
        id in id::<36>(), token in token(), (periods, energy, time) in periods(at),
        status in select(&[SessionStatus::Active, SessionStatus::Pending, SessionStatus::Completed][..]),
        method in listed::<AuthMethod>(AuthMethod::VALUES), cost in price(), meter in text::<255>(), at in Just(at),
    ) -> Session {
        let session = Session::builder()
            .country_code("NL").party_id("WTT").id(id).start_date_time(at).kwh(energy).cdr_token(token).auth_method(method)
            .location_id("L1").evse_uid("E1").connector_id("1").meter_id(meter).currency("EUR").charging_periods(periods)
            .total_cost(cost).status(status.clone()).last_updated(at);
        let end = at + chrono::TimeDelta::milliseconds(i64::try_from(time * Decimal::from(3_600_000)).unwrap_or(i64::MAX));
        let session = if status == SessionStatus::Completed { session.end_date_time(end) } else { session };
        session.build().unwrap()
    }
}

prop_compose! {
    fn cdr()(at in moment())(
        id in "[!-~]{1,36}", token in token(), (periods, energy, time) in periods(at), place in point(), cost in price(),
        remark in text::<255>(), at in Just(at),
    ) -> Cdr {
        let seconds = i64::try_from((time * Decimal::from(3600)).round()).unwrap();
        let location = CdrLocation::builder()
            .id("L1").address("Kade 1").city("Zutphen").country("NLD").coordinates(place).evse_uid("E1").evse_id("NL*WTT*E1")
            .connector_id("1").connector_standard(ConnectorType::Iec62196T2).connector_format(ConnectorFormat::Socket)
            .connector_power_type(PowerType::Ac3Phase).build().unwrap();
        Cdr::builder()
            .country_code("NL").party_id("WTT").id(id).start_date_time(at).end_date_time(at + chrono::TimeDelta::seconds(seconds))
            .cdr_token(token).auth_method(AuthMethod::Whitelist).cdr_location(location).currency("EUR").charging_periods(periods)
            .total_cost(cost.clone()).total_energy_cost(cost).total_energy(energy).total_time(time).remark(remark)
            .last_updated(at + chrono::TimeDelta::seconds(seconds))
            .build().unwrap()
    }
}

/// Writes, reads, compares; by way of text, as on the wire.
fn holds<T: Object>(object: &T) {
    let json: Value = serde_json::from_str(&object.to_json()).unwrap();
    let parsed = parse::<T>(json);
    assert!(parsed.report.is_clean(), "{}", parsed.report);
    assert_eq!(parsed.value.as_ref(), Some(object));
    assert!(object.validate().is_clean());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    // Proves: TYP-013, TYP-016
    #[test]
    fn moments(at in moment()) {
        let text = format_date_time(&at);
        prop_assert!(text.len() <= 25);
        prop_assert_eq!(parse_date_time(&text), Some((at, true)));
    }

    // Proves: TYP-022, TYP-023
    #[test]
    fn decimals(number in any::<i64>(), scale in 0_u32..=18) {
        let value = Decimal::new(number, scale);
        let price = Price { excl_vat: value, incl_vat: None, extra: Extra::default() };
        let text = price.to_json();
        prop_assert_eq!(&text, &format!("{{\"excl_vat\":{value}}}"));
        prop_assert_eq!(serde_json::from_str::<Price>(&text).unwrap().excl_vat, value);
    }

    #[test]
    fn texts(text in any::<String>()) {
        let read = |json: Value| (parse::<DisplayText>(json.clone()).value, json);
        let (value, json) = read(json!({ "language": "en", "text": text }));
        let value = value.unwrap();
        prop_assert_eq!(value.text.as_str(), &text);
        prop_assert_eq!(serde_json::to_value(&value).unwrap(), json);
    }

    // Proves: TYP-009, TYP-027
    #[test]
    fn ids_are_equal_without_regard_to_case_and_texts_are_not(text in "[a-z]{1,20}") {
        let upper = text.to_uppercase();
        prop_assert_eq!(CiString::<36>::from(text.as_str()), CiString::<36>::from(upper.as_str()));
        prop_assert_ne!(Text::<36>::from(text.as_str()), Text::<36>::from(upper.as_str()));
        prop_assert_ne!(Url::from(text.as_str()), Url::from(upper.as_str()));
    }

    #[test]
    fn locations(location in location()) { holds(&location); }

    #[test]
    fn sessions(session in session()) { holds(&session); }

    #[test]
    fn cdrs(cdr in cdr()) { holds(&cdr); }
}

/// Any JSON, three levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "-?[0-9]{1,40}(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,5})?"
            .prop_map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text))),
        any::<String>().prop_map(Value::from),
        Just(Value::from("2026-02-30T25:00:00Z")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec(("[a-z_]{1,8}", inner), 0..3).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The places of all values in a document.
fn places(json: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match json {
        Value::Object(map) => map.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found)),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, value)| places(value, &format!("{at}/{i}"), found)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Anything anywhere in an object: no panic; what is accepted stays accepted and the same once it was stored.
    #[test]
    fn whatever_is_sent(which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), value in any_json()) {
        let example = &examples::ALL[which.index(examples::ALL.len())];
        let class = catalogue::class(example.class).unwrap();
        let mut json = example.json();
        let mut all = Vec::new();
        places(&json, "", &mut all);
        *json.pointer_mut(&all[place.index(all.len())]).unwrap() = value;

        let parsed = class.parse(json);
        for finding in &parsed.report.findings {
            prop_assert!(!finding.message.is_empty());
        }
        if let Ok((stored, _)) = parsed.accept() {
            let again = class.parse(stored.clone());
            prop_assert!(again.report.is_acceptable(), "{}", again.report);
            prop_assert_eq!(again.value, Some(stored));
        }
    }
}

#[test]
fn a_report_names_the_type_that_it_is_about() {
    let parsed = parse::<Session>(json!("no session"));
    assert_eq!(parsed.value, None);
    assert!(parsed.report.to_string().contains(Session::NAME));
}
