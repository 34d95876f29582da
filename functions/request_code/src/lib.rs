//! `request_code`: sends a new code to whoever opens the link of an e-mail, where the practice allowed it (L6).
//!
//! The code goes to the number in the practice's record, never to one from the request.

use channels::{SmsChannel, ThreemaChannel};
use deliveries::{Clock, Found, Hashing, Messengers, RequestCode, RequestOutcome, Unavailable};
use domain::delivery::{RequestRule, State};
use domain::symbols::LinkToken;
use futures::FutureExt as _;
use http::StatusCode;
use pages::EntryNote;
use runtime::{Aws, Environment, Function, MissingSettings, Reader, http_function};
use secrets::{HashCost, Keys, Purpose};
use store::Store;
use visits::{Visit, fault, is_own_form, op, token_of, unknown};
use web::{Request, Response};

/// The function, ready to be called.
pub fn function(environment: &Environment, clock: Clock) -> Result<Function, MissingSettings> {
    http_function(
        environment,
        |get| {
            let aws = Aws::read(get);
            RequestCode {
                store: Store::new(aws.dynamodb(), get.text("TABLE")),
                lookup: Keys::new(aws.kms(), get.list("LOOKUP_KEYS")),
                hashing: Hashing::new(
                    Keys::new(aws.kms(), get.list("PEPPER_KEYS")),
                    HashCost::named(get.optional("CODE_HASH_COST")),
                ),
                messengers: Messengers {
                    sms: SmsChannel::new(aws.sns()),
                    own_sender: get.parsed("SMS_SENDER_ID"),
                    countries: get.parsed("SMS_COUNTRIES"),
                    threema: threema(get, &aws),
                },
                base_url: get.text("BASE_URL"),
                clock,
            }
        },
        |ask, request| handle(ask, request).boxed(),
    )
}

/// Threema, where the deployment has an ID of its own there.
fn threema(get: &mut Reader<'_>, aws: &Aws) -> Option<ThreemaChannel> {
    let id = get.optional("THREEMA_ID")?.to_owned();
    let (endpoint, secret) = (get.text("THREEMA_ENDPOINT"), get.text("THREEMA_SECRET"));
    Some(ThreemaChannel::new(
        endpoint,
        id,
        aws.secrets_manager(),
        secret,
    ))
}

async fn handle(ask: &RequestCode, request: &Request) -> Response {
    let answer = match (request.route.as_str(), token_of(request)) {
        ("POST /d/{token}/code", Some(token)) => post(ask, request, &token).await,
        _ => Ok(unknown(request)),
    };
    answer.unwrap_or_else(|error| fault(request, &error))
}

/// Asks for a code; a form that is not ours asks for nothing.
async fn post(
    ask: &RequestCode,
    request: &Request,
    token: &LinkToken,
) -> Result<Response, Unavailable> {
    let lookup = ask.lookup().await?;
    if !is_own_form(
        request,
        token,
        lookup,
        Purpose::RequestCode,
        &ask.base_url,
        ask.now(),
    ) {
        let found = ask.find(token).await?;
        return match found {
            Some(found) => {
                again(
                    ask,
                    Visit::new(request, token, found),
                    StatusCode::FORBIDDEN,
                    EntryNote::FormExpired,
                )
                .await
            }
            None => Ok(unknown(request)),
        };
    }
    let visit = |found: Found| Visit::new(request, token, found);
    match ask.request(token, &op(request, ask.now())?).await? {
        RequestOutcome::Sent(found) => Ok(visit(found).see("", "sent")),
        RequestOutcome::FateUnknown(found) => Ok(visit(found).see("", "maybe-sent")),
        RequestOutcome::Refused(rule, found) => refused(ask, visit(found), rule).await,
        RequestOutcome::CannotSend(found) => {
            again(
                ask,
                visit(found),
                StatusCode::SERVICE_UNAVAILABLE,
                EntryNote::CannotSendCode,
            )
            .await
        }
        RequestOutcome::Unknown => Ok(unknown(request)),
    }
}

/// The rules say no; each no has its own status and sentence.
async fn refused(
    ask: &RequestCode,
    visit: Visit<'_>,
    rule: RequestRule,
) -> Result<Response, Unavailable> {
    match rule {
        RequestRule::TooEarly(from) => {
            let seconds = (from.seconds() - ask.now().seconds()).max(1);
            let page = again(
                ask,
                visit,
                StatusCode::TOO_MANY_REQUESTS,
                EntryNote::CodeTooEarly { from },
            )
            .await?;
            Ok(page.header("retry-after", seconds.to_string()))
        }
        RequestRule::UsedUp => {
            again(ask, visit, StatusCode::CONFLICT, EntryNote::NoMoreCodes).await
        }
        RequestRule::NotAllowed => {
            again(ask, visit, StatusCode::FORBIDDEN, EntryNote::NoMoreCodes).await
        }
        RequestRule::Pending => Ok(visit.pending()),
        RequestRule::Closed(reason) => {
            let forms = visit.forms(ask.lookup().await?, ask.now())?;
            Ok(visit.closed(reason, None, &forms))
        }
        // The interval ended between the table's word and ours: asking again is right.
        RequestRule::Allowed => {
            again(
                ask,
                visit,
                StatusCode::SERVICE_UNAVAILABLE,
                EntryNote::CannotSendCode,
            )
            .await
        }
    }
}

/// The page again with what happened: the code page, or that of a closed delivery that a new code would open.
async fn again(
    ask: &RequestCode,
    visit: Visit<'_>,
    status: StatusCode,
    note: EntryNote,
) -> Result<Response, Unavailable> {
    let forms = visit.forms(ask.lookup().await?, ask.now())?;
    Ok(match visit.found.state(ask.now()) {
        State::Pending => visit.pending(),
        // D6: nobody was ever sent a link to it.
        State::Sent => visit.unknown(),
        State::Open | State::Opened => visit.code_page(status, Some(note), &forms),
        State::Closed(reason) => {
            let mut page = visit.closed(reason, Some(note), &forms);
            if visit.is_revivable(reason) {
                page.status = status;
            }
            page
        }
    })
}
