//! Drawing tokens, codes and ids from the operating system's generator, without bias (S1).

use data_encoding::BASE32_NOPAD;
use domain::audit::{Actor, Op};
use domain::id::{DeliveryId, DocumentId, OpId, RunId};
use domain::symbols::{ALPHABET, Code, LinkToken};
use domain::time::Timestamp;
use zeroize::Zeroize as _;

/// The operating system gave no random numbers; nothing can be made without them.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gave no random numbers")]
pub struct DrawError;

/// S1: 28 symbols.
pub fn draw_link_token() -> Result<LinkToken, DrawError> {
    LinkToken::from_symbols(draw_symbols()?).map_err(|_| DrawError)
}

/// S1: 6 symbols.
pub fn draw_code() -> Result<Code, DrawError> {
    Code::from_symbols(draw_symbols()?).map_err(|_| DrawError)
}

/// An id that no one has had, sorting by `now`.
pub fn delivery_id(now: Timestamp) -> Result<DeliveryId, DrawError> {
    Ok(DeliveryId::new(now, &random()?))
}

/// An id that no run has had, sorting by `now`.
pub fn run_id(now: Timestamp) -> Result<RunId, DrawError> {
    Ok(RunId::new(now, &random()?))
}

/// A request that the audit can tell from every other.
pub fn draw_op(actor: Actor, now: Timestamp) -> Result<Op, DrawError> {
    Ok(Op {
        id: OpId::new(now, &random()?),
        at: now,
        actor,
    })
}

/// An id that no one has had, sorting by the day of issue.
pub fn document_id(year: i16, month: i8, day: i8) -> Result<DocumentId, DrawError> {
    // 16 bytes make 26 symbols of base32, of which 25 are kept: 125 random bits.
    let random: [u8; 16] = random()?;
    let text = BASE32_NOPAD.encode(&random).to_ascii_lowercase();
    DocumentId::try_from(format!("{year:04}{month:02}{day:02}-{}", &text[..25]))
        .map_err(|_| DrawError)
}

/// Bytes of the operating system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], DrawError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| DrawError)?;
    Ok(bytes)
}

/// Five random bits at a time; the four values beyond the alphabet are drawn again, so every symbol is equally likely.
fn draw_symbols<const N: usize>() -> Result<[u8; N], DrawError> {
    let mut symbols = [0; N];
    let mut filled = 0;
    while filled < N {
        let mut bytes: [u8; 32] = random()?;
        for byte in &bytes {
            if let Some(symbol) = ALPHABET.get(usize::from(byte & 31))
                && filled < N
            {
                symbols[filled] = *symbol;
                filled += 1;
            }
        }
        bytes.zeroize();
    }
    Ok(symbols)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_every_symbol_is_equally_likely() {
        let mut counts = [0_u32; 256];
        let draws = 28 * 2_000;
        for _ in 0..draws / 28 {
            for symbol in draw_symbols::<28>().unwrap() {
                counts[usize::from(symbol)] += 1;
            }
        }
        // Chi-squared over 28 classes: 27 degrees of freedom stay below 80 but for one run in a million.
        let expected = f64::from(draws) / 28.0;
        let chi_squared: f64 = ALPHABET
            .iter()
            .map(|symbol| (f64::from(counts[usize::from(*symbol)]) - expected).powi(2) / expected)
            .sum();
        assert!(chi_squared < 80.0, "{chi_squared}");
    }

    #[test]
    fn s1_nothing_is_drawn_twice() {
        assert_ne!(draw_link_token().unwrap(), draw_link_token().unwrap());
        assert_ne!(
            document_id(2026, 11, 20).unwrap(),
            document_id(2026, 11, 20).unwrap()
        );
    }
}
