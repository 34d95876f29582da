//! `GET` and `POST /d/{token}/not-mine` (L7): asks whoever got the e-mail by mistake, and closes the delivery at a yes.

use deliveries::{ReportOutcome, Unavailable};
use domain::delivery::State;
use http::StatusCode;
use pages::{NotMinePage, not_mine_page, thanks_page};
use secrets::Purpose;
use visits::{Visit, answer, is_own_form, op, token_of, unknown};
use web::{Request, Response};

use crate::Deps;
use crate::entry::visit;

/// The question. Changes nothing (P1).
pub(crate) async fn get(deps: &Deps, request: &Request) -> Result<Response, Unavailable> {
    match visit(deps, request).await? {
        Some(visit) => asked(deps, &visit, StatusCode::OK).await,
        None => Ok(unknown(request)),
    }
}

/// The yes; a form that is not ours closes nothing.
pub(crate) async fn post(deps: &Deps, request: &Request) -> Result<Response, Unavailable> {
    let Some(token) = token_of(request) else {
        return Ok(unknown(request));
    };
    let lookup = deps.enter.lookup().await?;
    let now = deps.enter.now();
    if !is_own_form(request, &token, lookup, Purpose::NotMine, &deps.origin, now) {
        return match visit(deps, request).await? {
            Some(visit) => asked(deps, &visit, StatusCode::FORBIDDEN).await,
            None => Ok(unknown(request)),
        };
    }
    match deps.enter.report(&token, &op(request, now)?).await? {
        ReportOutcome::Closed(found) => {
            let visit = Visit::new(request, &token, found);
            let page = thanks_page(&visit.frame(&visit.path));
            Ok(answer(StatusCode::GONE, page))
        }
        // Were it open by now after all, asking again is right.
        ReportOutcome::Refused(found) => {
            let visit = Visit::new(request, &token, found);
            asked(deps, &visit, StatusCode::SERVICE_UNAVAILABLE).await
        }
        ReportOutcome::Unknown => Ok(unknown(request)),
    }
}

/// The question, if there is something to close; with status 403 it says that the form was too old.
async fn asked(
    deps: &Deps,
    visit: &Visit<'_>,
    status: StatusCode,
) -> Result<Response, Unavailable> {
    let now = deps.enter.now();
    let forms = visit.forms(deps.enter.lookup().await?, now)?;
    let own_path = format!("{}/not-mine", visit.path);
    Ok(match visit.found.state(now) {
        State::Pending => visit.pending(),
        // D6: nobody was ever sent a link to it.
        State::Sent => visit.unknown(),
        State::Closed(reason) => visit.closed(reason, None, &forms),
        State::Open | State::Opened => {
            let page = not_mine_page(
                &visit.frame(&own_path),
                &NotMinePage {
                    token_path: &visit.path,
                    form: &forms.not_mine,
                    form_expired: status == StatusCode::FORBIDDEN,
                },
            );
            forms.with_cookie(answer(status, page))
        }
    })
}
