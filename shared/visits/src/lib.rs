//! What all functions for patients share: the visit of a delivery's page, its form and session cookies, and pages as answers.

use deliveries::{Found, Opened, Unavailable, session_cookie_name};
use domain::audit::{Actor, Op, network};
use domain::delivery::{CloseReason, l6_is_revivable, reachable_until};
use domain::hashed::{LinkHash, SessionHash};
use domain::language::Language;
use domain::practice::Channel;
use domain::symbols::LinkToken;
use domain::time::Timestamp;
use http::StatusCode;
use pages::{
    ClosedPage, CodePage, EntryNote, Frame, Rendered, SelfServiceButton, closed_page, code_page,
    fault_page, pending_page, unknown_page,
};
use secrets::{
    DrawError, FormCookie, FormError, LookupKeys, Purpose, SessionSecret, Term, draw_op,
};
use serde::Deserialize;
use web::{Request, Response, lax_cookie};

/// The cookie that forms are bound to; all tabs share it.
const FORM_COOKIE: &str = "__Host-form";

/// Somebody looking at the page of a delivery that exists.
#[derive(Debug)]
pub struct Visit<'a> {
    request: &'a Request,
    token: LinkToken,
    /// The delivery's path, `/d/TOKEN`.
    pub path: String,
    /// What the visitor reads (P3).
    pub language: Language,
    /// The delivery and its practice.
    pub found: Found,
    /// P6: until when no code is taken from the form that this visit is handed.
    pub slowed_until: Option<Timestamp>,
}

/// The field that every form of ours has. Fields that a browser's helpers add are not looked at.
#[derive(Deserialize)]
struct PostedForm {
    form: String,
}

/// The token in a request's path, if it has the form of one.
pub fn token_of(request: &Request) -> Option<LinkToken> {
    LinkToken::parse(request.parameter("token")).ok()
}

/// P5: whether the posted form came from our own page for this purpose, lately, in this browser. Asks nobody.
pub fn is_own_form(
    request: &Request,
    token: &LinkToken,
    lookup: &LookupKeys,
    purpose: Purpose,
    origin: &str,
    now: Timestamp,
) -> bool {
    check_form(request, token, lookup, purpose, origin, now).is_ok()
}

/// The same, with the reason: a form of the code page may have to wait (P6).
pub fn check_form(
    request: &Request,
    token: &LinkToken,
    lookup: &LookupKeys,
    purpose: Purpose,
    origin: &str,
    now: Timestamp,
) -> Result<(), FormError> {
    let posted: Option<PostedForm> = request.form();
    let cookie = request.cookie(FORM_COOKIE).and_then(FormCookie::parse);
    match (posted, cookie) {
        (Some(posted), Some(cookie)) if request.is_same_origin(origin) => {
            lookup.check_form(&posted.form, &cookie, &lookup.links(token), purpose, now)
        }
        _ => Err(FormError::Foreign),
    }
}

/// From which network a request came, as the gateway saw it: P6 counts by it.
pub fn network_of(request: &Request) -> String {
    network(&request.address).unwrap_or_default()
}

/// What a patient's request writes says this of itself: when, and from which network.
pub fn op(request: &Request, now: Timestamp) -> Result<Op, Unavailable> {
    let address = network(&request.address);
    Ok(draw_op(Actor::Patient { address }, now)?)
}

impl<'a> Visit<'a> {
    /// Of this delivery.
    pub fn new(request: &'a Request, token: &LinkToken, found: Found) -> Self {
        Self {
            request,
            token: token.clone(),
            path: format!("/d/{}", token.expose()),
            language: request.language(found.stored.delivery.language),
            found,
            slowed_until: None,
        }
    }

    /// Of this delivery, whose page was opened.
    pub fn of_opened(request: &'a Request, token: &LinkToken, opened: Opened) -> Self {
        Self::new(request, token, opened.found).slowed(opened.slowed_until)
    }

    /// The same, handed a form from which no code is taken before then (P6).
    #[must_use]
    pub fn slowed(self, slowed_until: Option<Timestamp>) -> Self {
        Self {
            slowed_until,
            ..self
        }
    }

    /// What every page needs, for the page at this path.
    pub fn frame<'b>(&'b self, path: &'b str) -> Frame<'b> {
        Frame {
            language: self.language,
            practice: Some(&self.found.practice),
            path,
        }
    }

    /// The session that the browser brings for this delivery, live or not.
    pub fn session(&self) -> Option<SessionHash> {
        session_of(self.request, &self.found.stored.link)
    }

    /// The forms of a page handed out at `now`, bound to the browser's cookie, which is drawn if it has none.
    pub fn forms(&self, lookup: &LookupKeys, now: Timestamp) -> Result<Forms, Unavailable> {
        let known = self.request.cookie(FORM_COOKIE).and_then(FormCookie::parse);
        let is_new = known.is_none();
        let cookie = known.map_or_else(FormCookie::draw, Ok::<_, DrawError>)?;
        let links = lookup.links(&self.token);
        let link = links.first().unwrap_or(&self.found.stored.link);
        let field = |purpose| lookup.form(&cookie, link, purpose, Term::starting(now));
        let entry = self
            .slowed_until
            .map_or(Term::starting(now), |from| Term::after(from, now));
        Ok(Forms {
            enter_code: lookup.form(&cookie, link, Purpose::EnterCode, entry),
            request_code: field(Purpose::RequestCode),
            done: field(Purpose::Done),
            not_mine: field(Purpose::NotMine),
            new_cookie: is_new.then(|| lax_cookie(FORM_COOKIE, &cookie.value())),
        })
    }

    /// The code page, with what happened last.
    pub fn code_page(
        &self,
        status: StatusCode,
        note: Option<EntryNote>,
        forms: &Forms,
    ) -> Response {
        let delivery = &self.found.stored.delivery;
        let page = code_page(
            &self.frame(&self.path),
            &CodePage {
                reference: &self.token.reference(),
                documents: delivery.documents.len(),
                channel: delivery.channel,
                form: &forms.enter_code,
                self_service: self.button(forms),
                until: reachable_until(delivery),
                note,
            },
        );
        forms.with_cookie(answer(status, page))
    }

    /// P8: closed, why, and the one remedy that applies.
    pub fn closed(&self, reason: CloseReason, note: Option<EntryNote>, forms: &Forms) -> Response {
        let delivery = &self.found.stored.delivery;
        let page = closed_page(
            &self.frame(&self.path),
            &ClosedPage {
                reason,
                ended_at: delivery.expires_at,
                self_service: self.button(forms).filter(|_| self.is_revivable(reason)),
                note,
            },
        );
        forms.with_cookie(answer(StatusCode::GONE, page))
    }

    /// P8: its e-mail is just being sent.
    pub fn pending(&self) -> Response {
        retry_in_a_minute(answer(
            StatusCode::SERVICE_UNAVAILABLE,
            pending_page(&self.frame(&self.path)),
        ))
    }

    /// There is no such page.
    pub fn unknown(&self) -> Response {
        unknown(self.request)
    }

    /// Another of the delivery's pages, or one of its notes, in the same language.
    pub fn see(&self, page: &str, note: &str) -> Response {
        let note = if note.is_empty() {
            String::new()
        } else {
            format!("&note={note}")
        };
        Response::see_other(format!(
            "{}{page}?lang={}{note}",
            self.path,
            self.language.tag()
        ))
    }

    /// L6: whether a new code would open it again.
    pub fn is_revivable(&self, reason: CloseReason) -> bool {
        l6_is_revivable(&self.found.stored.delivery, reason)
    }

    /// L6: from when on another code can be asked for, as far as was said at sending.
    pub fn next_request_at(&self) -> Option<Timestamp> {
        let delivery = &self.found.stored.delivery;
        let offer = delivery.self_service?;
        delivery
            .last_request_at
            .map(|last| last.plus(offer.min_interval))
    }

    /// L6: the button is there where it was allowed and nothing was missing at sending; pressing it is judged anew.
    fn button<'b>(&self, forms: &'b Forms) -> Option<SelfServiceButton<'b>> {
        let delivery = &self.found.stored.delivery;
        let offer = delivery.self_service?;
        let left = offer.max_requests.saturating_sub(delivery.code_requests);
        (left > 0).then_some(SelfServiceButton {
            channel: offer.channel,
            left,
            is_first: delivery.channel == Channel::SelfService && delivery.code_requests == 0,
            form: &forms.request_code,
        })
    }
}

/// The hidden fields of a page's forms.
pub struct Forms {
    enter_code: String,
    request_code: String,
    /// For ending the session.
    pub done: String,
    /// For saying that the e-mail was not for oneself.
    pub not_mine: String,
    new_cookie: Option<String>,
}

impl Forms {
    /// The answer with the form cookie, if the browser has none yet.
    #[must_use]
    pub fn with_cookie(&self, response: Response) -> Response {
        match &self.new_cookie {
            Some(cookie) => response.cookie(cookie.clone()),
            None => response,
        }
    }
}

impl std::fmt::Debug for Forms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Forms(…)")
    }
}

/// The session that the browser brings for the delivery at this place, live or not.
pub fn session_of(request: &Request, link: &LinkHash) -> Option<SessionHash> {
    let value = request.cookie(&session_cookie_name(link))?;
    SessionSecret::parse(value).map(|secret| secret.hash())
}

/// P8: a link that nobody knows.
pub fn unknown(request: &Request) -> Response {
    answer(
        StatusCode::NOT_FOUND,
        unknown_page(&frame_of_nobody(request)),
    )
}

/// Something of ours failed; nothing was lost. The patient is told that, and the log what it was.
pub fn fault(request: &Request, error: &Unavailable) -> Response {
    tracing::error!(route = request.route, %error, "something that is needed did not answer");
    retry_in_a_minute(answer(
        StatusCode::SERVICE_UNAVAILABLE,
        fault_page(&frame_of_nobody(request)),
    ))
}

/// A page with its policy.
pub fn answer(status: StatusCode, page: Rendered) -> Response {
    Response::page(status, page.html, page.csp)
}

fn retry_in_a_minute(response: Response) -> Response {
    response.header("retry-after", "60".to_owned())
}

/// What is known of nobody's page: not even its path, which may be anything.
fn frame_of_nobody(request: &Request) -> Frame<'static> {
    Frame {
        language: request.language(Language::default()),
        practice: None,
        path: "",
    }
}
