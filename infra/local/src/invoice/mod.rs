//! Invoices of a practice that does not exist, as real PDF files with built-in fonts.

mod layout;
mod sheet;

use domain::time::{DAY, Timestamp};
use pdf_writer::{Finish as _, Name, Pdf, Rect, Ref, TextStr};

use sheet::Sheet;

/// Width and height of the image: three bytes a pixel, stored as they are, make 5 MB.
const IMAGE_SIDE: u16 = 1300;

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const REGULAR: Ref = Ref::new(3);
const BOLD: Ref = Ref::new(4);
const INFORMATION: Ref = Ref::new(5);
const IMAGE: Ref = Ref::new(6);
/// Page and content of the first page, and of the one with the image.
const FIRST: (Ref, Ref) = (Ref::new(7), Ref::new(8));
const SECOND: (Ref, Ref) = (Ref::new(9), Ref::new(10));

/// One line of an invoice.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    service: &'static str,
    code: &'static str,
    cents: u32,
}

impl Item {
    pub(crate) fn new(service: &'static str, code: &'static str, cents: u32) -> Self {
        Self {
            service,
            code,
            cents,
        }
    }
}

/// What an invoice says.
#[derive(Clone, Debug)]
pub(crate) struct Invoice {
    serial: u32,
    issued_at: Timestamp,
    items: Vec<Item>,
    has_image: bool,
}

impl Invoice {
    pub(crate) fn new(serial: u32, issued_at: Timestamp, items: Vec<Item>) -> Self {
        Self {
            serial,
            issued_at,
            items,
            has_image: false,
        }
    }

    /// With a page that holds an image, which makes the file as large as scanned ones are.
    pub(crate) fn with_image(mut self) -> Self {
        self.has_image = true;
        self
    }

    /// The year and a serial number.
    pub(crate) fn number(&self) -> String {
        format!("{}-{:04}", self.issued_on("%Y"), self.serial)
    }

    /// The day of issue, written as `pattern` says.
    pub(crate) fn issued_on(&self, pattern: &str) -> String {
        self.issued_at.instant().strftime(pattern).to_string()
    }

    fn payable_by(&self) -> String {
        self.issued_at
            .plus(30 * DAY)
            .instant()
            .strftime("%d.%m.%Y")
            .to_string()
    }

    fn total(&self) -> u32 {
        self.items.iter().map(|item| item.cents).sum()
    }
}

/// The invoice as a PDF file.
pub(crate) fn pdf(invoice: &Invoice) -> Vec<u8> {
    let mut pdf = Pdf::new();
    pdf.catalog(CATALOG).pages(PAGES).lang(TextStr("de"));
    if invoice.has_image {
        pdf.pages(PAGES).kids([FIRST.0, SECOND.0]).count(2);
        page(&mut pdf, SECOND, layout::image_page(invoice));
        image(&mut pdf);
    } else {
        pdf.pages(PAGES).kids([FIRST.0]).count(1);
    }
    page(&mut pdf, FIRST, layout::first_page(invoice));
    for (font, name) in [(REGULAR, "Helvetica"), (BOLD, "Helvetica-Bold")] {
        pdf.type1_font(font)
            .base_font(Name(name.as_bytes()))
            .encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    pdf.document_info(INFORMATION)
        .title(TextStr(&format!("Rechnung {}", invoice.number())))
        .author(TextStr("Praxis am Park"));
    pdf.finish()
}

fn page(pdf: &mut Pdf, (page, content): (Ref, Ref), sheet: Sheet) {
    let mut page = pdf.page(page);
    page.media_box(Rect::new(0.0, 0.0, layout::WIDTH, layout::HEIGHT))
        .parent(PAGES)
        .contents(content);
    let mut resources = page.resources();
    resources
        .fonts()
        .pair(sheet::REGULAR, REGULAR)
        .pair(sheet::BOLD, BOLD);
    resources.x_objects().pair(sheet::IMAGE, IMAGE);
    resources.finish();
    page.finish();
    pdf.stream(content, &sheet.finish());
}

fn image(pdf: &mut Pdf) {
    let pixels = pixels();
    let mut image = pdf.image_xobject(IMAGE, &pixels);
    image
        .width(i32::from(IMAGE_SIDE))
        .height(i32::from(IMAGE_SIDE))
        .bits_per_component(8);
    image.color_space().device_rgb();
}

/// A soft grey-green ground with grain, which is what makes scans large. The same every time.
fn pixels() -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut grain = || {
        // Xorshift: enough to be incompressible, and no secret.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    let side = usize::from(IMAGE_SIDE);
    let mut pixels = Vec::with_capacity(side * side * 3);
    for row in 0..side {
        for column in 0..side {
            let light = u8::try_from((row + column) * 60 / (side * 2)).unwrap_or_default();
            let [red, green, blue, _] = grain();
            pixels.extend([
                110 + light + red % 64,
                130 + light + green % 64,
                125 + light + blue % 64,
            ]);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invoice() -> Invoice {
        let items = vec![
            Item::new("Beratung für Größe & Übung (§)", "3", 2011),
            Item::new("Blutentnahme", "250", 420),
        ];
        Invoice::new(
            815,
            Timestamp::parse("2026-11-20T12:00:00Z").unwrap(),
            items,
        )
    }

    #[test]
    fn invoices_are_pdf_files_that_open() {
        for (invoice, pages, size) in [
            (invoice(), 1, 2_000..20_000),
            (invoice().with_image(), 2, 5_000_000..5_200_000),
        ] {
            let content = pdf(&invoice);
            assert!(size.contains(&content.len()), "{}", content.len());
            let opened = hayro_syntax::Pdf::new(content).unwrap();
            assert_eq!(opened.pages().len(), pages);
        }
    }

    #[test]
    fn numbers_and_days_are_those_of_issue() {
        assert_eq!(invoice().number(), "2026-0815");
        assert_eq!(invoice().issued_on("%Y-%m-%d"), "2026-11-20");
        assert_eq!(invoice().payable_by(), "20.12.2026");
        assert_eq!(invoice().total(), 2431);
    }
}
