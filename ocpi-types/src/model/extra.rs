//! What partners send beyond the spec.

use std::fmt;

use serde_json::{Map, Value};

/// The members of an object that its table does not list. They are kept and written back.
///
/// Almost always empty, hence a pointer's size.
///
/// ```
/// use ocpi_types::{Price, parse};
/// let price: Price = parse(serde_json::json!({ "excl_vat": 2, "x_note": "rounded" })).value.unwrap();
/// assert_eq!(price.extra.get("x_note").unwrap(), "rounded");
/// assert_eq!(serde_json::to_string(&price).unwrap(), r#"{"excl_vat":2,"x_note":"rounded"}"#);
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Extra(Option<Box<Map<String, Value>>>);

impl Extra {
    pub(crate) fn new(rest: Map<String, Value>) -> Self {
        Self((!rest.is_empty()).then(|| Box::new(rest)))
    }

    /// The value of an unlisted member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.get(name)
    }

    /// All unlisted members.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().flat_map(|map| map.iter())
    }

    /// Adds or replaces an unlisted member. The name must not be one that the object's table lists.
    pub fn insert(&mut self, name: impl Into<String>, value: Value) {
        self.0.get_or_insert_default().insert(name.into(), value);
    }

    /// No unlisted members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
