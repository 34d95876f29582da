//! Behaves as API Gateway's HTTP API does: routes of the template, its authorizer, events of payload format 2.0.

mod answer;
mod event;
mod refusal;
mod route;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use deliveries::Clock;
use futures::StreamExt as _;
use runtime::Function;
use serde_json::Value;
use tokio::runtime::Handle;

use crate::template::Authorizer;
use event::Event;
use refusal::Refusal;
pub(crate) use route::{Route, Routes};

/// The most bytes of a request's body.
const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// How much of a body that is too large is still read, so that its sender gets to see the answer.
const LARGEST_DISCARDED: usize = 64 * 1024 * 1024;
/// The most bytes of request line and headers together.
const LARGEST_HEAD: usize = 10_240;
/// The most bytes that go into a function and come out of one.
const LARGEST_PAYLOAD: usize = 6 * 1024 * 1024;

/// A function, ready to be called.
#[derive(Clone)]
pub(crate) struct Callable {
    pub(crate) function: Function,
    pub(crate) timeout: Duration,
}

/// The API: its routes and the functions behind them, by logical id.
pub(crate) struct Gateway {
    pub(crate) routes: Routes,
    pub(crate) functions: HashMap<String, Callable>,
    pub(crate) clock: Clock,
    pub(crate) address: SocketAddr,
}

pub(crate) fn router(gateway: Gateway) -> Router {
    Router::new().fallback(handle).with_state(Arc::new(gateway))
}

async fn handle(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let started = Instant::now();
    let request_id = uuid::Uuid::new_v4().to_string();
    let (mut response, route_key) = match gateway.accept(request).await {
        Ok(accepted) => {
            let route_key = accepted.route.key.clone();
            let answer = apart(serve(gateway, accepted, peer, request_id.clone())).await;
            (answer.unwrap_or_else(Refusal::into_response), route_key)
        }
        Err(refusal) => (refusal.into_response(), String::new()),
    };
    // The path is a secret of the patient's; the route is not.
    tracing::info!(
        request_id,
        route_key,
        status = response.status().as_u16(),
        milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    if let Ok(request_id) = request_id.parse() {
        response.headers_mut().insert("apigw-requestid", request_id);
    }
    response
}

/// Serves a request on a thread of its own, as it would have a sandbox of its own: while one hashes, the others and
/// the database go on; it runs to its end even if the client goes away; and a panic ends it alone.
async fn apart(
    serving: impl Future<Output = Result<Response, Refusal>> + Send + 'static,
) -> Result<Response, Refusal> {
    let runtime = Handle::current();
    let served = tokio::task::spawn_blocking(move || runtime.block_on(serving)).await;
    served.unwrap_or(Err(Refusal::InternalServerError))
}

/// A request that a route takes.
struct Accepted {
    parts: Parts,
    path: String,
    route: Arc<Route>,
    parameters: BTreeMap<String, String>,
    body: Bytes,
}

impl Gateway {
    async fn accept(&self, request: Request) -> Result<Accepted, Refusal> {
        let (parts, body) = request.into_parts();
        // First to its end, whatever comes of it: a client that is still writing would see a broken connection, not the answer.
        let body = read(body).await;
        if size_of_head(&parts) > LARGEST_HEAD {
            return Err(Refusal::HeadersTooLarge);
        }
        let path = route::decode(parts.uri.path()).ok_or(Refusal::BadRequest)?;
        let (route, parameters) = self
            .routes
            .find(&parts.method, &path)
            .ok_or(Refusal::NotFound)?;
        Ok(Accepted {
            parts,
            path,
            route,
            parameters,
            body: body?,
        })
    }

    async fn authorize(
        &self,
        authorizer: &Authorizer,
        event: &Event<'_>,
    ) -> Result<Value, Refusal> {
        let identity: Option<Vec<_>> = authorizer
            .headers
            .iter()
            .map(|name| event.header(name).filter(|value| !value.is_empty()))
            .collect();
        let question = event.for_authorizer(&identity.ok_or(Refusal::Unauthorized)?);
        // Whatever goes wrong with an authorizer is a server's error to the client, its time limit too.
        let verdict = self
            .call(&authorizer.function, question)
            .await
            .map_err(|_| Refusal::InternalServerError)?;
        match verdict["isAuthorized"] {
            Value::Bool(true) => Ok(verdict["context"].clone()),
            Value::Bool(false) => Err(Refusal::Forbidden),
            _ => {
                tracing::error!(
                    function = authorizer.function,
                    "the authorizer's answer has no isAuthorized"
                );
                Err(Refusal::InternalServerError)
            }
        }
    }

    async fn call(&self, id: &str, event: Value) -> Result<Value, Refusal> {
        let callable = self.functions.get(id).ok_or(Refusal::InternalServerError)?;
        match tokio::time::timeout(callable.timeout, (callable.function)(event)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::error!(function = id, %error, "the function failed");
                Err(Refusal::InternalServerError)
            }
            Err(_) => {
                tracing::error!(function = id, "the function did not end in time");
                Err(Refusal::ServiceUnavailable)
            }
        }
    }
}

async fn serve(
    gateway: Arc<Gateway>,
    accepted: Accepted,
    peer: SocketAddr,
    request_id: String,
) -> Result<Response, Refusal> {
    let event = Event {
        parts: &accepted.parts,
        path: &accepted.path,
        route: &accepted.route,
        parameters: &accepted.parameters,
        peer,
        address: gateway.address,
        now: gateway.clock.now(),
        request_id: &request_id,
    };
    let context = match &accepted.route.authorizer {
        Some(authorizer) => Some(gateway.authorize(authorizer, &event).await?),
        None => None,
    };
    let (body, is_base64) = event::body(&accepted.parts.headers, &accepted.body);
    if body.len() > LARGEST_PAYLOAD {
        return Err(Refusal::RequestTooLarge);
    }
    let event = event.for_function(context, body, is_base64);
    let answer = gateway.call(&accepted.route.function, event).await?;
    answer::to_response(&answer).map_err(|problem| {
        tracing::error!(
            function = accepted.route.function,
            problem,
            "the function's answer is malformed"
        );
        Refusal::InternalServerError
    })
}

fn size_of_head(parts: &Parts) -> usize {
    let target = parts
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    let line = parts.method.as_str().len() + target + " ".len() * 2 + "HTTP/1.1\r\n".len();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    line + headers.sum::<usize>()
}

/// Reads a body to its end, but keeps no more than a request may have.
async fn read(body: Body) -> Result<Bytes, Refusal> {
    let mut chunks = body.into_data_stream();
    let mut kept = BytesMut::new();
    let mut seen = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::BadRequest)?;
        seen += chunk.len();
        if seen > LARGEST_DISCARDED {
            break;
        }
        if seen <= LARGEST_BODY {
            kept.extend_from_slice(&chunk);
        }
    }
    if seen > LARGEST_BODY {
        return Err(Refusal::RequestTooLarge);
    }
    Ok(kept.freeze())
}

#[cfg(test)]
mod tests;
