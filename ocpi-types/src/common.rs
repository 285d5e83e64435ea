//! The objects of module types. Spec: types.

use rust_decimal::Decimal;

use crate::Text;
use crate::model::{object, open_enum};

object! {
    /// DisplayText. Spec: types.
    DisplayText("DisplayText", "types", DisplayTextBuilder) {
        /// Language.
        language: 1 Text<2>,
        /// Text.
        text: 1 Text<512>,
    }
}

object! {
    /// Price. Spec: types.
    Price("Price", "types", PriceBuilder) {
        /// Excl vat.
        excl_vat: 1 Decimal,
        /// Incl vat.
        incl_vat: ? Decimal,
    }
}

open_enum! {
    /// Role. Spec: types.
    Role("Role", "types") {
        /// CPO.
        Cpo = "CPO",
        /// EMSP.
        Emsp = "EMSP",
        /// HUB.
        Hub = "HUB",
        /// NAP.
        Nap = "NAP",
        /// NSP.
        Nsp = "NSP",
        /// OTHER.
        Other = "OTHER",
        /// SCSP.
        Scsp = "SCSP",
    }
}
