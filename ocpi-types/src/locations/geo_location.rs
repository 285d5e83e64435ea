//! Points on the map: WGS 84, decimal degrees, as text.

use crate::model::object;
use crate::{Context, Decimal, DisplayText, Rule, Text};

object! {
    /// A point on the map, in decimal degrees of WGS 84.
    ///
    /// Spec: mod_locations, "GeoLocation class". Five decimals are about one metre, seven about one centimetre.
    ///
    /// ```
    /// use ocpi_types::GeoLocation;
    /// assert!(GeoLocation::builder().latitude("52.374030").longitude("4.889690").build().is_ok());
    /// assert!(GeoLocation::builder().latitude("52.374030").longitude("184.889690").build().is_err());
    /// ```
    GeoLocation("GeoLocation", "mod_locations", GeoLocationBuilder, rules = geo_rules) {
        /// Degrees north of the equator, -90 to 90, with five to seven decimals: `50.770774`. At most 10 characters.
        latitude: 1 Text<10>,
        /// Degrees east of Greenwich, -180 to 180, with five to seven decimals: `-126.104965`. At most 11 characters.
        longitude: 1 Text<11>,
    }
}

object! {
    /// A further point that matters to drivers, such as the entrance of a car park.
    ///
    /// Spec: mod_locations, "AdditionalGeoLocation class".
    AdditionalGeoLocation("AdditionalGeoLocation", "mod_locations", AdditionalGeoLocationBuilder, rules = additional_rules) {
        /// Degrees north of the equator, -90 to 90, with five to seven decimals. At most 10 characters.
        latitude: 1 Text<10>,
        /// Degrees east of Greenwich, -180 to 180, with five to seven decimals. At most 11 characters.
        longitude: 1 Text<11>,
        /// What the point is called on the spot, such as the name of the street.
        name: ? DisplayText,
    }
}

fn geo_rules(point: &GeoLocation, cx: &mut Context) {
    point_rules(point.latitude.as_str(), point.longitude.as_str(), "GeoLocation", cx);
}

fn additional_rules(point: &AdditionalGeoLocation, cx: &mut Context) {
    point_rules(point.latitude.as_str(), point.longitude.as_str(), "AdditionalGeoLocation", cx);
}

fn point_rules(latitude: &str, longitude: &str, class: &'static str, cx: &mut Context) {
    // LOC-135, LOC-136.
    for (field, text, digits, limit) in [("latitude", latitude, 2, 90), ("longitude", longitude, 3, 180)] {
        match degrees(text) {
            None => cx.found_at(class, field, Rule::Range, format!("{text:?} are no decimal degrees")),
            Some(value) if value.abs() > Decimal::from(limit) => {
                cx.found_at(class, field, Rule::Range, format!("{text} is not between -{limit} and {limit}"));
            }
            Some(_) if !has_shape(text, digits) => {
                cx.found_at(class, field, Rule::Pattern, "five to seven decimals are asked for");
            }
            Some(_) => {}
        }
    }
    if [latitude, longitude].map(degrees) == [Some(Decimal::ZERO); 2] {
        cx.found_at(class, "latitude", Rule::Suspicious, "a point in the ocean: is the place unknown?");
    }
}

/// The value of decimal degrees (LOC-134): digits, a sign, a point; no exponent, no comma.
fn degrees(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.'));
    text.parse().ok().filter(|_| plain)
}

/// Whether it is `-?[0-9]{1,digits}\.[0-9]{5,7}`.
fn has_shape(text: &str, digits: usize) -> bool {
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, decimals) = text.strip_prefix('-').unwrap_or(text).split_once('.').unwrap_or((text, ""));
    all_digits(whole)
        && all_digits(decimals)
        && (1..=digits).contains(&whole.len())
        && (5..=7).contains(&decimals.len())
}

#[cfg(test)]
mod tests {
    use super::{degrees, has_shape};

    // Proves: LOC-134, LOC-135, LOC-136
    #[test]
    fn shapes() {
        for text in ["50.770774", "-5.12345", "0.00000", "90.0000000"] {
            assert!(has_shape(text, 2), "{text}");
        }
        for text in ["50.7707", "50.77077412", "126.104965", "+5.12345", "5", ".12345", "5.", "--5.12345", "5.12-45"] {
            assert!(!has_shape(text, 2), "{text}");
        }
        assert!(has_shape("-126.104965", 3));
        for text in ["", "52,37403", "5.2e1", "north", "inf", "52.1.2"] {
            assert_eq!(degrees(text), None, "{text}");
        }
    }
}
