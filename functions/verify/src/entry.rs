//! `GET` and `POST /d/{token}`.

use deliveries::{EntryOutcome, Found, Unavailable, session_cookie_name};
use domain::delivery::{EntryRule, SESSION_LIFE, STALE_AFTER, State, l4_entry, reachable_until};
use domain::symbols::{Entry, LinkToken};
use domain::time::Timestamp;
use http::StatusCode;
use pages::EntryNote;
use secrets::{FormCookie, FormError, Purpose, SessionSecret};
use serde::Deserialize;
use web::{LARGEST_FORM, Request, Response, strict_cookie};

use crate::Deps;
use crate::page::{self, FORM_COOKIE, Visit};

/// The posted form. Fields that a browser's helpers add are not looked at.
#[derive(Deserialize)]
struct PostedCode {
    form: String,
    #[serde(default)]
    code: String,
}

/// The page that a link leads to.
pub(crate) async fn get(deps: &Deps, request: &Request) -> Result<Response, Unavailable> {
    let Some(visit) = visit(deps, request).await? else {
        return Ok(page::unknown(request));
    };
    let now = deps.enter.now();
    if visit
        .found
        .has_session(session(request, &visit.found).as_ref(), now)
    {
        return Ok(visit.to_documents());
    }
    let note = match request.query("note") {
        Some("ended") => Some(EntryNote::SessionEnded),
        Some("done") => {
            reachable_until(&visit.found.stored.delivery).map(|until| EntryNote::Done { until })
        }
        _ => None,
    };
    match visit.found.state(now) {
        State::Pending => Ok(visit.pending()),
        State::Closed(reason) => Ok(visit.closed(reason)),
        State::Open | State::Opened => visit.code_page(deps, StatusCode::OK, note).await,
    }
}

/// One entry of the code: the form is checked first, then the spelling, and only then is anything charged.
pub(crate) async fn post(deps: &Deps, request: &Request) -> Result<Response, Unavailable> {
    let Ok(token) = LinkToken::parse(request.parameter("token")) else {
        return Ok(page::unknown(request));
    };
    if request.body().len() > LARGEST_FORM {
        return again(
            deps,
            request,
            StatusCode::UNPROCESSABLE_ENTITY,
            EntryNote::NotACode,
        )
        .await;
    }
    let posted: Option<PostedCode> = request.form();
    let Some(posted) = posted.filter(|_| request.is_same_origin(&deps.origin)) else {
        return again(deps, request, StatusCode::FORBIDDEN, EntryNote::FormExpired).await;
    };
    if check_form(deps, request, &token, &posted.form)
        .await?
        .is_err()
    {
        return again(deps, request, StatusCode::FORBIDDEN, EntryNote::FormExpired).await;
    }
    let note = match Entry::read(&posted.code, &token.reference()) {
        Entry::Code(code) => {
            return judged(
                deps,
                request,
                &token,
                deps.enter.enter(&token, &code).await?,
            )
            .await;
        }
        Entry::Empty => EntryNote::Empty,
        Entry::ForeignSymbol => EntryNote::ForeignSymbol,
        Entry::Reference => EntryNote::ReferenceTyped,
        Entry::NotACode => EntryNote::NotACode,
    };
    again(deps, request, StatusCode::UNPROCESSABLE_ENTITY, note).await
}

/// The answer to an entry that was looked at.
async fn judged(
    deps: &Deps,
    request: &Request,
    token: &LinkToken,
    outcome: EntryOutcome,
) -> Result<Response, Unavailable> {
    match outcome {
        EntryOutcome::Right(secret, found) => {
            let name = session_cookie_name(&found.stored.link);
            let visit = Visit::new(request, token, found);
            Ok(visit
                .to_documents()
                .cookie(strict_cookie(&name, &secret.value(), SESSION_LIFE)))
        }
        EntryOutcome::Wrong(found) => {
            let wrong_at = found
                .stored
                .delivery
                .last_wrong_at
                .unwrap_or_else(|| deps.enter.now());
            let note = EntryNote::Wrong {
                until: in_time_until(&found, wrong_at),
            };
            Visit::new(request, token, found)
                .code_page(deps, StatusCode::UNAUTHORIZED, Some(note))
                .await
        }
        EntryOutcome::Refused(rule, found) => {
            refused(deps, Visit::new(request, token, found), rule).await
        }
        EntryOutcome::Unknown => Ok(page::unknown(request)),
    }
}

/// The answer to an entry that nobody looked at.
async fn refused(deps: &Deps, visit: Visit<'_>, rule: EntryRule) -> Result<Response, Unavailable> {
    match rule {
        EntryRule::Pending => Ok(visit.pending()),
        EntryRule::Closed(reason) => Ok(visit.closed(reason)),
        EntryRule::WaitUntil(free_at) => {
            let seconds = free_at.seconds() - deps.enter.now().seconds();
            visit.wait(deps, seconds.max(1)).await
        }
        // The wait ended, or another entry was faster, between the table's word and ours: asking again is right.
        EntryRule::Judged => visit.wait(deps, 1).await,
    }
}

/// The page again with what was wrong, unless the delivery has ended or is not there at all.
async fn again(
    deps: &Deps,
    request: &Request,
    status: StatusCode,
    note: EntryNote,
) -> Result<Response, Unavailable> {
    let Some(visit) = visit(deps, request).await? else {
        return Ok(page::unknown(request));
    };
    match l4_entry(
        &visit.found.stored.delivery,
        visit.found.is_disabled(),
        deps.enter.now(),
    ) {
        EntryRule::Pending => Ok(visit.pending()),
        EntryRule::Closed(reason) => Ok(visit.closed(reason)),
        EntryRule::Judged | EntryRule::WaitUntil(_) => {
            visit.code_page(deps, status, Some(note)).await
        }
    }
}

async fn visit<'a>(deps: &Deps, request: &'a Request) -> Result<Option<Visit<'a>>, Unavailable> {
    let Ok(token) = LinkToken::parse(request.parameter("token")) else {
        return Ok(None);
    };
    let found = deps.enter.view(&token).await?;
    Ok(found.map(|found| Visit::new(request, &token, found)))
}

/// P5: a form without our cookie is as good as foreign.
async fn check_form(
    deps: &Deps,
    request: &Request,
    token: &LinkToken,
    field: &str,
) -> Result<Result<(), FormError>, Unavailable> {
    let lookup = deps.enter.lookup().await?;
    let cookie = request.cookie(FORM_COOKIE).and_then(FormCookie::parse);
    let (Some(cookie), Some(link)) = (cookie, lookup.links(token).into_iter().next()) else {
        return Ok(Err(FormError::Foreign));
    };
    Ok(lookup.check_form(field, &cookie, &link, Purpose::EnterCode, deps.enter.now()))
}

fn session(request: &Request, found: &Found) -> Option<domain::hashed::SessionHash> {
    let value = request.cookie(&session_cookie_name(&found.stored.link))?;
    SessionSecret::parse(value).map(|secret| secret.hash())
}

/// L3: until when the next entry is in time; never later than the page itself.
fn in_time_until(found: &Found, wrong_at: Timestamp) -> Timestamp {
    let until = wrong_at.plus(STALE_AFTER);
    reachable_until(&found.stored.delivery).map_or(until, |end| until.min(end))
}
