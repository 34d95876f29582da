//! The e-mail as mail programs show it: light and dark, narrow and wide, without pictures and with nothing from elsewhere.

use serde_json::{Value, json};
use tests::World;

use crate::browser::Browser;
use crate::foreign::Site;
use crate::judges::html_faults;
use crate::{emptied, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_e_mail_is_readable_in_every_language_light_and_dark_narrow_and_wide() {
    let world = World::with_smallest_hashes().await;
    let mut browser = Browser::start().await;
    browser.keep_axe_at_hand().await;
    let folder = emptied("mails");
    let mut faults = Vec::new();
    let mut sites = vec!["data".to_owned()];
    for (number, language) in ["de", "de-x-informal", "en"].into_iter().enumerate() {
        let recipient = json!({
            "id": "patient", "name": "Erika Beispiel", "email": "erika@example.org",
            "mobile": "+4915112345678", "language": language,
        });
        let record = json!({"record_type": "std", "recipients": [recipient]});
        let answer = world.practice.put("/v1/records/r1", record).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let sent = send(&world, "invoice", &number.to_string()).await;
        let mail = newest_mail(&world).await;
        let text = |name: &str| mail[name].as_str().unwrap_or_default().to_owned();
        let html = text("html");
        std::fs::write(folder.join(format!("{language}.html")), &html).expect("an e-mail on disk");
        for part in [&html, &text("text")] {
            let (link, reference) = (sent.link.as_str(), sent.reference.as_str());
            assert!(part.contains(link) && part.contains(reference), "{part}");
            assert!(!part.contains(&sent.code), "the e-mail holds the code");
        }
        let site = Site::with_page(html).await;
        browser.go(&site.at("127.0.0.1")).await;
        sites.push(site.at("127.0.0.1").trim_end_matches('/').to_owned());
        let links = "return [...document.links].map((link) => link.href)";
        let links = browser.script(links).await;
        let links = links.as_array().expect("a list of links");
        assert_eq!(
            links,
            &[json!(sent.link), json!(sent.link)],
            "a button and a plain link"
        );
        let loaded =
            "return document.querySelectorAll('img, link, script, iframe, [background]').length";
        assert_eq!(browser.script(loaded).await, 0, "something would be loaded");
        let reference = "getSelection().selectAllChildren(document.querySelector('[translate=no]')); return getSelection().toString()";
        assert_eq!(
            browser.script(reference).await,
            sent.reference,
            "to be copied"
        );
        browser.script("getSelection().removeAllRanges()").await;
        // The mail program's ground, which axe-core does not look for behind a page.
        browser
            .script("document.body.style.background = 'Canvas'")
            .await;
        let name = format!("mail-{language}");
        faults.extend(browser.judge(&name).await);
    }
    faults.extend(html_faults(&folder));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let origins = browser.traffic().await.origins();
    let foreign = origins.iter().find(|origin| !sites.contains(origin));
    assert_eq!(foreign, None, "{origins:?}");
}

async fn newest_mail(world: &World) -> Value {
    let messages = world.messages().await;
    let mut mails = messages.into_iter().rev();
    let mail = mails.find(|message| message["channel"] == "email");
    mail.expect("an e-mail")
}
