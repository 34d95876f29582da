//! A patient's browser: keeps cookies, posts the forms that it is shown, follows no redirect by itself.

use std::collections::BTreeMap;

use reqwest::header::{ACCEPT_LANGUAGE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};

/// A browser with one delivery's link open.
#[derive(Clone, Debug)]
pub struct Patient {
    http: Client,
    origin: String,
    /// The delivery's link.
    pub link: String,
    /// What the browser asks for, if it asks for a language.
    pub accept_language: Option<String>,
    /// The browser's cookies.
    pub cookies: BTreeMap<String, String>,
}

/// What the browser shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// All headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The HTML.
    pub html: String,
}

impl Page {
    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.headers.get("location").map_or("", String::as_str)
    }

    /// The hidden field of the form.
    pub fn form(&self) -> &str {
        between(&self.html, FORM, "\"")
    }

    /// The hidden field of the form that asks for a code.
    pub fn request_form(&self) -> &str {
        let after = self.html.split("/code?").nth(1).unwrap_or_default();
        between(after, FORM, "\"")
    }

    /// The ids of the documents on offer, in the page's order.
    pub fn documents(&self) -> Vec<String> {
        let parts = self.html.split("/documents/").skip(1);
        parts
            .filter_map(|part| part.split(['"', '?']).next().map(str::to_owned))
            .collect()
    }

    /// Whether the page says this, tags aside.
    pub fn says(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// What a person reads in the body, in one line.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut in_tag = false;
        let body = self.html.split("</style>").last().unwrap_or_default();
        let body = body.split("<script>").next().unwrap_or_default();
        for c in body.chars() {
            match c {
                '<' => in_tag = true,
                '>' => in_tag = false,
                c if !in_tag => text.push(c),
                _ => {}
            }
        }
        let text = text
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
            .replace("&#38;", "&")
            .replace("&nbsp;", " ")
            .replace('\u{a0}', " ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// What stands before the value of a form's hidden field.
const FORM: &str = "name=\"form\" value=\"";

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let after = text.split(start).nth(1).unwrap_or_default();
    after.split(end).next().unwrap_or_default()
}

impl Patient {
    /// A new browser for this link of pages under `origin`.
    pub fn new(origin: &str, link: &str) -> Self {
        let http = Client::builder()
            .redirect(Policy::none())
            .build()
            .expect("a client");
        Self {
            http,
            origin: origin.to_owned(),
            link: link.to_owned(),
            accept_language: None,
            cookies: BTreeMap::new(),
        }
    }

    /// A further browser on another link, over the same connections but without the cookies.
    #[must_use]
    pub fn sharing(&self, link: &str) -> Self {
        Self {
            link: link.to_owned(),
            cookies: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// The same browser at another address of this machine.
    #[must_use]
    pub fn at(self, address: std::net::IpAddr) -> Self {
        let http = Client::builder()
            .redirect(Policy::none())
            .local_address(address)
            .build()
            .expect("a client");
        Self { http, ..self }
    }

    /// Opens the link.
    pub async fn open(&mut self) -> Page {
        self.get(&self.link.clone()).await
    }

    /// Opens the page and enters a code there.
    pub async fn enter(&mut self, code: &str) -> Page {
        let page = self.open().await;
        if page.status != 200 {
            return page;
        }
        self.post(&self.link.clone(), &[("form", page.form()), ("code", code)])
            .await
    }

    /// Opens the page and presses the button that asks for a code.
    pub async fn ask(&mut self) -> Page {
        let page = self.open().await;
        let form = [("form", page.request_form())];
        self.post(&format!("{}/code", self.link), &form).await
    }

    /// Opens the page of documents.
    pub async fn documents(&mut self) -> Page {
        self.get(&format!("{}/documents", self.link)).await
    }

    /// Clicks on a document: the redirect to the bucket, or whatever else comes.
    pub async fn click(&mut self, document: &str) -> Page {
        self.get(&format!("{}/documents/{document}", self.link))
            .await
    }

    /// Clicks on a document and lets the browser fetch it: name in the answer's disposition, and bytes.
    pub async fn download(&mut self, document: &str) -> (String, Vec<u8>) {
        let page = self.click(document).await;
        assert_eq!(page.status, 303, "{page:?}");
        let answer = self
            .http
            .get(page.location())
            .send()
            .await
            .expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        let disposition = answer.headers()["content-disposition"]
            .to_str()
            .unwrap_or_default()
            .to_owned();
        (disposition, answer.bytes().await.expect("bytes").to_vec())
    }

    /// Says on the page that the e-mail was not for them; whatever was answered to the question, if it was not asked.
    pub async fn report(&mut self) -> Page {
        let path = format!("{}/not-mine", self.link);
        let page = self.get(&path).await;
        if page.status != 200 {
            return page;
        }
        self.post(&path, &[("form", page.form())]).await
    }

    /// Ends the session by the page's own button.
    pub async fn done(&mut self) -> Page {
        let page = self.documents().await;
        self.post(&format!("{}/done", self.link), &[("form", page.form())])
            .await
    }

    /// `GET` with the browser's cookies.
    pub async fn get(&mut self, url: &str) -> Page {
        let request = self.http.get(self.absolute(url));
        self.send(request).await
    }

    /// Posts a form as a page of the same origin does.
    pub async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Page {
        let request = self
            .http
            .post(self.absolute(url))
            .header(ORIGIN, &self.origin)
            .header("sec-fetch-site", "same-origin")
            .form(fields);
        self.send(request).await
    }

    /// Posts a form with headers of one's own, as another site may.
    pub async fn post_with(
        &mut self,
        url: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Page {
        let mut request = self.http.post(self.absolute(url)).form(fields);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') {
            format!("{}{url}", self.origin)
        } else {
            url.to_owned()
        }
    }

    async fn send(&mut self, request: RequestBuilder) -> Page {
        let mut request = request;
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        if let Some(language) = &self.accept_language {
            request = request.header(ACCEPT_LANGUAGE, language);
        }
        let answer = request.send().await.expect("an answer");
        for cookie in answer.headers().get_all(SET_COOKIE) {
            self.keep(cookie.to_str().unwrap_or_default());
        }
        let text =
            |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = answer
            .headers()
            .iter()
            .filter(|(name, _)| *name != LOCATION || answer.status().is_redirection())
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect();
        Page {
            status: answer.status().as_u16(),
            headers,
            html: answer.text().await.expect("a page"),
        }
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let Some((name, value)) = pair.split_once('=') else {
            panic!("no cookie: {cookie}");
        };
        if value.is_empty() || attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
