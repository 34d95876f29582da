//! T21: what a flood costs is in `costs`; here, that it cannot make us hash.

use serde_json::json;

use crate::table::{Database, endings, item, with};
use crate::world;

/// T21: the delivery's code is one whose hash cannot be computed, so that whoever tries says that something is broken.
///
/// An entry that may be judged is hashed, and shows that this is seen; whatever else is asked of the delivery is not.
#[tokio::test(flavor = "multi_thread")]
async fn t21_unknown_closed_and_waiting_links_cost_no_hash() {
    let world = world(3).await;
    let sent = world.practice.send_invoice(1).await;
    let database = Database::of(&world).await;
    let (_, mut stored) = item(&world, &sent).await;
    // Argon2 passes over its memory at least once.
    stored["code"]["M"]["passes"] = json!({"N": "0"});
    let mut patient = world.patient(&sent);
    let form = patient.open().await.form().to_owned();
    let now = world.clock().now();
    let lately = now.seconds() - 4;
    let waiting = json!({"wrong_in_row": {"N": "3"}, "last_wrong_at": {"N": lately.to_string()}});
    let others = [("open", json!({}), 503), ("waiting", waiting, 429)];
    let ended = endings(now).map(|(state, changes)| (state, changes, 410));
    for (state, changes, status) in others.into_iter().chain(ended) {
        database.put(&with(&stored, &changes)).await;
        let shown = patient.open().await;
        assert_ne!(shown.status, 503, "the page of one that is {state}");
        let link = patient.link.clone();
        let right = [("form", form.as_str()), ("code", &sent.code)];
        let entered = patient.post(&link, &right).await;
        assert_eq!(entered.status, status, "an entry where it is {state}");
        for text in ["", "0O1I", "2345", "not a code"] {
            let fields = [("form", form.as_str()), ("code", text)];
            let typed = patient.post(&link, &fields).await;
            assert_ne!(typed.status, 503, "{text:?} where it is {state}");
        }
        let foreign = patient.post(&link, &right[1..]).await;
        assert_ne!(foreign.status, 503, "no form where it is {state}");
    }
    let unknown = format!("{}/d/{}", world.stack.api(), "B".repeat(28));
    let mut stranger = patient.sharing(&unknown);
    assert_eq!(stranger.open().await.status, 404);
    stranger.cookies = patient.cookies;
    let right = [("form", form.as_str()), ("code", &sent.code)];
    for fields in [&right[..], &right[1..], &[]] {
        assert_eq!(stranger.post(&unknown, fields).await.status, 404);
    }
}
