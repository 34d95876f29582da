//! D1: finding a code in the finished e-mail, however it is spelled.
//!
//! What is searched is every reading that a person or a mail program may make of a part: as it stands, with its entities and percent signs decoded, with its tags removed.
//! Each reading is folded to capital letters and digits; what looks like one of them counts as one, all else is a separator.
//!
//! A reader must be able to copy the code off the mail, so what needs a key or a trick is not looked for: encodings such as base64 or Morse, riddles (first letters of lines, "add one to each"), pictures, and letters or digits that no code has strewn between its symbols.

mod characters;
mod fold;
mod html;
mod look_alikes;
mod readings;
mod search;
mod spelling;
mod symbol_set;
#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use self::characters::is_invisible;
use self::fold::{Folded, d1_folded};
use self::html::d1_without_tags;
use self::readings::d1_readings;
use self::search::Needle;
use crate::symbols::{Code, LinkToken};

/// Everything of an e-mail that its reader can see, as it is about to be sent.
pub struct FinishedMail<'a> {
    /// The subject.
    pub subject: &'a str,
    /// The plain part.
    pub text: &'a str,
    /// The HTML part.
    pub html: &'a str,
    /// The name beside the sender's address.
    pub from_name: &'a str,
    /// Where answers go.
    pub reply_to: Option<&'a str>,
    /// The names of attached files.
    pub attachment_names: &'a [&'a str],
    /// The token in the mail's own link.
    pub token: &'a LinkToken,
}

/// The link stays out of logs (S2).
impl fmt::Debug for FinishedMail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FinishedMail(…)")
    }
}

/// D1: whether the code stands anywhere in a finished e-mail.
///
/// The mail's own token is left out: it is drawn apart from the code, and its 28 symbols would hold six given ones by chance alone.
/// The reference needs no exception: its 8 symbols hardly ever do, and where they do, the mail does show the code.
pub fn d1_mail_holds_code(mail: &FinishedMail<'_>, code: &Code) -> bool {
    Searched::mail(mail).d1_holds(code)
}

/// D1: whether the code stands in a text that is read as it is.
pub fn d1_holds_code(text: &str, code: &Code) -> bool {
    Searched::of([text]).d1_holds(code)
}

/// All readings of all parts, folded once for any code.
struct Searched(Vec<Folded>);

impl Searched {
    fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let readings = parts.into_iter().flat_map(d1_readings);
        Self(readings.flat_map(|reading| d1_folded(&reading)).collect())
    }

    fn mail(mail: &FinishedMail<'_>) -> Self {
        let without_token = |part: &str| part.replace(mail.token.expose(), " ");
        let text = without_token(mail.text);
        let html = d1_without_tags(&without_token(mail.html));
        let headers = [mail.subject, mail.from_name];
        let bodies = [text.as_str(), &html.visible, &html.hidden];
        let parts = headers
            .into_iter()
            .chain(mail.reply_to)
            .chain(mail.attachment_names.iter().copied())
            .chain(bodies);
        Self::of(parts)
    }

    fn d1_holds(&self, code: &Code) -> bool {
        Needle::both_ways(code).iter().any(|needle| {
            self.0.iter().any(|text| needle.d1_stands_in(text))
                || needle.d1_halves_stand_apart(&self.0)
        })
    }
}
