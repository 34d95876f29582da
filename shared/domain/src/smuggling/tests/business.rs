//! Clean German business texts, made of building blocks that real ones are made of, and that no code is found in them.

use super::draw::Draw;
use crate::smuggling::{FinishedMail, Searched};

/// Sentences as practices, insurers and companies write them; what stands in braces is drawn.
const SENTENCES: &[&str] = &[
    "anbei erhalten Sie unsere Rechnung Nr. {rechnung} vom {datum} über {betrag}.",
    "Bitte überweisen Sie den Betrag von {betrag} bis zum {datum} auf unser Konto {iban} (BIC {bic}) bei der {bank}.",
    "Geben Sie als Verwendungszweck bitte {rechnung} und Ihre Kundennummer {kunde} an.",
    "Ihre Versichertennummer lautet {versichert}, das Aktenzeichen {aktenzeichen}.",
    "Die GKV erstattet nach § {zahl} SGB V bis zu {zahl} %; die PKV und die Beihilfe NRW rechnen nach GOÄ Ziffer {ziffer} mit dem {faktor}-fachen Satz ab.",
    "Gem. § 4 Nr. 14 UStG ist die Leistung von der MwSt. befreit (vgl. BFH, Az. {aktenzeichen}, BGBl. I S. {zahl}).",
    "Unsere Sprechzeiten: Mo, Di, Do {zeit}-{zeit} Uhr, Mi u. Fr {zeit}-{zeit} Uhr sowie n. V.",
    "Sie erreichen uns unter Tel. {telefon}, Fax {telefon} oder per E-Mail an {mail}.",
    "Bitte bringen Sie Ihre eGK, den Überweisungsschein (Muster {zahl}) und den Medikationsplan (BMP) mit.",
    "Ihr nächster Termin: {wochentag}, {datum}, {zeit} Uhr, {strasse}, {ort}, {zahl}. OG, Zimmer {zahl}.",
    "Die {firma} hat am {datum} die Lieferung {paket} mit {zahl} Stück Art.-Nr. {artikel} angekündigt.",
    "Weitere Informationen finden Sie unter {url}.",
    "Handelsregister: AG {stadt}, HRB {zahl}{zahl}; USt-IdNr. DE{neun}; StNr. {zahl}/{zahl}/{zahl}{zahl}; IK {neun}; BSNR {neun}; LANR {neun}.",
    "Mein Name, buchstabiert: {tafel} - {tafel} - {tafel} - {tafel}; bei der DRK-Nr. bitte {tafel} wie {name}.",
    "Die Hausnummer ist {ziffernwort}, der Eingang liegt {ziffernwort} Meter rechts, Klingel {ziffernwort}.",
    "Für {name}, geb. {datum}, wurden {zahl} Sitzungen à {zahl} Min. abgerechnet (EBM {ziffer}, {ziffer}, {ziffer}).",
    "Vielen Dank für Ihre Zahlung v. {datum} i. H. v. {betrag}; z. Zt. besteht kein Rückstand, d. h. es ist nichts weiter zu tun.",
    "Bei Rückfragen wenden Sie sich bitte an Frau {name} (Durchwahl -{zahl}) oder Hrn. {name}, vorm. Mo.-Fr.",
    "Bitte rechtzeitig, d. h. mind. 24 h vorher, absagen; sonst berechnen wir gem. AGB {betrag}.",
    "Der Preis für Paket {artikel} Größe {groesse} beträgt {betrag} zzgl. MwSt. und Versand (DHL, DPD, GLS, UPS).",
    "Anfahrt: mit der S{ziffer} oder Buslinie {zahl} bis {strasse}, dann links; PKW: A{ziffer}, Ausfahrt {stadt}-Nord, Kfz-Stellplätze P{ziffer}.",
    "Geschwindigkeit des Anschlusses: {zahl} Mbit/s; Router FRITZ!Box {zahl}, VLAN {ziffer}, WPA{ziffer}, Firmware v{ziffer}.{zahl}.{ziffer}.",
    "Rechtsschutzversicherung Nr. {kunde}, Schadensfall {aktenzeichen}, Sachbearbeitung durch RA {name}, {firma}.",
    "Wir schließen vom {datum} bis {datum}; in dringenden Fällen hilft der ärztliche Bereitschaftsdienst unter 116 117, im Notfall 112.",
    "Angebot {artikel}: {zahl} x Drucker LBP{zahl}, {zahl} x Toner TN-{zahl}XL, {zahl} x USB-C-Kabel {ziffer} m, PDF/A-{ziffer}b, Din A{ziffer}.",
    "Bitte prüfen Sie, ob Ihre Anschrift {strasse}, {ort}, noch stimmt.",
    "Laut Bescheid der BfA v. {datum} (Gz. {aktenzeichen}) sind {betrag} zu erstatten, s. Anl. {ziffer} Bl. {zahl} ff.",
    "Messwerte: HDL {zahl} mg/dl, LDL {zahl} mg/dl, TSH {ziffer},{zahl} mU/l, RR {zahl}/{zahl} mmHg, BMI {zahl},{ziffer}, CRP < {ziffer} mg/l.",
];

const SUBJECTS: &[&str] = &[
    "Ihre Dokumente zum Abruf",
    "Ein Dokument der Praxis {name} liegt bereit",
    "Rechnung {rechnung} vom {datum}",
    "Terminbestätigung {wochentag}, {datum}, {zeit} Uhr",
    "AW: WG: Vertrag {kunde} bei der {firma}",
];

const NAMES: &str = "Dr. Ada Beispiel;Martha Schmidt-Krüger;Prof. Dr. med. Theodor Brandt;Berta Szczepański;Jürgen Weiß;Çağla Yıldız;Dipl.-Psych. Siegfried Pfrtschner;Nguyễn Văn Bình;Zoë Groß;Xaver von und zu Guttenberg;Viktor Schwarzkopf;Paula Jürß;Jörn Rechtschmied;K. H. Vogt;Wilhelm Nordpol;Ludwig Köln;Frank N. Stein;Þóra Łukasik";
const STREETS: &str = "Hauptstr.;Am Alten Stadtpark;Straße des 17. Juni;Kfz-Ring;Rechbergstraße;Schlossplatz;Hirschsprungweg;St.-Pölten-Gasse;Bgm.-Schmidt-Str.;Große Bleichen;Zwölfapostelweg";
const CITIES: &str = "Berlin;Köln;Düsseldorf;Frankfurt/M.;Hamburg;Tübingen;Xanten;Wuppertal;Quickborn;Zwickau;Bad Schwartau;Völklingen;Grünwald b. München;Castrop-Rauxel;Rostock;Salzwedel";
const COMPANIES: &str = "Schmidt & Söhne GmbH & Co. KG;PVS Rhein-Ruhr GmbH;DRV Bund;AOK NordWest;TK;DAK-G;HUK-Coburg VVaG;BKK VBU;KVB Bayerns;DKV AG;Debeka BBKK;VHV a. G.;LBBW;BMW AG;SBK;RWTH;GbR Dr. Vogt/Dr. Brandt;mkk – meine krankenkasse";
const BANKS: &str = "Sparkasse KölnBonn;DKB;GLS Bank;apoBank;LBBW;BBBank;Volksbank Pforzheim eG;PSD;HVB;ING-DiBa;N26;KfW";
const WEEKDAYS: &str = "Montag;Dienstag;Mittwoch;Donnerstag;Freitag;Mo.;Di.;Mi.;Do.;Fr.";
const TABLES: &str = "Anton;Berta;Cäsar;Dora;Emil;Friedrich;Gustav;Heinrich;Ida;Julius;Kaufmann;Ludwig;Martha;Nordpol;Otto;Paula;Richard;Samuel;Theodor;Ulrich;Viktor;Wilhelm;Xanthippe;Zacharias;Aachen;Köln;Essen;Kilo;Echo;Tango";
const NUMBERS: &str =
    "eins;zwei;drei;vier;fünf;sechs;sieben;acht;neun;zehn;elf;zwölf;zweiundzwanzig;achtundsechzig";
const TITLES: &str = "Sehr geehrte Damen und Herren,;Guten Tag {name},;Sehr geehrte Frau {name},;Sehr geehrter Herr {name},;Hallo {name},;Liebe Familie {name},";
const CLOSINGS: &str = "Mit freundlichen Grüßen\nIhr Praxisteam {name};Viele Grüße\n{name}\n{firma};MfG\ni. A. {name};Herzliche Grüße aus {stadt};Mit vorzüglicher Hochachtung\nppa. {name}";

/// How often each text is searched, for another code each time.
///
/// A text of these holds about 700 of the 28⁶ (4.8 × 10⁸) codes by chance, counted over all rules and both directions: consonants in a row, pieces of three symbols or fewer with one left out between them, pairs of three-symbol words.
/// So chance makes 50,000 pairs hit 0.08 times, and the mails, which say everything twice, 0.02 times: a hit here is a fault of the rules, and no other draw is needed.
const CODES: usize = 5;

#[test]
fn d1_business_texts_give_no_false_alarm() {
    let mut draw = Draw::new(2);
    for _ in 0..10_000 {
        let text = format!("{}\n\n{}", subject(&mut draw), text(&mut draw));
        assert_clean(&Searched::of([text.as_str()]), &text, &mut draw);
    }
}

#[test]
fn d1_business_mails_give_no_false_alarm() {
    let mut draw = Draw::new(7);
    for _ in 0..1_000 {
        let letter = Letter::drawn(&mut draw);
        assert_clean(&Searched::mail(&letter.mail()), &letter.text, &mut draw);
    }
}

fn assert_clean(searched: &Searched, text: &str, draw: &mut Draw) {
    for _ in 0..CODES {
        let code = draw.code();
        assert!(!searched.d1_holds(&code), "{}: {text}", code.shown());
    }
}

/// An e-mail as it is sent, with a link and a reference of its own.
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
    from_name: String,
    reply_to: String,
    token: crate::symbols::LinkToken,
}

impl Letter {
    pub(super) fn drawn(draw: &mut Draw) -> Self {
        let token = draw.token();
        let text = format!(
            "{}\n\nZur Download-Seite:\nhttps://zweiweg.example/d/{}\n\nReferenz: {}\n\n{}",
            list(draw, TITLES),
            token.expose(),
            token.reference().shown(),
            text(draw),
        );
        Self {
            subject: subject(draw),
            html: html(&text, token.expose()),
            text,
            from_name: format!("Praxis {}", list(draw, NAMES)),
            reply_to: filled("{mail}", draw),
            token,
        }
    }

    pub(super) fn mail(&self) -> FinishedMail<'_> {
        FinishedMail {
            subject: &self.subject,
            text: &self.text,
            html: &self.html,
            from_name: &self.from_name,
            reply_to: Some(&self.reply_to),
            attachment_names: &["Rechnung_2026-0815.pdf"],
            token: &self.token,
        }
    }
}

fn subject(draw: &mut Draw) -> String {
    let subject = draw.one(SUBJECTS);
    filled(subject, draw)
}

/// A few paragraphs.
pub(super) fn text(draw: &mut Draw) -> String {
    let paragraphs: Vec<String> = (0..draw.between(1, 4)).map(|_| paragraph(draw)).collect();
    format!("{}\n\n{}", paragraphs.join("\n\n"), list(draw, CLOSINGS))
}

fn paragraph(draw: &mut Draw) -> String {
    let sentences: Vec<String> = (0..draw.between(1, 3))
        .map(|_| {
            let sentence = draw.one(SENTENCES);
            filled(sentence, draw)
        })
        .collect();
    sentences.join(" ")
}

fn html(text: &str, token: &str) -> String {
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(|paragraph| {
            let escaped = paragraph
                .replace('&', "&#38;")
                .replace('<', "&#60;")
                .replace('\n', "<br>");
            format!("<p style=\"margin:0 0 16px\">{escaped}</p>\n")
        })
        .collect();
    let paragraphs = paragraphs.concat();
    format!(
        "<!doctype html><html lang=\"de\"><body style=\"padding:20px 16px;line-height:1.5\">{paragraphs}<a href=\"https://zweiweg.example/d/{token}\" style=\"color:#3b5998\">Öffnen</a></body></html>"
    )
}

/// One entry of a list, filled in.
fn list(draw: &mut Draw, entries: &str) -> String {
    let entries: Vec<&str> = entries.split(';').collect();
    let entry = draw.one(&entries);
    filled(entry, draw)
}

/// A template with everything in braces drawn.
fn filled(template: &str, draw: &mut Draw) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap();
        text.push_str(before);
        text.push_str(&block(name, draw));
        rest = after;
    }
    text + rest
}

fn block(name: &str, draw: &mut Draw) -> String {
    match name {
        "name" => list(draw, NAMES),
        "stadt" => list(draw, CITIES),
        "firma" => list(draw, COMPANIES),
        "bank" => list(draw, BANKS),
        "wochentag" => list(draw, WEEKDAYS),
        "tafel" => list(draw, TABLES),
        "ziffernwort" => list(draw, NUMBERS),
        "groesse" => list(draw, "S;M;L;XL;XXL;3XL"),
        "faktor" => list(draw, "1,0;1,15;1,8;2,3;3,5"),
        "ziffer" => draw.between(1, 9).to_string(),
        "zahl" => draw.between(2, 999).to_string(),
        "neun" => draw.digits(9),
        _ => number(name, draw),
    }
}

/// What is made of several numbers and letters.
fn number(name: &str, draw: &mut Draw) -> String {
    let year = draw.between(2020, 2026);
    let number = draw.between(1, 99_999);
    match name {
        "datum" => format!(
            "{:02}.{:02}.{year}",
            draw.between(1, 28),
            draw.between(1, 12)
        ),
        "zeit" => format!("{}:{:02}", draw.between(7, 19), 15 * draw.below(4)),
        "betrag" => format!(
            "{}.{:03},{:02} €",
            draw.below(9),
            draw.below(999),
            draw.below(99)
        ),
        "strasse" => format!(
            "{} {}{}",
            list(draw, STREETS),
            draw.between(1, 199),
            draw.char("abc ")
        ),
        "ort" => format!("{} {}", draw.digits(5), list(draw, CITIES)),
        "iban" => format!(
            "DE{} {} {} {} {} {}",
            draw.digits(2),
            draw.digits(4),
            draw.digits(4),
            draw.digits(4),
            draw.digits(4),
            draw.digits(2)
        ),
        "bic" => draw
            .one(&[
                "COLSDE33XXX",
                "BYLADEM1001",
                "GENODEM1GLS",
                "SSKMDEMMXXX",
                "DAAEDEDDXXX",
                "PBNKDEFF",
            ])
            .to_owned(),
        "telefon" => format!(
            "+49 {} {}-{}",
            draw.between(20, 9999),
            draw.digits(6),
            draw.digits(2)
        ),
        "rechnung" => format!(
            "{}{year}-{number:05}",
            draw.one(&["RE", "", "RG-", "R/", "PVS"])
        ),
        "kunde" => format!("{}{}", draw.char("KDPVB"), draw.digits(8)),
        "versichert" => format!("{}{}", draw.char("ABCDEFGHKLMNPRSTVWXZ"), draw.digits(9)),
        "aktenzeichen" => format!(
            "{} {} {number}/{}",
            draw.between(1, 40),
            draw.one(&["BvR", "O", "C", "VIII R", "StR", "KLs", "XI ZR"]),
            year % 100
        ),
        "artikel" => format!(
            "{}{}-{}-{}",
            draw.char("BCDFGHKLMNPRSTVWXZ"),
            draw.char("BCDFGHKLMNPRSTVWXZ"),
            draw.digits(4),
            draw.char("BCDFGHK")
        ),
        "paket" => format!("JJD{}", draw.digits(12)),
        "mail" => format!(
            "{}@{}",
            draw.one(&["info", "praxis", "k.schmidt", "dr-brandt", "rezeption2"]),
            draw.one(&[
                "praxis-am-park.de",
                "kvb-mail.de",
                "web.de",
                "gmx.net",
                "t-online.de"
            ])
        ),
        "url" => format!(
            "https://www.{}/{}?id={number}&lang=de#c{}",
            draw.one(&["kbv.de", "bmg.bund.de", "praxis-brandt.de", "116117.de"]),
            draw.one(&["html/faq.php", "service/dsgvo", "pdf/AGB_2026.pdf"]),
            draw.below(99)
        ),
        other => panic!("no building block {other}"),
    }
}
