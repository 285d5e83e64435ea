//! Rules that several objects share. The identifiers beside them are those of the list of requirements.

use std::ops::Sub;

use crate::{CiString, Context, DateTime, Decimal, Rule, Text, Url, parse_local_date, parse_time_of_day};

/// The placeholder for a value that is not available. Spec: transport_and_format, "No data available".
pub(crate) const NOT_AVAILABLE: &str = "#NA";

/// The owner of an object: an alpha-2 country code and an id of three characters.
pub(crate) fn owner(country_code: &CiString<2>, party_id: &CiString<3>, class: &'static str, cx: &mut Context) {
    // LOC-080, SES-062, CDR-047, CDR-116, TOK-066, TAR-037, CRE-071, CRE-072, HCI-047, HCI-048.
    let country = country_code.as_str();
    if country.len() < 2 || !country.bytes().all(|b| b.is_ascii_alphabetic()) {
        cx.found_at(class, "country_code", Rule::Pattern, "not an ISO 3166-1 alpha-2 code such as NL");
    }
    let party = party_id.as_str();
    if party.len() < 3 || !party.bytes().all(|b| b.is_ascii_graphic()) {
        cx.found_at(class, "party_id", Rule::Pattern, "not the id of a party: three characters without blanks");
    }
}

/// An id by which an object is addressed: at least one character, or it could not be part of a URL.
pub(crate) fn id<const MAX: usize>(id: &CiString<MAX>, class: &'static str, field: &'static str, cx: &mut Context) {
    // LOC-050, SES-039, TOK-021, TAR-023.
    if id.as_str().trim().is_empty() {
        cx.found_at(class, field, Rule::Pattern, "an empty id cannot be addressed");
    }
}

/// ISO 3166-1 alpha-3.
pub(crate) fn country(country: &Text<3>, class: &'static str, cx: &mut Context) {
    // LOC-087, CDR-111.
    three_letters(country, class, "country", "an ISO 3166-1 alpha-3 code such as NLD", cx);
}

/// ISO 4217.
pub(crate) fn currency(currency: &Text<3>, class: &'static str, cx: &mut Context) {
    // SES-075, CDR-058, TAR-038.
    three_letters(currency, class, "currency", "an ISO 4217 code such as EUR", cx);
}

fn three_letters(text: &Text<3>, class: &'static str, field: &'static str, expected: &'static str, cx: &mut Context) {
    let text = text.as_str();
    if text.len() != 3 || !text.bytes().all(|b| b.is_ascii_alphabetic()) {
        cx.found_at(class, field, Rule::Pattern, format!("not {expected}"));
    } else if text.bytes().any(|b| b.is_ascii_lowercase()) {
        cx.found_at(class, field, Rule::Suspicious, "small letters in a code that is written in capitals");
    }
}

/// ISO 639-1.
pub(crate) fn language(language: &Text<2>, class: &'static str, cx: &mut Context) {
    // TYP-019, TOK-071. What is too long is reported as such.
    let text = language.as_str();
    if text.len() < 2 || !text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' && text.len() > 2) {
        cx.found_at(class, "language", Rule::Pattern, "not an ISO 639-1 code such as en");
    }
}

/// A URL to which OCPI requests are sent.
pub(crate) fn called_url(url: &Url, class: &'static str, field: &'static str, cx: &mut Context) {
    // CRE-018, CRE-057, VER-012, VER-025. A URL that is not even absolute has been reported.
    let scheme = url.as_str().split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    if scheme.is_some_and(|scheme| scheme != "http" && scheme != "https") {
        cx.found_at(class, field, Rule::NotAUrl, "not an http or https URL");
    }
}

/// The eMI3 id of an EVSE: country, operator, `E`, outlet, with optional `*` between them.
pub(crate) fn is_evse_id(text: &str) -> bool {
    // LOC-103, CDR-109.
    let bytes = text.as_bytes();
    let mut rest = bytes;
    for part in [2, 3] {
        let Some((head, tail)) = rest.split_at_checked(part) else { return false };
        let letters_only = part == 2;
        if !head.iter().all(|b| b.is_ascii_alphabetic() || !letters_only && b.is_ascii_digit()) {
            return false;
        }
        rest = tail.strip_prefix(b"*").unwrap_or(tail);
    }
    match rest {
        [b'E' | b'e', outlet @ ..] => {
            !outlet.is_empty() && outlet.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'*')
        }
        _ => false,
    }
}

/// A local time of day.
pub(crate) fn time_of_day(text: &Text<5>, class: &'static str, field: &'static str, cx: &mut Context) {
    // LOC-158, TAR-055.
    match parse_time_of_day(text.as_str()) {
        Some((_, true)) => {}
        Some((_, false)) => cx.found_at(class, field, Rule::TimeForm, format!("{text:?} is no time such as 07:30")),
        None => cx.found_at(class, field, Rule::Pattern, format!("{text:?} is no time of day such as 07:30")),
    }
}

/// A local date.
pub(crate) fn local_date(text: &Text<10>, class: &'static str, field: &'static str, cx: &mut Context) {
    // TAR-056.
    if parse_local_date(text.as_str()).is_none() {
        cx.found_at(class, field, Rule::Pattern, format!("{text:?} is no date such as 2026-12-24"));
    }
}

/// The first entry whose start is before that of the entry before it.
pub(crate) fn first_out_of_order<T: PartialOrd>(starts: impl Iterator<Item = T>) -> Option<usize> {
    let mut previous: Option<T> = None;
    for (i, start) in starts.enumerate() {
        if previous.is_some_and(|previous| start < previous) {
            return Some(i);
        }
        previous = Some(start);
    }
    None
}

/// The first text that occurs twice without regard to case.
pub(crate) fn first_repeated<'a>(texts: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen: Vec<(String, &str)> = texts.map(|text| (text.to_ascii_uppercase(), text)).collect();
    seen.sort_unstable();
    seen.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1)
}

/// Whether the parts differ from the whole by more than rounding explains: a hundredth of the whole or `slack`.
pub(crate) fn far_apart(whole: Decimal, parts: Decimal, slack: Decimal) -> bool {
    let allowed = (whole.abs() / Decimal::ONE_HUNDRED).max(slack);
    whole.checked_sub(parts).is_none_or(|difference| difference.abs() > allowed)
}

/// The time between two instants in hours.
pub(crate) fn hours_between(begin: &DateTime, end: &DateTime) -> Decimal {
    Decimal::from(end.sub(begin).num_milliseconds()) / Decimal::from(3_600_000)
}

/// Whether this is the placeholder for a time that is not known. Spec: mod_cdrs, "CDR Object" (CDR-078).
pub(crate) fn is_unknown_time(at: &DateTime) -> bool {
    at.timestamp() == 0
}

#[cfg(test)]
mod tests {
    use super::{first_out_of_order, first_repeated, is_evse_id};

    // Proves: LOC-103, CDR-109
    #[test]
    fn evse_ids_of_emi3() {
        for text in ["NL*TNM*E123", "NLTNME123", "de*8aa*e1*2*3", "BE*BEC*E041503001"] {
            assert!(is_evse_id(text), "{text}");
        }
        for text in
            ["", "NL", "NL*TNM", "NL*TNM*123", "NL*TNM*E", "+49*810*000*438", "N1*TNM*E1", "NL*TNM*E1-2", "#NA", "ÄÖ"]
        {
            assert!(!is_evse_id(text), "{text}");
        }
    }

    #[test]
    fn order_and_repetition() {
        assert_eq!(first_out_of_order([1, 2, 2, 3].into_iter()), None);
        assert_eq!(first_out_of_order([1, 3, 2].into_iter()), Some(2));
        assert_eq!(first_repeated(["a", "b", "A"].into_iter()), Some("a"));
        assert_eq!(first_repeated(["a", "b"].into_iter()), None);
    }
}
