//! The objects of module tariffs. Spec: mod_tariffs.

use rust_decimal::Decimal;

use crate::model::{object, open_enum};
use crate::{CiString, DateTime, DisplayText, EnergyMix, Price, Text, Url};

object! {
    /// Tariff. Spec: mod_tariffs.
    Tariff("Tariff", "mod_tariffs", TariffBuilder) {
        /// Country code.
        country_code: 1 CiString<2>,
        /// Party id.
        party_id: 1 CiString<3>,
        /// Id.
        id: 1 CiString<36>,
        /// Currency.
        currency: 1 Text<3>,
        /// Type.
        tariff_type as "type": ? TariffType,
        /// Tariff alt text.
        tariff_alt_text: * DisplayText,
        /// Tariff alt url.
        tariff_alt_url: ? Url,
        /// Min price.
        min_price: ? Price,
        /// Max price.
        max_price: ? Price,
        /// Elements.
        elements: + TariffElement,
        /// Start date time.
        start_date_time: ? DateTime,
        /// End date time.
        end_date_time: ? DateTime,
        /// Energy mix.
        energy_mix: ? EnergyMix,
        /// Last updated.
        last_updated: 1 DateTime,
    }
}

open_enum! {
    /// DayOfWeek. Spec: mod_tariffs.
    DayOfWeek("DayOfWeek", "mod_tariffs") {
        /// MONDAY.
        Monday = "MONDAY",
        /// TUESDAY.
        Tuesday = "TUESDAY",
        /// WEDNESDAY.
        Wednesday = "WEDNESDAY",
        /// THURSDAY.
        Thursday = "THURSDAY",
        /// FRIDAY.
        Friday = "FRIDAY",
        /// SATURDAY.
        Saturday = "SATURDAY",
        /// SUNDAY.
        Sunday = "SUNDAY",
    }
}

object! {
    /// PriceComponent. Spec: mod_tariffs.
    PriceComponent("PriceComponent", "mod_tariffs", PriceComponentBuilder) {
        /// Type.
        dimension_type as "type": 1 TariffDimensionType,
        /// Price.
        price: 1 Decimal,
        /// Vat.
        vat: ? Decimal,
        /// Step size.
        step_size: 1 i64,
    }
}

open_enum! {
    /// ReservationRestrictionType. Spec: mod_tariffs.
    ReservationRestrictionType("ReservationRestrictionType", "mod_tariffs") {
        /// RESERVATION.
        Reservation = "RESERVATION",
        /// RESERVATION_EXPIRES.
        ReservationExpires = "RESERVATION_EXPIRES",
    }
}

object! {
    /// TariffElement. Spec: mod_tariffs.
    TariffElement("TariffElement", "mod_tariffs", TariffElementBuilder) {
        /// Price components.
        price_components: + PriceComponent,
        /// Restrictions.
        restrictions: ? TariffRestrictions,
    }
}

open_enum! {
    /// TariffDimensionType. Spec: mod_tariffs.
    TariffDimensionType("TariffDimensionType", "mod_tariffs") {
        /// ENERGY.
        Energy = "ENERGY",
        /// FLAT.
        Flat = "FLAT",
        /// PARKING_TIME.
        ParkingTime = "PARKING_TIME",
        /// TIME.
        Time = "TIME",
    }
}

object! {
    /// TariffRestrictions. Spec: mod_tariffs.
    TariffRestrictions("TariffRestrictions", "mod_tariffs", TariffRestrictionsBuilder) {
        /// Start time.
        start_time: ? Text<5>,
        /// End time.
        end_time: ? Text<5>,
        /// Start date.
        start_date: ? Text<10>,
        /// End date.
        end_date: ? Text<10>,
        /// Min kwh.
        min_kwh: ? Decimal,
        /// Max kwh.
        max_kwh: ? Decimal,
        /// Min current.
        min_current: ? Decimal,
        /// Max current.
        max_current: ? Decimal,
        /// Min power.
        min_power: ? Decimal,
        /// Max power.
        max_power: ? Decimal,
        /// Min duration.
        min_duration: ? i64,
        /// Max duration.
        max_duration: ? i64,
        /// Day of week.
        day_of_week: * DayOfWeek,
        /// Reservation.
        reservation: ? ReservationRestrictionType,
    }
}

open_enum! {
    /// TariffType. Spec: mod_tariffs.
    TariffType("TariffType", "mod_tariffs") {
        /// AD_HOC_PAYMENT.
        AdHocPayment = "AD_HOC_PAYMENT",
        /// PROFILE_CHEAP.
        ProfileCheap = "PROFILE_CHEAP",
        /// PROFILE_FAST.
        ProfileFast = "PROFILE_FAST",
        /// PROFILE_GREEN.
        ProfileGreen = "PROFILE_GREEN",
        /// REGULAR.
        Regular = "REGULAR",
    }
}
