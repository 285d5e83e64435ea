//! The tariffs of a session, made ready for questions: which price component is active for a dimension at a moment?

use rust_decimal::Decimal;

use crate::{DateTime, PriceComponent, Tariff, TariffDimensionType};

use super::restrictions::{Active, Conditions, Moment, Pool};
use super::{Doubt, PricingFinding};

/// Beyond this a price or VAT percentage is a mistake or an attack; it also keeps all arithmetic within [`Decimal`].
const HIGHEST_PRICE: i64 = 1_000_000_000;
const HIGHEST_VAT: i64 = 10_000;
const HIGHEST_STEP: i64 = 1_000_000_000;

/// All tariffs that were given.
pub(super) struct TariffBook<'a> {
    entries: Vec<Entry<'a>>,
}

/// One tariff with its restrictions read.
pub(super) struct Entry<'a> {
    pub tariff: &'a Tariff,
    pub conditions: Vec<Conditions>,
}

/// A price component and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub tariff: usize,
    pub element: usize,
    pub component: usize,
    pub source: &'a PriceComponent,
}

impl PartialEq for Found<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.tariff, self.element, self.component) == (other.tariff, other.element, other.component)
    }
}

impl<'a> TariffBook<'a> {
    pub(super) fn new(tariffs: &'a [Tariff], findings: &mut Vec<PricingFinding>) -> Self {
        let entries = tariffs
            .iter()
            .map(|tariff| {
                check_components(tariff, findings);
                let conditions = (0..tariff.elements.len()).map(|i| Conditions::read(tariff, i, findings)).collect();
                Entry { tariff, conditions }
            })
            .collect();
        Self { entries }
    }

    pub(super) fn entry(&self, index: usize) -> &Entry<'a> {
        &self.entries[index]
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The tariff with this id. Among versions of one tariff, the one that was valid at `at`.
    pub(super) fn find(&self, id: &str, at: DateTime) -> Option<usize> {
        let same = |entry: &Entry<'_>| entry.tariff.id.as_str().eq_ignore_ascii_case(id);
        let valid = self.entries.iter().position(|e| same(e) && super::is_valid_at(e.tariff, at));
        valid.or_else(|| self.entries.iter().position(same))
    }

    /// The component of `dimension` that is active: that of the first element in the list which has one and whose
    /// restrictions match. `doubtful` hears of elements that could not be decided; they count as not active.
    pub(super) fn lookup(
        &self,
        tariff: usize,
        dimension: &TariffDimensionType,
        pool: Pool,
        at: &Moment,
        mut doubtful: impl FnMut(usize, Active),
    ) -> Option<Found<'a>> {
        let entry = &self.entries[tariff];
        for (element, conditions) in entry.conditions.iter().enumerate().filter(|(_, c)| c.pool == pool) {
            let components = &entry.tariff.elements[element].price_components;
            let Some(component) = components.iter().position(|c| c.dimension_type == *dimension) else { continue };
            match conditions.active(at) {
                Active::Yes => return Some(Found { tariff, element, component, source: &components[component] }),
                Active::No => {}
                doubt => doubtful(element, doubt),
            }
        }
        None
    }
}

impl Found<'_> {
    pub(super) fn price(&self) -> Decimal {
        within(self.source.price, HIGHEST_PRICE)
    }

    pub(super) fn vat(&self) -> Option<Decimal> {
        self.source.vat.map(|vat| within(vat, HIGHEST_VAT))
    }

    /// 0 where there is none: a free tariff has it, and nothing is rounded then.
    pub(super) fn step_size(&self) -> i64 {
        if (0..=HIGHEST_STEP).contains(&self.source.step_size) { self.source.step_size } else { 0 }
    }
}

fn within(value: Decimal, highest: i64) -> Decimal {
    if value.abs() > Decimal::from(highest) { Decimal::ZERO } else { value }
}

fn check_components(tariff: &Tariff, findings: &mut Vec<PricingFinding>) {
    for (index, element) in tariff.elements.iter().enumerate() {
        let reservation = element.restrictions.as_ref().is_some_and(|r| r.reservation.is_some());
        for component in &element.price_components {
            for (doubt, what) in component_faults(component, reservation) {
                findings.push(PricingFinding {
                    doubt,
                    period: None,
                    tariff_id: Some(tariff.id.to_string()),
                    message: format!("tariff {}, element {}: {what}", tariff.id, index + 1),
                });
            }
        }
    }
}

fn component_faults(component: &PriceComponent, reservation: bool) -> Vec<(Doubt, String)> {
    let dimension = &component.dimension_type;
    let mut faults = Vec::new();
    if let TariffDimensionType::Unlisted(_) = dimension {
        faults.push((Doubt::BadComponent, format!("{} is no dimension that can be priced", dimension.as_str())));
    }
    if reservation && !matches!(dimension, TariffDimensionType::Flat | TariffDimensionType::Time) {
        let what = format!("{} cannot be priced under a reservation restriction and is ignored", dimension.as_str());
        faults.push((Doubt::BadComponent, what));
    }
    let price_out = component.price.abs() > Decimal::from(HIGHEST_PRICE);
    let vat_out = component.vat.is_some_and(|vat| vat.abs() > Decimal::from(HIGHEST_VAT));
    if price_out || vat_out {
        faults.push((Doubt::OutOfRange, "a price or VAT percentage is out of range and counts as 0".to_owned()));
    }
    if !(0..=HIGHEST_STEP).contains(&component.step_size) {
        let what = format!("step_size {} is out of range, nothing is rounded", component.step_size);
        faults.push((Doubt::OutOfRange, what));
    }
    faults
}
