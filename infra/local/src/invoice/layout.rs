//! How the invoices look.

use super::Invoice;
use super::sheet::{BOLD, Colour, REGULAR, Sheet, Style};

/// A4 in points.
pub(super) const WIDTH: f32 = 595.0;
pub(super) const HEIGHT: f32 = 842.0;

const LEFT: f32 = 57.0;
const RIGHT: f32 = 538.0;
/// Where the services' codes and names begin.
const CODE: f32 = 130.0;
const SERVICE: f32 = 200.0;

const GREEN: Colour = [0.043, 0.431, 0.412];
const INK: Colour = [0.11, 0.14, 0.13];
const GREY: Colour = [0.38, 0.42, 0.41];
const PALE: Colour = [0.93, 0.95, 0.94];

const BODY: Style = style(REGULAR, 10.0, INK);
const STRONG: Style = style(BOLD, 10.0, INK);
const SMALL: Style = style(REGULAR, 7.5, GREY);
const HEADING: Style = style(BOLD, 17.0, INK);

const fn style(font: pdf_writer::Name<'static>, size: f32, colour: Colour) -> Style {
    Style { font, size, colour }
}

pub(super) fn first_page(invoice: &Invoice) -> Sheet {
    let mut sheet = Sheet::new();
    letterhead(&mut sheet);
    address(&mut sheet);
    reference(&mut sheet, invoice);
    sheet.text(
        LEFT,
        540.0,
        HEADING,
        &format!("Rechnung {}", invoice.number()),
    );
    sheet.text(LEFT, 512.0, BODY, "Sehr geehrte Frau Beispiel,");
    sheet.text(
        LEFT,
        494.0,
        BODY,
        "für unsere Leistungen berechnen wir Ihnen nach der Gebührenordnung für Ärzte:",
    );
    let end = table(&mut sheet, invoice, 462.0);
    payment(&mut sheet, invoice, end - 40.0);
    footer(&mut sheet);
    sheet
}

pub(super) fn image_page(invoice: &Invoice) -> Sheet {
    let mut sheet = Sheet::new();
    letterhead(&mut sheet);
    sheet.text(
        LEFT,
        700.0,
        HEADING,
        &format!("Anlage zur Rechnung {}", invoice.number()),
    );
    sheet.text(
        LEFT,
        676.0,
        BODY,
        "Bild der Untersuchung (zur Demonstration erfunden)",
    );
    sheet.image([LEFT, 165.0, RIGHT - LEFT, RIGHT - LEFT]);
    footer(&mut sheet);
    sheet
}

fn letterhead(sheet: &mut Sheet) {
    sheet.bar([0.0, HEIGHT - 14.0, WIDTH, 14.0], GREEN);
    sheet.text(LEFT, 776.0, style(BOLD, 22.0, GREEN), "Praxis am Park");
    sheet.text(
        LEFT,
        760.0,
        style(REGULAR, 9.5, GREY),
        "Gemeinschaftspraxis",
    );
    for (y, line) in [
        (782.0, "Parkallee 12 · 10115 Berlin"),
        (770.0, "Telefon 030 23125 123"),
        (758.0, "praxis@example.org"),
    ] {
        sheet.text(400.0, y, style(REGULAR, 8.5, GREY), line);
    }
}

fn address(sheet: &mut Sheet) {
    sheet.text(
        LEFT,
        700.0,
        SMALL,
        "Praxis am Park · Parkallee 12 · 10115 Berlin",
    );
    for (y, line) in [
        (680.0, "Frau"),
        (666.0, "Erika Beispiel"),
        (652.0, "Lindenweg 3"),
        (638.0, "10115 Berlin"),
    ] {
        sheet.text(LEFT, y, BODY, line);
    }
}

fn reference(sheet: &mut Sheet, invoice: &Invoice) {
    let (number, day) = (invoice.number(), invoice.issued_on("%d.%m.%Y"));
    for (y, name, value) in [
        (680.0, "Rechnungsnummer", number.as_str()),
        (664.0, "Datum", &day),
        (648.0, "Akte", "1001"),
    ] {
        sheet.text(400.0, y, style(REGULAR, 9.0, GREY), name);
        sheet.amount(RIGHT, y, STRONG, value);
    }
}

/// Returns where the table ends.
fn table(sheet: &mut Sheet, invoice: &Invoice, top: f32) -> f32 {
    sheet.bar([LEFT, top - 6.0, RIGHT - LEFT, 20.0], PALE);
    for (x, title) in [
        (LEFT + 6.0, "Datum"),
        (CODE, "Ziffer"),
        (SERVICE, "Leistung"),
    ] {
        sheet.text(x, top, STRONG, title);
    }
    sheet.text(RIGHT - 42.0, top, STRONG, "Betrag");
    let mut y = top;
    for item in &invoice.items {
        y -= 22.0;
        sheet.text(LEFT + 6.0, y, BODY, &invoice.issued_on("%d.%m.%Y"));
        sheet.text(CODE, y, BODY, item.code);
        sheet.text(SERVICE, y, BODY, item.service);
        sheet.amount(RIGHT - 6.0, y, BODY, &euros(item.cents));
    }
    y -= 12.0;
    sheet.bar([LEFT, y, RIGHT - LEFT, 0.8], GREEN);
    y -= 18.0;
    sheet.text(SERVICE, y, STRONG, "Gesamtbetrag");
    sheet.amount(RIGHT - 6.0, y, STRONG, &euros(invoice.total()));
    y
}

fn payment(sheet: &mut Sheet, invoice: &Invoice, top: f32) {
    let until = format!(
        "Bitte überweisen Sie den Betrag bis zum {} auf das unten genannte Konto.",
        invoice.payable_by()
    );
    let purpose = format!("Verwendungszweck: {}", invoice.number());
    for (line, text) in [
        (0.0, until.as_str()),
        (1.0, &purpose),
        (2.5, "Umsatzsteuerfrei nach § 4 Nr. 14 UStG."),
        (4.5, "Mit freundlichen Grüßen"),
        (5.5, "Ihre Praxis am Park"),
    ] {
        sheet.text(LEFT, top - line * 16.0, BODY, text);
    }
}

fn footer(sheet: &mut Sheet) {
    sheet.bar([LEFT, 84.0, RIGHT - LEFT, 0.5], GREY);
    let columns = [
        (LEFT, ["Praxis am Park", "Parkallee 12", "10115 Berlin"]),
        (
            215.0,
            [
                "Bank am Park",
                "IBAN DE02 1203 0000 0000 2020 51",
                "BIC BYLADEM1001",
            ],
        ),
        (
            390.0,
            [
                "Steuernummer 00/000/00000",
                "www.example.org",
                "Zur Demonstration – keine echte Rechnung",
            ],
        ),
    ];
    for (x, lines) in columns {
        for (y, line) in [70.0, 60.0, 50.0].into_iter().zip(lines) {
            sheet.text(x, y, SMALL, line);
        }
    }
}

fn euros(cents: u32) -> String {
    format!("{},{:02} €", cents / 100, cents % 100)
}
