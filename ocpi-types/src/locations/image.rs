//! Pictures and logos.

use crate::model::{object, open_enum};
use crate::{CiString, Context, Rule, Url};

object! {
    /// A picture of a place, or a logo, to be fetched from the web.
    ///
    /// Spec: mod_locations, "Image class". Photos have at least 800 by 600 pixels, logos exactly 512 by 512.
    Image("Image", "mod_locations", ImageBuilder, rules = image_rules) {
        /// Where the full picture is.
        url: 1 Url,
        /// Where a small copy is: 200 by 200 pixels for photos, 128 by 128 for logos.
        thumbnail: ? Url,
        /// What it shows.
        category: 1 ImageCategory,
        /// The file's format (`gif`, `jpeg`, `png`, `svg`), at most 4 characters. `type` in JSON.
        file_type as "type": 1 CiString<4>,
        /// Width in pixels, at most 5 digits.
        width: ? i64 [5 digits],
        /// Height in pixels, at most 5 digits.
        height: ? i64 [5 digits],
    }
}

fn image_rules(image: &Image, cx: &mut Context) {
    // LOC-152.
    if !["gif", "jpeg", "png", "svg"].iter().any(|known| image.file_type == *known) {
        cx.found_at("Image", "type", Rule::Suspicious, format!("{} is none of gif, jpeg, png, svg", image.file_type));
    }
    for (field, pixels) in [("width", image.width), ("height", image.height)] {
        if pixels.is_some_and(|pixels| pixels <= 0) {
            cx.found_at("Image", field, Rule::Suspicious, "no pixels at all");
        }
    }
}

open_enum! {
    /// What an image shows.
    ///
    /// Spec: mod_locations, "ImageCategory enum".
    ImageCategory("ImageCategory", "mod_locations") {
        /// The charging station itself.
        Charger = "CHARGER",
        /// The way in for cars, seen from the street.
        Entrance = "ENTRANCE",
        /// The location as a whole.
        Location = "LOCATION",
        /// The logo of a roaming network.
        Network = "NETWORK",
        /// The logo of the operator.
        Operator = "OPERATOR",
        /// Something else.
        Other = "OTHER",
        /// The logo of the owner, such as a shop.
        Owner = "OWNER",
    }
}
