//! The result as JSON, for command lines and interfaces.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::{Map, Number, Value, json};

use crate::Price;

use super::{Charge, Line, Priced, Quantities, hours, totals};

impl Priced {
    /// The result as a JSON object: the cost fields of a CDR under their OCPI names, `billed` and `measured` quantities
    /// in kWh and hours, `lines` and `findings`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "currency": self.currency,
            "total_cost": price(&self.total),
            "cost_before_limits": price(&self.unlimited),
            "total_fixed_cost": price(&self.fixed),
            "total_energy_cost": price(&self.energy),
            "total_time_cost": price(&self.time),
            "total_parking_cost": price(&self.parking),
            "total_reservation_cost": price(&self.reservation),
            "total_energy": number(self.measured.energy),
            "total_time": number(hours(self.duration)),
            "total_parking_time": number(hours(self.measured.parking_time)),
            "billed": quantities(&self.billed),
            "measured": quantities(&self.measured),
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(|finding| json!({
                "doubt": format!("{:?}", finding.doubt),
                "period": finding.period,
                "tariff_id": finding.tariff_id,
                "message": finding.message,
            })).collect::<Vec<_>>(),
        })
    }
}

fn number(value: Decimal) -> Value {
    Number::from_str(&value.normalize().to_string()).map_or(Value::Null, Value::Number)
}

fn price(price: &Price) -> Value {
    let mut map = Map::new();
    map.insert("excl_vat".into(), number(price.excl_vat));
    if let Some(incl) = price.incl_vat {
        map.insert("incl_vat".into(), number(incl));
    }
    Value::Object(map)
}

fn quantities(quantities: &Quantities) -> Value {
    json!({
        "energy": number(quantities.energy),
        "time": number(hours(quantities.time)),
        "parking_time": number(hours(quantities.parking_time)),
        "reservation_time": number(hours(quantities.reservation_time)),
    })
}

fn line(line: &Line) -> Value {
    let unit = if line.charge.is_time() {
        "h"
    } else if line.charge == Charge::Energy {
        "kWh"
    } else {
        "session"
    };
    let amount = |quantity: Decimal| number(if line.charge.is_time() { hours(quantity) } else { quantity });
    json!({
        "period": line.period,
        "tariff_id": line.tariff_id.as_str(),
        "element": line.element,
        "component": line.component,
        "dimension": line.dimension.as_str(),
        "reservation": matches!(line.charge, Charge::ReservationTime | Charge::ReservationFixed),
        "quantity": amount(line.quantity),
        "billed": amount(line.billed),
        "unit": unit,
        "unit_price": number(line.unit_price),
        "vat": line.vat.map(number),
        "step_size": line.step_size,
        "cost": price(&Price {
            excl_vat: totals::round(line.cost_excl_vat),
            incl_vat: line.vat.map(|_| totals::round(line.cost_incl_vat)),
            extra: crate::Extra::default(),
        }),
        "text": super::explain::line(line),
    })
}
