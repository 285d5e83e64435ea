//! Lesson 2: how two platforms exchange the tokens with which they call each other from then on.
//!
//! `cargo run --example 02_credentials_handshake`

mod lesson;

use lesson::{Companies, Done, Lesson, partner_call};
use serde_json::json;

#[tokio::main]
async fn main() -> Done {
    let mut lesson = Lesson::begin(
        "Lesson 2. The credentials handshake",
        "credentials",
        "In lesson 1 you looked around with token A. Now two whole companies register with each other: an EMSP (it \
         has the drivers) and a CPO (it has the stations).\n\n\
         In OCPI both sides call each other. The EMSP asks the CPO for its stations; the CPO sends the EMSP its \
         bills. So there must be two passwords, one for each direction. They are called token B and token C. The \
         handshake is how the two companies exchange them.",
    );
    let companies = Companies::start().await?;
    let (emsp, cpo) = (&companies.emsp, &companies.cpo);

    lesson.step(
        "The CPO invites the EMSP",
        "credentials, \"Registration\"",
        "Somebody at the CPO makes token A and sends it to the EMSP with the URL of the CPO's versions, as in lesson \
         1.",
    );
    let invitation = cpo.operator.post("/partners/invitations", &json!({ "name": "The EMSP" })).await?;
    lesson.say(&format!("The URL: {}", invitation["versions_url"].as_str().ok_or("a URL")?));

    lesson.step(
        "The EMSP registers",
        "credentials, \"Registration\" and \"POST Method\"",
        "Somebody at the EMSP types in both. The rest happens by itself. First the EMSP asks the two questions of \
         lesson 1. So it finds the endpoint of the module credentials. It POSTs its own credentials there, and shows \
         token A for the last time.\n\n\
         Credentials say three things: url: where my versions are. roles: which companies I speak for. token: what \
         you must show when you call me. The token in the EMSP's credentials is token B.\n\n\
         The answer has the same form: the CPO's credentials. In it is token C. A company has a name of two parts in \
         OCPI: country_code and party_id, here US and EMS.",
    );
    let body = json!({
        "name": "The CPO", "versions_url": invitation["versions_url"], "token_a": invitation["token_a"],
    });
    emsp.operator.post("/partners", &body).await?;
    lesson.show("EMSP", "CPO", &emsp.calls());

    lesson.step(
        "Meanwhile, the CPO called back",
        "credentials, \"Registration\"",
        "This happened while the EMSP was waiting for the last answer. The CPO did not believe the EMSP at once. It \
         tried token B: it asked the EMSP for its versions and its endpoints. Only then did it say yes, and give \
         token C.",
    );
    lesson.show("CPO", "EMSP", &cpo.calls());
    lesson.say(
        "From now on the EMSP shows token C to the CPO, and the CPO shows token B to the EMSP. Token A is void. \
         (They are all *** here.)",
    );

    lesson.step(
        "New tokens, now and then",
        "credentials, \"Updating the credentials and resetting the credentials token\"",
        "A password should not live forever. The EMSP makes a new token, and sends its credentials once more, this \
         time with PUT. The CPO answers with a new token of its own. Both ask the two questions again, as above; \
         that is left out here.",
    );
    let partners = emsp.operator.get("/partners").await?;
    let partner = partners["partners"][0]["id"].as_str().ok_or("a partner")?;
    emsp.operator.post(&format!("/partners/{partner}/credentials"), &json!({})).await?;
    lesson.show("EMSP", "CPO", &emsp.calls_of("/credentials"));

    lesson.step(
        "The end of a partnership",
        "credentials, \"DELETE Method\"",
        "DELETE says: we do not work together any more. Both sides forget the tokens.",
    );
    let registered = emsp.app.party.peers.registered().await?;
    let token_c = registered[0].token_out.expose();
    emsp.operator.delete(&format!("/partners/{partner}")).await?;
    lesson.show("EMSP", "CPO", &emsp.calls());
    lesson.say("Does the newest token C still open anything? Somebody tries it:");
    cpo.visits();
    partner_call("GET", &format!("{}/ocpi/2.2.1/cpo/locations", cpo.base), token_c, None).await?;
    lesson.show("Somebody", "CPO", &cpo.visits());

    lesson.end(
        &[
            "Token A is for the beginning only. B and C are for every day, one in each direction.",
            "Whoever is called calls back before it says yes. So a registration that succeeds is known to work.",
            "POST registers, PUT renews, DELETE ends.",
            "A company is named by country_code and party_id, such as US and EMS.",
        ],
        [
            "Look at the roles in the CPO's credentials with `-- --raw`. There are two. What does that say about the \
             computers behind them?",
            "Read ocpi-party/src/credentials.rs. It is the whole server side, in 200 lines.",
        ],
    );
    Ok(())
}
