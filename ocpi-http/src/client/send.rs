//! One request over the wire, with its redirects.

use std::error::Error;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use ocpi_types::PartyId;
use tracing::Instrument;
use url::Url;

use super::answer::judge;
use super::{Answer, CallError, OcpiClient, Target};
use crate::context::{CORRELATION_ID, REQUEST_ID, fresh_id, id_text};
use crate::extract::{FROM_COUNTRY, FROM_PARTY, TO_COUNTRY, TO_PARTY};
use crate::url_policy::{chain, forbidden_name, shown};
use crate::{Exchange, KeptBody, KeptHeaders, OcpiStatus, Routing};

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer before it is judged.
#[derive(Clone)]
struct Raw {
    http: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl OcpiClient {
    pub(super) async fn send(
        &self,
        target: &Target<'_>,
        method: Method,
        url: &Url,
        body: Option<String>,
        correlation_id: HeaderValue,
    ) -> Result<Answer, CallError> {
        if let (Some(party), Some(why)) = (addressed(target), &target.away) {
            return Err(CallError::Away { party: party.clone(), why: why.clone(), answered: None });
        }
        let started = Instant::now();
        let headers = headers(target, body.is_some(), &correlation_id)?;
        let span = tracing::info_span!(
            "call",
            peer = target.peer_name,
            %method,
            url = %shown(url),
            request_id = %id_text(&headers[REQUEST_ID]),
            correlation_id = %id_text(&correlation_id),
        );
        let body = body.map(Bytes::from);
        let hops = self.follow(method.clone(), url.clone(), &headers, body.clone());
        let timed = tokio::time::timeout(self.config.timeout, hops).instrument(span.clone());
        let raw = timed.await.unwrap_or(Err(CallError::TimedOut));
        let seen = raw.as_ref().ok().filter(|_| self.config.exchanges.is_watched()).cloned();
        let result = raw.and_then(|raw| judge(raw.http, raw.headers, &raw.body));
        let result = result.map_err(|error| told_by_hub(error, target));
        let took = started.elapsed();
        span.in_scope(|| note(target.peer_name, &result, took));
        if self.config.exchanges.is_watched() {
            let exchange = self.exchange(target, &method, url, headers, body, took);
            self.config.exchanges.publish(completed(exchange, &result, seen));
        }
        result
    }

    /// Sends the request, and sends it on where the peer points to, as long as that is the same origin.
    async fn follow(
        &self,
        mut method: Method,
        mut url: Url,
        headers: &HeaderMap,
        mut body: Option<Bytes>,
    ) -> Result<Raw, CallError> {
        for _ in 0..=MAX_REDIRECTS {
            self.config.policy.check(&url)?;
            let mut request = self.http.request(method.clone(), url.clone()).headers(headers.clone());
            if let Some(body) = &body {
                request = request.body(body.clone());
            }
            let response = request.send().await.map_err(|error| unreachable(&error))?;
            let Some(to) = redirect(&response) else { return self.read(response).await };
            let to = url.join(&to).map_err(|error| CallError::Redirected { to: format!("{to:?} ({error})") })?;
            self.config.policy.check(&to)?;
            if to.origin() != url.origin() {
                return Err(CallError::Redirected { to: shown(&to).into() });
            }
            if response.status() == StatusCode::SEE_OTHER {
                method = Method::GET;
                body = None;
            }
            url = to;
        }
        Err(CallError::TooManyRedirects)
    }

    /// Reads an answer, as far as it is allowed to go.
    async fn read(&self, mut response: reqwest::Response) -> Result<Raw, CallError> {
        let limit = self.config.max_answer;
        let too_large = |length: u64| usize::try_from(length).is_ok_and(|length| length <= limit).then_some(());
        let (http, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let announced = response.content_length().unwrap_or(0);
        too_large(announced).ok_or(CallError::TooLarge { limit })?;
        let mut body = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
        while let Some(part) = response.chunk().await.map_err(|error| unreachable(&error))? {
            too_large((body.len() + part.len()) as u64).ok_or(CallError::TooLarge { limit })?;
            body.extend_from_slice(&part);
        }
        Ok(Raw { http, headers, body: body.freeze() })
    }

    fn exchange(
        &self,
        target: &Target<'_>,
        method: &Method,
        url: &Url,
        headers: HeaderMap,
        body: Option<Bytes>,
        took: Duration,
    ) -> Exchange {
        Exchange {
            id: 0,
            at: self.config.clock.now(),
            outgoing: true,
            party: self.config.party_name.clone(),
            peer: Some(target.peer_name.to_owned()),
            method: method.to_string(),
            url: shown(url).into(),
            http: 0,
            ocpi: None,
            message: None,
            request_id: id_text(&headers[REQUEST_ID]).into_owned(),
            correlation_id: id_text(&headers[CORRELATION_ID]).into_owned(),
            took,
            error: None,
            request_headers: KeptHeaders::new(headers),
            request_body: body.map(KeptBody::new).unwrap_or_default(),
            response_headers: KeptHeaders::default(),
            response_body: KeptBody::default(),
        }
    }
}

/// What every request carries. Spec: transport_and_format, "Authorization header", "Message Routing Headers", "Unique
/// message IDs".
fn headers(target: &Target<'_>, has_body: bool, correlation_id: &HeaderValue) -> Result<HeaderMap, CallError> {
    let unfit = |what: &str| CallError::Request(format!("{what} cannot be written into a header"));
    let mut headers = HeaderMap::with_capacity(9);
    headers.insert(AUTHORIZATION, target.form.header(target.token).map_err(|_| unfit("the credentials token"))?);
    headers.insert(ACCEPT, JSON);
    headers.insert(REQUEST_ID, fresh_id());
    headers.insert(CORRELATION_ID, correlation_id.clone());
    if has_body {
        headers.insert(CONTENT_TYPE, JSON);
    }
    let mut add = |party: &Option<PartyId>, country_name, party_name| {
        let Some(party) = party else { return Ok(()) };
        let value = |code: &str| HeaderValue::from_str(code).map_err(|_| unfit("the party's id"));
        headers.insert(country_name, value(party.country_code.as_str())?);
        headers.insert(party_name, value(party.party_id.as_str())?);
        Ok(())
    };
    if let Some(Routing { to, from }) = &target.routing {
        add(to, TO_COUNTRY, TO_PARTY)?;
        add(from, FROM_COUNTRY, FROM_PARTY)?;
    }
    Ok(headers)
}

fn addressed<'a>(target: &'a Target<'_>) -> Option<&'a PartyId> {
    target.routing.as_ref()?.to.as_ref()
}

/// 4002 and 4003 are about the party that was named, not about the hub that answers. Spec: status_codes, "4xxx: Hub errors".
fn told_by_hub(error: CallError, target: &Target<'_>) -> CallError {
    let answered = error.ocpi_status();
    match (answered, addressed(target)) {
        (Some(status @ (OcpiStatus::Timeout | OcpiStatus::ConnectionProblem)), Some(party)) => {
            CallError::Away { party: party.clone(), why: format!("it answers {status}"), answered: Some(status) }
        }
        _ => error,
    }
}

/// Where the answer points to, if it does.
fn redirect(response: &reqwest::Response) -> Option<String> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let to = response.headers().get(LOCATION).filter(|_| redirects)?;
    Some(String::from_utf8_lossy(to.as_bytes()).into_owned())
}

fn unreachable(error: &reqwest::Error) -> CallError {
    if let Some(forbidden) = forbidden_name(error) {
        return CallError::Policy(forbidden.to_string());
    }
    if error.is_timeout() {
        return CallError::TimedOut;
    }
    if error.is_builder() {
        return CallError::Request(root_cause(error));
    }
    CallError::Unreachable(root_cause(error))
}

/// The innermost error, which is the one that says something ("connection refused").
fn root_cause(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn note(peer: &str, result: &Result<Answer, CallError>, took: Duration) {
    let millis = took.as_secs_f64() * 1000.0;
    let outcome = match result {
        Ok(answer) => {
            tracing::debug!(http = answer.http.as_u16(), ocpi = answer.status.code(), millis, "the peer answered");
            "success"
        }
        Err(error) => {
            tracing::warn!(millis, "{error}");
            error.outcome()
        }
    };
    let peer = peer.to_owned();
    metrics::counter!("ocpi_calls_total", "peer" => peer.clone(), "outcome" => outcome).increment(1);
    metrics::histogram!("ocpi_call_duration_seconds", "peer" => peer).record(took);
}

fn completed(mut exchange: Exchange, result: &Result<Answer, CallError>, seen: Option<Raw>) -> Exchange {
    match result {
        Ok(answer) => {
            exchange.ocpi = Some(answer.status.code());
            exchange.message.clone_from(&answer.message);
        }
        Err(CallError::Refused { status, message, .. }) => {
            exchange.ocpi = Some(status.code());
            exchange.message.clone_from(message);
        }
        Err(error @ CallError::Away { answered: Some(status), .. }) => {
            exchange.ocpi = Some(status.code());
            exchange.message = Some(error.to_string());
        }
        Err(error) => exchange.error = Some(error.to_string()),
    }
    if let Some(raw) = seen {
        exchange.http = raw.http.as_u16();
        exchange.response_headers = KeptHeaders::new(raw.headers);
        exchange.response_body = KeptBody::new(raw.body);
    }
    exchange
}
