//! What each kind of request costs that anybody can send without a key or a code, and what a month of it at the throttles costs.

use serde_json::json;
use tests::{Page, Patient, Sent};

use crate::meter::Meter;
use crate::prices::{MONTH, Used};
use crate::template;

/// A kind of request.
pub(crate) struct Flood {
    pub(crate) what: &'static str,
    pub(crate) route: &'static str,
    /// The parameter that throttles its route.
    pub(crate) throttle: &'static str,
    pub(crate) used: Used,
}

impl Flood {
    /// USD for a million.
    pub(crate) fn per_million(&self) -> f64 {
        self.used.cost() * 1_000_000.0
    }

    /// Requests per second that the throttle lets through where nothing is set.
    pub(crate) fn rate(&self) -> f64 {
        template::default(self.throttle)
    }

    /// USD for a month of nothing else.
    pub(crate) fn per_month(&self) -> f64 {
        self.used.cost() * self.rate() * MONTH
    }
}

/// A delivery on a warm stack, and whoever asks for its pages and for others.
struct Scene {
    meter: Meter,
    sent: Sent,
    patient: Patient,
    /// The form of the code page.
    form: String,
    /// The link of no delivery.
    nobodys: String,
    floods: Vec<Flood>,
}

impl Scene {
    async fn set() -> Self {
        let mut meter = Meter::start().await;
        let allowed = json!({"self_service": {"allowed": true}});
        let answer = meter.world.practice.put("/v1/record-types/std", allowed);
        assert_eq!(answer.await.status, 200);
        let sent = meter.send("1").await;
        let mut patient = meter.world.patient(&sent);
        let form = patient.open().await.form().to_owned();
        // Warms what has not been called yet.
        patient.documents().await;
        patient.post(&format!("{}/code", sent.link), &[]).await;
        meter.forget().await;
        let nobodys = format!("{}/d/{}", meter.world.stack.api(), "B".repeat(28));
        Self {
            meter,
            sent,
            patient,
            form,
            nobodys,
            floods: Vec::new(),
        }
    }

    /// Types this code in the form.
    async fn enter(&mut self, code: &str) -> Page {
        let fields = [("form", self.form.as_str()), ("code", code)];
        self.patient.post(&self.sent.link, &fields).await
    }

    /// What was just asked for, on a route with its throttle, and that it was answered so.
    fn add(
        &mut self,
        what: &'static str,
        (route, throttle): (&'static str, &'static str),
        page: &Page,
        status: u16,
    ) {
        assert_eq!(page.status, status, "{what}: {}", page.text());
        let function = match route {
            "GET /d/{token}/documents" => "Download",
            "POST /d/{token}/code" => "RequestCode",
            "GET /v1/openapi.json" => "Manage",
            _ => "Verify",
        };
        let used = self.meter.page(function, 0.0, page);
        self.floods.push(Flood {
            what,
            route,
            throttle,
            used,
        });
    }

    async fn pages(&mut self) {
        let page = self.patient.open().await;
        let what = "the page of an open link, whose openings are counted";
        self.add(what, PAGE, &page, 200);
        let page = self.patient.sharing(&self.nobodys).open().await;
        self.add("the page of an unknown link", PAGE, &page, 404);
        let question = format!("{}/not-mine", self.sent.link);
        let page = self.patient.get(&question).await;
        let route = ("GET /d/{token}/not-mine", "PageRate");
        let what = "the question whether an e-mail was meant for somebody else";
        self.add(what, route, &page, 200);
        let page = self.patient.get("/privacy").await;
        let route = ("GET /privacy", "PageRate");
        self.add("the page on privacy", route, &page, 200);
        let page = self.patient.documents().await;
        let route = ("GET /d/{token}/documents", "DownloadRate");
        self.add("the documents, without a session", route, &page, 303);
    }

    async fn entries(&mut self) {
        let wrong = self.sent.wrong_code();
        for _ in 0..3 {
            assert_eq!(self.enter(wrong).await.status, 401);
        }
        self.meter.forget().await;
        let page = self.enter(wrong).await;
        self.add("an entry that has to wait", ENTRY, &page, 429);
        let page = self.enter("no code").await;
        self.add("what is no code", ENTRY, &page, 422);
        let link = self.sent.link.clone();
        let page = self.patient.post(&link, &[("code", wrong)]).await;
        self.add("an entry without our form", ENTRY, &page, 403);
        let fields = [("form", self.form.as_str()), ("code", wrong)];
        let mut stranger = self.patient.sharing(&self.nobodys);
        let page = stranger.post(&self.nobodys, &fields).await;
        self.add("an entry at an unknown link", ENTRY, &page, 404);
    }

    async fn requests(&mut self) {
        let page = self.patient.open().await;
        let button = page.html.split("/code?").nth(1).unwrap_or_default();
        let form = button.split("name=\"form\" value=\"").nth(1);
        let form = form.and_then(|form| form.split('"').next());
        let fields = [("form", form.unwrap_or_default())];
        let url = format!("{}/code", self.sent.link);
        assert_eq!(self.patient.post(&url, &fields).await.status, 303);
        self.meter.forget().await;
        let page = self.patient.post(&url, &fields).await;
        let route = ("POST /d/{token}/code", "RequestRate");
        self.add("asking for a code too early", route, &page, 429);
    }

    async fn description(&mut self) {
        let page = self.patient.get("/v1/openapi.json").await;
        let route = ("GET /v1/openapi.json", "RequestRate");
        self.add("the description of the API", route, &page, 200);
    }

    async fn closed(&mut self) {
        let revoked = self.meter.world.practice.revoke(&self.sent).await;
        assert_eq!(revoked.status, 204);
        self.meter.forget().await;
        let page = self.patient.open().await;
        self.add("the page of a closed link", PAGE, &page, 410);
        let page = self.enter(self.sent.wrong_code()).await;
        self.add("an entry at a closed link", ENTRY, &page, 410);
    }

    async fn wrong_keys(&mut self) {
        let mut key = self.meter.world.practice.key().to_owned();
        let last = if key.pop() == Some('2') { '3' } else { '2' };
        key.push(last);
        let url = format!("{}/v1/settings", self.meter.world.stack.api());
        let refused = reqwest::Client::new().get(url).bearer_auth(key).send();
        assert_eq!(refused.await.expect("an answer").status(), 403);
        self.floods.push(Flood {
            what: "a wrong key",
            route: "GET /v1/settings",
            throttle: "PracticeRate",
            used: self.meter.request(&["Authorize"], 0.0, 500),
        });
    }
}

const PAGE: (&str, &str) = ("GET /d/{token}", "PageRate");
const ENTRY: (&str, &str) = ("POST /d/{token}", "EntryRate");

/// Every kind of request, made once each on a warm stack.
pub(crate) async fn floods() -> Vec<Flood> {
    let mut scene = Scene::set().await;
    scene.pages().await;
    scene.entries().await;
    scene.requests().await;
    scene.description().await;
    scene.closed().await;
    scene.wrong_keys().await;
    scene.floods.sort_by_key(|flood| flood.throttle);
    scene.floods
}

/// A wrong code that is judged, with everything that follows: of these there are thirty in a delivery's life.
pub(crate) async fn guess() -> Used {
    let mut scene = Scene::set().await;
    let wrong = scene.sent.wrong_code();
    assert_eq!(scene.enter(wrong).await.status, 401);
    scene.meter.forget().await;
    let page = scene.enter(wrong).await;
    assert_eq!(page.status, 401);
    let meter = &mut scene.meter;
    let used = meter.page("Verify", 1.0, &page) + meter.followed().await;
    // What nobody has committed becomes wrong.
    meter.world.advance(60);
    used + meter.minute("Notify").await + meter.followed().await
}
