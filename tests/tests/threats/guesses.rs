//! T1 to T3: guessing on-line, one after another, at once, and with fresh codes.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use domain::delivery::{ENTRIES_PER_CODE, ENTRIES_PER_LIFE};
use domain::hashed::LinkHash;
use domain::time::Timestamp;
use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use secrets::SessionSecret;
use serde_json::json;
use store::{Charge, Commit, NewSession, Store};
use tests::{Page, Patient, Sent, World, figure};

use crate::table::{Database, deliveries, item, op};
use crate::{unaudited, world};

/// Whether the table charges a further entry, so that it would be judged.
async fn is_charged(world: &World, store: &Store, link: &LinkHash) -> bool {
    let (links, now) = ([link.clone()], world.clock().now());
    let charge = store.charge_entry(&links, now, &op(world)).await;
    matches!(charge, Ok(Charge::Charged(_)))
}

/// One wrong entry over HTTP, in a form that is reused: whether it was judged.
async fn guess(patient: &mut Patient, form: &str, sent: &Sent) -> Page {
    let link = patient.link.clone();
    let fields = [("form", form), ("code", sent.wrong_code())];
    patient.post(&link, &fields).await
}

/// Guesses until nothing is judged any more, at most 30 times with every wait respected: how many were.
///
/// The entry that closes is judged too, though its answer says that the page is closed.
async fn exhaust(world: &World, sent: &Sent) -> i64 {
    let before = world.practice.shown(sent).await["wrong_entries"]["in_life"].clone();
    let mut patient = world.patient(sent);
    let mut judged = 0;
    for _ in 0..30 {
        world.advance(300);
        let form = patient.open().await.form().to_owned();
        let page = guess(&mut patient, &form, sent).await;
        judged += i64::from(page.status == 401);
        if page.status == 410 {
            break;
        }
    }
    let after = world.practice.shown(sent).await["wrong_entries"]["in_life"].clone();
    let charged = after.as_i64().unwrap_or_default() - before.as_i64().unwrap_or_default();
    assert!(judged <= charged, "{judged} judged, {charged} charged");
    charged
}

/// A delivery that is guessed at, and the browser of its patient.
struct Target {
    sent: Sent,
    link: LinkHash,
    patient: Patient,
    /// The right code.
    code: String,
    /// The page from which it is entered.
    form: String,
    /// How many of the guesses were judged.
    judged: u32,
}

/// How much goes on at once: with more, an answer may come too late to be counted.
const AT_ONCE: usize = 16;

/// So many deliveries, each of a document of its own.
async fn targets(world: &World, number: usize) -> Vec<Target> {
    let numbers: Vec<usize> = (0..number).collect();
    let mut sent = Vec::new();
    for some in numbers.chunks(AT_ONCE) {
        let sendings = some.iter().map(async |number| {
            let number = number.to_string();
            // A kind beside which the page offers nothing else, so that there may be very many of one record.
            let document = world.practice.document("note", &number, "2026-11-20").await;
            world.practice.send(&[&document]).await
        });
        sent.extend(join_all(sendings).await);
        world.empty_outbox().await;
    }
    let mut items = deliveries(world).await;
    let browser = world.patient(&sent[0]);
    let target = |sent: Sent| Target {
        link: items.remove(&sent.id).expect("the delivery's item").0,
        patient: browser.sharing(&sent.link),
        code: sent.code.clone(),
        form: String::new(),
        judged: 0,
        sent,
    };
    sent.into_iter().map(target).collect()
}

/// Does the same with each of them, some at once.
async fn each<'a, Done: Future<Output = ()>>(
    targets: &'a mut [Target],
    work: impl FnMut(&'a mut Target) -> Done,
) {
    let working = stream::iter(targets).map(work).buffer_unordered(AT_ONCE);
    working.collect::<()>().await;
}

/// The answer, asked for again where a busy machine let something wait too long (503), which costs nobody anything.
async fn patiently<T>(mut ask: impl AsyncFnMut() -> T, status: impl Fn(&T) -> u16) -> T {
    for _ in 0..20 {
        let answer = ask().await;
        if status(&answer) != 503 {
            return answer;
        }
    }
    ask().await
}

fn of_page(page: &Page) -> u16 {
    page.status
}

/// T1: 200 guesses at each of many deliveries, with every wait respected, at the table, which alone decides whether an entry is judged.
///
/// The clock moves for all of them together. Twice the practice makes a new code.
/// The right code comes over HTTP, from a page that was opened in time: right after each lock, and at the very end.
#[tokio::test(flavor = "multi_thread")]
async fn t1_200_guesses_of_a_delivery_are_judged_at_most_30_times() {
    let world = unaudited(20).await;
    let store = world.store();
    let mut targets = targets(&world, figure(1_000, 20)).await;
    for round in 1..=5 {
        let budget = ENTRIES_PER_LIFE.min(round * ENTRIES_PER_CODE);
        let is_locked_now = budget == round * ENTRIES_PER_CODE;
        for guess in 1..=40 {
            world.advance(300);
            if is_locked_now && guess == ENTRIES_PER_CODE {
                each(&mut targets, async |target| {
                    let page = patiently(async || target.patient.open().await, of_page).await;
                    assert_eq!(page.status, 200, "one guess is left");
                    page.form().clone_into(&mut target.form);
                })
                .await;
            }
            each(&mut targets, async |target| {
                target.judged += u32::from(is_charged(&world, &store, &target.link).await);
            })
            .await;
            if is_locked_now && guess == ENTRIES_PER_CODE {
                each(&mut targets, async |target| {
                    let link = target.patient.link.clone();
                    let fields = [("form", &*target.form), ("code", &*target.code)];
                    let page =
                        patiently(async || target.patient.post(&link, &fields).await, of_page)
                            .await;
                    assert_eq!(page.status, 410, "the right code after the lock");
                })
                .await;
            }
        }
        let charged = charged(&world).await;
        for target in &targets {
            assert!(target.judged <= budget, "{} judged", target.judged);
            assert_eq!(charged[&target.sent.id], budget, "in round {round}");
        }
        let judged: u32 = targets.iter().map(|target| target.judged).sum();
        let most = budget * u32::try_from(targets.len()).unwrap_or_default();
        // What was charged, but answered too late, was not judged.
        assert!(judged * 10 >= most * 9, "{judged} of {most} judged");
        if round <= 3 {
            each(&mut targets, async |target| {
                let key = format!("{}-{round}", target.sent.id);
                let spoken = json!({"channel": "spoken"});
                let (practice, id) = (&world.practice, &target.sent.id);
                let make = async || practice.post_code(&key, id, spoken.clone()).await;
                let answer = patiently(make, |answer| answer.status).await;
                assert_eq!(answer.status == 201, round < 3, "{answer:?}");
                if let Some(code) = answer.body["code"].as_str() {
                    code.clone_into(&mut target.code);
                }
            })
            .await;
        }
    }
    each(&mut targets, async |target| {
        let code = target.code.clone();
        let page = patiently(async || target.patient.enter(&code).await, of_page).await;
        assert_eq!(page.status, 410, "the right code at the end");
    })
    .await;
}

/// How often the table has charged an entry of each delivery in its life.
async fn charged(world: &World) -> BTreeMap<String, u32> {
    let deliveries = deliveries(world).await.into_iter();
    let charged = deliveries.map(|(id, (_, item))| {
        let charged = item["wrong_in_life"]["N"].as_str().unwrap_or_default();
        (id, charged.parse().expect("a number"))
    });
    charged.collect()
}

/// T2: 64 entries at one instant in 1,000 rounds at the table, as many from each number of earlier wrong entries.
///
/// From the third wrong entry in a row on, L4 makes wait; so of 64 at one instant three are judged, or as many as the ten leave.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t2_of_64_entries_at_once_the_budget_is_judged_and_no_charge_is_lost() {
    let world = unaudited(3).await;
    let (store, database) = (world.store(), Database::of(&world).await);
    let (link, item) = item(&world, &world.practice.send_invoice(1).await).await;
    for round in 0..figure(1_000, 44) {
        let before = u32::try_from(round).unwrap_or_default() % (ENTRIES_PER_CODE + 1);
        database.put_back(&item, before).await;
        let entries = (0..64).map(|_| is_charged(&world, &store, &link));
        let charged = join_all(entries).await;
        let judged = charged.into_iter().filter(|charged| *charged).count();
        let budget = 3.min(ENTRIES_PER_CODE - before);
        // One whose answer came too late was charged, but is not judged.
        assert!(judged <= budget as usize, "round {round}: {judged} judged");
        assert_eq!(wrong_for_code(&world, &store, &link).await, before + budget);
    }
}

async fn wrong_for_code(world: &World, store: &Store, link: &LinkHash) -> u32 {
    let links = [link.clone()];
    // A year later nothing is charged any more, and the refusal shows the delivery.
    let later = world.clock().now().plus(366 * 86_400);
    let charge = store.charge_entry(&links, later, &op(world)).await;
    let Ok(Charge::Refused(stored)) = charge else {
        panic!("it was charged a year later: {charge:?}");
    };
    stored.delivery.wrong_for_code
}

/// What a request does to judge an entry; reading the page and hashing touch nothing that is shared.
const STEPS: [&str; 4] = ["read", "charge", "hash", "commit"];

/// Every order in which three requests may take their four steps, as the order of what they do at the table.
fn orders() -> Vec<Vec<usize>> {
    let mut orders = vec![([0; 3], Vec::new())];
    for _ in 0..3 * STEPS.len() {
        let step = |(taken, at_table): ([usize; 3], Vec<usize>)| {
            let further = (0..3).filter(move |request| taken[*request] < STEPS.len());
            further.map(move |request| {
                let (mut taken, mut at_table) = (taken, at_table.clone());
                if ["charge", "commit"].contains(&STEPS[taken[request]]) {
                    at_table.push(request);
                }
                taken[request] += 1;
                (taken, at_table)
            })
        };
        orders = orders.into_iter().flat_map(step).collect();
    }
    orders.into_iter().map(|(_, at_table)| at_table).collect()
}

/// T2: all 34,650 orders of three requests with four steps each. What is the same at the table is done once.
///
/// So there are 90 orders of charge and commit, done with one and with two of the entries being right, from eight wrong entries on.
#[tokio::test(flavor = "multi_thread")]
async fn t2_in_every_order_of_charge_and_commit_no_charge_is_lost_and_none_is_free() {
    let world = world(3).await;
    let (store, database) = (world.store(), Database::of(&world).await);
    let (link, item) = item(&world, &world.practice.send_invoice(1).await).await;
    let orders = orders();
    assert_eq!(orders.len(), 34_650);
    let orders: BTreeSet<Vec<usize>> = orders.into_iter().collect();
    assert_eq!(orders.len(), 90);
    for right in 1..=2 {
        for order in &orders {
            database.put_back(&item, 8).await;
            let wrong = entered(&world, &store, &link, order, right).await;
            assert!(wrong <= 2, "{order:?}: {wrong} wrong entries judged");
            let kept = wrong_for_code(&world, &store, &link).await;
            assert_eq!(kept, 8 + wrong, "{order:?} with {right} right");
        }
    }
}

/// Takes the steps of three requests in this order, the first `right` of which have the right code: how many wrong entries were judged.
async fn entered(
    world: &World,
    store: &Store,
    link: &LinkHash,
    order: &[usize],
    right: usize,
) -> u32 {
    let now: Timestamp = world.clock().now();
    let mut wrong = 0;
    let mut charged = [const { None }; 3];
    let mut begun = [false; 3];
    for &request in order {
        if !begun[request] {
            begun[request] = true;
            let charge = store
                .charge_entry(slice::from_ref(link), now, &op(world))
                .await;
            if let Charge::Charged(stored) = charge.expect("an answer") {
                assert!(stored.delivery.wrong_for_code <= ENTRIES_PER_CODE);
                wrong += u32::from(request >= right);
                charged[request] = Some(stored);
            }
        } else if let Some(stored) = charged[request].take_if(|_| request < right) {
            let session = SessionSecret::draw().expect("randomness").hash();
            let session = NewSession {
                hash: &session,
                now,
            };
            let commit = store.commit_entry(&stored, session, &op(world)).await;
            assert!(matches!(commit, Ok(Commit::Opened(_))), "{order:?}");
        }
    }
    wrong
}

/// T3: five codes asked for on the page, and guesses at each; the sixth time there is nothing to ask for.
#[tokio::test(flavor = "multi_thread")]
async fn t3_five_new_codes_give_no_more_than_30_guesses() {
    let world = world(5).await;
    let sent = world.practice.send_invoice(1).await;
    let mut sum = exhaust(&world, &sent).await;
    for _ in 0..5 {
        world.advance(1800);
        world.patient(&sent).ask().await;
        sum += exhaust(&world, &sent).await;
    }
    assert_eq!(sum, 30);
    let messages = world.messages().await;
    let sms = messages
        .iter()
        .filter(|message| message["channel"] == "sms");
    let texts: Vec<&str> = sms.filter_map(|message| message["text"].as_str()).collect();
    assert_eq!(texts.len(), 3, "the first code and two that were asked for");
    for text in texts {
        let code = text.split("Ihr Code: ").nth(1).unwrap_or_default();
        let code = code.lines().next().unwrap_or_default();
        assert_eq!(world.patient(&sent).enter(code).await.status, 410);
    }
}
