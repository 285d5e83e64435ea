//! The objects of module locations. Spec: mod_locations.

use rust_decimal::Decimal;

use crate::model::{object, open_enum};
use crate::{CiString, DateTime, DisplayText, Text, TokenType, Url};

object! {
    /// Location. Spec: mod_locations.
    Location("Location", "mod_locations", LocationBuilder) {
        /// Country code.
        country_code: 1 CiString<2>,
        /// Party id.
        party_id: 1 CiString<3>,
        /// Id.
        id: 1 CiString<36>,
        /// Publish.
        publish: 1 bool,
        /// Publish allowed to.
        publish_allowed_to: * PublishTokenType,
        /// Name.
        name: ? Text<255>,
        /// Address.
        address: 1 Text<255>,
        /// City.
        city: 1 Text<45>,
        /// Postal code.
        postal_code: ? Text<10>,
        /// State.
        state: ? Text<45>,
        /// Country.
        country: 1 Text<3>,
        /// Coordinates.
        coordinates: 1 GeoLocation,
        /// Related locations.
        related_locations: * AdditionalGeoLocation,
        /// Parking type.
        parking_type: ? ParkingType,
        /// Evses.
        evses: * Evse,
        /// Directions.
        directions: * DisplayText,
        /// Operator.
        operator: ? BusinessDetails,
        /// Suboperator.
        suboperator: ? BusinessDetails,
        /// Owner.
        owner: ? BusinessDetails,
        /// Facilities.
        facilities: * Facility,
        /// Time zone.
        time_zone: 1 Text<255>,
        /// Opening times.
        opening_times: ? Hours,
        /// Charging when closed.
        charging_when_closed: ? bool,
        /// Images.
        images: * Image,
        /// Energy mix.
        energy_mix: ? EnergyMix,
        /// Last updated.
        last_updated: 1 DateTime,
    }
}

object! {
    /// EVSE. Spec: mod_locations.
    Evse("EVSE", "mod_locations", EvseBuilder) {
        /// Uid.
        uid: 1 CiString<36>,
        /// Evse id.
        evse_id: ? CiString<48>,
        /// Status.
        status: 1 Status,
        /// Status schedule.
        status_schedule: * StatusSchedule,
        /// Capabilities.
        capabilities: * Capability,
        /// Connectors.
        connectors: + Connector,
        /// Floor level.
        floor_level: ? Text<4>,
        /// Coordinates.
        coordinates: ? GeoLocation,
        /// Physical reference.
        physical_reference: ? Text<16>,
        /// Directions.
        directions: * DisplayText,
        /// Parking restrictions.
        parking_restrictions: * ParkingRestriction,
        /// Images.
        images: * Image,
        /// Last updated.
        last_updated: 1 DateTime,
    }
}

object! {
    /// Connector. Spec: mod_locations.
    Connector("Connector", "mod_locations", ConnectorBuilder) {
        /// Id.
        id: 1 CiString<36>,
        /// Standard.
        standard: 1 ConnectorType,
        /// Format.
        format: 1 ConnectorFormat,
        /// Power type.
        power_type: 1 PowerType,
        /// Max voltage.
        max_voltage: 1 i64,
        /// Max amperage.
        max_amperage: 1 i64,
        /// Max electric power.
        max_electric_power: ? i64,
        /// Tariff ids.
        tariff_ids: * CiString<36>,
        /// Terms and conditions.
        terms_and_conditions: ? Url,
        /// Last updated.
        last_updated: 1 DateTime,
    }
}

object! {
    /// AdditionalGeoLocation. Spec: mod_locations.
    AdditionalGeoLocation("AdditionalGeoLocation", "mod_locations", AdditionalGeoLocationBuilder) {
        /// Latitude.
        latitude: 1 Text<10>,
        /// Longitude.
        longitude: 1 Text<11>,
        /// Name.
        name: ? DisplayText,
    }
}

object! {
    /// BusinessDetails. Spec: mod_locations.
    BusinessDetails("BusinessDetails", "mod_locations", BusinessDetailsBuilder) {
        /// Name.
        name: 1 Text<100>,
        /// Website.
        website: ? Url,
        /// Logo.
        logo: ? Image,
    }
}

open_enum! {
    /// Capability. Spec: mod_locations.
    Capability("Capability", "mod_locations") {
        /// CHARGING_PROFILE_CAPABLE.
        ChargingProfileCapable = "CHARGING_PROFILE_CAPABLE",
        /// CHARGING_PREFERENCES_CAPABLE.
        ChargingPreferencesCapable = "CHARGING_PREFERENCES_CAPABLE",
        /// CHIP_CARD_SUPPORT.
        ChipCardSupport = "CHIP_CARD_SUPPORT",
        /// CONTACTLESS_CARD_SUPPORT.
        ContactlessCardSupport = "CONTACTLESS_CARD_SUPPORT",
        /// CREDIT_CARD_PAYABLE.
        CreditCardPayable = "CREDIT_CARD_PAYABLE",
        /// DEBIT_CARD_PAYABLE.
        DebitCardPayable = "DEBIT_CARD_PAYABLE",
        /// PED_TERMINAL.
        PedTerminal = "PED_TERMINAL",
        /// REMOTE_START_STOP_CAPABLE.
        RemoteStartStopCapable = "REMOTE_START_STOP_CAPABLE",
        /// RESERVABLE.
        Reservable = "RESERVABLE",
        /// RFID_READER.
        RfidReader = "RFID_READER",
        /// START_SESSION_CONNECTOR_REQUIRED.
        StartSessionConnectorRequired = "START_SESSION_CONNECTOR_REQUIRED",
        /// TOKEN_GROUP_CAPABLE.
        TokenGroupCapable = "TOKEN_GROUP_CAPABLE",
        /// UNLOCK_CAPABLE.
        UnlockCapable = "UNLOCK_CAPABLE",
    }
}

open_enum! {
    /// ConnectorFormat. Spec: mod_locations.
    ConnectorFormat("ConnectorFormat", "mod_locations") {
        /// SOCKET.
        Socket = "SOCKET",
        /// CABLE.
        Cable = "CABLE",
    }
}

open_enum! {
    /// ConnectorType. Spec: mod_locations.
    ConnectorType("ConnectorType", "mod_locations") {
        /// CHADEMO.
        Chademo = "CHADEMO",
        /// CHAOJI.
        Chaoji = "CHAOJI",
        /// DOMESTIC_A.
        DomesticA = "DOMESTIC_A",
        /// DOMESTIC_B.
        DomesticB = "DOMESTIC_B",
        /// DOMESTIC_C.
        DomesticC = "DOMESTIC_C",
        /// DOMESTIC_D.
        DomesticD = "DOMESTIC_D",
        /// DOMESTIC_E.
        DomesticE = "DOMESTIC_E",
        /// DOMESTIC_F.
        DomesticF = "DOMESTIC_F",
        /// DOMESTIC_G.
        DomesticG = "DOMESTIC_G",
        /// DOMESTIC_H.
        DomesticH = "DOMESTIC_H",
        /// DOMESTIC_I.
        DomesticI = "DOMESTIC_I",
        /// DOMESTIC_J.
        DomesticJ = "DOMESTIC_J",
        /// DOMESTIC_K.
        DomesticK = "DOMESTIC_K",
        /// DOMESTIC_L.
        DomesticL = "DOMESTIC_L",
        /// DOMESTIC_M.
        DomesticM = "DOMESTIC_M",
        /// DOMESTIC_N.
        DomesticN = "DOMESTIC_N",
        /// DOMESTIC_O.
        DomesticO = "DOMESTIC_O",
        /// GBT_AC.
        GbtAc = "GBT_AC",
        /// GBT_DC.
        GbtDc = "GBT_DC",
        /// IEC_60309_2_single_16.
        Iec603092Single16 = "IEC_60309_2_single_16",
        /// IEC_60309_2_three_16.
        Iec603092Three16 = "IEC_60309_2_three_16",
        /// IEC_60309_2_three_32.
        Iec603092Three32 = "IEC_60309_2_three_32",
        /// IEC_60309_2_three_64.
        Iec603092Three64 = "IEC_60309_2_three_64",
        /// IEC_62196_T1.
        Iec62196T1 = "IEC_62196_T1",
        /// IEC_62196_T1_COMBO.
        Iec62196T1Combo = "IEC_62196_T1_COMBO",
        /// IEC_62196_T2.
        Iec62196T2 = "IEC_62196_T2",
        /// IEC_62196_T2_COMBO.
        Iec62196T2Combo = "IEC_62196_T2_COMBO",
        /// IEC_62196_T3A.
        Iec62196T3a = "IEC_62196_T3A",
        /// IEC_62196_T3C.
        Iec62196T3c = "IEC_62196_T3C",
        /// NEMA_5_20.
        Nema520 = "NEMA_5_20",
        /// NEMA_6_30.
        Nema630 = "NEMA_6_30",
        /// NEMA_6_50.
        Nema650 = "NEMA_6_50",
        /// NEMA_10_30.
        Nema1030 = "NEMA_10_30",
        /// NEMA_10_50.
        Nema1050 = "NEMA_10_50",
        /// NEMA_14_30.
        Nema1430 = "NEMA_14_30",
        /// NEMA_14_50.
        Nema1450 = "NEMA_14_50",
        /// PANTOGRAPH_BOTTOM_UP.
        PantographBottomUp = "PANTOGRAPH_BOTTOM_UP",
        /// PANTOGRAPH_TOP_DOWN.
        PantographTopDown = "PANTOGRAPH_TOP_DOWN",
        /// TESLA_R.
        TeslaR = "TESLA_R",
        /// TESLA_S.
        TeslaS = "TESLA_S",
    }
}

object! {
    /// EnergyMix. Spec: mod_locations.
    EnergyMix("EnergyMix", "mod_locations", EnergyMixBuilder) {
        /// Is green energy.
        is_green_energy: 1 bool,
        /// Energy sources.
        energy_sources: * EnergySource,
        /// Environ impact.
        environ_impact: * EnvironmentalImpact,
        /// Supplier name.
        supplier_name: ? Text<64>,
        /// Energy product name.
        energy_product_name: ? Text<64>,
    }
}

object! {
    /// EnergySource. Spec: mod_locations.
    EnergySource("EnergySource", "mod_locations", EnergySourceBuilder) {
        /// Source.
        source: 1 EnergySourceCategory,
        /// Percentage.
        percentage: 1 Decimal,
    }
}

open_enum! {
    /// EnergySourceCategory. Spec: mod_locations.
    EnergySourceCategory("EnergySourceCategory", "mod_locations") {
        /// NUCLEAR.
        Nuclear = "NUCLEAR",
        /// GENERAL_FOSSIL.
        GeneralFossil = "GENERAL_FOSSIL",
        /// COAL.
        Coal = "COAL",
        /// GAS.
        Gas = "GAS",
        /// GENERAL_GREEN.
        GeneralGreen = "GENERAL_GREEN",
        /// SOLAR.
        Solar = "SOLAR",
        /// WIND.
        Wind = "WIND",
        /// WATER.
        Water = "WATER",
    }
}

object! {
    /// EnvironmentalImpact. Spec: mod_locations.
    EnvironmentalImpact("EnvironmentalImpact", "mod_locations", EnvironmentalImpactBuilder) {
        /// Category.
        category: 1 EnvironmentalImpactCategory,
        /// Amount.
        amount: 1 Decimal,
    }
}

open_enum! {
    /// EnvironmentalImpactCategory. Spec: mod_locations.
    EnvironmentalImpactCategory("EnvironmentalImpactCategory", "mod_locations") {
        /// NUCLEAR_WASTE.
        NuclearWaste = "NUCLEAR_WASTE",
        /// CARBON_DIOXIDE.
        CarbonDioxide = "CARBON_DIOXIDE",
    }
}

object! {
    /// ExceptionalPeriod. Spec: mod_locations.
    ExceptionalPeriod("ExceptionalPeriod", "mod_locations", ExceptionalPeriodBuilder) {
        /// Period begin.
        period_begin: 1 DateTime,
        /// Period end.
        period_end: 1 DateTime,
    }
}

open_enum! {
    /// Facility. Spec: mod_locations.
    Facility("Facility", "mod_locations") {
        /// HOTEL.
        Hotel = "HOTEL",
        /// RESTAURANT.
        Restaurant = "RESTAURANT",
        /// CAFE.
        Cafe = "CAFE",
        /// MALL.
        Mall = "MALL",
        /// SUPERMARKET.
        Supermarket = "SUPERMARKET",
        /// SPORT.
        Sport = "SPORT",
        /// RECREATION_AREA.
        RecreationArea = "RECREATION_AREA",
        /// NATURE.
        Nature = "NATURE",
        /// MUSEUM.
        Museum = "MUSEUM",
        /// BIKE_SHARING.
        BikeSharing = "BIKE_SHARING",
        /// BUS_STOP.
        BusStop = "BUS_STOP",
        /// TAXI_STAND.
        TaxiStand = "TAXI_STAND",
        /// TRAM_STOP.
        TramStop = "TRAM_STOP",
        /// METRO_STATION.
        MetroStation = "METRO_STATION",
        /// TRAIN_STATION.
        TrainStation = "TRAIN_STATION",
        /// AIRPORT.
        Airport = "AIRPORT",
        /// PARKING_LOT.
        ParkingLot = "PARKING_LOT",
        /// CARPOOL_PARKING.
        CarpoolParking = "CARPOOL_PARKING",
        /// FUEL_STATION.
        FuelStation = "FUEL_STATION",
        /// WIFI.
        Wifi = "WIFI",
    }
}

object! {
    /// GeoLocation. Spec: mod_locations.
    GeoLocation("GeoLocation", "mod_locations", GeoLocationBuilder) {
        /// Latitude.
        latitude: 1 Text<10>,
        /// Longitude.
        longitude: 1 Text<11>,
    }
}

object! {
    /// Hours. Spec: mod_locations.
    Hours("Hours", "mod_locations", HoursBuilder) {
        /// Twentyfourseven.
        twentyfourseven: 1 bool,
        /// Regular hours.
        regular_hours: * RegularHours,
        /// Exceptional openings.
        exceptional_openings: * ExceptionalPeriod,
        /// Exceptional closings.
        exceptional_closings: * ExceptionalPeriod,
    }
}

object! {
    /// Image. Spec: mod_locations.
    Image("Image", "mod_locations", ImageBuilder) {
        /// Url.
        url: 1 Url,
        /// Thumbnail.
        thumbnail: ? Url,
        /// Category.
        category: 1 ImageCategory,
        /// Type.
        file_type as "type": 1 CiString<4>,
        /// Width.
        width: ? i64,
        /// Height.
        height: ? i64,
    }
}

open_enum! {
    /// ImageCategory. Spec: mod_locations.
    ImageCategory("ImageCategory", "mod_locations") {
        /// CHARGER.
        Charger = "CHARGER",
        /// ENTRANCE.
        Entrance = "ENTRANCE",
        /// LOCATION.
        Location = "LOCATION",
        /// NETWORK.
        Network = "NETWORK",
        /// OPERATOR.
        Operator = "OPERATOR",
        /// OTHER.
        Other = "OTHER",
        /// OWNER.
        Owner = "OWNER",
    }
}

open_enum! {
    /// ParkingRestriction. Spec: mod_locations.
    ParkingRestriction("ParkingRestriction", "mod_locations") {
        /// EV_ONLY.
        EvOnly = "EV_ONLY",
        /// PLUGGED.
        Plugged = "PLUGGED",
        /// DISABLED.
        Disabled = "DISABLED",
        /// CUSTOMERS.
        Customers = "CUSTOMERS",
        /// MOTORCYCLES.
        Motorcycles = "MOTORCYCLES",
    }
}

open_enum! {
    /// ParkingType. Spec: mod_locations.
    ParkingType("ParkingType", "mod_locations") {
        /// ALONG_MOTORWAY.
        AlongMotorway = "ALONG_MOTORWAY",
        /// PARKING_GARAGE.
        ParkingGarage = "PARKING_GARAGE",
        /// PARKING_LOT.
        ParkingLot = "PARKING_LOT",
        /// ON_DRIVEWAY.
        OnDriveway = "ON_DRIVEWAY",
        /// ON_STREET.
        OnStreet = "ON_STREET",
        /// UNDERGROUND_GARAGE.
        UndergroundGarage = "UNDERGROUND_GARAGE",
    }
}

open_enum! {
    /// PowerType. Spec: mod_locations.
    PowerType("PowerType", "mod_locations") {
        /// AC_1_PHASE.
        Ac1Phase = "AC_1_PHASE",
        /// AC_2_PHASE.
        Ac2Phase = "AC_2_PHASE",
        /// AC_2_PHASE_SPLIT.
        Ac2PhaseSplit = "AC_2_PHASE_SPLIT",
        /// AC_3_PHASE.
        Ac3Phase = "AC_3_PHASE",
        /// DC.
        Dc = "DC",
    }
}

object! {
    /// PublishTokenType. Spec: mod_locations.
    PublishTokenType("PublishTokenType", "mod_locations", PublishTokenTypeBuilder) {
        /// Uid.
        uid: ? CiString<36>,
        /// Type.
        token_type as "type": ? TokenType,
        /// Visual number.
        visual_number: ? Text<64>,
        /// Issuer.
        issuer: ? Text<64>,
        /// Group id.
        group_id: ? CiString<36>,
    }
}

object! {
    /// RegularHours. Spec: mod_locations.
    RegularHours("RegularHours", "mod_locations", RegularHoursBuilder) {
        /// Weekday.
        weekday: 1 i64,
        /// Period begin.
        period_begin: 1 Text<5>,
        /// Period end.
        period_end: 1 Text<5>,
    }
}

open_enum! {
    /// Status. Spec: mod_locations.
    Status("Status", "mod_locations") {
        /// AVAILABLE.
        Available = "AVAILABLE",
        /// BLOCKED.
        Blocked = "BLOCKED",
        /// CHARGING.
        Charging = "CHARGING",
        /// INOPERATIVE.
        Inoperative = "INOPERATIVE",
        /// OUTOFORDER.
        Outoforder = "OUTOFORDER",
        /// PLANNED.
        Planned = "PLANNED",
        /// REMOVED.
        Removed = "REMOVED",
        /// RESERVED.
        Reserved = "RESERVED",
        /// UNKNOWN.
        Unknown = "UNKNOWN",
    }
}

object! {
    /// StatusSchedule. Spec: mod_locations.
    StatusSchedule("StatusSchedule", "mod_locations", StatusScheduleBuilder) {
        /// Period begin.
        period_begin: 1 DateTime,
        /// Period end.
        period_end: ? DateTime,
        /// Status.
        status: 1 Status,
    }
}
