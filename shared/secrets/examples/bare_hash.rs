//! What the bare Argon2id hash of a code costs: prints the nanoseconds of processor time that one takes, in memory that is allocated once.
//!
//! A benchmark builds this as the functions are built, and compares what they do with it.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement prints, and one that cannot go on says so"
)]

use argon2::{Algorithm, Argon2, Block, Params, Version};

/// How many are measured, after one that touches the memory for the first time.
const HASHES: u64 = 40;

fn main() {
    // As `HashCost::default()`.
    let params = Params::new(19_456, 2, 1, Some(32)).expect("valid parameters");
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = |number: u64| {
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&number.to_be_bytes());
        let mut hash = [0; 32];
        argon2
            .hash_password_into_with_memory(b"BCD-FGH", &salt, &mut hash, &mut memory[..])
            .expect("a hash");
        std::hint::black_box(hash);
    };
    hash(0);
    let began = processor_time();
    (1..=HASHES).for_each(&mut hash);
    println!("{}", (processor_time() - began) / HASHES);
}

/// For how many nanoseconds the only thread of this process has run, as Linux counts it.
fn processor_time() -> u64 {
    let said = std::fs::read_to_string("/proc/self/schedstat").expect("Linux");
    let first = said.split_whitespace().next();
    first.and_then(|time| time.parse().ok()).expect("a number")
}
