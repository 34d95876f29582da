//! `download`: the documents page, each document through a URL of 60 seconds, and the end of a session.
//!
//! Delivery and session are looked at anew for every request (L9), so that taking back acts at once.

use deliveries::{Clock, DownloadOutcome, ReadDocuments, Unavailable, session_cookie_name};
use documents::Documents;
use domain::delivery::reachable_until;
use domain::hashed::SessionHash;
use domain::id::DocumentId;
use futures::FutureExt as _;
use http::StatusCode;
use pages::{DocumentsPage, documents_page, file_name};
use runtime::{Aws, Environment, Function, MissingSettings, http_function};
use secrets::{Keys, Purpose};
use store::Store;
use visits::{Visit, answer, fault, is_own_form, op, token_of, unknown};
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
    let deps = environment.read(|get| {
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
        _ => Ok(unknown(request)),
    };
    answer.unwrap_or_else(|kept_out| match kept_out {
        KeptOut::Elsewhere(response) => response,
        KeptOut::Unavailable(error) => {
            tracing::error!(route = request.route, %error, "something that is needed did not answer");
            fault(request)
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
        .download(
            &visit.found,
            &session,
            &id,
            &op(request, deps.read.now())?,
            |document| file_name(document, language),
        )
        .await?;
    match outcome {
        Some(DownloadOutcome::Url(url)) => Ok(Response::see_other(url)),
        Some(DownloadOutcome::Gone) => {
            documents(deps, &visit, &session, StatusCode::NOT_FOUND).await
        }
        None => Ok(ended(&visit, "ended")),
    }
}

/// P7: ends the session.
async fn done(deps: &Deps, request: &Request) -> Result<Response, KeptOut> {
    let (visit, session) = enter(deps, request).await?;
    let lookup = deps.read.lookup().await?;
    let token = token_of(request);
    let is_own = token.is_some_and(|token| {
        is_own_form(
            request,
            &token,
            lookup,
            Purpose::Done,
            &deps.origin,
            deps.read.now(),
        )
    });
    if !is_own {
        return documents(deps, &visit, &session, StatusCode::FORBIDDEN).await;
    }
    let op = op(request, deps.read.now())?;
    deps.read.end_session(&visit.found, &session, &op).await?;
    Ok(ended(&visit, "done"))
}

/// Lets in whoever comes with a live session; sends everybody else to the code page, which says why.
async fn enter<'a>(deps: &Deps, request: &'a Request) -> Result<(Visit<'a>, SessionHash), KeptOut> {
    let token = token_of(request);
    let found = match &token {
        Some(token) => deps.read.find(token).await?,
        None => None,
    };
    let (Some(token), Some(found)) = (token, found) else {
        return Err(KeptOut::Elsewhere(unknown(request)));
    };
    let visit = Visit::new(request, &token, found);
    let session = visit.session();
    let is_live = visit.found.has_session(session.as_ref(), deps.read.now());
    match session {
        Some(session) if is_live => Ok((visit, session)),
        Some(_) => Err(KeptOut::Elsewhere(ended(&visit, "ended"))),
        None => Err(KeptOut::Elsewhere(visit.see("", ""))),
    }
}

/// The documents; with status 404 the page says that the one asked for is no longer there.
async fn documents(
    deps: &Deps,
    visit: &Visit<'_>,
    session: &SessionHash,
    status: StatusCode,
) -> Result<Response, KeptOut> {
    let Some(listing) = deps.read.list(&visit.found, session).await? else {
        return Ok(ended(visit, "ended"));
    };
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
            gone: status == StatusCode::NOT_FOUND,
        },
    );
    Ok(forms.with_cookie(answer(status, page)))
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
