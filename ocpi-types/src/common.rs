//! Objects that several modules share. Spec: types.

use crate::model::{object, open_enum};
use crate::{Context, Decimal, Rule, Text, check};

object! {
    /// A text for people, in one language.
    ///
    /// Spec: types, "DisplayText class". Plain text: no markup.
    ///
    /// ```
    /// use ocpi_types::DisplayText;
    /// let text = DisplayText::builder().language("en").text("Second row on the left").build().unwrap();
    /// assert_eq!(serde_json::to_string(&text).unwrap(), r#"{"language":"en","text":"Second row on the left"}"#);
    /// ```
    DisplayText("DisplayText", "types", DisplayTextBuilder, rules = text_rules) {
        /// The language: ISO 639-1, two letters.
        language: 1 Text<2>,
        /// The text, at most 512 characters.
        text: 1 Text<512>,
    }
}

fn text_rules(text: &DisplayText, cx: &mut Context) {
    check::language(&text.language, "DisplayText", cx);
    // TYP-021.
    if has_markup(text.text.as_str()) {
        cx.found_at("DisplayText", "text", Rule::Suspicious, "looks like HTML; plain text is asked for");
    }
}

/// Whether there is something like `<b>` or `</p>` in the text.
fn has_markup(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        let tag = &text[at + 1..];
        tag.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && tag.contains('>')
    })
}

object! {
    /// An amount of money, in the currency of the object around it.
    ///
    /// Spec: types, "Price class".
    ///
    /// ```
    /// use ocpi_types::{Decimal, Price};
    /// let price = Price::builder().excl_vat(Decimal::new(1000, 2)).incl_vat(Decimal::new(1210, 2)).build().unwrap();
    /// assert_eq!(serde_json::to_string(&price).unwrap(), r#"{"excl_vat":10.00,"incl_vat":12.10}"#);
    /// ```
    Price("Price", "types", PriceBuilder, rules = price_rules) {
        /// The amount without VAT.
        excl_vat: 1 Decimal,
        /// The amount with VAT. Absent: not said; it does not mean that there is no VAT.
        incl_vat: ? Decimal,
    }
}

fn price_rules(price: &Price, cx: &mut Context) {
    // TYP-025.
    if price.incl_vat.is_some_and(|incl| incl.abs() < price.excl_vat.abs()) {
        cx.found_at("Price", "incl_vat", Rule::Suspicious, "less with VAT than without");
    }
}

open_enum! {
    /// What a party does in the world of charging.
    ///
    /// Spec: types, "Role enum".
    Role("Role", "types") {
        /// Charge point operator: runs charging stations.
        Cpo = "CPO",
        /// E-mobility service provider: has the contracts with drivers.
        Emsp = "EMSP",
        /// Roaming hub: connects parties.
        Hub = "HUB",
        /// National access point: the database of locations of a country.
        Nap = "NAP",
        /// Navigation service provider: shows locations to drivers.
        Nsp = "NSP",
        /// Something else.
        Other = "OTHER",
        /// Smart charging service provider: makes charging profiles.
        Scsp = "SCSP",
    }
}

#[cfg(test)]
mod tests {
    use super::has_markup;

    // Proves: TYP-021
    #[test]
    fn markup() {
        assert!(has_markup("<b>left</b>"));
        assert!(has_markup("first<br/>second"));
        assert!(!has_markup("a < b > c, 3<4"));
        assert!(!has_markup("I <3 charging"));
    }
}
