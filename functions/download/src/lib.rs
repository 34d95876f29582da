//! `download`: the documents page, each document through a URL of 60 seconds, and the end of a session.
//!
//! Delivery and session are looked at anew for every request (L9), so that taking back acts at once.

use deliveries::{
    Clock, DownloadOutcome, Entered, Found, ReadDocuments, Unavailable, session_cookie_name,
};
use documents::Documents;
use domain::delivery::reachable_until;
use domain::document::Document;
use domain::hashed::{LinkHash, SessionHash};
use domain::id::DocumentId;
use domain::symbols::LinkToken;
use futures::FutureExt as _;
use http::StatusCode;
use pages::{DocumentsNote, DocumentsPage, documents_page, file_name};
use runtime::{Aws, Environment, Function, MissingSettings, http_function};
use secrets::{Keys, Purpose};
use store::Store;
use visits::{Visit, answer, fault, is_own_form, op, session_of, token_of, unknown};
use web::{Request, Response, expired_cookie};

/// What this function may touch.
#[derive(Debug)]
struct Deps {
    read: ReadDocuments,
    /// Scheme and host of our own pages, from which alone forms are taken.
    origin: String,
}

/// The function, ready to be called.
pub fn function(environment: &Environment, clock: Clock) -> Result<Function, MissingSettings> {
    http_function(
        environment,
        |get| {
            let aws = Aws::read(get);
            Deps {
                read: ReadDocuments::new(
                    Store::new(aws.dynamodb(), get.text("TABLE")),
                    Documents::new(aws.s3(), get.text("DOCUMENTS_BUCKET")),
                    Keys::new(aws.kms(), get.list("LOOKUP_KEYS")),
                    clock,
                ),
                origin: get.text("BASE_URL"),
            }
        },
        |deps, request| handle(deps, request).boxed(),
    )
}

async fn handle(deps: &Deps, request: &Request) -> Response {
    let answer = match request.route.as_str() {
        "GET /d/{token}/documents" => list(deps, request, StatusCode::OK).await,
        "GET /d/{token}/documents/{id}" => download(deps, request).await,
        "POST /d/{token}/done" => done(deps, request).await,
        _ => Ok(unknown(request)),
    };
    answer.unwrap_or_else(|kept_out| match kept_out {
        KeptOut::Elsewhere(response) => response,
        KeptOut::Unavailable(error) => fault(request, &error),
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

/// The documents page; with status 404 it says that the document asked for is no longer there, with 403 that the form was too old or foreign.
async fn list(deps: &Deps, request: &Request, status: StatusCode) -> Result<Response, KeptOut> {
    let token = token_of(request).ok_or_else(|| KeptOut::Elsewhere(unknown(request)))?;
    let session = |link: &LinkHash| session_of(request, link);
    let (visit, _, listing) = let_in(request, &token, deps.read.list(&token, session).await?)?;
    let now = deps.read.now();
    let forms = visit.forms(deps.read.lookup().await?, now)?;
    let own_path = format!("{}/documents", visit.path);
    let page = documents_page(
        &visit.frame(&own_path),
        &DocumentsPage {
            until: reachable_until(&visit.found.stored.delivery).unwrap_or(now),
            token_path: &visit.path,
            form: &forms.done,
            sent: &listing.sent,
            offered: &listing.offered,
            note: match status {
                StatusCode::NOT_FOUND => Some(DocumentsNote::Gone),
                StatusCode::FORBIDDEN => Some(DocumentsNote::FormExpired),
                _ => None,
            },
        },
    );
    Ok(forms.with_cookie(answer(status, page)))
}

/// One document.
async fn download(deps: &Deps, request: &Request) -> Result<Response, KeptOut> {
    let Ok(id) = request.parameter("id").parse::<DocumentId>() else {
        return list(deps, request, StatusCode::NOT_FOUND).await;
    };
    let token = token_of(request).ok_or_else(|| KeptOut::Elsewhere(unknown(request)))?;
    let session = |link: &LinkHash| session_of(request, link);
    let name = |found: &Found, document: &Document| {
        file_name(document, request.language(found.stored.delivery.language))
    };
    let op = op(request, deps.read.now())?;
    let entered = deps.read.download(&token, session, &id, &op, name).await?;
    match let_in(request, &token, entered)? {
        (.., DownloadOutcome::Url(url)) => Ok(Response::see_other(url)),
        (.., DownloadOutcome::Gone) => list(deps, request, StatusCode::NOT_FOUND).await,
    }
}

/// P7: ends the session.
async fn done(deps: &Deps, request: &Request) -> Result<Response, KeptOut> {
    let token = token_of(request).ok_or_else(|| KeptOut::Elsewhere(unknown(request)))?;
    let lookup = deps.read.lookup().await?;
    let now = deps.read.now();
    if !is_own_form(request, &token, lookup, Purpose::Done, &deps.origin, now) {
        return list(deps, request, StatusCode::FORBIDDEN).await;
    }
    let session = |link: &LinkHash| session_of(request, link);
    let (visit, session, ()) =
        let_in(request, &token, deps.read.recognise(&token, session).await?)?;
    let op = op(request, now)?;
    deps.read.end_session(&visit.found, &session, &op).await?;
    Ok(ended(&visit, "done"))
}

/// Lets in whoever comes with a live session; sends everybody else to the code page, which says why.
fn let_in<'a, T>(
    request: &'a Request,
    token: &LinkToken,
    entered: Option<Entered<T>>,
) -> Result<(Visit<'a>, SessionHash, T), KeptOut> {
    let Some(Entered { found, shown }) = entered else {
        return Err(KeptOut::Elsewhere(unknown(request)));
    };
    let visit = Visit::new(request, token, found);
    match shown {
        Some((session, shown)) => Ok((visit, session, shown)),
        None if visit.session().is_some() => Err(KeptOut::Elsewhere(ended(&visit, "ended"))),
        None => Err(KeptOut::Elsewhere(visit.see("", ""))),
    }
}

/// To the code page, which says what the note names. A session that ended leaves no cookie and no page behind.
fn ended(visit: &Visit<'_>, note: &str) -> Response {
    visit
        .see("", note)
        .header("clear-site-data", "\"cache\", \"storage\"".to_owned())
        .cookie(expired_cookie(&session_cookie_name(
            &visit.found.stored.link,
        )))
}
