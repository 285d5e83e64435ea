//! From slices to line items: which component prices what, before `step_size`.

use rust_decimal::Decimal;

use crate::TariffDimensionType;

use super::restrictions::{Active, Pool};
use super::slices::Timeline;
use super::stretches::{Kind, Stretch};
use super::tariff_book::{Found, TariffBook};
use super::{Charge, Doubt, Line, PricingFinding};

/// The line items under construction.
pub(super) struct Bill<'a> {
    book: &'a TariffBook<'a>,
    timeline: &'a Timeline<'a>,
    expired: bool,
    pub lines: Vec<Line>,
    /// The tariff of each line, as an index into the book.
    pub tariff_of: Vec<usize>,
    /// Lines in the order in which their quantities came in; the last one of a charge takes what rounding adds.
    pub latest: Vec<usize>,
    /// Fixed prices that are in a line already.
    fees: Vec<Found<'a>>,
    session_fee: bool,
    reservation_fee: bool,
    pub findings: Vec<PricingFinding>,
}

impl<'a> Bill<'a> {
    pub(super) fn new(book: &'a TariffBook<'a>, timeline: &'a Timeline<'a>, expired: bool) -> Self {
        Self {
            book,
            timeline,
            expired,
            lines: Vec::new(),
            tariff_of: Vec::new(),
            latest: Vec::new(),
            fees: Vec::new(),
            session_fee: false,
            reservation_fee: false,
            findings: Vec::new(),
        }
    }

    /// Adds what a stretch costs under a tariff.
    pub(super) fn add(&mut self, stretch: &Stretch, tariff: usize) {
        let mut endless = false;
        let slices = self.timeline.divide(stretch, self.book.entry(tariff), || endless = true);
        if endless {
            let message = "too long to be divided by the time of day; the prices at its start count".to_owned();
            self.tell(Doubt::OutOfRange, stretch.period, tariff, message);
        }
        let mut previous: Option<Vec<Option<Found<'a>>>> = None;
        for slice in &slices {
            let fee = self.book_fee(slice, tariff);
            let active = self.price_slice(slice, tariff);
            if previous.as_ref().is_some_and(|previous| fee || *previous != active) {
                self.tell_straddle(stretch, tariff, slice);
            }
            previous = Some(active);
        }
    }

    /// Books one slice; gives the components that priced its consumption.
    fn price_slice(&mut self, slice: &Stretch, tariff: usize) -> Vec<Option<Found<'a>>> {
        let energy = slice.kwh.1 - slice.kwh.0;
        let time = slice.time.1 - slice.time.0;
        let mut active = Vec::new();
        if !energy.is_zero() {
            active.push(self.book_quantity(slice, tariff, &TariffDimensionType::Energy, Charge::Energy, energy));
        }
        if !time.is_zero() {
            let (dimension, charge) = match slice.kind {
                Kind::Reservation => (TariffDimensionType::Time, Charge::ReservationTime),
                Kind::Charging => (TariffDimensionType::Time, Charge::Time),
                Kind::Parking => (TariffDimensionType::ParkingTime, Charge::ParkingTime),
            };
            active.push(self.book_quantity(slice, tariff, &dimension, charge, time));
        }
        active
    }

    /// A fixed amount is due once for the session and once for its reservation, when a FLAT first becomes active. Tells
    /// whether that is now.
    fn book_fee(&mut self, slice: &Stretch, tariff: usize) -> bool {
        let reservation = slice.kind == Kind::Reservation;
        let due = if reservation { self.reservation_fee } else { self.session_fee };
        let Some(found) = self.lookup(slice, tariff, &TariffDimensionType::Flat) else { return false };
        if due {
            self.tell_second_fee(slice, &found);
            return false;
        }
        // A fee of nothing is no fee: it does not stand in the way of one that becomes active later.
        let paid = !found.price().is_zero();
        let charge = match (reservation, self.belongs_to_parking(&found)) {
            (true, _) => Charge::ReservationFixed,
            (false, true) => Charge::ParkingFixed,
            (false, false) => Charge::Fixed,
        };
        if reservation {
            self.reservation_fee = paid;
        } else {
            self.session_fee = paid;
        }
        if !self.fees.contains(&found) {
            self.fees.push(found);
            self.push(slice.period, &found, charge, Decimal::ONE);
        }
        paid
    }

    /// Whether all that the element prices besides is parking.
    fn belongs_to_parking(&self, found: &Found<'_>) -> bool {
        let components = &self.book.entry(found.tariff).tariff.elements[found.element].price_components;
        let mut others = components.iter().map(|c| &c.dimension_type).filter(|d| **d != TariffDimensionType::Flat);
        let parking = components.iter().any(|c| c.dimension_type == TariffDimensionType::ParkingTime);
        parking && others.all(|dimension| *dimension == TariffDimensionType::ParkingTime)
    }

    fn book_quantity(
        &mut self,
        slice: &Stretch,
        tariff: usize,
        dimension: &TariffDimensionType,
        charge: Charge,
        quantity: Decimal,
    ) -> Option<Found<'a>> {
        let found = self.lookup(slice, tariff, dimension)?;
        self.push(slice.period, &found, charge, quantity);
        Some(found)
    }

    fn lookup(&mut self, slice: &Stretch, tariff: usize, dimension: &TariffDimensionType) -> Option<Found<'a>> {
        let moment = self.timeline.moment(slice);
        // The price of an expired reservation comes from RESERVATION_EXPIRES wherever that has the dimension.
        let pools: &[Pool] = match slice.kind {
            Kind::Reservation if self.expired => &[Pool::Expired, Pool::Reserved],
            Kind::Reservation => &[Pool::Reserved],
            Kind::Charging | Kind::Parking => &[Pool::Session],
        };
        let mut doubts = Vec::new();
        let doubtful = |element: usize, active: Active| doubts.push((element, active));
        let mut doubtful = doubtful;
        let found = pools.iter().find_map(|pool| self.book.lookup(tariff, dimension, *pool, &moment, &mut doubtful));
        for (element, doubt) in doubts {
            self.tell_doubt(slice.period, tariff, element, doubt);
        }
        found
    }

    fn push(&mut self, period: usize, found: &Found<'a>, charge: Charge, quantity: Decimal) {
        // The lines of this period are the last ones.
        let first = self.lines.iter().rposition(|line| line.period != period).map_or(0, |index| index + 1);
        let known = (first..self.lines.len()).find(|&index| {
            let line = &self.lines[index];
            let place = (self.tariff_of[index], line.element, line.component);
            line.charge == charge && place == (found.tariff, found.element, found.component)
        });
        let index = known.unwrap_or_else(|| {
            self.lines.push(line(period, found, charge, self.book));
            self.tariff_of.push(found.tariff);
            self.lines.len() - 1
        });
        self.lines[index].quantity += quantity;
        self.lines[index].billed += quantity;
        self.latest.push(index);
    }

    fn tell(&mut self, doubt: Doubt, period: usize, tariff: usize, message: String) {
        let finding = PricingFinding {
            doubt,
            period: Some(period),
            tariff_id: Some(self.book.entry(tariff).tariff.id.to_string()),
            message,
        };
        let mut of_period = self.findings.iter().rev().take_while(|known| known.period == Some(period));
        if !of_period.any(|known| *known == finding) {
            self.findings.push(finding);
        }
    }

    fn tell_straddle(&mut self, stretch: &Stretch, tariff: usize, slice: &Stretch) {
        let after = super::hours(slice.clock.0 - stretch.clock.0);
        let message = format!(
            "the price changes {after} h into it, where a new period should start; time is divided there, energy evenly"
        );
        self.tell(Doubt::Straddle, stretch.period, tariff, message);
    }

    fn tell_second_fee(&mut self, slice: &Stretch, found: &Found<'a>) {
        if !found.price().is_zero() && !self.fees.contains(found) {
            let message = format!("another fixed price of {} becomes active; one per session is billed", found.price());
            self.tell(Doubt::SecondFee, slice.period, found.tariff, message);
        }
    }

    fn tell_doubt(&mut self, period: usize, tariff: usize, element: usize, doubt: Active) {
        let number = element + 1;
        match doubt {
            Active::Straddles(what) => {
                let message = format!(
                    "its {what} passes a bound of element {number}, where a new period should start; the element counts \
                     as not active"
                );
                self.tell(Doubt::Straddle, period, tariff, message);
            }
            Active::Unknown(what) => {
                let message = format!(
                    "it does not tell the {what} that element {number} asks for; the element counts as not active"
                );
                self.tell(Doubt::Undecidable, period, tariff, message);
            }
            Active::Yes | Active::No => {}
        }
    }
}

fn line(period: usize, found: &Found<'_>, charge: Charge, book: &TariffBook<'_>) -> Line {
    Line {
        period,
        tariff_id: book.entry(found.tariff).tariff.id.clone(),
        element: found.element,
        component: found.component,
        charge,
        dimension: found.source.dimension_type.clone(),
        quantity: Decimal::ZERO,
        billed: Decimal::ZERO,
        unit_price: found.price(),
        vat: found.vat(),
        step_size: found.step_size(),
        cost_excl_vat: Decimal::ZERO,
        cost_incl_vat: Decimal::ZERO,
    }
}
