//! Meter readings that a driver can verify.

use crate::model::object;
use crate::{CiString, Context, Rule, Text};

object! {
    /// The meter's signed readings, as calibration law asks for in some countries.
    ///
    /// Spec: mod_cdrs, "SignedData class". Passed on unchanged.
    SignedData("SignedData", "mod_cdrs", SignedDataBuilder, rules = data_rules) {
        /// The name of the encoding (`OCMF`, `Alfen Eichrecht`, …), at most 36 characters. Not a closed list.
        encoding_method: 1 CiString<36>,
        /// The version of the encoding.
        encoding_method_version: ? i64,
        /// The public key, Base64, at most 512 characters.
        public_key: ? Text<512>,
        /// The readings.
        signed_values: + SignedValue,
        /// A page where a driver can check them, at most 512 characters.
        url: ? Text<512>,
    }
}

object! {
    /// One signed reading.
    ///
    /// Spec: mod_cdrs, "SignedValue class".
    SignedValue("SignedValue", "mod_cdrs", SignedValueBuilder, rules = value_rules) {
        /// What kind of reading: `Start`, `End`, `Intermediate`, …, at most 32 characters. Not a closed list.
        nature: 1 CiString<32>,
        /// The reading as it was signed, not encoded, at most 5000 characters.
        plain_data: 1 Text<5000>,
        /// The signature in the form of the encoding, Base64, at most 5000 characters.
        signed_data: 1 Text<5000>,
    }
}

fn data_rules(data: &SignedData, cx: &mut Context) {
    // CDR-124.
    if data.public_key.as_ref().is_some_and(|key| !is_base64(key.as_str())) {
        cx.found_at("SignedData", "public_key", Rule::Suspicious, "not Base64");
    }
}

fn value_rules(value: &SignedValue, cx: &mut Context) {
    // CDR-129.
    if !is_base64(value.signed_data.as_str()) {
        cx.found_at("SignedValue", "signed_data", Rule::Suspicious, "not Base64");
    }
}

/// Whether the text only holds what Base64 holds, of the standard or of the URL-safe kind.
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let byte_fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    text.len() - body.len() <= 2 && body.bytes().all(byte_fits) && body.len() % 4 != 1
}

#[cfg(test)]
mod tests {
    use super::is_base64;

    // Proves: CDR-124, CDR-129
    #[test]
    fn base64() {
        for text in ["", "QQ==", "QUI=", "QUJD", "QUJD_-", "QUI"] {
            assert!(is_base64(text), "{text}");
        }
        for text in ["OCMF|{}", "Q", "QQ===", "QU JD", "é"] {
            assert!(!is_base64(text), "{text}");
        }
    }
}
