//! What a browser asked servers for, read from its own log.

use serde_json::Value;

/// Requests of pages, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// The addresses, those of redirects among them.
    pub(crate) addresses: Vec<String>,
    /// The request of the last page.
    pub(crate) page: String,
    /// The headers of every posted form as they went over the wire, by lower-case name.
    pub(crate) forms: Vec<Vec<(String, String)>>,
}

impl Traffic {
    /// Adds what a log tells.
    pub(crate) fn add(&mut self, log: &Value) {
        for entry in log.as_array().into_iter().flatten() {
            let message = entry["message"].as_str().unwrap_or_default();
            let event: Value = serde_json::from_str(message).expect("a log of JSON");
            self.add_event(&event["message"]);
        }
    }

    /// Where requests went: scheme, host and port, or the scheme alone where there is no host.
    pub(crate) fn origins(&self) -> Vec<String> {
        let mut origins: Vec<String> = self.addresses.iter().map(|url| origin(url)).collect();
        origins.sort();
        origins.dedup();
        origins
    }

    fn add_event(&mut self, event: &Value) {
        let parameters = &event["params"];
        match event["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                let url = parameters["request"]["url"].as_str();
                self.addresses.push(url.unwrap_or_default().to_owned());
            }
            Some("Network.responseReceived") if parameters["type"] == "Document" => {
                let request = parameters["requestId"].as_str();
                request.unwrap_or_default().clone_into(&mut self.page);
            }
            Some("Network.requestWillBeSentExtraInfo") => {
                let headers = parameters["headers"].as_object().into_iter().flatten();
                let headers: Vec<_> = headers
                    .map(|(name, value)| {
                        let value = value.as_str().unwrap_or_default().to_owned();
                        (name.to_ascii_lowercase(), value)
                    })
                    .collect();
                let is_form = |(name, value): &(String, String)| {
                    name == "content-type" && value == "application/x-www-form-urlencoded"
                };
                if headers.iter().any(is_form) {
                    self.forms.push(headers);
                }
            }
            _ => {}
        }
    }
}

fn origin(url: &str) -> String {
    let url = reqwest::Url::parse(url).expect("an address");
    match url.origin() {
        origin if origin.is_tuple() => origin.ascii_serialization(),
        _ => url.scheme().to_owned(),
    }
}
