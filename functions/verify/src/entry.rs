//! `GET` and `POST /d/{token}`.

use deliveries::{EntryOutcome, Found, Unavailable, session_cookie_name};
use domain::delivery::{EntryRule, SESSION_LIFE, STALE_AFTER, State, l4_entry, reachable_until};
use domain::hashed::LinkHash;
use domain::symbols::{Entry, LinkToken};
use domain::time::Timestamp;
use http::StatusCode;
use pages::EntryNote;
use secrets::{FormError, Purpose};
use serde::Deserialize;
use visits::{Visit, check_form, network_of, op, session_of, token_of, unknown};
use web::{LARGEST_FORM, Request, Response, strict_cookie};

use crate::Deps;

/// What was typed. Fields that a browser's helpers add are not looked at.
#[derive(Deserialize)]
struct PostedCode {
    #[serde(default)]
    code: String,
    /// Whether the page already said that what was typed before is no code.
    again: Option<String>,
}

/// The page that a link leads to.
pub(crate) async fn get(deps: &Deps, request: &Request) -> Result<Response, Unavailable> {
    let Some(visit) = opened(deps, request).await? else {
        return Ok(unknown(request));
    };
    let now = deps.enter.now();
    if visit.found.has_session(visit.session().as_ref(), now) {
        return Ok(visit.see("/documents", ""));
    }
    let forms = visit.forms(deps.enter.lookup().await?, now)?;
    Ok(match visit.found.state(now) {
        State::Pending => visit.pending(),
        // D6: nobody was ever sent a link to it.
        State::Sent => visit.unknown(),
        State::Closed(reason) => visit.closed(reason, None, &forms),
        State::Open | State::Opened => {
            let slowed = visit.slowed_until.map(|until| reloaded(until, now));
            let note = slowed.or_else(|| asked_note(request, &visit));
            visit.code_page(StatusCode::OK, note, &forms)
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
            EntryNote::NotACode { again: false },
        )
        .await;
    }
    let lookup = deps.enter.lookup().await?;
    let now = deps.enter.now();
    let checked = check_form(
        request,
        &token,
        lookup,
        Purpose::EnterCode,
        &deps.origin,
        now,
    );
    if let Err(FormError::TooEarly(from)) = checked {
        return too_early(deps, request, from, now).await;
    }
    let posted: Option<PostedCode> = request.form();
    let Some(posted) = posted.filter(|_| checked.is_ok()) else {
        return again(deps, request, StatusCode::FORBIDDEN, EntryNote::FormExpired).await;
    };
    let note = match Entry::read(&posted.code, &token.reference()) {
        Entry::Code(code) => {
            let outcome = deps.enter.enter(&token, &code, &op(request, now)?).await?;
            return judged(deps, request, &token, outcome).await;
        }
        Entry::Empty => EntryNote::Empty,
        Entry::ForeignSymbol => EntryNote::ForeignSymbol,
        Entry::Reference => EntryNote::ReferenceTyped,
        Entry::NotACode => EntryNote::NotACode {
            again: posted.again.is_some(),
        },
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

/// P6: the answer to an entry from a form that still has to wait; the next form waits no longer than this one.
async fn too_early(
    deps: &Deps,
    request: &Request,
    from: Timestamp,
    now: Timestamp,
) -> Result<Response, Unavailable> {
    let Some(visit) = visit(deps, request).await? else {
        return Ok(unknown(request));
    };
    let visit = visit.slowed(Some(from));
    let status = StatusCode::TOO_MANY_REQUESTS;
    let page = shown_if_open(deps, &visit, status, reloaded(from, now)).await?;
    let seconds = (from.seconds() - now.seconds()).to_string();
    Ok(match page.status {
        StatusCode::TOO_MANY_REQUESTS => page.header("retry-after", seconds),
        _ => page,
    })
}

fn reloaded(until: Timestamp, now: Timestamp) -> EntryNote {
    EntryNote::Reloaded {
        seconds: until.seconds() - now.seconds(),
    }
}

/// The page again with what was wrong, unless the delivery is not there at all.
async fn again(
    deps: &Deps,
    request: &Request,
    status: StatusCode,
    note: EntryNote,
) -> Result<Response, Unavailable> {
    match visit(deps, request).await? {
        Some(visit) => shown_if_open(deps, &visit, status, note).await,
        None => Ok(unknown(request)),
    }
}

/// The page with what was wrong, unless the delivery has ended.
async fn shown_if_open(
    deps: &Deps,
    visit: &Visit<'_>,
    status: StatusCode,
    note: EntryNote,
) -> Result<Response, Unavailable> {
    let found = &visit.found;
    match l4_entry(
        &found.stored.delivery,
        found.is_disabled(),
        deps.enter.now(),
    ) {
        rule @ (EntryRule::Pending | EntryRule::Closed(_)) => refused(deps, visit, rule).await,
        EntryRule::Judged | EntryRule::WaitUntil(_) => shown(deps, visit, status, note).await,
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

/// The same, of whoever opens it: where the page hands out a form, the opening is counted (P6).
async fn opened<'a>(deps: &Deps, request: &'a Request) -> Result<Option<Visit<'a>>, Unavailable> {
    let Some(token) = token_of(request) else {
        return Ok(None);
    };
    let session = |link: &LinkHash| session_of(request, link);
    let network = network_of(request);
    let opened = deps.enter.open(&token, session, &network).await?;
    Ok(opened.map(|opened| Visit::of_opened(request, &token, opened)))
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
