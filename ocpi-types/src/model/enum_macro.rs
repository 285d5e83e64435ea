//! The macro behind every enum of the model.

/// Declares an enum of the spec. Text that the spec does not list is kept in `Unlisted` and written back.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $name:ident ($spec_name:literal, $spec_file:literal $(, misspelt = [$($wrong:literal => $right:ident),*])?) {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
            /// Text that OCPI 2.2.1 does not list, as received.
            Unlisted(Box<str>),
        }

        impl $name {
            /// The file of the spec that defines it.
            pub const SPEC: &'static str = $spec_file;
            /// Every listed value, in the order of the spec.
            pub const VALUES: &'static [&'static str] = &[$($text),*];

            /// The text in JSON.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Unlisted(text) => text,
                }
            }

            /// Whether OCPI 2.2.1 lists this value.
            #[must_use]
            pub fn is_listed(&self) -> bool {
                !matches!(self, Self::Unlisted(_))
            }
        }

        impl From<&str> for $name {
            /// Never fails: what the spec does not list becomes `Unlisted`.
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )*
                    other => Self::Unlisted(other.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::Model for $name {
            const NAME: &'static str = $spec_name;

            fn read(json: serde_json::Value, cx: &mut $crate::Context) -> Option<Self> {
                let text = $crate::primitives::read_text(json, $spec_name, cx)?;
                $($(
                    if text == $wrong {
                        cx.found($crate::Rule::MisspeltEnum, format!("{} is read as {}", $wrong, Self::$right));
                        return Some(Self::$right);
                    }
                )*)?
                Some(Self::from(text.as_str()))
            }

            fn check(&self, cx: &mut $crate::Context) {
                if let Self::Unlisted(text) = self {
                    let rule = if cx.in_list() { $crate::Rule::UnknownEnumInList } else { $crate::Rule::UnknownEnum };
                    cx.found(rule, format!("{text:?} is no {} of OCPI 2.2.1", $spec_name));
                }
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }

            #[cfg(feature = "openapi")]
            fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::RefOr::Ref(utoipa::openapi::Ref::from_schema_name($spec_name))
            }

            #[cfg(feature = "openapi")]
            fn openapi_parts(parts: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                if !parts.iter().any(|(name, _)| name == $spec_name) {
                    parts.push(($spec_name.to_owned(), <$name as utoipa::PartialSchema>::schema()));
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::Model::write(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::model::deserialize_model(deserializer)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::openapi::text_enum(Self::VALUES, &[$(stringify!($meta)),*])
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $spec_name.into()
            }
        }
    };
}
pub(crate) use open_enum;
