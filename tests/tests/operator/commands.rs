//! The commands as an operator types them: what they say, and with which code they end.

use tests::World;
use tests::operator::operator;

#[tokio::test(flavor = "multi_thread")]
async fn every_command_says_what_it_did_or_what_helps_and_ends_with_a_code() {
    let world = World::with_smallest_hashes().await;
    world.another_practice("praxis-am-markt").await;
    let document = world.practice.document("invoice", "1", "2026-11-20").await;
    world.practice.send(&[&document]).await;

    let (code, out, _) = operator(&world, &["practice", "list"]).await;
    let listed: Vec<&str> = out.lines().collect();
    assert_eq!(code, Some(0));
    assert_eq!(
        listed,
        [
            "praxis-am-markt  Praxis am Park  works",
            "praxis-am-park  Praxis am Park  works"
        ]
    );
    let (code, out, _) = operator(&world, &["practice", "show", "praxis-am-park"]).await;
    assert_eq!(code, Some(0));
    assert!(out.contains("keys: 1 work, 0 revoked"), "{out}");
    let (code, _, said) = operator(&world, &["practice", "show", "nobody"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("operator practice create nobody"), "{said}");

    let (code, out, _) = operator(&world, &["keys", "status"]).await;
    assert_eq!(code, Some(0));
    assert_eq!(out.matches("still needed: 1 open deliveries").count(), 2);
    let reseal = ["keys", "reseal", "--lookup-keys", "no-such-key"];
    let (code, _, said) = operator(&world, &reseal).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("no-such-key"), "{said}");

    // A table in use is not closed by mistake.
    let (code, _, said) = operator(&world, &["restore", "close", "--confirm", "other"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("nothing was changed"), "{said}");
    assert_eq!(world.practice.get("/v1/settings").await.status, 200);

    let unconfirmed = ["practice", "erase", "praxis-am-markt", "--confirm", "x"];
    let (code, _, said) = operator(&world, &unconfirmed).await;
    assert_eq!(code, Some(1));
    assert!(
        said.contains("--confirm must say praxis-am-markt"),
        "{said}"
    );
    let (code, out, _) = operator(&world, &["practice", "proof", "praxis-am-markt"]).await;
    assert_eq!(code, Some(3));
    assert!(out.contains("1 records"), "{out}");
    let erase = [
        "practice",
        "erase",
        "praxis-am-markt",
        "--confirm",
        "praxis-am-markt",
    ];
    let (code, out, said) = operator(&world, &erase).await;
    assert_eq!(code, Some(0), "{out}{said}");
    assert!(out.contains("nothing in table or bucket names it any more"));
    assert!(out.contains("point-in-time recovery of the table: 7 days"));
    let (code, _, _) = operator(&world, &["practice", "proof", "praxis-am-markt"]).await;
    assert_eq!(code, Some(0));
    let record = ["record", "proof", "praxis-am-park", "r1"];
    let (code, out, _) = operator(&world, &record).await;
    assert_eq!(code, Some(3));
    assert!(out.contains("1 documents in the bucket"), "{out}");
    let (code, _, _) = operator(&world, &["practice", "no-such-command"]).await;
    assert_eq!(code, Some(2));
}
