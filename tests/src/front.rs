//! Servers between a function's process and the services that it speaks to.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use reqwest::Client;
use tokio::net::TcpListener;

use crate::World;

/// The services that functions speak to, as the SDKs' variables name them.
const SERVICES: [&str; 5] = ["DYNAMODB", "S3", "SESV2", "SNS", "KMS"];
/// The largest body that goes to a service.
const LARGEST: usize = 32 * 1024 * 1024;

/// A call on its way to a service.
#[derive(Clone, Debug)]
pub struct Passing {
    /// The service and its operation, or the method where the protocol has no operations.
    pub call: String,
    address: String,
    parts: Parts,
    body: Bytes,
    http: Client,
}

impl Passing {
    /// Passes it on as it came, signature and host included: the service's answer.
    pub async fn pass_on(&self) -> Response {
        let path = self.parts.uri.path_and_query();
        let path = path.map_or("/", |path| path.as_str());
        let url = format!("{}{path}", self.address);
        let call = self.http.request(self.parts.method.clone(), url);
        let call = call.headers(self.parts.headers.clone());
        let answer = call.body(self.body.clone()).send().await;
        let answer = answer.expect("the service's answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.expect("the service's body");
        let mut passed = (status, body).into_response();
        *passed.headers_mut() = headers;
        passed
    }
}

/// The variables that lead a function's calls to servers of ours, which answer each as `meet` does.
pub async fn in_front_of<Met: Future<Output = Response> + Send + 'static>(
    world: &World,
    function: &str,
    meet: impl Fn(Passing) -> Met + Clone + Send + Sync + 'static,
) -> BTreeMap<String, String> {
    let variables = &world.stack.function_environments()[function];
    let mut own = BTreeMap::new();
    for service in SERVICES {
        let name = format!("AWS_ENDPOINT_URL_{service}");
        let Some(address) = variables.get(&name).cloned() else {
            continue;
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let ours = listener.local_addr().expect("an address");
        own.insert(name, format!("http://{ours}"));
        let (http, meet) = (Client::new(), meet.clone());
        let router = Router::new().fallback(move |request: Request| {
            let (address, http, meet) = (address.clone(), http.clone(), meet.clone());
            async move { meet(passing(service, address, http, request).await).await }
        });
        tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
    }
    own
}

async fn passing(service: &str, address: String, http: Client, request: Request) -> Passing {
    let (parts, body) = request.into_parts();
    let target = parts.headers.get("x-amz-target");
    let operation = target.and_then(|target| target.to_str().ok()?.rsplit('.').next());
    Passing {
        call: format!("{service} {}", operation.unwrap_or(parts.method.as_str())),
        body: to_bytes(body, LARGEST).await.expect("a body"),
        address,
        parts,
        http,
    }
}
