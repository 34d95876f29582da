//! D1: the words by which symbols are spelled out, in the folded form: capitals without marks.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::symbol_set::Symbols;

/// How one symbol is said.
struct Said {
    symbol: u8,
    /// Words that are looked for within other words too, and pairs of letters that look like the symbol: six of them in a row do not come by chance.
    words: &'static [&'static str],
    /// Letters' own names and Roman numbers: so short that they count only where they stand alone.
    names: &'static [&'static str],
}

/// The German tables before and since 2022 (its draft's cities too), the Austrian and the Swiss one, NATO's, and the digits in German and English.
const SAID: [Said; 28] = [
    said(b'2', &["ZWEI", "ZWO", "TWO"], &["II"]),
    said(b'3', &["DREI", "THREE", "TREE"], &["III"]),
    said(b'4', &["VIER", "FOUR", "FOWER"], &["IV"]),
    said(b'5', &["FUNF", "FUENF", "FIVE", "FIFE"], &["V"]),
    said(b'6', &["SECHS", "SIX"], &["VI"]),
    said(b'7', &["SIEBEN", "SEVEN"], &["VII"]),
    said(b'8', &["ACHT", "EIGHT"], &["VIII"]),
    said(b'9', &["NEUN", "NINE", "NINER"], &["IX"]),
    said(
        b'B',
        &["BERTA", "BERTHA", "BERLIN", "BRAVO"],
        &["BE", "BEE"],
    ),
    said(
        b'C',
        &[
            "CASAR",
            "CAESAR",
            "CHARLOTTE",
            "CHEMNITZ",
            "COTTBUS",
            "CHARLIE",
        ],
        &["CE", "CEE", "SEE", "TSE"],
    ),
    said(
        b'D',
        &[
            "DORA",
            "DAVID",
            "DANIEL",
            "DUSSELDORF",
            "DUESSELDORF",
            "DELTA",
            "CL",
        ],
        &["DE", "DEE"],
    ),
    said(b'F', &["FRIEDRICH", "FRANKFURT", "FOXTROT"], &["EF", "EFF"]),
    said(
        b'G',
        &["GUSTAV", "GOSLAR", "GORLITZ", "GOERLITZ", "GOLF"],
        &["GE", "GEE"],
    ),
    said(
        b'H',
        &["HEINRICH", "HAMBURG", "HANNOVER", "HOTEL"],
        &["HA", "AITCH"],
    ),
    said(
        b'J',
        &["JULIUS", "JAKOB", "JENA", "JULIETT", "JULIET"],
        &["JOT", "JAY"],
    ),
    said(
        b'K',
        &["KAUFMANN", "KONRAD", "KAISER", "KOLN", "KOELN", "KILO"],
        &["KA", "KAY"],
    ),
    said(
        b'L',
        &["LUDWIG", "LEOPOLD", "LEIPZIG", "LIMA"],
        &["EL", "ELL"],
    ),
    said(
        b'M',
        &[
            "MARTHA", "MARTA", "MARIE", "MUNCHEN", "MUENCHEN", "MIKE", "RN",
        ],
        &["EM"],
    ),
    said(
        b'N',
        &[
            "NORDPOL",
            "NATHAN",
            "NIKLAUS",
            "NURNBERG",
            "NUERNBERG",
            "NOVEMBER",
        ],
        &["EN"],
    ),
    said(
        b'P',
        &["PAULA", "PAUL", "PETER", "POTSDAM", "PAPA"],
        &["PE", "PEE"],
    ),
    said(
        b'Q',
        &["QUELLE", "QUASI", "QUICKBORN", "QUEBEC"],
        &["KU", "CUE", "QUEUE"],
    ),
    said(
        b'R',
        &["RICHARD", "ROSA", "ROSTOCK", "ROMEO"],
        &["ER", "AR"],
    ),
    said(
        b'S',
        &[
            "SAMUEL",
            "SIEGFRIED",
            "SOPHIE",
            "SCHULE",
            "SALZWEDEL",
            "STUTTGART",
            "SIERRA",
        ],
        &["ES", "ESS"],
    ),
    said(
        b'T',
        &["THEODOR", "TUBINGEN", "TUEBINGEN", "TANGO"],
        &["TE", "TEE"],
    ),
    said(
        b'V',
        &["VIKTOR", "VICTOR", "VOLKLINGEN", "VOELKLINGEN", "VOGTLAND"],
        &["VAU", "VEE"],
    ),
    said(
        b'W',
        &["WILHELM", "WUPPERTAL", "WHISKEY", "WHISKY", "DOUBLEU", "VV"],
        &["WE"],
    ),
    said(
        b'X',
        &["XANTHIPPE", "XAVER", "XANTEN", "XRAY"],
        &["IX", "EX"],
    ),
    said(
        b'Z',
        &[
            "ZACHARIAS",
            "ZEPPELIN",
            "ZURICH",
            "ZUERICH",
            "ZWICKAU",
            "ZULU",
        ],
        &["ZET", "ZETT", "ZED", "ZEE"],
    ),
];

/// Tens, from 20 on, in German and English.
const TENS: [&[&str]; 8] = [
    &["ZWANZIG", "TWENTY"],
    &["DREISSIG", "THIRTY"],
    &["VIERZIG", "FORTY"],
    &["FUNFZIG", "FUENFZIG", "FIFTY"],
    &["SECHZIG", "SIXTY"],
    &["SIEBZIG", "SEVENTY"],
    &["ACHTZIG", "EIGHTY"],
    &["NEUNZIG", "NINETY"],
];

static WHOLE_WORDS: LazyLock<HashMap<&'static str, Symbols>> = LazyLock::new(|| {
    let mut whole: HashMap<&str, Symbols> = HashMap::new();
    for said in &SAID {
        for word in said.words.iter().chain(said.names) {
            let symbols = whole.entry(word).or_default();
            *symbols = symbols.or(Symbols::one(said.symbol));
        }
    }
    whole
});

const fn said(symbol: u8, words: &'static [&'static str], names: &'static [&'static str]) -> Said {
    Said {
        symbol,
        words,
        names,
    }
}

/// What a word that stands alone spells; `IX` is a letter's name and a number.
pub(super) fn spelled_by(word: &str) -> Symbols {
    WHOLE_WORDS.get(word).copied().unwrap_or_default()
}

/// The words for a symbol that are looked for within other words too.
pub(super) fn words_for(symbol: u8) -> &'static [&'static str] {
    SAID.iter()
        .find(|said| said.symbol == symbol)
        .map_or(&[], |said| said.words)
}

/// The words for two digits said as one number: "zweiundsiebzig" for `72`.
pub(super) fn words_for_pair(first: u8, second: u8) -> Vec<String> {
    let tens = first
        .checked_sub(b'2')
        .and_then(|tens| TENS.get(usize::from(tens)));
    if !second.is_ascii_digit() {
        return Vec::new();
    }
    tens.into_iter()
        .flat_map(|tens| tens.iter())
        .flat_map(|tens| {
            words_for(second)
                .iter()
                .flat_map(move |unit| [format!("{unit}UND{tens}"), format!("{tens}{unit}")])
        })
        .collect()
}
