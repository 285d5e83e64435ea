//! `CiString`: printable ASCII that is compared without regard to case.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::Serializer;
use serde_json::Value;

use super::{check_length, read_text};
use crate::report::Rule;
use crate::{Context, Model};

/// A case-insensitive string of at most `MAX` printable ASCII characters. Spec: types, "CiString".
///
/// It keeps the case in which it was received. The length is not enforced here but reported by `validate()`.
///
/// ```
/// use ocpi_types::CiString;
/// let id: CiString<36> = "loc-1".into();
/// assert_eq!(id, CiString::<36>::from("LOC-1"));
/// assert_eq!(id.as_str(), "loc-1");
/// ```
#[derive(Clone, Default)]
pub struct CiString<const MAX: usize>(String);

impl<const MAX: usize> CiString<MAX> {
    /// The text in the case in which it was received.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text in upper case: equal for equal values, for use as a key in a database.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_uppercase()
    }
}

impl<const MAX: usize> Model for CiString<MAX> {
    const NAME: &'static str = "CiString";
    const MAX_LENGTH: Option<usize> = Some(MAX);
    const EMPTY_TEXT: bool = true;

    fn read(json: Value, cx: &mut Context) -> Option<Self> {
        read_text(json, Self::NAME, cx).map(Self)
    }

    fn check(&self, cx: &mut Context) {
        check_length(&self.0, Some(MAX), cx);
        if !self.0.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            cx.found(Rule::NotAscii, "a CiString may only hold printable ASCII characters");
        }
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }

    #[cfg(feature = "openapi")]
    fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        crate::openapi::text(Some(MAX), None)
    }
}

impl<const MAX: usize> From<&str> for CiString<MAX> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl<const MAX: usize> From<String> for CiString<MAX> {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl<const MAX: usize> From<&String> for CiString<MAX> {
    fn from(text: &String) -> Self {
        Self(text.clone())
    }
}

impl<const MAX: usize, const OTHER: usize> PartialEq<CiString<OTHER>> for CiString<MAX> {
    fn eq(&self, other: &CiString<OTHER>) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl<const MAX: usize> Eq for CiString<MAX> {}

impl<const MAX: usize> PartialEq<str> for CiString<MAX> {
    fn eq(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

impl<const MAX: usize> PartialEq<&str> for CiString<MAX> {
    fn eq(&self, other: &&str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

impl<const MAX: usize> Hash for CiString<MAX> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            byte.to_ascii_uppercase().hash(state);
        }
    }
}

impl<const MAX: usize> PartialOrd for CiString<MAX> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<const MAX: usize> Ord for CiString<MAX> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let upper = |text: &str| text.bytes().map(|b| b.to_ascii_uppercase()).collect::<Vec<_>>();
        upper(&self.0).cmp(&upper(&other.0))
    }
}

impl<const MAX: usize> fmt::Debug for CiString<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<const MAX: usize> fmt::Display for CiString<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> serde::Serialize for CiString<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.write(serializer)
    }
}

impl<'de, const MAX: usize> serde::Deserialize<'de> for CiString<MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}
