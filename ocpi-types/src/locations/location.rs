//! A place with one or more EVSEs.

use crate::model::{object, open_enum};
use crate::{
    AdditionalGeoLocation, BusinessDetails, CiString, Context, DateTime, DisplayText, EnergyMix, Evse, GeoLocation,
    Hours, Image, PublishTokenType, Rule, Status, Text, check,
};

object! {
    /// A place where cars can be charged: a group of EVSEs that belong together, with address, opening hours and facilities.
    ///
    /// Spec: mod_locations, "Location Object". Owned by the CPO; never deleted, its EVSEs become `REMOVED` instead.
    ///
    /// ```
    /// use ocpi_types::{GeoLocation, Location};
    ///
    /// let now: ocpi_types::DateTime = "2026-05-12T13:00:00Z".parse().unwrap();
    /// let coordinates = GeoLocation::builder().latitude("52.374030").longitude("4.889690").build().unwrap();
    /// let location = Location::builder()
    ///     .country_code("NL")
    ///     .party_id("WTT")
    ///     .id("L1")
    ///     .publish(true)
    ///     .address("Damrak 1")
    ///     .city("Amsterdam")
    ///     .country("NLD")
    ///     .coordinates(coordinates)
    ///     .time_zone("Europe/Amsterdam")
    ///     .last_updated(now)
    ///     .build()
    ///     .unwrap();
    /// assert!(location.evses.is_empty());
    ///
    /// let missing = Location::builder().id("L2").build().unwrap_err();
    /// assert_eq!(missing.findings[0].pointer, "/country_code");
    /// ```
    Location("Location", "mod_locations", LocationBuilder, rules = location_rules) {
        /// Country of the CPO that owns this location: ISO 3166-1 alpha-2.
        country_code: 1 CiString<2>,
        /// Id of the CPO that owns this location: three characters, as in ISO 15118.
        party_id: 1 CiString<3>,
        /// Names the location within the CPO's platform, at most 36 characters. Never changes.
        id: 1 CiString<36>,
        /// Whether everybody may see this location in apps and on websites. When false, only the owners of the tokens in
        /// `publish_allowed_to` may.
        publish: 1 bool,
        /// Who may see a location that is not published: whoever's token matches every field of one of these entries. Only
        /// used when `publish` is false.
        publish_allowed_to: * PublishTokenType,
        /// Name for people, at most 255 characters.
        name: ? Text<255>,
        /// Street or block and house number, at most 255 characters.
        address: 1 Text<255>,
        /// City or town, at most 45 characters.
        city: 1 Text<45>,
        /// Postal code, at most 10 characters. Left out only where there is none, as at some highways.
        postal_code: ? Text<10>,
        /// State or province, at most 45 characters. Only where people use it in addresses.
        state: ? Text<45>,
        /// Country of the address: ISO 3166-1 alpha-3, unlike `country_code`.
        country: 1 Text<3>,
        /// Where it is.
        coordinates: 1 GeoLocation,
        /// Further points of interest, such as the entrance of the car park.
        related_locations: * AdditionalGeoLocation,
        /// What kind of parking it is.
        parking_type: ? ParkingType,
        /// The EVSEs here, those with status `REMOVED` included.
        evses: * Evse,
        /// How to get here, in several languages.
        directions: * DisplayText,
        /// Who operates it. When absent, the business details of the owner's credentials role apply.
        operator: ? BusinessDetails,
        /// Who operates it on behalf of the operator.
        suboperator: ? BusinessDetails,
        /// Whose it is.
        owner: ? BusinessDetails,
        /// What else there is to use.
        facilities: * Facility,
        /// Name of the time zone in the IANA database (`Europe/Oslo`), at most 255 characters. Local times in opening hours
        /// and tariffs are meant in it.
        time_zone: 1 Text<255>,
        /// When one can get in to charge. Absent: not known.
        opening_times: ? Hours,
        /// Whether a car that is inside goes on charging outside of the opening times. Absent means true.
        charging_when_closed: ? bool,
        /// Pictures of the place, logos.
        images: * Image,
        /// Where the energy comes from.
        energy_mix: ? EnergyMix,
        /// When the location or any of its EVSEs and connectors changed last.
        last_updated: 1 DateTime,
    }
}

impl Location {
    /// Whether no EVSE here is valid any more: none is there, or all are `REMOVED`. Such a Location stays where it is, and is not
    /// shown to drivers. Spec: mod_locations, "Flow and Lifecycle".
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.evses.iter().all(|evse| evse.status == Status::Removed)
    }
}

const CLASS: &str = "Location";

fn location_rules(location: &Location, cx: &mut Context) {
    check::owner(&location.country_code, &location.party_id, CLASS, cx);
    check::id(&location.id, CLASS, "id", cx);
    check::country(&location.country, CLASS, cx);
    // LOC-084.
    if location.publish && !location.publish_allowed_to.is_empty() {
        cx.found_at(CLASS, "publish_allowed_to", Rule::Inconsistent, "only allowed when publish is false");
    }
    // LOC-089.
    if !is_time_zone(location.time_zone.as_str()) {
        cx.found_at(CLASS, "time_zone", Rule::Pattern, "not the name of an IANA time zone such as Europe/Oslo");
    }
    // LOC-100.
    if let Some(uid) = check::first_repeated(location.evses.iter().map(|evse| evse.uid.as_str())) {
        cx.found_at(CLASS, "evses", Rule::Inconsistent, format!("the uid {uid:?} occurs twice"));
    }
    // LOC-091.
    if location.evses.iter().any(|evse| evse.last_updated > location.last_updated) {
        cx.found_at(CLASS, "last_updated", Rule::Inconsistent, "earlier than the last_updated of one of its EVSEs");
    }
}

/// Whether the text has the shape of a name in the IANA database: `Europe/Oslo`, `America/Argentina/Salta`, `UTC`, `Etc/GMT+1`.
fn is_time_zone(text: &str) -> bool {
    let part_fits = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
    };
    text.split('/').all(part_fits)
}

open_enum! {
    /// What kind of parking a location offers. For the information of drivers.
    ///
    /// Spec: mod_locations, "ParkingType enum".
    ParkingType("ParkingType", "mod_locations") {
        /// A service or rest area at a motorway.
        AlongMotorway = "ALONG_MOTORWAY",
        /// A car park on several floors.
        ParkingGarage = "PARKING_GARAGE",
        /// An open area for parking, at a shop or a bar for instance.
        ParkingLot = "PARKING_LOT",
        /// The driveway of a house.
        OnDriveway = "ON_DRIVEWAY",
        /// A public street.
        OnStreet = "ON_STREET",
        /// A car park on several floors that is mostly below ground.
        UndergroundGarage = "UNDERGROUND_GARAGE",
    }
}

open_enum! {
    /// What a charging location belongs to or has close by.
    ///
    /// Spec: mod_locations, "Facility enum".
    Facility("Facility", "mod_locations") {
        /// Hotel.
        Hotel = "HOTEL",
        /// Restaurant.
        Restaurant = "RESTAURANT",
        /// Café.
        Cafe = "CAFE",
        /// Shopping centre.
        Mall = "MALL",
        /// Supermarket.
        Supermarket = "SUPERMARKET",
        /// Gym, sports field and the like.
        Sport = "SPORT",
        /// Recreation area.
        RecreationArea = "RECREATION_AREA",
        /// In or near a park or a nature reserve.
        Nature = "NATURE",
        /// Museum.
        Museum = "MUSEUM",
        /// Station for shared bicycles, e-bikes or scooters.
        BikeSharing = "BIKE_SHARING",
        /// Bus stop.
        BusStop = "BUS_STOP",
        /// Taxi stand.
        TaxiStand = "TAXI_STAND",
        /// Tram stop.
        TramStop = "TRAM_STOP",
        /// Metro station.
        MetroStation = "METRO_STATION",
        /// Railway station.
        TrainStation = "TRAIN_STATION",
        /// Airport.
        Airport = "AIRPORT",
        /// Car park.
        ParkingLot = "PARKING_LOT",
        /// Meeting point for car pools.
        CarpoolParking = "CARPOOL_PARKING",
        /// Fuel station.
        FuelStation = "FUEL_STATION",
        /// Access to the internet, by Wi-Fi or otherwise.
        Wifi = "WIFI",
    }
}

#[cfg(test)]
mod tests {
    use super::is_time_zone;

    // Proves: LOC-089
    #[test]
    fn names_of_time_zones() {
        for text in ["Europe/Oslo", "UTC", "America/Argentina/Salta", "Etc/GMT+1", "America/Port-au-Prince", "EST5EDT"]
        {
            assert!(is_time_zone(text), "{text}");
        }
        for text in ["", "+01:00", "Europe/", "/Oslo", "Europe Oslo", "Europe/Oslo ", "1"] {
            assert!(!is_time_zone(text), "{text}");
        }
    }
}
