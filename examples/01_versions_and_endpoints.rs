//! Lesson 1: the first two questions that any two OCPI platforms ask each other.
//!
//! `cargo run --example 01_versions_and_endpoints`

mod lesson;

use lesson::{Companies, Done, Lesson, partner_call};
use serde_json::json;

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 1. Versions and endpoints",
        "version_information_endpoint, transport_and_format",
        "You drive an electric car, far from home. The charging station in front of you belongs to a company that \
         you have never heard of. Your charge card is from another one. It works all the same. That is called \
         roaming.\n\n\
         The company with the stations is the CPO: charge point operator. The company with the drivers, their cards \
         and its app is the EMSP: e-mobility service provider. For roaming their computers must talk to each other. \
         The language that they speak is OCPI. It is JSON over HTTP.\n\n\
         Today you are the computer of an EMSP. A CPO with 40 places to charge has just been started for you. It is \
         a real server, on this machine. How do you find out what it can do?\n\n\
         Below each headline you find the place in the specification: a file of it, and a heading in that file. It \
         is at https://github.com/ocpi/ocpi (branch release-2.2.1-bugfixes).",
    );
    let companies = Companies::start().await?;
    let cpo = &companies.cpo;

    lesson.step(
        "The CPO invites you",
        "credentials, \"Registration\"",
        "Nobody gets in without a password. In OCPI it is called a token. The first one, token A, is handed over by \
         people: in a letter, say. A URL comes with it. These two are all that you need.",
    );
    let invitation = cpo.operator.post("/partners/invitations", &json!({ "name": "You" })).await?;
    let token_a = invitation["token_a"].as_str().ok_or("a token")?;
    let versions_url = invitation["versions_url"].as_str().ok_or("a URL")?;
    lesson.say(&format!("Your token A: {token_a:.4}… (the rest is secret)\n\nYour URL: {versions_url}"));

    lesson.step(
        "Which versions do you speak?",
        "version_information_endpoint, \"Version information endpoint\"",
        "There are several versions of OCPI. So this is always the first question. The token goes into the header \
         Authorization: the word Token, and then the token in Base64. Secrets are not printed here; you see *** in \
         their place.\n\n\
         First comes what you send. Then comes what the CPO answers.",
    );
    let versions = partner_call("GET", versions_url, token_a, None).await?;
    lesson.show_envelope("You", "CPO", &cpo.visits());
    lesson.say(
        "Every answer in OCPI has this form. What you asked for is in data. status_code says how it went: 1000 is \
         success. From now on you see only data here, and the code in the line above it. (--raw shows everything.)",
    );

    lesson.step(
        "Where are your modules?",
        "version_information_endpoint, \"Version details endpoint\"",
        "The CPO speaks one version, 2.2.1. The answer had a URL for it. You ask there.\n\n\
         OCPI is divided into modules: locations is about places to charge, tariffs about prices, and so on. Each \
         CPO may put them where it likes. The URL of a module is called its endpoint.",
    );
    let details_url = versions["data"][0]["url"].as_str().ok_or("a URL")?;
    let details = partner_call("GET", details_url, token_a, None).await?;
    lesson.show("You", "CPO", &cpo.visits());

    let endpoints = details["data"]["endpoints"].as_array().ok_or("a list of endpoints")?;
    lesson.say("Long lists are cut here. These are all of the endpoints, one in each line:");
    for endpoint in endpoints {
        let text = |name: &str| endpoint[name].as_str().unwrap_or_default().to_owned();
        println!("  {:<17} {:<9} {}", text("identifier"), text("role"), text("url"));
    }
    println!();
    lesson.say(
        "The role says who has the things that a module is about. SENDER: the CPO has them, its places and prices \
         for example. RECEIVER: the CPO gets them from you, the cards of your drivers for example. In OCPI such a \
         card is called a token, too. Do not mix it up with token A.",
    );

    lesson.step(
        "And if the token is wrong?",
        "transport_and_format, \"Authorization header\"",
        "You try a token that you have made up. The answer is HTTP 401, whatever you ask for. A stranger does not \
         even learn what is there.",
    );
    partner_call("GET", versions_url, "a-token-that-nobody-knows", None).await?;
    lesson.show("You", "CPO", &cpo.visits());

    lesson.step(
        "Token A opens nothing else",
        "credentials, \"Registration\"",
        "With token A you may look around and register, no more. You ask for the CPO's places. They are not yet for \
         you.",
    );
    let locations = endpoints.iter().find(|endpoint| endpoint["identifier"] == "locations").ok_or("locations")?;
    partner_call("GET", locations["url"].as_str().ok_or("a URL")?, token_a, None).await?;
    lesson.show("You", "CPO", &cpo.visits());

    lesson.end(
        &[
            "A CPO has stations, an EMSP has drivers. OCPI is how their computers talk.",
            "It begins with token A and one URL, handed over by people.",
            "GET the versions, then GET the details of one version: now you know the endpoints of all modules.",
            "Every answer is JSON with data, status_code, status_message and timestamp. 1000 is success.",
        ],
        [
            "Run it again with `-- --raw` at the end of the command. Every request has an X-Request-ID and an \
             X-Correlation-ID. What could they be good for?",
            "Start `cargo run --release -p cpo-mock -- serve`. Ask for its versions without a token: `curl -i \
             http://127.0.0.1:8001/ocpi/versions`.",
        ],
    );
    Ok(())
}
