//! The pages that `verify` answers with.

use deliveries::{Found, Unavailable};
use domain::delivery::{CloseReason, reachable_until};
use domain::language::Language;
use domain::symbols::LinkToken;
use http::StatusCode;
use pages::{
    ClosedPage, CodePage, EntryNote, Frame, Rendered, closed_page, code_page, fault_page,
    pending_page, unknown_page,
};
use secrets::{FormCookie, Purpose};
use web::{Request, Response, lax_cookie};

use crate::Deps;

/// The cookie that forms are bound to; all tabs share it.
pub(crate) const FORM_COOKIE: &str = "__Host-form";

/// Somebody looking at the page of a delivery that exists.
pub(crate) struct Visit<'a> {
    request: &'a Request,
    token: LinkToken,
    path: String,
    language: Language,
    pub(crate) found: Found,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(request: &'a Request, token: &LinkToken, found: Found) -> Self {
        Self {
            request,
            token: token.clone(),
            path: format!("/d/{}", token.expose()),
            language: request.language(found.stored.delivery.language),
            found,
        }
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            language: self.language,
            practice: Some(&self.found.practice),
            path: &self.path,
        }
    }

    /// The code page, with a fresh form bound to the browser's form cookie, which is set if it has none.
    pub(crate) async fn code_page(
        &self,
        deps: &Deps,
        status: StatusCode,
        note: Option<EntryNote>,
    ) -> Result<Response, Unavailable> {
        let lookup = deps.enter.lookup().await?;
        let known = self.request.cookie(FORM_COOKIE).and_then(FormCookie::parse);
        let cookie = known.clone().map_or_else(FormCookie::draw, Ok)?;
        let links = lookup.links(&self.token);
        let link = links.first().unwrap_or(&self.found.stored.link);
        let delivery = &self.found.stored.delivery;
        let page = code_page(
            &self.frame(),
            &CodePage {
                reference: &self.token.reference(),
                documents: delivery.documents.len(),
                channel: delivery.channel,
                form: &lookup.form(&cookie, link, Purpose::EnterCode, deps.enter.now()),
                until: reachable_until(delivery),
                note,
            },
        );
        let response = answer(status, page);
        Ok(if known.is_some() {
            response
        } else {
            response.cookie(lax_cookie(FORM_COOKIE, &cookie.value()))
        })
    }

    /// L4: the next entry is looked at in so many seconds.
    pub(crate) async fn wait(&self, deps: &Deps, seconds: i64) -> Result<Response, Unavailable> {
        let page = self
            .code_page(
                deps,
                StatusCode::TOO_MANY_REQUESTS,
                Some(EntryNote::Wait { seconds }),
            )
            .await?;
        Ok(page.header("retry-after", seconds.to_string()))
    }

    /// P8: closed, and why.
    pub(crate) fn closed(&self, reason: CloseReason) -> Response {
        let ended_at = self.found.stored.delivery.expires_at;
        answer(
            StatusCode::GONE,
            closed_page(&self.frame(), &ClosedPage { reason, ended_at }),
        )
    }

    /// P8: its e-mail is just being sent.
    pub(crate) fn pending(&self) -> Response {
        answer(StatusCode::SERVICE_UNAVAILABLE, pending_page(&self.frame()))
            .header("retry-after", "60".to_owned())
    }

    /// To the documents, in the same language.
    pub(crate) fn to_documents(&self) -> Response {
        Response::see_other(format!(
            "{}/documents?lang={}",
            self.path,
            self.language.tag()
        ))
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

/// A page with its policy.
pub(crate) fn answer(status: StatusCode, page: Rendered) -> Response {
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
