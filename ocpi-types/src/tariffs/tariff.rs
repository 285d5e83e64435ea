//! A price list.

use crate::model::{object, open_enum};
use crate::{CiString, Context, DateTime, DisplayText, EnergyMix, Price, Rule, TariffElement, Text, Url, check};

object! {
    /// What charging costs at the connectors that refer to it.
    ///
    /// Spec: mod_tariffs, "Tariff Object". Owned by the CPO.
    ///
    /// ```
    /// use ocpi_types::{Decimal, PriceComponent, Tariff, TariffDimensionType, TariffElement};
    ///
    /// let per_kwh = PriceComponent::builder()
    ///     .dimension_type(TariffDimensionType::Energy)
    ///     .price(Decimal::new(35, 2))
    ///     .vat(21)
    ///     .step_size(1)
    ///     .build()
    ///     .unwrap();
    /// let tariff = Tariff::builder()
    ///     .country_code("NL")
    ///     .party_id("WTT")
    ///     .id("T1")
    ///     .currency("EUR")
    ///     .elements([TariffElement::builder().price_components([per_kwh]).build().unwrap()])
    ///     .last_updated("2026-01-01T00:00:00Z".parse::<ocpi_types::DateTime>().unwrap())
    ///     .build()
    ///     .unwrap();
    /// assert_eq!(tariff.elements[0].price_components[0].price, Decimal::new(35, 2));
    /// ```
    Tariff("Tariff", "mod_tariffs", TariffBuilder, rules = tariff_rules) {
        /// Country of the CPO that owns this tariff: ISO 3166-1 alpha-2.
        country_code: 1 CiString<2>,
        /// Id of the CPO that owns this tariff: three characters, as in ISO 15118.
        party_id: 1 CiString<3>,
        /// Names the tariff within the CPO's platform, at most 36 characters.
        id: 1 CiString<36>,
        /// The currency of all its prices: ISO 4217.
        currency: 1 Text<3>,
        /// For which sessions it is. Absent: for all of them. `type` in JSON.
        tariff_type as "type": ? TariffType,
        /// Something to tell drivers, in several languages; not the prices that `elements` hold.
        tariff_alt_text: * DisplayText,
        /// A page that explains the tariff.
        tariff_alt_url: ? Url,
        /// What a session costs at least, without and with VAT each on its own.
        min_price: ? Price,
        /// What a session costs at most, without and with VAT each on its own.
        max_price: ? Price,
        /// The prices, in order of precedence.
        elements: + TariffElement,
        /// From when on it may be used, in UTC. Sessions that began earlier keep theirs.
        start_date_time: ? DateTime,
        /// Until when it may be used, in UTC. Sessions that began earlier keep it.
        end_date_time: ? DateTime,
        /// Where the energy that is sold by this tariff comes from.
        energy_mix: ? EnergyMix,
        /// When it changed last.
        last_updated: 1 DateTime,
    }
}

const CLASS: &str = "Tariff";

fn tariff_rules(tariff: &Tariff, cx: &mut Context) {
    check::owner(&tariff.country_code, &tariff.party_id, CLASS, cx);
    check::id(&tariff.id, CLASS, "id", cx);
    check::currency(&tariff.currency, CLASS, cx);
    // TAR-042, TAR-043.
    if let (Some(start), Some(end)) = (tariff.start_date_time, tariff.end_date_time)
        && end <= start
    {
        cx.found_at(CLASS, "end_date_time", Rule::Suspicious, "not later than start_date_time: never valid");
    }
    if let (Some(min), Some(max)) = (&tariff.min_price, &tariff.max_price) {
        let with_vat = min.incl_vat.zip(max.incl_vat).is_some_and(|(min, max)| min > max);
        if min.excl_vat > max.excl_vat || with_vat {
            cx.found_at(CLASS, "max_price", Rule::Suspicious, "lower than min_price");
        }
    }
}

open_enum! {
    /// For which sessions a tariff is.
    ///
    /// Spec: mod_tariffs, "TariffType enum".
    TariffType("TariffType", "mod_tariffs") {
        /// Sessions that are paid on the spot, by card for instance.
        AdHocPayment = "AD_HOC_PAYMENT",
        /// Sessions with the charging preference `CHEAP`.
        ProfileCheap = "PROFILE_CHEAP",
        /// Sessions with the charging preference `FAST`.
        ProfileFast = "PROFILE_FAST",
        /// Sessions with the charging preference `GREEN`.
        ProfileGreen = "PROFILE_GREEN",
        /// Sessions with an RFID token, without a charging preference, or with the preference `REGULAR`.
        Regular = "REGULAR",
    }
}
