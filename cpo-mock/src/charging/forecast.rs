//! What energy costs and how green it is, hour by hour: an invented ordinary day, in place of the forecasts that a real operator
//! buys.

use ocpi_types::ProfileType;

/// The price of energy, in cents for each kWh, by the hour on the wall.
const PRICE: [u32; 24] =
    [12, 11, 10, 10, 11, 13, 18, 24, 26, 22, 17, 14, 12, 12, 14, 18, 24, 30, 32, 30, 26, 22, 18, 14];

/// The share of energy that does not come from wind and sun, in percent, by the hour on the wall.
const NOT_RENEWABLE: [u32; 24] =
    [62, 62, 63, 64, 65, 64, 60, 52, 42, 34, 27, 22, 20, 21, 25, 32, 41, 50, 56, 59, 60, 60, 61, 62];

/// How bad an hour (0 to 23, local time) is for a profile type; `None` when every hour is as good.
#[must_use]
pub(super) fn badness(profile_type: &ProfileType, hour: usize) -> Option<u32> {
    let day = match profile_type {
        ProfileType::Cheap => &PRICE,
        ProfileType::Green => &NOT_RENEWABLE,
        _ => return None,
    };
    Some(day[hour % 24])
}
