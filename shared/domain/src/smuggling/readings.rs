//! D1: the texts that one part of an e-mail can be read as.

use percent_encoding::percent_decode_str;

use super::html::d1_without_tags;

/// Mail programs decode entities once, forwarding and archiving ones again; nobody unwraps more by hand.
const ENTITY_ROUNDS: usize = 3;

/// D1: a text as it stands and after each step of decoding that changes it.
///
/// Every step is kept, not the last alone: decoding can also destroy a code, as where `%` or `&` are its separators.
pub(super) fn d1_readings(text: &str) -> Vec<String> {
    let mut readings = vec![text.to_owned()];
    for _ in 0..ENTITY_ROUNDS {
        let last = readings.last().map_or("", String::as_str);
        let decoded = htmlize::unescape(last).into_owned();
        if decoded == last {
            break;
        }
        readings.push(decoded);
    }
    let last = readings.last().map_or("", String::as_str);
    if last.contains('%') {
        let decoded = percent_decode_str(last).decode_utf8_lossy().into_owned();
        readings.push(decoded);
    }
    let without_tags: Vec<String> = readings
        .iter()
        .filter(|reading| reading.contains('<'))
        .map(|reading| d1_without_tags(reading).visible)
        .collect();
    readings.extend(without_tags);
    readings
}
