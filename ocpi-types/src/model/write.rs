//! Writing the fields of an object: what the macro `object!` calls.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Extra, Model};

/// Lets serde write a [`Model`] value.
struct Written<'a, T>(&'a T);

impl<T: Model> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

struct WrittenList<'a, T>(&'a [T]);

impl<T: Model> Serialize for WrittenList<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0 {
            seq.serialize_element(&Written(value))?;
        }
        seq.end()
    }
}

/// Writes a list; an empty one is left out.
pub(crate) fn write_list<T: Model, M: SerializeMap>(map: &mut M, name: &str, list: &[T]) -> Result<(), M::Error> {
    if list.is_empty() {
        return Ok(());
    }
    map.serialize_entry(name, &WrittenList(list))
}

/// Writes a single value.
pub(crate) fn write_one<T: Model, M: SerializeMap>(map: &mut M, name: &str, value: &T) -> Result<(), M::Error> {
    map.serialize_entry(name, &Written(value))
}

/// Writes the members that the table does not list.
pub(crate) fn write_extra<M: SerializeMap>(map: &mut M, extra: &Extra) -> Result<(), M::Error> {
    extra.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))
}

/// Shows a field in `Debug` output, unless it is the secret one.
pub(crate) fn debug_field(
    debug: &mut fmt::DebugStruct<'_, '_>,
    name: &str,
    value: &dyn fmt::Debug,
    secret: Option<&str>,
) {
    if secret == Some(name) {
        debug.field(name, &"(not shown)");
    } else {
        debug.field(name, value);
    }
}
