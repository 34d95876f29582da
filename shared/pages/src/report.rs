//! Reports by e-mail to a practice: German first, English beside it, ids and nothing of a person.

use domain::id::{DeliveryId, RecordId, RunId};
use domain::outgoing::Subject;
use domain::webhook::WebhookEvent;

/// A finished report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One line.
    pub subject: &'static str,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// What a practice is written about this; `None` where no person is needed.
pub fn report(event: WebhookEvent, subject: &Subject) -> Option<Report> {
    let (subject, german, english) = match subject {
        Subject::Delivery { delivery, record } => of_delivery(event, delivery, record)?,
        Subject::Run {
            run,
            failed,
            unknown,
            without_code,
        } => of_run(run, [*failed, *unknown, *without_code]),
    };
    // Ids hold letters, digits, hyphens and underscores: nothing to escape.
    Some(Report {
        subject,
        text: format!("{german}\n\n{english}\n"),
        html: format!("<p lang=\"de\">{german}</p><p lang=\"en\">{english}</p>"),
    })
}

fn of_run(
    run: &RunId,
    [failed, unknown, without_code]: [usize; 3],
) -> (&'static str, String, String) {
    (
        "Zweiweg: Rechnungslauf mit offenen Punkten · Invoice run needs a look",
        format!(
            "Ein Rechnungslauf ist zu Ende (Lauf {run}). Nicht verschickt: {failed}. Unklar, ob verschickt: {unknown}. Verschickt, aber der Code kam vielleicht nicht an: {without_code}. Bitte sehen Sie diese Einträge an: Sie lassen sich noch einmal verschicken oder bekommen einen neuen Code."
        ),
        format!(
            "An invoice run has come to its end (run {run}). Not sent: {failed}. Unclear whether sent: {unknown}. Sent, but the code may not have gone out: {without_code}. Please look at these items: they can be sent again, or get a new code."
        ),
    )
}

fn of_delivery(
    event: WebhookEvent,
    delivery: &DeliveryId,
    record: &RecordId,
) -> Option<(&'static str, String, String)> {
    Some(match event {
        WebhookEvent::Bounced => (
            "Zweiweg: E-Mail kam nicht an · E-mail came back",
            format!("Eine E-Mail kam nicht an (Versand {delivery}, Akte {record})."),
            format!("An e-mail did not arrive (delivery {delivery}, record {record})."),
        ),
        WebhookEvent::Locked => (
            "Zweiweg: Versand gesperrt · Delivery locked",
            format!(
                "Ein Code wurde zu oft falsch eingegeben (Versand {delivery}, Akte {record}). Senden Sie bei Bedarf eine neue E-Mail."
            ),
            format!(
                "A code was entered wrongly too often (delivery {delivery}, record {record}). Send a new e-mail if it is needed."
            ),
        ),
        WebhookEvent::Reported => (
            "Zweiweg: E-Mail an falsche Adresse · E-mail to a wrong address",
            format!(
                "Jemand hat gemeldet, dass eine E-Mail an die falsche Adresse ging (Versand {delivery}, Akte {record}). Bitte prüfen Sie die Adresse."
            ),
            format!(
                "Somebody said that an e-mail went to the wrong address (delivery {delivery}, record {record}). Please check the address."
            ),
        ),
        WebhookEvent::CodeCapped => (
            "Zweiweg: Grenze für Nachrichten erreicht · Message limit reached",
            format!(
                "Ein angeforderter Code wurde nicht verschickt, weil eine Grenze für Nachrichten erreicht ist (Versand {delivery}, Akte {record}). Sie können der Person einen neuen Code geben, zum Beispiel am Telefon. Heute melden wir das nicht noch einmal."
            ),
            format!(
                "A code that was asked for was not sent, because a limit for messages is reached (delivery {delivery}, record {record}). You can give the person a new code, for example by phone. We will not write about this again today."
            ),
        ),
        WebhookEvent::Opened
        | WebhookEvent::Downloaded
        | WebhookEvent::Closed
        | WebhookEvent::Unopened
        | WebhookEvent::RunFinished => return None,
    })
}
