//! Prices that apply under the same conditions.

use crate::model::{object, open_enum};
use crate::{Context, Decimal, Rule, TariffRestrictions};

object! {
    /// Prices that apply under the same conditions.
    ///
    /// Spec: mod_tariffs, "TariffElement class".
    TariffElement("TariffElement", "mod_tariffs", TariffElementBuilder, rules = element_rules) {
        /// One price for each dimension. For a reservation only `FLAT` and `TIME`.
        price_components: + PriceComponent,
        /// When they apply. Absent: always.
        restrictions: ? TariffRestrictions,
    }
}

fn element_rules(element: &TariffElement, cx: &mut Context) {
    const CLASS: &str = "TariffElement";
    let components = &element.price_components;
    // TAR-057.
    let of_reservation = element.restrictions.as_ref().is_some_and(|r| r.reservation.is_some());
    let fits = |c: &PriceComponent| matches!(c.dimension_type, TariffDimensionType::Flat | TariffDimensionType::Time);
    if of_reservation && !components.iter().all(fits) {
        cx.found_at(CLASS, "price_components", Rule::Inconsistent, "a reservation has only FLAT and TIME components");
    }
    let repeated = |(i, c): (usize, &PriceComponent)| {
        components[..i].iter().any(|before| before.dimension_type == c.dimension_type)
    };
    if components.iter().enumerate().any(repeated) {
        cx.found_at(
            CLASS,
            "price_components",
            Rule::Suspicious,
            "two prices for the same dimension: which one counts?",
        );
    }
}

object! {
    /// The price of one dimension.
    ///
    /// Spec: mod_tariffs, "PriceComponent class".
    PriceComponent("PriceComponent", "mod_tariffs", PriceComponentBuilder, rules = component_rules) {
        /// What is priced. `type` in JSON.
        dimension_type as "type": 1 TariffDimensionType,
        /// The price without VAT of one unit: a kWh, an hour, a session.
        price: 1 Decimal,
        /// The VAT in percent. Absent: no VAT applies, which is not the same as 0 %.
        vat: ? Decimal,
        /// What is billed is rounded up to a multiple of this: in Wh for `ENERGY`, in seconds for `TIME` and `PARKING_TIME`,
        /// without meaning for `FLAT`. 1 is recommended.
        step_size: 1 i64,
    }
}

fn component_rules(component: &PriceComponent, cx: &mut Context) {
    const CLASS: &str = "PriceComponent";
    // TAR-052: a percentage.
    match component.vat {
        Some(vat) if vat < Decimal::ZERO || vat > Decimal::ONE_HUNDRED => {
            cx.found_at(CLASS, "vat", Rule::Range, "not between 0 and 100 percent");
        }
        Some(vat) if vat > Decimal::ZERO && vat < Decimal::ONE => {
            cx.found_at(CLASS, "vat", Rule::Suspicious, "less than one percent: 21 percent is written 21, not 0.21");
        }
        _ => {}
    }
    // TAR-053.
    let by_amount = component.dimension_type != TariffDimensionType::Flat && !component.price.is_zero();
    match component.step_size {
        ..0 => cx.found_at(CLASS, "step_size", Rule::Range, "negative"),
        0 if by_amount => cx.found_at(CLASS, "step_size", Rule::Suspicious, "0: read as no rounding"),
        _ => {}
    }
}

open_enum! {
    /// What can be priced.
    ///
    /// Spec: mod_tariffs, "TariffDimensionType enum".
    TariffDimensionType("TariffDimensionType", "mod_tariffs") {
        /// Energy, by the kWh; steps of 1 Wh.
        Energy = "ENERGY",
        /// A fee for the session as a whole.
        Flat = "FLAT",
        /// Time in which the car does not charge, by the hour; steps of 1 s.
        ParkingTime = "PARKING_TIME",
        /// Time in which the car charges, or a reservation lasts; by the hour; steps of 1 s.
        Time = "TIME",
    }
}
