//! The pages that `download` answers with.

use deliveries::{Found, Listing, Unavailable, session_cookie_name};
use domain::delivery::reachable_until;
use domain::language::Language;
use domain::symbols::LinkToken;
use http::StatusCode;
use pages::{DocumentsPage, Frame, Rendered, documents_page, fault_page, unknown_page};
use secrets::{FormCookie, Purpose};
use web::{Request, Response, expired_cookie, lax_cookie};

use crate::Deps;

/// The cookie that forms are bound to; all tabs share it.
pub(crate) const FORM_COOKIE: &str = "__Host-form";

/// Somebody looking at the documents of a delivery that exists.
pub(crate) struct Visit<'a> {
    request: &'a Request,
    path: String,
    pub(crate) language: Language,
    pub(crate) found: Found,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(request: &'a Request, token: &LinkToken, found: Found) -> Self {
        Self {
            request,
            path: format!("/d/{}", token.expose()),
            language: request.language(found.stored.delivery.language),
            found,
        }
    }

    /// The documents; with status 404 it says that the one asked for is no longer there.
    pub(crate) async fn documents_page(
        &self,
        deps: &Deps,
        status: StatusCode,
        listing: &Listing,
    ) -> Result<Response, Unavailable> {
        let lookup = deps.read.lookup().await?;
        let known = self.request.cookie(FORM_COOKIE).and_then(FormCookie::parse);
        let cookie = known.clone().map_or_else(FormCookie::draw, Ok)?;
        let own_path = format!("{}/documents", self.path);
        let now = deps.read.now();
        let page = documents_page(
            &Frame {
                language: self.language,
                practice: Some(&self.found.practice),
                path: &own_path,
            },
            &DocumentsPage {
                until: reachable_until(&self.found.stored.delivery).unwrap_or(now),
                token_path: &self.path,
                form: &lookup.form(&cookie, &self.found.stored.link, Purpose::Done, now),
                sent: &listing.sent,
                offered: &listing.offered,
                gone: status == StatusCode::NOT_FOUND,
            },
        );
        let response = answer(status, page);
        Ok(if known.is_some() {
            response
        } else {
            response.cookie(lax_cookie(FORM_COOKIE, &cookie.value()))
        })
    }

    /// To the code page, which says what the note names. A session that ended leaves no cookie and no page behind.
    pub(crate) fn to_code_page(&self, note: &str) -> Response {
        let path = format!("{}?lang={}", self.path, self.language.tag());
        if note.is_empty() {
            return Response::see_other(path);
        }
        Response::see_other(format!("{path}&note={note}"))
            .header("clear-site-data", "\"cache\", \"storage\"".to_owned())
            .cookie(expired_cookie(&session_cookie_name(
                &self.found.stored.link,
            )))
    }
}

/// P8: a link that nobody knows.
pub(crate) fn unknown(request: &Request) -> Response {
    answer(
        StatusCode::NOT_FOUND,
        unknown_page(&frame_of_nobody(request)),
    )
}

/// Something of ours failed; nothing was lost.
pub(crate) fn fault(request: &Request) -> Response {
    answer(
        StatusCode::SERVICE_UNAVAILABLE,
        fault_page(&frame_of_nobody(request)),
    )
    .header("retry-after", "60".to_owned())
}

fn answer(status: StatusCode, page: Rendered) -> Response {
    Response::page(status, page.html, page.csp)
}

/// What is known of nobody's page: not even its path, which may be anything.
fn frame_of_nobody(request: &Request) -> Frame<'static> {
    Frame {
        language: request.language(Language::default()),
        practice: None,
        path: "",
    }
}
