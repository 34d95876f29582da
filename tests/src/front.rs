//! Servers between a function's process and the services that it speaks to.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use local::Stack;
use reqwest::Client;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::World;

/// The services that functions speak to, as the SDKs' variables name them.
const SERVICES: [&str; 6] = ["DYNAMODB", "S3", "SESV2", "SNS", "KMS", "SECRETS_MANAGER"];
/// The largest body that goes to a service.
const LARGEST: usize = 32 * 1024 * 1024;

/// A call on its way to a service.
#[derive(Clone, Debug)]
pub struct Passing {
    /// The service and its operation, or the method where the protocol has no operations.
    pub call: String,
    /// Method, path and headers.
    pub parts: Parts,
    /// The whole body.
    pub body: Bytes,
    address: String,
    http: Client,
}

impl Passing {
    /// The same call with something more in its JSON; the local services do not check signatures.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        let mut body: Value = serde_json::from_slice(&self.body).expect("a call in JSON");
        body[name] = value;
        self.body = body.to_string().into();
        self.parts.headers.remove(CONTENT_LENGTH);
        self
    }

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

/// The variables that lead a function's calls, webhooks too, to servers of ours, which answer each as `meet` does.
pub async fn in_front_of<Met: Future<Output = Response> + Send + 'static>(
    world: &World,
    function: &str,
    meet: impl Fn(Passing) -> Met + Clone + Send + Sync + 'static,
) -> BTreeMap<String, String> {
    let variables = &world.stack.function_environments()[function];
    let mut own = BTreeMap::new();
    let services = SERVICES.map(|service| (service, variable(service)));
    let webhooks = ("WEBHOOK", "WEBHOOK_RELAY".to_owned());
    for (service, name) in services.into_iter().chain([webhooks]) {
        let Some(address) = variables.get(&name) else {
            continue;
        };
        let (server, path) = parted(address);
        let server = Arc::new(OnceLock::from(server.to_owned()));
        let ours = serve(service, server, meet.clone()).await;
        own.insert(name, format!("{ours}{path}"));
    }
    own
}

/// Servers in front of everything that a stack's functions and their callers speak to, open before the stack is.
#[derive(Debug)]
pub struct Front {
    /// Each service with our address and with its own.
    servers: Vec<(&'static str, String, Arc<OnceLock<String>>)>,
}

impl Front {
    /// Opens them; each call is answered as `meet` does.
    pub async fn open<Met: Future<Output = Response> + Send + 'static>(
        meet: impl Fn(Passing) -> Met + Clone + Send + Sync + 'static,
    ) -> Self {
        let mut servers = Vec::new();
        for service in SERVICES {
            let address = Arc::new(OnceLock::new());
            let ours = serve(service, address.clone(), meet.clone()).await;
            servers.push((service, ours, address));
        }
        Self { servers }
    }

    /// The variables that lead the functions there.
    pub(crate) fn variables(&self) -> BTreeMap<String, String> {
        let variables = self.servers.iter();
        variables
            .map(|(service, ours, _)| (variable(service), ours.clone()))
            .collect()
    }

    /// From now on calls go on to this stack.
    pub(crate) fn lead_to(&self, stack: &Stack) {
        for (service, _, address) in &self.servers {
            let own = match *service {
                "DYNAMODB" => stack.dynamodb(),
                "S3" => stack.s3(),
                _ => stack.outbox(),
            };
            address.set(own.to_owned()).expect("one stack alone");
        }
    }
}

/// An address up to its port, and its path, where it has one.
fn parted(address: &str) -> (&str, &str) {
    let host = address.find("://").map_or(0, |at| at + 3);
    let path = address[host..]
        .find('/')
        .map_or(address.len(), |at| host + at);
    address.split_at(path)
}

fn variable(service: &str) -> String {
    format!("AWS_ENDPOINT_URL_{service}")
}

/// A server of ours in front of a service, whose address is known by the first call: our own address.
async fn serve<Met: Future<Output = Response> + Send + 'static>(
    service: &'static str,
    address: Arc<OnceLock<String>>,
    meet: impl Fn(Passing) -> Met + Clone + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a port");
    let ours = listener.local_addr().expect("an address");
    let http = Client::new();
    let router = Router::new().fallback(move |request: Request| {
        let address = address.get().expect("the service's address").clone();
        let (http, meet) = (http.clone(), meet.clone());
        async move { meet(passing(service, address, http, request).await).await }
    });
    tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    format!("http://{ours}")
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
