//! Forms: the hidden field that shows that a form came from our own page, lately (P5) and not in haste (P6).

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use domain::hashed::LinkHash;
use domain::time::{MINUTE, Timestamp};
use zeroize::ZeroizeOnDrop;

use crate::draw::{DrawError, random};
use crate::lookup::LookupKeys;

/// P5: how long a form is good for, in seconds.
pub const LIFE: i64 = 30 * MINUTE;

/// What a form does, so that one cannot be posted as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Entering the code.
    EnterCode,
    /// Asking for a code.
    RequestCode,
    /// Ending the session.
    Done,
    /// Saying that the e-mail was not for oneself.
    NotMine,
}

/// A browser's random value that its forms are bound to; all tabs share it.
#[derive(Clone, ZeroizeOnDrop)]
pub struct FormCookie([u8; 16]);

/// From when on and until when a form is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    from: Timestamp,
    end: Timestamp,
}

/// Why a form is not taken. Of the first two the patient reads the same sentence (P5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// It is older than 30 minutes.
    #[error("the form is too old")]
    Expired,
    /// It is not ours, or not this browser's, or not this page's.
    #[error("the form is not from this page")]
    Foreign,
    /// P6: it was handed out in haste, and waits until then.
    #[error("the form is not yet to be taken")]
    TooEarly(Timestamp),
}

impl Term {
    /// Of a form that is handed out `now`.
    pub fn starting(now: Timestamp) -> Self {
        // Not `now` itself: the clock of whoever takes the form may be a little behind.
        Self::after(Timestamp::EPOCH, now)
    }

    /// Of a form that is handed out `now` and waits until `from` (P6).
    pub fn after(from: Timestamp, now: Timestamp) -> Self {
        let end = now.plus(LIFE);
        Self { from, end }
    }

    fn parse(text: &str) -> Option<Self> {
        let point = |text: &str| Timestamp::from_seconds(text.parse().ok()?).ok();
        let (from, end) = text.split_once('-')?;
        Some(Self {
            from: point(from)?,
            end: point(end)?,
        })
    }
}

/// As it stands in the form.
impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.from.seconds(), self.end.seconds())
    }
}

impl FormCookie {
    /// A new one.
    pub fn draw() -> Result<Self, DrawError> {
        random().map(Self)
    }

    /// From the cookie's value.
    pub fn parse(value: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(value.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The cookie's value.
    pub fn value(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }
}

impl std::fmt::Debug for FormCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FormCookie(…)")
    }
}

impl LookupKeys {
    /// The hidden field of a form: its term and a MAC over term, cookie, delivery and purpose.
    pub fn form(
        &self,
        cookie: &FormCookie,
        link: &LinkHash,
        purpose: Purpose,
        term: Term,
    ) -> String {
        let term = term.to_string();
        let mac = self
            .form_keys()
            .next()
            .map(|key| key.mac(&parts(&term, cookie, link, purpose)))
            .unwrap_or_default();
        format!("{term}.{}", HEXLOWER.encode(&mac))
    }

    /// P5, P6: whether a posted field was handed out for this cookie, delivery and purpose, less than 30 minutes ago, and need not wait.
    ///
    /// `links` are the delivery's places as [`LookupKeys::links`] gives them: a form that was handed out under an older key names the place under that key.
    pub fn check_form(
        &self,
        field: &str,
        cookie: &FormCookie,
        links: &[LinkHash],
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(), FormError> {
        let (term, mac) = field.split_once('.').ok_or(FormError::Foreign)?;
        let mac = HEXLOWER
            .decode(mac.as_bytes())
            .map_err(|_| FormError::Foreign)?;
        let ours = self
            .form_keys()
            .zip(links)
            .any(|(key, link)| key.verifies(&parts(term, cookie, link, purpose), &mac));
        let term = Term::parse(term).ok_or(FormError::Foreign)?;
        if !ours {
            Err(FormError::Foreign)
        } else if now >= term.end {
            Err(FormError::Expired)
        } else if now < term.from {
            Err(FormError::TooEarly(term.from))
        } else {
            Ok(())
        }
    }
}

fn parts<'a>(
    term: &'a str,
    cookie: &'a FormCookie,
    link: &'a LinkHash,
    purpose: Purpose,
) -> [&'a [u8]; 4] {
    let purpose: &[u8] = match purpose {
        Purpose::EnterCode => b"enter code",
        Purpose::RequestCode => b"request code",
        Purpose::Done => b"done",
        Purpose::NotMine => b"not mine",
    };
    [
        term.as_bytes(),
        &cookie.0,
        link.as_str().as_bytes(),
        purpose,
    ]
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;
    use crate::draw_link_token;
    use crate::lookup::keys_of_test;

    fn now() -> Timestamp {
        Timestamp::from_seconds(1_800_000_000).unwrap()
    }

    #[test]
    fn p5_a_form_is_good_for_30_minutes() {
        let keys = keys_of_test(&[1]);
        let (cookie, link) = (FormCookie::draw().unwrap(), LinkHash::new("l".to_owned()));
        let form = keys.form(&cookie, &link, Purpose::EnterCode, Term::starting(now()));
        let at = |seconds| {
            keys.check_form(
                &form,
                &cookie,
                slice::from_ref(&link),
                Purpose::EnterCode,
                now().plus(seconds),
            )
        };
        assert_eq!(
            [at(1799), at(1800), at(1801)],
            [Ok(()), Err(FormError::Expired), Err(FormError::Expired)]
        );
    }

    #[test]
    fn p5_a_form_is_bound_to_cookie_delivery_and_purpose() {
        let keys = keys_of_test(&[1]);
        let (cookie, link) = (FormCookie::draw().unwrap(), LinkHash::new("l".to_owned()));
        let form = keys.form(&cookie, &link, Purpose::EnterCode, Term::starting(now()));
        let foreign = Err(FormError::Foreign);
        let other = FormCookie::draw().unwrap();
        assert_eq!(
            keys.check_form(
                &form,
                &other,
                slice::from_ref(&link),
                Purpose::EnterCode,
                now()
            ),
            foreign
        );
        let elsewhere = LinkHash::new("m".to_owned());
        assert_eq!(
            keys.check_form(
                &form,
                &cookie,
                slice::from_ref(&elsewhere),
                Purpose::EnterCode,
                now()
            ),
            foreign
        );
        assert_eq!(
            keys.check_form(&form, &cookie, slice::from_ref(&link), Purpose::Done, now()),
            foreign
        );
        let later = form.replacen('1', "2", 1);
        for forged in ["", ".", "0-9999999999.", "9999999999.", "x.00", &later] {
            assert_eq!(
                keys.check_form(
                    forged,
                    &cookie,
                    slice::from_ref(&link),
                    Purpose::EnterCode,
                    now()
                ),
                foreign,
                "{forged}"
            );
        }
    }

    #[test]
    fn p5_a_cookie_brings_back_what_its_forms_are_bound_to() {
        let cookie = FormCookie::draw().unwrap();
        let brought = FormCookie::parse(&cookie.value()).unwrap();
        assert_eq!(brought.0, cookie.0);
        for none in [
            "",
            "x",
            &cookie.value()[1..],
            &format!("{}A", cookie.value()),
        ] {
            assert!(FormCookie::parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn p6_a_form_that_was_handed_out_in_haste_waits_to_the_second() {
        let keys = keys_of_test(&[1]);
        let (cookie, link) = (FormCookie::draw().unwrap(), LinkHash::new("l".to_owned()));
        let from = now().plus(30);
        let form = keys.form(&cookie, &link, Purpose::EnterCode, Term::after(from, now()));
        let at = |seconds| {
            let now = now().plus(seconds);
            keys.check_form(
                &form,
                &cookie,
                slice::from_ref(&link),
                Purpose::EnterCode,
                now,
            )
        };
        let early = Err(FormError::TooEarly(from));
        assert_eq!(
            [at(0), at(29), at(30), at(31), at(1799), at(1800)],
            [
                early,
                early,
                Ok(()),
                Ok(()),
                Ok(()),
                Err(FormError::Expired)
            ]
        );
        let hurried = form.replacen(&from.seconds().to_string(), "0", 1);
        let checked = keys.check_form(
            &hurried,
            &cookie,
            slice::from_ref(&link),
            Purpose::EnterCode,
            now(),
        );
        assert_eq!(checked, Err(FormError::Foreign));
    }

    #[test]
    fn a_new_key_version_still_takes_forms_of_the_old_one() {
        let (cookie, token) = (FormCookie::draw().unwrap(), draw_link_token().unwrap());
        let (old, both) = (keys_of_test(&[1]), keys_of_test(&[2, 1]));
        let handed_out = |keys: &LookupKeys| {
            let link = keys.links(&token).remove(0);
            keys.form(&cookie, &link, Purpose::Done, Term::starting(now()))
        };
        let checked = |keys: &LookupKeys, form: &str| {
            keys.check_form(form, &cookie, &keys.links(&token), Purpose::Done, now())
        };
        assert_eq!(checked(&both, &handed_out(&old)), Ok(()));
        assert_eq!(checked(&both, &handed_out(&both)), Ok(()));
        let unknown = checked(&old, &handed_out(&both));
        assert_eq!(unknown, Err(FormError::Foreign));
    }
}
