//! The macro behind every object of the model.

/// Declares an object of the spec: a struct whose body is the spec's table (`name: ? Text<255>`), the cardinality before the
/// type; `[5 digits]` after it for an `int(5)`.
///
/// It gets `Model`, `Object`, `Debug`, `Serialize`, `Deserialize`, a builder and, with feature `openapi`, `ToSchema`.
/// `rules = f` names the function that checks what the table cannot say; `secret = f` a field that `Debug` must not show.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $name:ident (
            $spec_name:literal, $spec_file:literal, $builder:ident $(, rules = $rules:path)? $(, secret = $secret:ident)?
        ) {
            $( $(#[$field_meta:meta])*
            $field:ident $(as $json:literal)? : $card:tt $type:ty $([$digits:literal digits])?, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $crate::model::object!(@type $card $type), )*
            /// Members that the spec does not list, kept as received.
            pub extra: $crate::Extra,
        }

        impl $name {
            /// Starts building a valid object, field by field.
            #[must_use]
            pub fn builder() -> $builder {
                $builder::default()
            }
        }

        #[doc = concat!("Builds a valid [`", stringify!($name), "`]; see [`", stringify!($name), "::builder`].")]
        #[derive(Clone, Default)]
        pub struct $builder {
            $( $field: $crate::model::object!(@draft $card $type), )*
        }

        impl $builder {
            $( $crate::model::object!(@setter [$(#[$field_meta])*] $card $field $type); )*

            /// The finished object, or everything that is missing or wrong with it. Nothing is tolerated here.
            pub fn build(self) -> Result<$name, $crate::Report> {
                $crate::model::missing($spec_name, &[
                    $( $crate::model::object!(
                        @absent self, $card, $field, $crate::model::object!(@json $field $($json)?)
                    ), )*
                ])?;
                let built = $name {
                    $( $field: $crate::model::object!(@finish self, $card, $field), )*
                    extra: $crate::Extra::default(),
                };
                let report = $crate::Object::validate(&built);
                if report.is_clean() { Ok(built) } else { Err(report) }
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let secret: Option<&str> = [$(stringify!($secret))?].first().copied();
                let mut debug = f.debug_struct(stringify!($name));
                $( $crate::model::debug_field(&mut debug, stringify!($field), &self.$field, secret); )*
                if !self.extra.is_empty() {
                    debug.field("extra", &self.extra);
                }
                debug.finish()
            }
        }

        impl std::fmt::Debug for $builder {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($builder)).finish_non_exhaustive()
            }
        }

        impl $crate::Model for $name {
            const NAME: &'static str = $spec_name;

            fn read(json: serde_json::Value, cx: &mut $crate::Context) -> Option<Self> {
                let mut map = $crate::model::read_object(json, $spec_name, cx)?;
                $(
                    let $field = $crate::model::object!(
                        @read $card map, $spec_name, $crate::model::object!(@json $field $($json)?), cx
                    );
                )*
                Some(Self { $( $field: $crate::model::object!(@take $card $field), )* extra: map.into() })
            }

            fn check(&self, cx: &mut $crate::Context) {
                $(
                    $crate::model::object!(
                        @check $card &self.$field, $spec_name, $crate::model::object!(@json $field $($json)?), cx
                    );
                )*
                $crate::Model::check_here(self, cx);
            }

            fn check_here(&self, cx: &mut $crate::Context) {
                $(
                    $crate::model::object!(
                        @limit [$($digits)?] self.$field, $spec_name, $crate::model::object!(@json $field $($json)?), cx
                    );
                )*
                $crate::Object::rules(self, cx);
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                $(
                    $crate::model::object!(
                        @write $card &mut map, $crate::model::object!(@json $field $($json)?), &self.$field
                    );
                )*
                $crate::model::write_extra(&mut map, &self.extra)?;
                map.end()
            }

            #[cfg(feature = "openapi")]
            fn openapi() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::RefOr::Ref(utoipa::openapi::Ref::from_schema_name($spec_name))
            }

            #[cfg(feature = "openapi")]
            fn openapi_parts(parts: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                if parts.iter().any(|(name, _)| name == $spec_name) {
                    return;
                }
                parts.push(($spec_name.to_owned(), <$name as utoipa::PartialSchema>::schema()));
                $( <$type as $crate::Model>::openapi_parts(parts); )*
            }
        }

        impl $crate::Object for $name {
            const SPEC: &'static str = $spec_file;
            const FIELDS: &'static [$crate::FieldInfo] = &[
                $( $crate::FieldInfo {
                    name: $crate::model::object!(@json $field $($json)?),
                    type_name: <$type as $crate::Model>::NAME,
                    max_length: <$type as $crate::Model>::MAX_LENGTH,
                    max_digits: $crate::model::object!(@digits $($digits)?),
                    cardinality: $crate::model::object!(@card $card),
                }, )*
            ];
            $(
                fn rules(&self, cx: &mut $crate::Context) {
                    $rules(self, cx);
                }
            )?
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
                $crate::openapi::object(
                    <$name as $crate::Object>::FIELDS,
                    &[$( <$type as $crate::Model>::openapi as $crate::openapi::SchemaOf ),*],
                    &[$( &[$(stringify!($field_meta)),*] ),*],
                    &[$(stringify!($meta)),*],
                )
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $spec_name.into()
            }
            fn schemas(parts: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                // utoipa may have added this very object already, without what it refers to.
                let mut own = Vec::new();
                <$name as $crate::Model>::openapi_parts(&mut own);
                own.retain(|(own, _)| parts.iter().all(|(name, _)| name != own));
                parts.append(&mut own);
            }
        }
    };

    (@json $field:ident) => { stringify!($field) };
    (@json $field:ident $json:literal) => { $json };

    (@digits) => { None };
    (@digits $digits:literal) => { Some($digits) };

    (@card 1) => { $crate::Cardinality::One };
    (@card ?) => { $crate::Cardinality::Optional };
    (@card *) => { $crate::Cardinality::Any };
    (@card +) => { $crate::Cardinality::AtLeastOne };

    (@type 1 $type:ty) => { $type };
    (@type ? $type:ty) => { Option<$type> };
    (@type * $type:ty) => { Vec<$type> };
    (@type + $type:ty) => { Vec<$type> };

    (@draft 1 $type:ty) => { Option<$type> };
    (@draft ? $type:ty) => { Option<$type> };
    (@draft * $type:ty) => { Vec<$type> };
    (@draft + $type:ty) => { Vec<$type> };

    (@setter [$($doc:tt)*] 1 $field:ident $type:ty) => { $crate::model::object!(@setter [$($doc)*] ? $field $type); };
    (@setter [$($doc:tt)*] ? $field:ident $type:ty) => {
        $($doc)*
        #[must_use]
        pub fn $field(mut self, value: impl Into<$type>) -> Self {
            self.$field = Some(value.into());
            self
        }
    };
    (@setter [$($doc:tt)*] * $field:ident $type:ty) => { $crate::model::object!(@setter [$($doc)*] + $field $type); };
    (@setter [$($doc:tt)*] + $field:ident $type:ty) => {
        $($doc)*
        #[must_use]
        pub fn $field(mut self, values: impl IntoIterator<Item = impl Into<$type>>) -> Self {
            self.$field = values.into_iter().map(Into::into).collect();
            self
        }
    };

    (@absent $self:ident, 1, $field:ident, $json:expr) => { $self.$field.is_none().then_some($json) };
    (@absent $self:ident, $card:tt, $field:ident, $json:expr) => { None };

    // The missing ones have been reported just above.
    (@finish $self:ident, 1, $field:ident) => { $self.$field.ok_or_else($crate::Report::default)? };
    (@finish $self:ident, $card:tt, $field:ident) => { $self.$field };

    (@read 1 $map:ident, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::read_one(&mut $map, $class, $json, $cx)
    };
    (@read ? $map:ident, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::read_optional(&mut $map, $class, $json, $cx)
    };
    (@read * $map:ident, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::read_list(&mut $map, $class, $json, false, $cx)
    };
    (@read + $map:ident, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::read_list(&mut $map, $class, $json, true, $cx)
    };

    (@take 1 $field:ident) => { $field? };
    (@take $card:tt $field:ident) => { $field };

    (@check 1 $value:expr, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::check_one($value, $class, $json, $cx)
    };
    (@check ? $value:expr, $class:literal, $json:expr, $cx:ident) => {
        if let Some(value) = $value {
            $crate::model::check_one(value, $class, $json, $cx);
        }
    };
    (@check * $value:expr, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::check_list($value, $class, $json, false, $cx)
    };
    (@check + $value:expr, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::check_list($value, $class, $json, true, $cx)
    };

    (@limit [] $value:expr, $class:literal, $json:expr, $cx:ident) => {};
    (@limit [$digits:literal] $value:expr, $class:literal, $json:expr, $cx:ident) => {
        $crate::model::check_digits($value, $digits, $class, $json, $cx)
    };

    (@write 1 $map:expr, $json:expr, $value:expr) => { $crate::model::write_one($map, $json, $value)? };
    (@write ? $map:expr, $json:expr, $value:expr) => {
        if let Some(value) = $value {
            $crate::model::write_one($map, $json, value)?;
        }
    };
    (@write * $map:expr, $json:expr, $value:expr) => { $crate::model::write_list($map, $json, $value)? };
    (@write + $map:expr, $json:expr, $value:expr) => { $crate::model::write_list($map, $json, $value)? };
}
pub(crate) use object;
