//! What of a template the alphabet of text messages does not have.

use domain::gsm7;

/// The byte of the first character that would be sent as a question mark without being one.
pub(super) fn first_foreign(text: &str) -> Option<usize> {
    let mut before = None;
    for (at, c) in text.char_indices() {
        if is_lost(c, before) {
            return Some(at);
        }
        before = Some(c);
    }
    None
}

/// A mark that makes one letter with the character before it is not lost.
fn is_lost(c: char, before: Option<char>) -> bool {
    let alone = gsm7::fold(c.encode_utf8(&mut [0; 4]));
    if c == '?' || alone != "?" {
        return false;
    }
    let together: String = before.into_iter().chain([c]).collect();
    gsm7::fold(&together).ends_with('?')
}
