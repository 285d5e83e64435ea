//! A second partner of the platform, registered for one case and gone after it.

use std::sync::Arc;

use super::registrations::{leave, partner, post};
use crate::case::CaseResult;
use crate::client::Answer;
use crate::context::{Ctx, Request};
use crate::fixtures::Owner;
use crate::party::{Party, new_token};

/// The partner, with what it needs to speak.
pub(super) struct Guest {
    pub(super) party: Party,
    pub(super) owner: Owner,
    /// The platform's name for it, where the trigger `invite` tells it.
    pub(super) peer_id: String,
    token: String,
    answer: Answer,
}

impl Guest {
    /// Registers a partner that has these faults or modes.
    pub(super) async fn join(cx: &Arc<Ctx>, faults: &[&str]) -> CaseResult<Self> {
        let party = partner(cx, faults);
        let (token_a, peer_id) = cx.fresh_invitation("OCPI compliance suite, guest").await?;
        let token_b = new_token();
        party.expect_token(&token_b);
        let answer = post(cx, &token_a, &party.credentials(&token_b)).await?;
        answer.succeeded()?;
        let token = answer.data()["token"].as_str().unwrap_or("").to_string();
        let endpoints =
            cx.target().endpoints.iter().map(|e| (e.identifier.clone(), e.role.clone(), e.url.clone())).collect();
        let roles = answer.data()["roles"].as_array().cloned().unwrap_or_default();
        party.connect(&token_b, &token, endpoints, roles, &cx.config.versions_url);
        let owner = party.owner().clone();
        Ok(Self { party, owner, peer_id, token, answer })
    }

    /// A request with this partner's token, from its party.
    pub(super) fn request(&self, cx: &Arc<Ctx>, method: &str, url: impl Into<String>) -> Request {
        self.request_from(cx, method, url, &self.owner)
    }

    /// A request with this partner's token, from a party that it speaks for.
    pub(super) fn request_from(&self, cx: &Arc<Ctx>, method: &str, url: impl Into<String>, from: &Owner) -> Request {
        cx.request(method, url)
            .token(&self.token)
            .header("OCPI-from-country-code", &from.country_code)
            .header("OCPI-from-party-id", &from.party_id)
    }

    /// A request of a Configuration Module with this partner's token: no routing headers.
    pub(super) fn configuration(&self, cx: &Arc<Ctx>, method: &str, url: impl Into<String>) -> Request {
        cx.configuration(method, url).token(&self.token)
    }

    /// Ends the registration.
    pub(super) async fn leave(self, cx: &Arc<Ctx>) {
        // Whatever comes of it: the case has its verdict.
        let _ = leave(cx, &self.answer).await;
    }
}
