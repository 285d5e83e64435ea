//! Calls the operator APIs of the two parties, as a person with curl would.

use reqwest::{Client, Method};
use serde_json::Value;

/// The operator of one party.
#[derive(Debug, Clone)]
pub(crate) struct Operator {
    base_url: String,
    key: String,
    http: Client,
}

/// A call to an operator API that did not work.
#[derive(Debug, thiserror::Error)]
#[error("{method} {url}: {problem}")]
pub(crate) struct OperatorProblem {
    method: Method,
    url: String,
    problem: String,
}

impl Operator {
    /// `base_url` without a trailing slash.
    pub(crate) fn new(base_url: &str, key: &str) -> Self {
        ocpi_http::install_tls();
        Self { base_url: base_url.trim_end_matches('/').to_owned(), key: key.to_owned(), http: Client::new() }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, OperatorProblem> {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, OperatorProblem> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, OperatorProblem> {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Value, OperatorProblem> {
        self.call(Method::DELETE, path, None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, OperatorProblem> {
        let url = format!("{}/operator/v1{path}", self.base_url);
        let failed = |problem: String| OperatorProblem { method: method.clone(), url: url.clone(), problem };
        let mut request = self.http.request(method.clone(), &url).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.map_err(|error| failed(error.to_string()))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| failed(error.to_string()))?;
        if !status.is_success() {
            return Err(failed(format!("{status} {text}")));
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| failed(format!("the answer is not JSON: {error}")))
    }
}
