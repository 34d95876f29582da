//! What a function is: JSON event in, JSON answer out, on Lambda and in the local stack alike.

use std::sync::Arc;
use std::time::Instant;

use futures::future::BoxFuture;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use web::{Front, Problem, Request, Response};

use crate::environment::{Environment, MissingSettings, Reader};

/// What Lambda is told when a function fails as a whole.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A function with its dependencies, ready to be called.
pub type Function = Arc<dyn Fn(Value) -> BoxFuture<'static, Result<Value, Error>> + Send + Sync>;

/// Turns a handler of HTTP requests into a function, and logs each request once: route, status, time, nothing personal.
///
/// Where something stands in front of the API (`ORIGIN_SECRET_HASHES`), a request that went around it is refused before anything is done.
pub fn http_function<D: Send + Sync + 'static>(
    environment: &Environment,
    build: impl FnOnce(&mut Reader<'_>) -> D,
    handle: for<'a> fn(&'a D, &'a Request) -> BoxFuture<'a, Response>,
) -> Result<Function, MissingSettings> {
    let shared = environment.read(|get| Arc::new((front(get), build(get))))?;
    Ok(Arc::new(move |event| {
        let shared = Arc::clone(&shared);
        Box::pin(async move {
            let started = Instant::now();
            let Ok(request) = Request::from_event(event) else {
                tracing::warn!("an event that is no HTTP request was refused");
                let detail = "Send the request again as the API's description says.";
                return Ok(Response::from(Problem::new(
                    "invalid-request",
                    400,
                    "This is no request.",
                    detail,
                ))
                .into_event());
            };
            let (front, dependencies) = &*shared;
            let Some(request) = request.through(front) else {
                tracing::warn!(
                    "a request that went around what stands in front of the API was refused"
                );
                return Ok(Response::forbidden().into_event());
            };
            let response = handle(dependencies, &request).await;
            tracing::info!(
                request = request.id,
                route = request.route,
                status = response.status.as_u16(),
                milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                "answered"
            );
            Ok(response.into_event())
        })
    }))
}

/// What stands in front of the API; nothing where the deployment names no secret of it.
pub fn front(get: &mut Reader<'_>) -> Front {
    get.parsed_or_default("ORIGIN_SECRET_HASHES")
}

/// Turns a handler of any other events into a function, and logs what it cannot handle, so that no failure is without a line.
pub fn event_function<D: Send + Sync + 'static>(
    dependencies: D,
    handle: for<'a> fn(&'a D, Value) -> BoxFuture<'a, Result<Value, Error>>,
) -> Function {
    let dependencies = Arc::new(dependencies);
    Arc::new(move |event| {
        let dependencies = Arc::clone(&dependencies);
        Box::pin(async move {
            let handled = handle(&dependencies, event).await;
            if let Err(error) = &handled {
                tracing::error!(%error, "an event was not handled");
            }
            handled
        })
    })
}

/// Feeds the function from Lambda until the sandbox ends.
pub async fn run(function: Function) -> Result<(), Error> {
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        function(event.payload)
    }))
    .await
}
