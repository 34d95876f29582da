//! `verify`: the code page, entering the code, and "this e-mail was not meant for me", for whoever opens the link of an e-mail.
//!
//! `GET` changes nothing and sends nothing (P1). An unknown link is called unknown and costs no hash: nobody guesses 134 bits.

mod entry;
mod not_mine;

use deliveries::{Clock, EnterCode, Hashing};
use domain::language::Language;
use futures::FutureExt as _;
use http::StatusCode;
use pages::{Frame, privacy_page};
use runtime::{Aws, Environment, Function, MissingSettings, http_function};
use secrets::{HashCost, Keys};
use store::Store;
use web::{Request, Response};

/// What this function may touch.
#[derive(Debug)]
struct Deps {
    enter: EnterCode,
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
                enter: EnterCode::new(
                    Store::new(aws.dynamodb(), get.text("TABLE")),
                    Keys::new(aws.kms(), get.list("LOOKUP_KEYS")),
                    Hashing::new(
                        Keys::new(aws.kms(), get.list("PEPPER_KEYS")),
                        HashCost::named(get.optional("CODE_HASH_COST")),
                    ),
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
        "GET /d/{token}" => entry::get(deps, request).await,
        "POST /d/{token}" => entry::post(deps, request).await,
        "GET /d/{token}/not-mine" => not_mine::get(deps, request).await,
        "POST /d/{token}/not-mine" => not_mine::post(deps, request).await,
        "GET /privacy" => Ok(privacy(request)),
        _ => Ok(visits::unknown(request)),
    };
    answer.unwrap_or_else(|error| visits::fault(request, &error))
}

fn privacy(request: &Request) -> Response {
    let frame = Frame {
        language: request.language(Language::default()),
        practice: None,
        path: "/privacy",
    };
    visits::answer(StatusCode::OK, privacy_page(&frame))
}
