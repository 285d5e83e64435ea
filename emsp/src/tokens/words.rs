//! What drivers are told, in their own language where we speak it. Spec: mod_tokens, `Token.language` and
//! `AuthorizationInfo.info`.

use ocpi_types::{AllowedType, DisplayText, Extra, Token};

/// Language; blocked, expired, not allowed, no credit. English comes first: it is for everybody else.
const WORDS: [(&str, [&str; 4]); 5] = [
    (
        "en",
        [
            "This token is blocked.",
            "This token has expired.",
            "This token cannot be used at this location.",
            "There is not enough credit on this account.",
        ],
    ),
    (
        "de",
        [
            "Dieser Zugang ist gesperrt.",
            "Dieser Zugang ist abgelaufen.",
            "Dieser Zugang gilt nicht an diesem Standort.",
            "Das Guthaben reicht nicht aus.",
        ],
    ),
    (
        "es",
        [
            "Este medio de acceso está bloqueado.",
            "Este medio de acceso ha caducado.",
            "Este medio de acceso no es válido en esta ubicación.",
            "El saldo no es suficiente.",
        ],
    ),
    (
        "fr",
        [
            "Cet accès est bloqué.",
            "Cet accès a expiré.",
            "Cet accès n'est pas valable à cet endroit.",
            "Le crédit est insuffisant.",
        ],
    ),
    (
        "nl",
        [
            "Deze pas is geblokkeerd.",
            "Deze pas is verlopen.",
            "Deze pas is niet geldig op deze locatie.",
            "Het tegoed is niet toereikend.",
        ],
    ),
];

/// A refusal in the driver's language, or in English.
pub(super) fn refusal(token: &Token, verdict: &AllowedType) -> DisplayText {
    let wanted = token.language.as_ref().map(|language| language.as_str().to_ascii_lowercase());
    let known = WORDS.iter().find(|(language, _)| wanted.as_deref().is_some_and(|wanted| wanted.starts_with(language)));
    let (language, texts) = known.unwrap_or(&WORDS[0]);
    let text = match verdict {
        AllowedType::Expired => texts[1],
        AllowedType::NotAllowed => texts[2],
        AllowedType::NoCredit => texts[3],
        _ => texts[0],
    };
    DisplayText { language: (*language).into(), text: text.into(), extra: Extra::default() }
}
