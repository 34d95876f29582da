//! P6: where a request comes from is what the gateway says of the connection, cut to its network, and nothing that a client says of itself.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::World;
use tests::events::{of_patient, token};
use tests::lambda::Lambda;

use crate::world;

const SLOWED: &str = "Die Seite wurde sehr oft neu geladen.";

/// Opens a new delivery's page from each of these addresses, with headers that say others: what the last page says.
async fn opened_from(
    world: &World,
    verify: &mut Lambda,
    number: usize,
    addresses: &[String],
) -> String {
    opened(world, verify, number, |ask, of| {
        ask["requestContext"]["http"]["sourceIp"] = json!(addresses[of]);
        ask["headers"]["cloudfront-viewer-address"] = json!(format!("198.51.{of}.7:443"));
    })
    .await
}

/// Opens a new delivery's page twelve times, each time from where `from` says: what the last page says.
async fn opened(
    world: &World,
    verify: &mut Lambda,
    number: usize,
    from: impl Fn(&mut Value, usize),
) -> String {
    let sent = world.practice.send_invoice(number).await;
    let mut ask = of_patient("GET /d/{token}", &token(&sent));
    let mut shown = Value::Null;
    for of in 0..12 {
        let spoofed = format!("198.51.{of}.7");
        from(&mut ask, of);
        ask["headers"]["x-forwarded-for"] = json!(spoofed);
        ask["headers"]["x-real-ip"] = json!(spoofed);
        ask["headers"]["forwarded"] = json!(format!("for={spoofed}"));
        shown = verify.answer(&ask).await;
        assert_eq!(shown["statusCode"], 200, "{shown}");
    }
    shown["body"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p6_a_network_is_one_however_its_addresses_change_and_whatever_clients_say() {
    let world = world().await;
    let mut verify = Lambda::start(&world, "Verify").await;
    let numbered = |name: fn(u16) -> String| (0..12).map(name).collect::<Vec<_>>();
    let cases = [
        (numbered(|_| "203.0.113.7".to_owned()), true),
        (numbered(|n| format!("203.0.113.{n}")), true),
        (numbered(|n| format!("::ffff:203.0.113.{n}")), true),
        // The last eight bits of a /56 are a customer's to number, and the 64 after them the device's.
        (
            numbered(|n| format!("2001:db8:12:34{n:02x}:{n:x}:2:3:{n:x}")),
            true,
        ),
        (numbered(|n| format!("203.0.{n}.7")), false),
        (numbered(|n| format!("2001:db8:12:{n:x}00::1")), false),
    ];
    for (number, (addresses, is_one)) in cases.into_iter().enumerate() {
        let page = opened_from(&world, &mut verify, number, &addresses).await;
        assert_eq!(page.contains(SLOWED), is_one, "{addresses:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p6_behind_cloudfront_a_network_is_what_cloudfront_says_it_is() {
    let world = world().await;
    let hash = HEXLOWER.encode(&Sha256::digest("a secret"));
    let own = [("ORIGIN_SECRET_HASHES".to_owned(), hash)];
    let mut verify = Lambda::start_with(&world, "Verify", &own.into()).await;
    // However CloudFront's own addresses change: the viewer's count.
    for (number, is_one) in [(0, true), (1, false)] {
        let page = opened(&world, &mut verify, number, |ask, of| {
            let viewer = if is_one { 0 } else { of };
            ask["headers"]["x-front-secret"] = json!("a secret");
            ask["headers"]["cloudfront-viewer-address"] = json!(format!("203.0.{viewer}.7:{of}"));
            let cloudfront = if is_one { of } else { 0 };
            ask["requestContext"]["http"]["sourceIp"] = json!(format!("64.252.{cloudfront}.7"));
        })
        .await;
        assert_eq!(page.contains(SLOWED), is_one, "{page}");
    }
}
