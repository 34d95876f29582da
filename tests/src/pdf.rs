//! Small real PDFs.

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str};

/// A PDF of one page that says `text`; different texts make different bytes.
pub fn pdf(text: &str) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let [catalog, tree, page, font, content] = [1, 2, 3, 4, 5].map(Ref::new);
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids([page]).count(1);
    let mut written = pdf.page(page);
    written
        .media_box(Rect::new(0.0, 0.0, 595.0, 842.0))
        .parent(tree)
        .contents(content);
    written.resources().fonts().pair(Name(b"F"), font);
    written.finish();
    pdf.type1_font(font).base_font(Name(b"Helvetica"));
    let mut drawn = Content::new();
    drawn
        .begin_text()
        .set_font(Name(b"F"), 14.0)
        .next_line(72.0, 720.0)
        .show(Str(text.as_bytes()))
        .end_text();
    pdf.stream(content, &drawn.finish());
    pdf.finish()
}
