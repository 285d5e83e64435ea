//! Examples for single operations, beside those that the types bring.

use serde_json::Value;
use utoipa::openapi::path::{Operation, ParameterBuilder};
use utoipa::openapi::{OpenApi, PathItem, RefOr};

/// Sets examples in an OpenAPI document. An operation is named `PUT /ocpi/2.2.1/emsp/cdrs`.
///
/// # Panics
/// In debug builds, where there is no such operation, parameter or body.
pub struct Examples<'a>(pub &'a mut OpenApi);

impl Examples<'_> {
    /// The body of the request.
    pub fn body(&mut self, operation: &str, example: Value) -> &mut Self {
        let body = self.operation(operation).and_then(|operation| operation.request_body.as_mut());
        let content = match body {
            Some(RefOr::T(body)) => body.content.get_mut("application/json"),
            _ => None,
        };
        debug_assert!(content.is_some(), "{operation} takes no JSON");
        if let Some(RefOr::T(content)) = content {
            content.example = Some(example);
        }
        self
    }

    /// A parameter in path, query or header.
    pub fn parameter(&mut self, operation: &str, name: &str, example: impl Into<Value>) -> &mut Self {
        let parameters = self.operation(operation).into_iter().flat_map(|operation| operation.parameters.iter_mut());
        let found = parameters.flatten().find_map(|parameter| match parameter {
            RefOr::T(parameter) if parameter.name == name => Some(parameter),
            _ => None,
        });
        debug_assert!(found.is_some(), "{operation} has no parameter {name}");
        if let Some(parameter) = found {
            *parameter = ParameterBuilder::from(parameter.clone()).example(Some(example.into())).build();
        }
        self
    }

    /// A parameter in all operations that have it.
    pub fn everywhere(&mut self, name: &str, example: &str) -> &mut Self {
        for PathItem { get, put, post, patch, delete, .. } in self.0.paths.paths.values_mut() {
            let operations = [get, put, post, patch, delete].into_iter().flatten();
            for parameter in operations.flat_map(|operation| operation.parameters.iter_mut()).flatten() {
                if let RefOr::T(parameter) = parameter
                    && parameter.name == name
                {
                    *parameter = ParameterBuilder::from(parameter.clone()).example(Some(example.into())).build();
                }
            }
        }
        self
    }

    fn operation(&mut self, name: &str) -> Option<&mut Operation> {
        let (method, path) = name.split_once(' ')?;
        let PathItem { get, put, post, patch, delete, .. } = self.0.paths.paths.get_mut(path)?;
        match method {
            "GET" => get.as_mut(),
            "PUT" => put.as_mut(),
            "POST" => post.as_mut(),
            "PATCH" => patch.as_mut(),
            "DELETE" => delete.as_mut(),
            _ => None,
        }
    }
}
