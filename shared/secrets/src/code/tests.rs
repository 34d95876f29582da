//! Codes are right for their delivery alone, and neither the table nor the time of judging one helps to find it.

use std::time::Instant;

use super::*;
use crate::draw_code;
use domain::symbols::ALPHABET;
use domain::time::Timestamp;

fn keys(bytes: &[u8]) -> CodeKeys {
    CodeKeys::from_roots(
        bytes
            .iter()
            .map(|byte| (byte.to_string(), Root::of_test(*byte)))
            .collect(),
    )
}

fn delivery(byte: u8) -> DeliveryId {
    DeliveryId::new(Timestamp::EPOCH, &[byte; 10])
}

#[test]
fn s2_a_code_is_right_only_for_its_delivery_version_and_key() {
    let (hasher, code) = (CodeHasher::new(HashCost::default()), draw_code().unwrap());
    let stored = hasher.hash(&keys(&[1]), &delivery(1), 1, &code).unwrap();
    let judge = |keys: &CodeKeys, id: u8, version: u32, code: &Code| {
        hasher.verify(keys, &delivery(id), version, code, &stored)
    };
    assert!(judge(&keys(&[1]), 1, 1, &code).unwrap());
    assert!(
        judge(&keys(&[2, 1]), 1, 1, &code).unwrap(),
        "an older key still opens"
    );
    assert!(!judge(&keys(&[1]), 2, 1, &code).unwrap());
    assert!(!judge(&keys(&[1]), 1, 2, &code).unwrap());
    assert!(!judge(&keys(&[1]), 1, 1, &draw_code().unwrap()).unwrap());
    assert!(judge(&keys(&[2]), 1, 1, &code).is_err());
}

#[test]
fn s2_the_same_code_never_hashes_the_same() {
    let (hasher, code) = (CodeHasher::new(HashCost::default()), draw_code().unwrap());
    let once = hasher.hash(&keys(&[1]), &delivery(1), 1, &code).unwrap();
    let again = hasher.hash(&keys(&[1]), &delivery(1), 1, &code).unwrap();
    assert_ne!(once.hash, again.hash);
}

#[test]
fn s2_nothing_but_its_whole_name_makes_the_hash_cheap() {
    for name in [
        None,
        Some(""),
        Some("smallest"),
        Some("SMALLEST-FOR-TESTS-ALONE"),
    ] {
        let hasher = CodeHasher::new(HashCost::named(name));
        let hash = hasher.hash(&keys(&[1]), &delivery(1), 1, &draw_code().unwrap());
        let hash = hash.unwrap();
        assert_eq!((hash.memory_kib, hash.passes), (19_456, 2), "{name:?}");
    }
    let cheap = CodeHasher::new(HashCost::named(Some(HashCost::SMALLEST)));
    let code = draw_code().unwrap();
    let stored = cheap.hash(&keys(&[1]), &delivery(1), 1, &code).unwrap();
    let dear = CodeHasher::new(HashCost::default());
    let judged = dear.verify(&keys(&[1]), &delivery(1), 1, &code, &stored);
    assert!(judged.unwrap(), "a stored hash is judged at its own cost");
}

#[test]
fn s2_a_sealed_reference_does_not_show_it() {
    let reference = Reference::parse("K7M3QXPB").unwrap();
    let sealed = keys(&[1]).seal(&reference, &delivery(1)).unwrap();
    assert!(!sealed.as_str().contains("K7M3"));
    assert_ne!(sealed, keys(&[1]).seal(&reference, &delivery(1)).unwrap());
}

#[test]
fn l6a_a_sealed_reference_opens_for_its_delivery_alone() {
    let reference = Reference::parse("K7M3QXPB").unwrap();
    let sealed = keys(&[1]).seal(&reference, &delivery(1)).unwrap();
    assert_eq!(
        keys(&[2, 1]).unseal(&sealed, &delivery(1)).unwrap(),
        reference
    );
    assert_eq!(
        keys(&[1]).unseal(&sealed, &delivery(2)),
        Err(HashError::Unreadable)
    );
    assert_eq!(
        keys(&[2]).unseal(&sealed, &delivery(1)),
        Err(HashError::UnknownKey)
    );
}

#[test]
fn a_draft_opens_for_its_practice_alone() {
    let (ours, theirs) = ("ours".parse().unwrap(), "theirs".parse().unwrap());
    let sealed = keys(&[1]).seal_draft(b"secret", &ours).unwrap();
    assert_eq!(keys(&[2, 1]).open_draft(&sealed, &ours).unwrap(), b"secret");
    assert!(keys(&[1]).open_draft(&sealed, &theirs).is_err());
    let mut forged = sealed.clone();
    forged.replace_range(40..41, if &sealed[40..41] == "A" { "B" } else { "A" });
    assert!(keys(&[1]).open_draft(&forged, &ours).is_err());
}

/// A code whose first four symbols are known.
fn toy(last: [u8; 2]) -> Code {
    Code::from_symbols([b'B', b'C', b'D', b'F', last[0], last[1]]).unwrap()
}

/// Two symbols that are not known leave 784 codes, which is nothing to try, if one has the pepper.
#[test]
fn t4_without_the_pepper_even_a_toy_space_hides_its_code() {
    let hasher = CodeHasher::new(HashCost::named(Some(HashCost::SMALLEST)));
    let stored = hasher
        .hash(&keys(&[1]), &delivery(1), 1, &toy(*b"K7"))
        .unwrap();
    let codes: Vec<Code> = ALPHABET
        .iter()
        .flat_map(|one| ALPHABET.iter().map(|other| toy([*one, *other])))
        .collect();
    assert_eq!(codes.len(), 784);
    // What somebody who has the table may try: other peppers under this one's name, and none.
    let guessed = (0..=255)
        .filter(|byte| *byte != 1)
        .step_by(50)
        .map(|byte| CodeKeys::from_roots(vec![("1".to_owned(), Root::of_test(byte))]));
    for keys in guessed {
        for code in &codes {
            let judged = hasher.verify(&keys, &delivery(1), 1, code, &stored);
            assert!(!judged.unwrap());
        }
    }
    let salt = BASE64_NOPAD.decode(stored.salt.as_bytes()).unwrap();
    let bare = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(stored.memory_kib, stored.passes, 1, Some(32)).unwrap(),
    );
    for code in &codes {
        let mut hash = [0; 32];
        let entered = code.expose().as_bytes();
        bare.hash_password_into(entered, &salt, &mut hash).unwrap();
        assert_ne!(BASE64_NOPAD.encode(&hash), stored.hash);
    }
    let with_pepper = codes.iter().filter(|code| {
        let judged = hasher.verify(&keys(&[1]), &delivery(1), 1, code, &stored);
        judged.unwrap()
    });
    assert_eq!(with_pepper.count(), 1, "the search can find");
}

/// Welch's t of two series of nanoseconds, without the slowest tenth of both, in which the machine did something else.
fn welch(series: &[Vec<f64>; 2]) -> f64 {
    let mut all: Vec<f64> = series.concat();
    all.sort_by(f64::total_cmp);
    let limit = all[all.len() * 9 / 10];
    let [one, other] = series.each_ref().map(|series| {
        let kept: Vec<f64> = series
            .iter()
            .copied()
            .filter(|time| *time <= limit)
            .collect();
        let count = f64::from(u32::try_from(kept.len()).unwrap());
        let mean = kept.iter().sum::<f64>() / count;
        let squares: f64 = kept.iter().map(|time| (time - mean).powi(2)).sum();
        (mean, squares / (count - 1.0) / count)
    });
    (one.0 - other.0) / (one.1 + other.1).sqrt()
}

/// Welch's t of 2,000 timings each of judging either code, in random order.
fn timed(hasher: &CodeHasher, codes: [&Code; 2], stored: [&CodeHash; 2]) -> f64 {
    let mut series = [Vec::new(), Vec::new()];
    while series.iter().any(|series| series.len() < 2_000) {
        let [byte] = random::<1>().unwrap();
        let which = usize::from(byte & 1);
        let began = Instant::now();
        let judged = hasher.verify(&keys(&[1]), &delivery(1), 1, codes[which], stored[which]);
        let time = began.elapsed().as_secs_f64() * 1e9;
        assert!(!judged.unwrap());
        if series[which].len() < 2_000 {
            series[which].push(time);
        }
    }
    welch(&series)
}

#[test]
fn t9_judging_takes_as_long_for_five_right_symbols_as_for_none() {
    let cost = HashCost::named(Some(HashCost::SMALLEST));
    let hasher = CodeHasher::new(cost);
    let right = Code::from_symbols(*b"BCDFGH").unwrap();
    let stored = hasher.hash(&keys(&[1]), &delivery(1), 1, &right).unwrap();
    let none = Code::from_symbols(*b"KLMNPQ").unwrap();
    let five = Code::from_symbols(*b"BCDFGK").unwrap();
    let t = timed(&hasher, [&none, &five], [&stored, &stored]);
    assert!(t.abs() < 4.5, "t = {t}");

    let dearer = CodeHasher::new(HashCost { passes: 2, ..cost });
    let dearer = dearer.hash(&keys(&[1]), &delivery(1), 1, &right).unwrap();
    let t = timed(&hasher, [&none, &none], [&stored, &dearer]);
    assert!(t.abs() > 4.5, "a difference shows: t = {t}");
}
