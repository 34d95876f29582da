//! A headless Chromium of a test's own, used as a person would use it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use data_encoding::BASE64;
use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::traffic::Traffic;

/// Longer than anything here takes on a busy machine; whatever takes longer does not happen at all.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often to look whether something has happened.
pub(crate) const PERIOD: Duration = Duration::from_millis(50);

/// Headless, with nothing that goes on by itself, so that the only traffic is the page's own.
const ARGUMENTS: [&str; 13] = [
    "--headless",
    // A container's administrator has no other choice; only pages of our own are opened.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    // Containers have little shared memory.
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    // As on a phone, where they take no room.
    "--hide-scrollbars",
    // Chromium ends with the pipe, whatever becomes of its driver.
    "--remote-debugging-pipe",
];

/// What makes one browser different from another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// What the browser tells servers its owner reads, as `Accept-Language` lists it.
    pub(crate) languages: &'static str,
    /// Whether pages may run scripts.
    pub(crate) scripts: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            languages: "de-DE,de",
            scripts: true,
        }
    }
}

/// A browser with a profile of its own. Both it and its driver end when it is dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    client: Client,
    _driver: Driver,
    downloads: PathBuf,
    traffic: Traffic,
    /// Dropped last, when nobody writes into it any more.
    _folder: TempDir,
}

impl Browser {
    /// A German browser with scripts.
    pub(crate) async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    /// A browser with other settings.
    pub(crate) async fn with(settings: Settings) -> Self {
        let folder = TempDir::new().expect("a folder for the browser");
        let downloads = folder.path().join("downloads");
        std::fs::create_dir(&downloads).expect("a folder for downloads");
        let mut driver = Driver::start(folder.path());
        let capabilities = capabilities(folder.path(), &downloads, settings);
        let capabilities = serde_json::from_value(capabilities).expect("capabilities");
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .expect("chromedriver starts Chromium; both must be of one version");
        driver.session = client.session_id().await.expect("a session");
        let browser = Self {
            client,
            _driver: driver,
            downloads,
            traffic: Traffic::default(),
            _folder: folder,
        };
        browser.go("about:blank").await;
        // What Chromium did for its own start page is nobody's traffic.
        browser.log().await;
        browser
    }

    /// What is not wrapped here.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Opens an address as if it was typed.
    pub(crate) async fn go(&self, url: &str) {
        let opened = self.client.goto(url).await;
        opened.unwrap_or_else(|error| panic!("{url} does not open: {error}"));
    }

    /// The address of the page.
    pub(crate) async fn url(&self) -> String {
        self.client.current_url().await.expect("an address").into()
    }

    /// What a person reads on the page, in one line.
    pub(crate) async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => one_line(&body.text().await.unwrap_or_default()),
            Err(_) => String::new(),
        }
    }

    /// The status with which the page came.
    pub(crate) async fn status(&self) -> u64 {
        let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
        self.script(script).await.as_u64().unwrap_or_default()
    }

    /// Runs a script of the test's own, which a browser without scripts allows too.
    pub(crate) async fn script(&self, script: &str) -> Value {
        let run = self.client.execute(script, Vec::new()).await;
        run.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits for a part of the page.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(PATIENCE).every(PERIOD);
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!("no {css} ({error}) on: {}", self.text().await),
        }
    }

    /// What a person reads in a part of the page, in one line.
    pub(crate) async fn text_of(&self, css: &str) -> String {
        let text = self.find(css).await.text().await;
        one_line(&text.unwrap_or_else(|error| panic!("{css}: {error}")))
    }

    /// Whether a part is on the page now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    /// Clicks on a part of the page.
    pub(crate) async fn click(&self, css: &str) {
        let clicked = self.find(css).await.click().await;
        clicked.unwrap_or_else(|error| panic!("{css} cannot be clicked: {error}"));
    }

    /// Waits until the page says this.
    pub(crate) async fn wait_for_text(&self, text: &str) {
        self.wait_until(&format!("the page says {text:?}"), async || {
            self.text().await.contains(text)
        })
        .await;
    }

    /// Waits until something is so.
    pub(crate) async fn wait_until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !is_so().await {
                tokio::time::sleep(PERIOD).await;
            }
        });
        assert!(
            waited.await.is_ok(),
            "in vain waited until {what}; {} says: {}",
            self.url().await,
            self.text().await
        );
    }

    /// Presses the tabulator key until this part of the page has the focus, as people without a mouse do.
    pub(crate) async fn tab_to(&self, css: &str) -> Element {
        let wanted = self.find(css).await;
        for _ in 0..40 {
            let active = self.client.active_element().await.expect("the focus");
            if active.element_id() == wanted.element_id() {
                let outline =
                    "return parseFloat(getComputedStyle(document.activeElement).outlineWidth) > 0";
                assert_eq!(
                    self.script(outline).await,
                    true,
                    "{css}: the focus is not seen"
                );
                return active;
            }
            let tabulator = char::from(Key::Tab).to_string();
            active.send_keys(&tabulator).await.expect("the key Tab");
        }
        panic!("the focus does not get to {css} by keyboard")
    }

    /// The name and the description that a screen reader reads out for a part of the page.
    pub(crate) async fn read_out(&self, css: &str) -> (String, String) {
        let found = self
            .devtools(
                "Runtime.evaluate",
                json!({"expression": format!("document.querySelector({css:?})")}),
            )
            .await;
        let node = json!({"objectId": found["result"]["objectId"], "fetchRelatives": false});
        let tree = self.devtools("Accessibility.getPartialAXTree", node).await;
        let text = |name: &str| {
            one_line(
                tree["nodes"][0][name]["value"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{css} has no {name}: {tree}")),
            )
        };
        (text("name"), text("description"))
    }

    /// Clicks twice on a part of the page, faster than any page can answer.
    pub(crate) async fn double_click(&self, css: &str) {
        let element = self.find(css).await;
        let (button, at) = (MOUSE_BUTTON_LEFT, (0.0, 0.0));
        let to = PointerAction::MoveToElement {
            element,
            duration: None,
            x: at.0,
            y: at.1,
        };
        let mut mouse = MouseActions::new("mouse".to_owned()).then(to);
        for _ in 0..2 {
            let down = PointerAction::Down { button };
            mouse = mouse.then(down).then(PointerAction::Up { button });
        }
        let clicked = self.client.perform_actions(mouse).await;
        clicked.unwrap_or_else(|error| panic!("{css} cannot be clicked: {error}"));
    }

    /// Cuts the browser off from every server, or connects it again.
    pub(crate) async fn connected(&self, is_connected: bool) {
        let conditions = json!({
            "offline": !is_connected, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        self.devtools("Network.emulateNetworkConditions", conditions)
            .await;
    }

    /// Takes a cookie away, as people do who clear their browser.
    pub(crate) async fn delete_cookie(&self, name: &str) {
        let deleted = self.client.delete_cookie(name).await;
        deleted.unwrap_or_else(|error| panic!("the cookie {name}: {error}"));
    }

    /// Waits for a whole file of this name in the folder of downloads.
    pub(crate) async fn downloaded(&self, name: &str) -> Vec<u8> {
        let path = self.downloads.join(name);
        let waited = tokio::time::timeout(PATIENCE, async {
            // Until a file is whole, Chromium keeps its name with an empty one.
            while std::fs::metadata(&path).map_or(0, |file| file.len()) == 0 {
                tokio::time::sleep(PERIOD).await;
            }
        });
        if waited.await.is_err() {
            let there: Vec<_> = std::fs::read_dir(&self.downloads)
                .expect("the folder of downloads")
                .filter_map(|entry| Some(entry.ok()?.file_name()))
                .collect();
            panic!("no download {name}, but {there:?}");
        }
        std::fs::read(&path).expect("the downloaded file")
    }

    /// Opens a tab of its own, goes there and opens an address in it.
    pub(crate) async fn new_tab(&self, url: &str) {
        let tab = self.client.new_window(true).await.expect("a tab");
        self.client
            .switch_to_window(tab.handle)
            .await
            .expect("the tab");
        self.go(url).await;
    }

    /// Goes to a tab by its number, in the order in which they were opened; waits until there are so many.
    pub(crate) async fn switch_to_tab(&self, number: usize) {
        let tabs = async || self.client.windows().await.expect("the tabs");
        self.wait_until("the tab is there", async || tabs().await.len() > number)
            .await;
        let tab = tabs().await.remove(number);
        self.client.switch_to_window(tab).await.expect("the tab");
    }

    /// Everything that the pages have asked for since the start, as far as it was seen in this tab.
    pub(crate) async fn traffic(&mut self) -> &Traffic {
        let log = self.log().await;
        self.traffic.add(&log);
        &self.traffic
    }

    /// Makes the window this large.
    pub(crate) async fn resize(&self, width: u32, height: u64) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// How many pixels the page needs: `scrollWidth` or `scrollHeight`.
    pub(crate) async fn measure(&self, property: &str) -> u64 {
        let script = format!("return document.documentElement.{property}");
        let pixels = self.script(&script).await;
        pixels.as_u64().expect("a number of pixels")
    }

    /// Makes the page dark or light, as the person's device would ask for.
    pub(crate) async fn colours(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Leaves a picture of the window for people, in the target folder.
    pub(crate) async fn picture(&self, name: &str) {
        let picture = self
            .devtools("Page.captureScreenshot", json!({"format": "png"}))
            .await;
        let picture = picture["data"].as_str().unwrap_or_default();
        let picture = BASE64.decode(picture.as_bytes()).expect("a picture");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let path = folder.join(format!("{name}.png"));
        let written = File::create(path).and_then(|mut file| file.write_all(&picture));
        written.expect("a picture on disk");
    }

    /// Chromium's own commands.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        let answer = self.vendor("goog/cdp/execute", body).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// What the browser has logged since it was asked last.
    async fn log(&self) -> Value {
        self.vendor("se/log", json!({"type": "performance"}))
            .await
            .expect("the browser's log")
    }

    async fn vendor(
        &self,
        path: &'static str,
        body: Value,
    ) -> Result<Value, fantoccini::error::CmdError> {
        self.client.issue_cmd(Vendor { path, body }).await
    }
}

/// A command of Chromium's driver that the standard does not have.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(
        &self,
        base: &Url,
        session: Option<&str>,
    ) -> Result<Url, <Url as std::str::FromStr>::Err> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// The process that drives the browser.
#[derive(Debug)]
struct Driver {
    process: Child,
    port: u16,
    session: Option<String>,
    /// Open as long as the process may write into it.
    _output: BufReader<ChildStdout>,
}

impl Driver {
    /// Starts it on a port that it chooses itself; it listens on loopback alone.
    fn start(folder: &Path) -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            // Whatever else the two leave behind goes with the folder.
            .envs(["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"].map(|name| (name, folder)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver: install Debian's packages chromium and chromium-driver, or let tests/run do so");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut said = String::new();
        let port = loop {
            let start = said.len();
            let read = output.read_line(&mut said).expect("its output");
            assert!(read > 0, "chromedriver ended with {said}");
            let line = &said[start..];
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim().trim_end_matches('.').parse();
            }
        };
        Self {
            process,
            port: port.expect("a port"),
            session: None,
            _output: output,
        }
    }

    /// Lets it end the browser in order. It is no loss if it does not: the browser ends with the driver's pipe.
    fn end_session(&self) -> std::io::Result<()> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
        connection.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(
            connection,
            "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        )?;
        // It answers when the browser has ended, and then keeps the connection.
        connection.read_exact(&mut [0])
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.end_session();
        // Errors mean that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn capabilities(folder: &Path, downloads: &Path, settings: Settings) -> Value {
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    let arguments: Vec<&str> = ARGUMENTS.into_iter().chain([profile.as_str()]).collect();
    let (allowed, blocked) = (1, 2);
    json!({
        "browserName": "chrome",
        "goog:loggingPrefs": {"performance": "ALL"},
        "goog:chromeOptions": {
            "args": arguments,
            "prefs": {
                "download.default_directory": downloads,
                "download.prompt_for_download": false,
                "intl.accept_languages": settings.languages,
                "profile.managed_default_content_settings.javascript": if settings.scripts { allowed } else { blocked },
            },
        },
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
