//! `string` and `URL`: printable UTF-8, compared exactly.

use std::fmt;

use serde::Serializer;
use serde_json::Value;

use super::{check_length, read_text};
use crate::report::Rule;
use crate::{Context, Model};

/// A case-sensitive string of at most `MAX` Unicode code points; `MAX` 0 means that the spec gives no limit.
/// Spec: types, "string".
///
/// ```
/// use ocpi_types::Text;
/// let city: Text<45> = "Den Haag".into();
/// assert_eq!(city, "Den Haag");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<const MAX: usize = 0>(String);

/// An absolute URL of at most 255 characters. Spec: types, "URL".
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Url(String);

impl<const MAX: usize> Model for Text<MAX> {
    const NAME: &'static str = "string";
    const MAX_LENGTH: Option<usize> = if MAX == 0 { None } else { Some(MAX) };
    const EMPTY_TEXT: bool = true;

    fn read(json: Value, cx: &mut Context) -> Option<Self> {
        read_text(json, Self::NAME, cx).map(Self)
    }

    fn check(&self, cx: &mut Context) {
        check_length(&self.0, Self::MAX_LENGTH, cx);
        if self.0.chars().any(char::is_control) {
            cx.found(Rule::NotPrintable, "control characters (tab, line break) are not allowed in a string");
        }
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }

    #[cfg(feature = "openapi")]
    fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        crate::openapi::text(Self::MAX_LENGTH, None)
    }
}

impl Model for Url {
    const NAME: &'static str = "URL";

    fn read(json: Value, cx: &mut Context) -> Option<Self> {
        read_text(json, Self::NAME, cx).map(Self)
    }

    fn check(&self, cx: &mut Context) {
        check_length(&self.0, Some(255), cx);
        let absolute = self.0.split_once("://").is_some_and(|(scheme, rest)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && !rest.is_empty()
                && !rest.contains(char::is_whitespace)
        });
        if !absolute {
            cx.found(Rule::NotAUrl, "not an absolute URL such as https://example.com/page");
        }
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }

    #[cfg(feature = "openapi")]
    fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        crate::openapi::text(Some(255), Some("uri"))
    }
}

macro_rules! text_like {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> $type {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl<$($generics)*> From<&str> for $type {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
        impl<$($generics)*> From<String> for $type {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
        impl<$($generics)*> PartialEq<str> for $type {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }
        impl<$($generics)*> PartialEq<&str> for $type {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
        impl<$($generics)*> fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
        impl<$($generics)*> fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl<$($generics)*> serde::Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.write(serializer)
            }
        }
    };
}
text_like!([const MAX: usize] Text<MAX>);
text_like!([] Url);

impl<'de, const MAX: usize> serde::Deserialize<'de> for Text<MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl<'de> serde::Deserialize<'de> for Url {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}
