//! What a session or a CDR costs, and why: for the operators of both parties.

use ocpi_types::pricing::{self, Difference, Priced, PricingInput, Tz};
use ocpi_types::{Cdr, DateTime, Decimal, Session, Tariff};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What something costs by its charging periods and tariffs, in words and in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Explanation {
    /// The bill: a sentence for each line item, then the total.
    #[schema(example = json!([
        "Energy: 11 kWh, at 0.4 per kWh = 4.4, with 7% VAT 4.708 (tariff TARIFF-DAY, element 1)",
        "Total: 4.4 USD without VAT, 4.708 USD with VAT",
    ]))]
    pub sentences: Vec<String>,
    /// What was doubtful about the periods or the tariffs.
    pub doubts: Vec<String>,
    /// Where the document itself says something else.
    pub differences: Vec<DifferenceView>,
    /// The time zone in which the tariffs were read. UTC where the Location is not known.
    #[schema(example = "America/New_York")]
    pub time_zone: String,
    /// The totals under their OCPI names, the billed quantities (after `step_size`) and the line items.
    #[schema(value_type = Object)]
    pub price: Value,
}

/// A number of the document that is not what its periods and tariffs give.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DifferenceView {
    /// The place, as a JSON Pointer.
    #[schema(example = "/total_cost/excl_vat")]
    pub pointer: String,
    /// What the periods and tariffs give.
    #[schema(example = "4.4")]
    pub expected: String,
    /// What the document says; absent where it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4.9")]
    pub actual: Option<String>,
    /// In a sentence.
    #[schema(example = "is 4.9 excluding VAT; the periods and tariffs give 4.4")]
    pub message: String,
}

impl From<Difference> for DifferenceView {
    fn from(difference: Difference) -> Self {
        Self {
            pointer: difference.pointer,
            expected: difference.expected.normalize().to_string(),
            actual: difference.actual.map(|actual| actual.normalize().to_string()),
            message: difference.message,
        }
    }
}

impl Explanation {
    /// Of a CDR under these tariffs.
    #[must_use]
    pub fn of_cdr(cdr: &Cdr, tariffs: &[Tariff], time_zone: Tz) -> Self {
        let input = PricingInput { tariffs, ..PricingInput::of_cdr(cdr, time_zone) };
        Self::new(&pricing::price(&input), pricing::audit(cdr, tariffs, time_zone), time_zone)
    }

    /// Of a Session under these tariffs: what it costs so far, up to `until`, while it is still going on.
    #[must_use]
    pub fn of_session(session: &Session, tariffs: &[Tariff], time_zone: Tz, until: DateTime) -> Self {
        let priced = pricing::price(&PricingInput::of_session(session, tariffs, time_zone, until));
        let differs = |expected: Decimal, actual: Decimal| {
            // A Session can hold any number.
            expected.checked_sub(actual).is_none_or(|difference| difference.abs() > pricing::MONEY_TOLERANCE)
        };
        let said = session.total_cost.as_ref().map(|cost| cost.excl_vat);
        let expected = priced.total.excl_vat;
        let difference = said.filter(|actual| differs(expected, *actual)).map(|actual| Difference {
            pointer: "/total_cost/excl_vat".to_owned(),
            expected,
            actual: Some(actual),
            message: format!("is {actual} excluding VAT; the periods and tariffs give {}", expected.normalize()),
        });
        Self::new(&priced, difference.into_iter().collect(), time_zone)
    }

    fn new(priced: &Priced, differences: Vec<Difference>, time_zone: Tz) -> Self {
        Self {
            sentences: pricing::explain(priced),
            doubts: priced.findings.iter().map(ToString::to_string).collect(),
            differences: differences.into_iter().map(Into::into).collect(),
            time_zone: time_zone.name().to_owned(),
            price: priced.to_json(),
        }
    }
}
