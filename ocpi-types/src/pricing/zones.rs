//! Names of time zones.

use chrono_tz::{TZ_VARIANTS, Tz};

/// The time zone of an IANA name (`Location.time_zone`), without regard to case. `None` when there is no such zone.
#[must_use]
pub fn time_zone(name: &str) -> Option<Tz> {
    let name = name.trim();
    name.parse().ok().or_else(|| TZ_VARIANTS.into_iter().find(|zone| zone.name().eq_ignore_ascii_case(name)))
}

/// The time zone of a country that has one, or almost all of its people in one; for CDRs whose location is not known.
/// `country` is an ISO 3166-1 alpha-3 (`CdrLocation.country`) or alpha-2 code.
#[must_use]
pub fn time_zone_of_country(country: &str) -> Option<Tz> {
    let country = country.trim().to_ascii_uppercase();
    let (_, _, zone) = COUNTRIES.iter().find(|(alpha2, alpha3, _)| country == *alpha2 || country == *alpha3)?;
    Some(*zone)
}

const COUNTRIES: [(&str, &str, Tz); 44] = [
    ("AD", "AND", Tz::Europe__Andorra),
    ("AL", "ALB", Tz::Europe__Tirane),
    ("AT", "AUT", Tz::Europe__Vienna),
    ("BA", "BIH", Tz::Europe__Sarajevo),
    ("BE", "BEL", Tz::Europe__Brussels),
    ("BG", "BGR", Tz::Europe__Sofia),
    ("CH", "CHE", Tz::Europe__Zurich),
    ("CY", "CYP", Tz::Asia__Nicosia),
    ("CZ", "CZE", Tz::Europe__Prague),
    ("DE", "DEU", Tz::Europe__Berlin),
    ("DK", "DNK", Tz::Europe__Copenhagen),
    ("EE", "EST", Tz::Europe__Tallinn),
    ("ES", "ESP", Tz::Europe__Madrid),
    ("FI", "FIN", Tz::Europe__Helsinki),
    ("FR", "FRA", Tz::Europe__Paris),
    ("GB", "GBR", Tz::Europe__London),
    ("GR", "GRC", Tz::Europe__Athens),
    ("HR", "HRV", Tz::Europe__Zagreb),
    ("HU", "HUN", Tz::Europe__Budapest),
    ("IE", "IRL", Tz::Europe__Dublin),
    ("IL", "ISR", Tz::Asia__Jerusalem),
    ("IN", "IND", Tz::Asia__Kolkata),
    ("IS", "ISL", Tz::Atlantic__Reykjavik),
    ("IT", "ITA", Tz::Europe__Rome),
    ("JP", "JPN", Tz::Asia__Tokyo),
    ("KR", "KOR", Tz::Asia__Seoul),
    ("LI", "LIE", Tz::Europe__Vaduz),
    ("LT", "LTU", Tz::Europe__Vilnius),
    ("LU", "LUX", Tz::Europe__Luxembourg),
    ("LV", "LVA", Tz::Europe__Riga),
    ("MC", "MCO", Tz::Europe__Monaco),
    ("MD", "MDA", Tz::Europe__Chisinau),
    ("ME", "MNE", Tz::Europe__Podgorica),
    ("MK", "MKD", Tz::Europe__Skopje),
    ("MT", "MLT", Tz::Europe__Malta),
    ("NL", "NLD", Tz::Europe__Amsterdam),
    ("NO", "NOR", Tz::Europe__Oslo),
    ("PL", "POL", Tz::Europe__Warsaw),
    ("PT", "PRT", Tz::Europe__Lisbon),
    ("RO", "ROU", Tz::Europe__Bucharest),
    ("RS", "SRB", Tz::Europe__Belgrade),
    ("SE", "SWE", Tz::Europe__Stockholm),
    ("SI", "SVN", Tz::Europe__Ljubljana),
    ("SK", "SVK", Tz::Europe__Bratislava),
];
