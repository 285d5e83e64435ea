//! Lesson 4: may this card charge here?
//!
//! `cargo run --example 04_tokens_and_authorization`

mod lesson;

use emsp::demo;
use lesson::{Companies, Done, Lesson};
use serde_json::json;

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 4. Tokens and authorization",
        "mod_tokens",
        "A driver holds a charge card to a station. The station belongs to the CPO, the card comes from the EMSP. \
         May it charge?\n\n\
         In OCPI a card is a Token. So is a driver's account in an app. (Do not mix them up with the tokens of \
         lesson 2. Those are passwords of the companies' computers. Specification and code call those credentials \
         tokens.) The EMSP owns the Tokens of its drivers. CPOs keep a copy.",
    );
    let companies = Companies::start().await?;
    let (emsp, cpo) = (&companies.emsp, &companies.cpo);
    companies.register().await?;

    lesson.step(
        "The CPO fetches the Tokens",
        "mod_tokens, \"Token Object\" and \"WhitelistType\"",
        "This is a pull, as in lesson 3, but in the other direction. uid is the number of the card. valid says \
         whether it is good at all. whitelist says how far the CPO may trust its copy:\n\n\
         ALWAYS: do not ask. ALLOWED: you may ask, or trust your copy. ALLOWED_OFFLINE: ask; trust your copy only if \
         you get no answer. NEVER: ask every time.",
    );
    companies.settle().await?;
    lesson.show("CPO", "EMSP", &cpo.calls_of("/tokens"));
    lesson.say("All ten of them, as the CPO has stored them:");
    let tokens = cpo.operator.get("/tokens?limit=50").await?;
    for token in tokens["items"].as_array().ok_or("a list of tokens")? {
        let text = |name: &str| token[name].as_str().unwrap_or_default().to_owned();
        println!("  {:<15} {:<9} {:<16} valid: {}", text("uid"), text("type"), text("whitelist"), token["valid"]);
    }
    println!();

    lesson.step(
        "A card for which nobody is asked",
        "mod_tokens, \"WhitelistType\"",
        "A driver plugs in at the EVSE SEA001-1 and holds up the card with ALWAYS. The CPO looks into its copy, and \
         starts the charge.",
    );
    cpo.operator.post("/stations/SEA001-1/plug-in", &json!({})).await?;
    let station = cpo.operator.post("/stations/SEA001-1/present-card", &json!({ "uid": demo::RFID_ALWAYS })).await?;
    let questions = cpo.calls_of("/authorize").len();
    lesson.say(&format!("Questions to the EMSP: {questions}. The station says: {}.", station["state"]));

    lesson.step(
        "A card for which the EMSP is asked",
        "mod_tokens, \"Real-time authorization\" and \"AuthorizationInfo Object\"",
        "Another driver holds up a card with NEVER. So the CPO asks the EMSP, and the driver waits. This is called \
         real-time authorization. The question says where the driver is.\n\n\
         The answer is ALLOWED. With it comes an authorization_reference. It is the name of this permission. It will \
         come back in the session and in the bill, so that the EMSP knows what it has allowed.",
    );
    cpo.operator.post("/stations/SEA001-3/plug-in", &json!({})).await?;
    cpo.operator.post("/stations/SEA001-3/present-card", &json!({ "uid": demo::RFID_NEVER })).await?;
    lesson.show("CPO", "EMSP", &cpo.calls_of("/authorize"));

    lesson.step(
        "Cards that are refused",
        "mod_tokens, \"AllowedType\"",
        "There are many ways to say no. The first card is blocked, the second has no credit left, the third is not \
         good at this CPO. The answer is HTTP 200 and 1000 all the same: the question was understood and answered. \
         Whether the driver may charge is in allowed. The text in info is for the driver.",
    );
    for card in [demo::RFID_BLOCKED, demo::RFID_NO_CREDIT, demo::RFID_NOT_ALLOWED] {
        // The station refuses. That is what is to be seen.
        let _refused = cpo.operator.post("/stations/SEA002-1/present-card", &json!({ "uid": card })).await;
        lesson.outline("CPO", "EMSP", &cpo.calls_of("/authorize"));
    }

    lesson.step(
        "A card is lost",
        "mod_tokens, \"Push model\" and \"PUT Method\"",
        "A driver has lost a card and calls the EMSP. The EMSP blocks it, and pushes that to the CPO at once: valid \
         is false. The card has ALLOWED. So this CPO does not ask for it, and would not have noticed for a long \
         time.",
    );
    companies.pass(1).await?;
    emsp.calls();
    emsp.operator.post(&format!("/tokens/{}/block", demo::RFID_ALLOWED), &json!({})).await?;
    companies.settle().await?;
    lesson.show("EMSP", "CPO", &emsp.calls_of("/tokens"));
    cpo.calls();
    lesson.say("Somebody has found the card, and tries it:");
    let tried = cpo.operator.post("/stations/SEA002-1/present-card", &json!({ "uid": demo::RFID_ALLOWED })).await;
    let questions = cpo.calls_of("/authorize").len();
    let charge = if tried.is_ok() { "begins" } else { "is refused" };
    lesson.say(&format!("Questions to the EMSP: {questions}. The charge {charge}."));

    lesson.end(
        &[
            "A Token is a card or an account in an app. The EMSP owns it, CPOs keep a copy.",
            "whitelist says how far the copy may be trusted. Real-time authorization asks the EMSP.",
            "ALLOWED, BLOCKED, EXPIRED, NO_CREDIT, NOT_ALLOWED: the verdict is in the data, and not in the HTTP \
             status.",
        ],
        [
            "Hold up a card that nobody knows: \"00000000\". What does the EMSP answer now?",
            "Look into emsp/src/tokens/authorize.rs. The whole decision is one short function. Why does the state of \
             the account come first?",
        ],
    );
    Ok(())
}
