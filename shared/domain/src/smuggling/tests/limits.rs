//! Hostile texts end the search soon, for its work grows with the text alone: what grew with the square would take minutes here.

use super::*;

/// Far more than any mail may have.
const HOSTILE: usize = 100_000;

#[test]
fn d1_hostile_texts_give_no_alarm_and_come_to_an_end() {
    let nested = format!("&{}#75;", "amp;".repeat(20));
    for part in [
        "K",
        "K ",
        "K7M-BC",
        "K7M ",
        "sieben",
        "siebenunds",
        "ß",
        "Ⅷ",
        "ﷺ",
        "а",
        "e\u{301}\u{302}",
        "\u{200b}",
        "<",
        "<a \"",
        "<a='",
        "<!--",
        "<!",
        "</",
        "&",
        "&#",
        "&#x4B",
        "&amp;",
        "&lt;b&gt;",
        "%",
        "%4B",
        "%25",
        "\n\n",
        "|",
        &nested,
    ] {
        let text = part.repeat(HOSTILE / part.len());
        assert!(!holds(&text), "{part}");
    }
    let every_character: String = ('\u{80}'..).take(HOSTILE / 3).collect();
    assert!(!holds(&every_character));
}

proptest::proptest! {
    #[test]
    fn d1_no_text_makes_the_check_panic(text in "\\PC{0,200}", html in "[<>a-c\"'=!/& #;-]{0,60}") {
        holds(&text);
        holds(&html);
    }
}
