//! Which addresses of the internet belong to the public, and which names may (T25).
//!
//! Whatever is refused here leads, or could lead, into somebody's own network: ours first of all.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 ranges that are not the public's (IANA's registry of special-purpose addresses), with their prefix lengths.
const INSIDE_V4: [(Ipv4Addr, u32); 18] = [
    // "This network" (RFC 1122); Linux takes 0.0.0.0 for the machine itself.
    (Ipv4Addr::UNSPECIFIED, 8),
    // Private use (RFC 1918).
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Carriers' own networks (RFC 6598).
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    // Loopback (RFC 1122).
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local (RFC 3927), the metadata services of clouds among them.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Private use (RFC 1918).
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    // IETF protocol assignments (RFC 6890).
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation (RFC 5737).
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    // AS112 (RFC 7535).
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    // Multicast tunnels (RFC 7450).
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    // Relays of 6to4, given up (RFC 7526).
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Private use (RFC 1918).
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // AS112 (RFC 7534).
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    // Benchmarks (RFC 2544).
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Documentation (RFC 5737).
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast (RFC 5771).
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // Reserved, and broadcast (RFC 1112, RFC 919).
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The only part of IPv6 from which the public's addresses are given out (RFC 4291).
///
/// Outside of it lie, among others: `::` and `::1`, IPv4 in every dress (`::/96`, `::ffff:0:0/96`, `::ffff:0:0:0/96`),
/// NAT64 (`64:ff9b::/96` RFC 6052, `64:ff9b:1::/48` RFC 8215), `100::/64` (RFC 6666), `5f00::/16` (RFC 9602),
/// unique-local `fc00::/7` (RFC 4193), link-local `fe80::/10`, site-local `fec0::/10` (RFC 3879), multicast `ff00::/8`.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Ranges within it that are not the public's.
const INSIDE_V6: [(Ipv6Addr, u32); 5] = [
    // IETF protocol assignments (RFC 2928): Teredo (RFC 4380), benchmarks (RFC 5180), ORCHID (RFC 4843, RFC 7343).
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation (RFC 3849).
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4 (RFC 3056): an IPv4 address in another dress.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    // AS112 (RFC 7534).
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    // Documentation (RFC 9637).
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Last labels of names that never are the public's: RFC 6761, RFC 6762, RFC 7686, RFC 8375, and what networks of one's own use.
const INSIDE_NAMES: [&str; 13] = [
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "test",
];

/// T25: whether an address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !INSIDE_V4.iter().any(|range| is_in_v4(address, *range)),
        IpAddr::V6(address) => {
            is_in_v6(address, GLOBAL_V6) && !INSIDE_V6.iter().any(|range| is_in_v6(address, *range))
        }
    }
}

/// T25: whether a name may be one of the public internet; what it resolves to is judged when it is called.
pub fn is_public_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    match name.rsplit_once('.') {
        Some((before, last)) => {
            !before.is_empty() && !last.is_empty() && !INSIDE_NAMES.contains(&last)
        }
        None => false,
    }
}

fn is_in_v4(address: Ipv4Addr, (base, length): (Ipv4Addr, u32)) -> bool {
    (u32::from(address) ^ u32::from(base)) >> (32 - length) == 0
}

fn is_in_v6(address: Ipv6Addr, (base, length): (Ipv6Addr, u32)) -> bool {
    (u128::from(address) ^ u128::from(base)) >> (128 - length) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses inside, the first and last of each range among them.
    const INSIDE: [&str; 68] = [
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.2.0",
        "192.0.2.255",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "192.175.48.1",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.0",
        "198.51.100.255",
        "203.0.113.0",
        "203.0.113.255",
        "224.0.0.0",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::",
        "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
        "100::1",
        "1fff:ffff::1",
        "2001::",
        "2001:0:7f00:1::",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db8::",
        "2001:db8:ffff::1",
        "2002::",
        "2002:7f00:1::1",
        "2620:4f:8000::1",
        "3fff::",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
    ];

    #[test]
    fn t25_nothing_inside_is_public() {
        for text in INSIDE {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn t25_the_addresses_beside_each_range_are_the_publics() {
        for text in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:db7::1",
            "2001:db9::1",
            "2003::1",
            "2606:4700::1111",
            "2a05:d014::1",
            "3ffe::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn t25_names_of_ones_own_network_are_not_public() {
        for name in [
            "hooks.example.org",
            "a.b.c.example",
            "xn--hks-qna.example.org",
        ] {
            assert!(is_public_name(name), "{name}");
        }
        for name in [
            "",
            "localhost",
            "intranet",
            "printer.local",
            "PRINTER.LOCAL",
            "api.localhost",
            "ip-10-0-0-1.eu-central-1.compute.internal",
            "nas.home.arpa",
            "example.org.",
            ".org",
        ] {
            assert!(!is_public_name(name), "{name}");
        }
    }
}
