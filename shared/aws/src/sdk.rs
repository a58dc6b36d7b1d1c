//! The connections, as the SDKs ask for them.

use std::sync::Arc;

use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    shared::IntoShared,
};
use aws_smithy_types::body::SdkBody;

use crate::wire::{Broken, Wire};

#[derive(Debug, Clone)]
pub(crate) struct Calls(pub(crate) Arc<Wire>);

fn user(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ConnectorError {
    ConnectorError::user(error.into())
}

impl HttpClient for Calls {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}

impl HttpConnector for Calls {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        platform::count("aws.calls", 1);
        let wire = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(user)?;
            // Both are transient to the SDK, which asks again: our writes bear it.
            let answer = wire.send(request).await.map_err(|broken| match broken {
                Broken::NotSent(reason) | Broken::NoAnswer(reason) => ConnectorError::io(reason.into()),
            })?;
            HttpResponse::try_from(answer.map(SdkBody::from)).map_err(user)
        })
    }
}
