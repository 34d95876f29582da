//! `download`: the documents page, each document through a URL of 60 seconds, and the end of a session.
//!
//! Delivery and session are looked at anew for every request (L9), so that taking back acts at once.

mod page;

use deliveries::{Clock, DownloadOutcome, Found, ReadDocuments, Unavailable, session_cookie_name};
use documents::Documents;
use domain::hashed::SessionHash;
use domain::id::DocumentId;
use domain::symbols::LinkToken;
use futures::FutureExt as _;
use http::StatusCode;
use pages::file_name;
use runtime::{Aws, Environment, Function, MissingSettings, http_function};
use secrets::{FormCookie, Keys, Purpose, SessionSecret};
use serde::Deserialize;
use store::Store;
use web::{Request, Response};

use crate::page::{FORM_COOKIE, Visit};

/// What this function may touch.
#[derive(Debug)]
struct Deps {
    read: ReadDocuments,
    /// Scheme and host of our own pages, from which alone forms are taken.
    origin: String,
}

/// The form of "Done".
#[derive(Deserialize)]
struct PostedDone {
    form: String,
}

/// The function, ready to be called.
pub fn function(environment: &Environment, clock: Clock) -> Result<Function, MissingSettings> {
    let aws = Aws::new(environment)?;
    let deps = environment.read(|get| Deps {
        read: ReadDocuments::new(
            Store::new(aws.dynamodb(), get.text("TABLE")),
            Documents::new(aws.s3(), get.text("DOCUMENTS_BUCKET")),
            Keys::new(aws.kms(), get.list("LOOKUP_KEYS")),
            clock,
        ),
        origin: get.text("BASE_URL"),
    })?;
    Ok(http_function(deps, |deps, request| {
        handle(deps, request).boxed()
    }))
}

async fn handle(deps: &Deps, request: &Request) -> Response {
    let answer = match request.route.as_str() {
        "GET /d/{token}/documents" => list(deps, request).await,
        "GET /d/{token}/documents/{id}" => download(deps, request).await,
        "POST /d/{token}/done" => done(deps, request).await,
        _ => Ok(page::unknown(request)),
    };
    answer.unwrap_or_else(|kept_out| match kept_out {
        KeptOut::Elsewhere(response) => response,
        KeptOut::Unavailable(error) => {
            tracing::error!(route = request.route, %error, "something that is needed did not answer");
            page::fault(request)
        }
    })
}

/// Why somebody does not get what they asked for.
enum KeptOut {
    /// There is no live session: the answer says where to go instead.
    Elsewhere(Response),
    /// Ours.
    Unavailable(Unavailable),
}

impl From<Unavailable> for KeptOut {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

/// The documents page.
async fn list(deps: &Deps, request: &Request) -> Result<Response, KeptOut> {
    let (visit, session) = enter(deps, request).await?;
    documents(deps, &visit, &session, StatusCode::OK).await
}

/// One document.
async fn download(deps: &Deps, request: &Request) -> Result<Response, KeptOut> {
    let (visit, session) = enter(deps, request).await?;
    let Ok(id) = request.parameter("id").parse::<DocumentId>() else {
        return documents(deps, &visit, &session, StatusCode::NOT_FOUND).await;
    };
    let language = visit.language;
    let outcome = deps
        .read
        .download(&visit.found, &session, &id, |document| {
            file_name(document, language)
        })
        .await?;
    match outcome {
        Some(DownloadOutcome::Url(url)) => Ok(Response::see_other(url)),
        Some(DownloadOutcome::Gone) => {
            documents(deps, &visit, &session, StatusCode::NOT_FOUND).await
        }
        None => Ok(visit.to_code_page("ended")),
    }
}

/// P7: ends the session.
async fn done(deps: &Deps, request: &Request) -> Result<Response, KeptOut> {
    let (visit, session) = enter(deps, request).await?;
    if !is_own_form(deps, request, &visit).await? {
        return documents(deps, &visit, &session, StatusCode::FORBIDDEN).await;
    }
    deps.read.end_session(&visit.found, &session).await?;
    Ok(visit.to_code_page("done"))
}

/// Lets in whoever comes with a live session; sends everybody else to the code page, which says why.
async fn enter<'a>(deps: &Deps, request: &'a Request) -> Result<(Visit<'a>, SessionHash), KeptOut> {
    let token = LinkToken::parse(request.parameter("token")).ok();
    let found = match &token {
        Some(token) => deps.read.find(token).await?,
        None => None,
    };
    let (Some(token), Some(found)) = (token, found) else {
        return Err(KeptOut::Elsewhere(page::unknown(request)));
    };
    let session = session(request, &found);
    let is_live = found.has_session(session.as_ref(), deps.read.now());
    let visit = Visit::new(request, &token, found);
    match session {
        Some(session) if is_live => Ok((visit, session)),
        Some(_) => Err(KeptOut::Elsewhere(visit.to_code_page("ended"))),
        None => Err(KeptOut::Elsewhere(visit.to_code_page(""))),
    }
}

/// The page, with status 404 if it is shown in place of a document that is gone.
async fn documents(
    deps: &Deps,
    visit: &Visit<'_>,
    session: &SessionHash,
    status: StatusCode,
) -> Result<Response, KeptOut> {
    match deps.read.list(&visit.found, session).await? {
        Some(listing) => Ok(visit.documents_page(deps, status, &listing).await?),
        None => Ok(visit.to_code_page("ended")),
    }
}

fn session(request: &Request, found: &Found) -> Option<SessionHash> {
    let value = request.cookie(&session_cookie_name(&found.stored.link))?;
    SessionSecret::parse(value).map(|secret| secret.hash())
}

/// P5.
async fn is_own_form(
    deps: &Deps,
    request: &Request,
    visit: &Visit<'_>,
) -> Result<bool, Unavailable> {
    let lookup = deps.read.lookup().await?;
    let posted: Option<PostedDone> = request.form();
    let cookie = request.cookie(FORM_COOKIE).and_then(FormCookie::parse);
    let (Some(posted), Some(cookie)) = (posted, cookie) else {
        return Ok(false);
    };
    let link = &visit.found.stored.link;
    let checked = lookup.check_form(&posted.form, &cookie, link, Purpose::Done, deps.read.now());
    Ok(checked.is_ok() && request.is_same_origin(&deps.origin))
}
