//! Whether bytes are a PDF.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_syntax::{LoadPdfError, Pdf};

/// Whether the bytes begin as a PDF does and can be opened. One that asks for a password is a PDF too.
///
/// A file that made the parser panic is none: what a practice uploads must never end the function.
pub(crate) fn opens(bytes: Vec<u8>) -> bool {
    if !bytes.starts_with(b"%PDF-") {
        return false;
    }
    let opened = catch_unwind(AssertUnwindSafe(|| match Pdf::new(bytes) {
        Ok(pdf) => !pdf.pages().is_empty(),
        Err(LoadPdfError::Decryption(_)) => true,
        Err(LoadPdfError::Invalid) => false,
    }));
    opened.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::opens;
    use pdf_writer::{Finish as _, Pdf, Rect, Ref};

    fn pdf() -> Vec<u8> {
        let mut pdf = Pdf::new();
        let (catalog, tree, page) = (Ref::new(1), Ref::new(2), Ref::new(3));
        pdf.catalog(catalog).pages(tree);
        pdf.pages(tree).kids([page]).count(1);
        pdf.page(page)
            .media_box(Rect::new(0.0, 0.0, 100.0, 100.0))
            .parent(tree)
            .finish();
        pdf.finish()
    }

    #[test]
    fn only_what_opens_is_a_pdf() {
        assert!(opens(pdf()));
        let html = [b"<html>".to_vec(), pdf()].concat();
        for bad in [
            vec![],
            b"%PDF-1.7".to_vec(),
            b"%PDF-1.7\ngarbage".to_vec(),
            b"PK\x03\x04".to_vec(),
            html,
        ] {
            assert!(!opens(bad));
        }
    }
}
