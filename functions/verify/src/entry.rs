//! `GET` and `POST /d/{token}`.

use deliveries::{EntryOutcome, Found, Unavailable, session_cookie_name};
use domain::delivery::{EntryRule, SESSION_LIFE, STALE_AFTER, State, l4_entry, reachable_until};
use domain::symbols::{Entry, LinkToken};
use domain::time::Timestamp;
use http::StatusCode;
use pages::EntryNote;
use secrets::Purpose;
use serde::Deserialize;
use visits::{Visit, is_own_form, op, token_of, unknown};
use web::{LARGEST_FORM, Request, Response, strict_cookie};

use crate::Deps;

/// What was typed. Fields that a browser's helpers add are not looked at.
#[derive(Deserialize)]
struct PostedCode {
    #[serde(default)]
    code: String,
}

/// The page that a link leads to.
pub(crate) async fn get(deps: &Deps, request: &Request) -> Result<Response, Unavailable> {
    let Some(visit) = visit(deps, request).await? else {
        return Ok(unknown(request));
    };
    let now = deps.enter.now();
    if visit.found.has_session(visit.session().as_ref(), now) {
        return Ok(visit.see("/documents", ""));
    }
    let forms = visit.forms(deps.enter.lookup().await?, now)?;
    Ok(match visit.found.state(now) {
        State::Pending => visit.pending(),
        State::Closed(reason) => visit.closed(reason, None, &forms),
        State::Open | State::Opened => {
            visit.code_page(StatusCode::OK, asked_note(request, &visit), &forms)
        }
    })
}

/// What happened before the redirect that led here; a note that does not fit the delivery is not shown.
fn asked_note(request: &Request, visit: &Visit<'_>) -> Option<EntryNote> {
    match request.query("note")? {
        "ended" => Some(EntryNote::SessionEnded),
        "done" => {
            reachable_until(&visit.found.stored.delivery).map(|until| EntryNote::Done { until })
        }
        "sent" => visit
            .next_request_at()
            .map(|from| EntryNote::CodeSent { from }),
        "maybe-sent" => visit
            .next_request_at()
            .map(|from| EntryNote::CodeFateUnknown { from }),
        _ => None,
    }
}

/// One entry of the code: the form is checked first, then the spelling, and only then is anything charged.
pub(crate) async fn post(deps: &Deps, request: &Request) -> Result<Response, Unavailable> {
    let Some(token) = token_of(request) else {
        return Ok(unknown(request));
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
    let lookup = deps.enter.lookup().await?;
    let is_own = is_own_form(
        request,
        &token,
        lookup,
        Purpose::EnterCode,
        &deps.origin,
        deps.enter.now(),
    );
    let posted: Option<PostedCode> = request.form();
    let Some(posted) = posted.filter(|_| is_own) else {
        return again(deps, request, StatusCode::FORBIDDEN, EntryNote::FormExpired).await;
    };
    let note = match Entry::read(&posted.code, &token.reference()) {
        Entry::Code(code) => {
            let outcome = deps
                .enter
                .enter(&token, &code, &op(request, deps.enter.now())?)
                .await?;
            return judged(deps, request, &token, outcome).await;
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
            let cookie = strict_cookie(&name, &secret.value(), SESSION_LIFE);
            Ok(visit.see("/documents", "").cookie(cookie))
        }
        EntryOutcome::Wrong(found) => {
            let note = wrong(&found, deps.enter.now());
            shown(
                deps,
                &Visit::new(request, token, found),
                StatusCode::UNAUTHORIZED,
                note,
            )
            .await
        }
        EntryOutcome::Refused(rule, found) => {
            refused(deps, &Visit::new(request, token, found), rule).await
        }
        EntryOutcome::Unknown => Ok(unknown(request)),
    }
}

/// The answer to an entry that nobody looked at.
async fn refused(deps: &Deps, visit: &Visit<'_>, rule: EntryRule) -> Result<Response, Unavailable> {
    let seconds = match rule {
        EntryRule::Pending => return Ok(visit.pending()),
        EntryRule::Closed(reason) => {
            let forms = visit.forms(deps.enter.lookup().await?, deps.enter.now())?;
            return Ok(visit.closed(reason, None, &forms));
        }
        EntryRule::WaitUntil(free_at) => (free_at.seconds() - deps.enter.now().seconds()).max(1),
        // The wait ended, or another entry was faster, between the table's word and ours: asking again is right.
        EntryRule::Judged => 1,
    };
    let page = shown(
        deps,
        visit,
        StatusCode::TOO_MANY_REQUESTS,
        EntryNote::Wait { seconds },
    )
    .await?;
    Ok(page.header("retry-after", seconds.to_string()))
}

/// The page again with what was wrong, unless the delivery has ended or is not there at all.
async fn again(
    deps: &Deps,
    request: &Request,
    status: StatusCode,
    note: EntryNote,
) -> Result<Response, Unavailable> {
    let Some(visit) = visit(deps, request).await? else {
        return Ok(unknown(request));
    };
    let found = &visit.found;
    match l4_entry(
        &found.stored.delivery,
        found.is_disabled(),
        deps.enter.now(),
    ) {
        rule @ (EntryRule::Pending | EntryRule::Closed(_)) => refused(deps, &visit, rule).await,
        EntryRule::Judged | EntryRule::WaitUntil(_) => shown(deps, &visit, status, note).await,
    }
}

async fn shown(
    deps: &Deps,
    visit: &Visit<'_>,
    status: StatusCode,
    note: EntryNote,
) -> Result<Response, Unavailable> {
    let forms = visit.forms(deps.enter.lookup().await?, deps.enter.now())?;
    Ok(visit.code_page(status, Some(note), &forms))
}

/// Somebody looking at the page of the request's link, if there is such a delivery.
pub(crate) async fn visit<'a>(
    deps: &Deps,
    request: &'a Request,
) -> Result<Option<Visit<'a>>, Unavailable> {
    let Some(token) = token_of(request) else {
        return Ok(None);
    };
    let found = deps.enter.view(&token).await?;
    Ok(found.map(|found| Visit::new(request, &token, found)))
}

/// L3: until when the next entry is in time, never later than the page itself; and whether an earlier code may have been typed.
fn wrong(found: &Found, now: Timestamp) -> EntryNote {
    let delivery = &found.stored.delivery;
    let in_time = delivery.last_wrong_at.unwrap_or(now).plus(STALE_AFTER);
    EntryNote::Wrong {
        until: reachable_until(delivery).map_or(in_time, |end| in_time.min(end)),
        after_request: delivery.code_requests > 0,
    }
}
