//! The vehicle at the end of the cable: how much it takes, and how it tapers off when the battery fills.

use serde::{Deserialize, Serialize};

/// Millijoules in a watt-hour. Energy is counted in millijoules (watts times milliseconds), so that it stays exact.
pub(super) const MJ_PER_WH: i64 = 3_600_000;

/// From this state of charge (in 1/1000 of the battery) on, this share (in 1/1000) of the highest power is taken.
const DC_CURVE: [(i64, i64); 5] = [(0, 1000), (500, 750), (700, 500), (800, 300), (900, 120)];
const AC_CURVE: [(i64, i64); 2] = [(0, 1000), (960, 400)];

/// A vehicle that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Car {
    /// The battery's capacity in Wh.
    pub battery_wh: i64,
    /// What is in the battery, in millijoules.
    pub charge_mj: i64,
    /// The most that the vehicle takes from alternating current, in W.
    pub max_ac_watts: i64,
    /// The most that the vehicle takes from direct current, in W.
    pub max_dc_watts: i64,
}

impl Car {
    /// A vehicle with a battery of `battery_wh` Wh that is filled to `soc_percent` percent.
    #[must_use]
    pub fn new(battery_wh: i64, soc_percent: i64) -> Self {
        let battery_wh = battery_wh.clamp(1, 2_000_000);
        Self {
            battery_wh,
            charge_mj: battery_wh * MJ_PER_WH / 100 * soc_percent.clamp(0, 100),
            max_ac_watts: 11_000,
            max_dc_watts: 120_000,
        }
    }

    fn capacity_mj(&self) -> i64 {
        self.battery_wh * MJ_PER_WH
    }

    /// The battery is full: the vehicle asks for no more power.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.charge_mj >= self.capacity_mj()
    }

    /// The state of charge in whole percent.
    #[must_use]
    pub fn soc_percent(&self) -> i64 {
        self.charge_mj * 100 / self.capacity_mj()
    }

    fn curve(is_dc: bool) -> &'static [(i64, i64)] {
        if is_dc { &DC_CURVE } else { &AC_CURVE }
    }

    /// The part of the curve in which the battery is now: its share, and the charge at which it ends.
    fn band(&self, is_dc: bool) -> (i64, i64) {
        let curve = Self::curve(is_dc);
        let threshold = |per_mille: i64| self.capacity_mj() / 1000 * per_mille;
        let current = curve.iter().rposition(|(from, _)| threshold(*from) <= self.charge_mj).unwrap_or(0);
        let end = curve.get(current + 1).map_or(self.capacity_mj(), |(from, _)| threshold(*from));
        (curve[current].1, end)
    }

    /// What the vehicle takes now, in W, from a connector that offers `offered` W.
    #[must_use]
    pub fn watts(&self, is_dc: bool, offered: i64) -> i64 {
        if self.is_full() {
            return 0;
        }
        let (share, _) = self.band(is_dc);
        let own_limit = if is_dc { self.max_dc_watts } else { self.max_ac_watts };
        // The battery's limit falls with its state of charge; a weaker connector may never notice.
        (own_limit * share / 1000).min(offered).max(0)
    }

    /// In how many milliseconds the power changes by itself, when `watts` flow until then.
    #[must_use]
    pub fn changes_in_ms(&self, is_dc: bool, watts: i64) -> Option<i64> {
        if watts <= 0 || self.is_full() {
            return None;
        }
        let (_, end) = self.band(is_dc);
        // Rounded up: a millisecond later the threshold is certainly reached.
        Some(((end - self.charge_mj) + watts - 1) / watts)
    }

    /// Charges with `watts` for `ms` milliseconds; what really went into the battery, in millijoules.
    pub fn take(&mut self, watts: i64, ms: i64) -> i64 {
        let taken = (watts * ms).min(self.capacity_mj() - self.charge_mj).max(0);
        self.charge_mj += taken;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_battery_fills_exactly_and_takes_less_towards_the_end() {
        let mut car = Car::new(50_000, 40);
        let mut powers = Vec::new();
        let mut taken = 0;
        while !car.is_full() {
            let watts = car.watts(true, 150_000);
            let ms = car.changes_in_ms(true, watts).expect("the power changes before the battery is full");
            powers.push(watts);
            taken += car.take(watts, ms);
        }
        assert_eq!(powers, [120_000, 90_000, 60_000, 36_000, 14_400]);
        assert_eq!(taken, 30_000 * MJ_PER_WH);
        assert_eq!(car.watts(true, 150_000), 0);
        assert_eq!(car.soc_percent(), 100);
    }

    #[test]
    fn the_weaker_side_sets_the_power() {
        let car = Car::new(50_000, 10);
        assert_eq!(car.watts(false, 22_000), 11_000);
        assert_eq!(car.watts(false, 3_680), 3_680);
    }
}
