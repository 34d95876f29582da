//! D9: words that tell the kind of a document.

/// Parts of German compounds and English words that tell the kind wherever they stand in a word.
const PARTS: [&str; 5] = [
    "rechnung",
    "quittung",
    "termindokumentation",
    "invoice",
    "prescription",
];
/// Words that tell it alone or at the end of a compound, for at the beginning they may mean a reception.
const ENDINGS: [&str; 6] = [
    "rezept", "rezepte", "notiz", "notizen", "receipt", "receipts",
];

/// The byte of the first word in a text that tells what kind of document it speaks of.
///
/// English notes are not looked for: "please note" would be taken for one.
pub(super) fn d9_first_telling(text: &str) -> Option<usize> {
    let mut at = 0;
    for word in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let letters = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let letters = letters.to_lowercase();
        if PARTS.iter().any(|part| letters.contains(part))
            || ENDINGS.iter().any(|ending| letters.ends_with(ending))
        {
            return Some(at);
        }
        at += word.len();
    }
    None
}
