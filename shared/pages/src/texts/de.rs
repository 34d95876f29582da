//! German, formal (Sie).

use super::Texts;

pub(super) const TEXTS: Texts = Texts {
    name: "Deutsch",
    lang: "de",
    weekdays: [
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ],
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    halves_of_day: None,
    decimal_mark: ',',
    email_subject: "<#if mehrere?has_content>Dokumente liegen für Sie bereit<#else>Ein Dokument liegt für Sie bereit</#if>",
    email_body: "\
Guten Tag ${name},

${praxis} hat <#if mehrere?has_content>${anzahl} Dokumente<#else>ein Dokument</#if> für Sie bereitgelegt.

Zur Download-Seite:
${link}

Referenz: ${referenz}

Sie brauchen außerdem einen Code. ${codeWeg}

So erkennen Sie, dass alles zusammengehört: In dieser E-Mail, beim Code und auf der Download-Seite steht dieselbe Referenz.

<#if zusatzText?has_content>${zusatzText}</#if>

Die Download-Seite ist bis ${gueltigBis} erreichbar. Sobald Sie den Code zum ersten Mal eingeben, haben Sie noch 3 Tage Zeit, längstens bis zu diesem Datum.

Bei Fragen: ${praxis}<#if telefon?has_content>, ${telefon}</#if><#if praxisEmail?has_content>, ${praxisEmail}</#if>",
    message_body: "\
${praxis}
Ihr Code: ${code}
Referenz: ${referenz} (wie in unserer E-Mail)
Bitte nicht weitergeben.",

    // Dates and durations
    date: "{day}.\u{a0}{month}\u{a0}{year}",
    date_with_weekday: "{weekday}, {date}",
    moment: "{date}, {clock}\u{a0}Uhr",
    one_second: "1\u{a0}Sekunde",
    seconds: "{n}\u{a0}Sekunden",
    one_minute: "1\u{a0}Minute",
    minutes: "{n}\u{a0}Minuten",

    // Every page
    language_switch: "Sprache",
    legal: "Rechtliches",
    imprint: "Impressum",
    privacy_statement: "Datenschutz",
    what_is_stored: "Was hier gespeichert wird",
    error_title: "Fehler: {title}",
    wait_title: "Bitte warten: {title}",
    reload: "Seite neu laden",

    // Code page
    code_heading: "Dokument abholen",
    offer_one: "{practice} hat ein Dokument für Sie bereitgelegt.",
    offer_many: "{practice} hat {n} Dokumente für Sie bereitgelegt.",
    reference: "Referenz",
    reference_question: "Steht diese Referenz auch in Ihrer E-Mail? Dann sind Sie hier richtig. Wenn nicht, geben Sie bitte keinen Code ein.",
    code: "Code",
    code_hint: "6\u{a0}Zeichen. Groß- und Kleinschreibung und Bindestrich sind egal.",
    code_in_sms: "Er steht in der SMS.",
    code_in_threema: "Er steht in der Threema-Nachricht.",
    code_from_practice: "Sie haben ihn von der Praxis bekommen.",
    code_button: "Weiter zum Dokument",
    reachable_until: "Die Download-Seite ist bis {until} erreichbar.",

    // Asking for a code
    no_code_yet: "Noch keinen Code?",
    ask_by_sms: "Code per SMS anfordern",
    ask_by_threema: "Code per Threema anfordern",
    one_request_left: "Sie können noch einmal einen Code anfordern. Es gilt immer nur der letzte.",
    requests_left: "Sie können noch {n}-mal einen Code anfordern. Es gilt immer nur der letzte.",
    code_sent: "Der Code ist unterwegs zu Ihrem Telefon.",
    code_sent_remedy: "Kommt er nicht an, können Sie ab {from} einen neuen anfordern.",
    code_fate_unknown: "Wir wissen nicht, ob die Nachricht ankommt.",
    code_fate_unknown_remedy: "Ein früherer Code gilt nicht mehr. Ab {from} können Sie einen neuen anfordern.",
    code_too_early: "Ab {from} können Sie einen neuen Code anfordern.",
    no_more_codes: "Hier können Sie keinen weiteren Code anfordern.",
    no_more_codes_remedy: "Bitte wenden Sie sich an die Praxis.",
    cannot_send_code: "Der Code lässt sich gerade nicht verschicken.",
    cannot_send_code_remedy: "Bitte versuchen Sie es später noch einmal, oder wenden Sie sich an die Praxis.",
    only_latest_code: "Es gilt nur der zuletzt angeforderte Code.",
    new_code_heading: "Sie brauchen einen neuen Code",
    ask_here: "Hier können Sie ihn anfordern.",

    // Notes on the code page
    entry_empty: "Bitte geben Sie hier den Code ein.",
    entry_not_a_code: "Bitte geben Sie einen Code im Format XXX-XXX oder ohne Bindestrich ein.",
    entry_not_a_code_again: "Wird die Seite gerade übersetzt? Bitte schalten Sie die Übersetzung aus und laden Sie die Seite neu.",
    entry_foreign_symbol: "Bitte prüfen Sie den Code: Darin gibt es keine 0, keine 1 und keines der Zeichen A, E, I, O, U, Y.",
    entry_reference: "Das ist die Referenz.",
    entry_reference_remedy: "Der Code hat 6 Zeichen und kommt getrennt von der E-Mail.",
    entry_wrong: "Dieser Code stimmt nicht.",
    entry_wrong_remedy: "Bitte vergleichen Sie ihn Zeichen für Zeichen. Beim Code muss dieselbe Referenz stehen. Sie haben bis {until} Zeit. Danach gilt der Code nicht mehr.",
    wait: "Bitte warten Sie {duration}.",
    wait_remedy: "Dann können Sie es noch einmal versuchen.",
    wait_over: "Jetzt können Sie es noch einmal versuchen.",
    reloaded: "Die Seite wurde sehr oft neu geladen.",
    form_expired: "Sitzung ungültig oder abgelaufen! Bitte die Webseite neu laden und noch einmal probieren!",
    form_expired_remedy: "Geben Sie dann den Code noch einmal ein.",
    our_fault_remedy: "Der Fehler liegt bei uns. Bitte versuchen Sie es in ein paar Minuten noch einmal.",
    session_ended: "Zu Ihrem Schutz wurde die Seite geschlossen.",
    session_ended_remedy: "Bitte geben Sie den Code noch einmal ein.",
    done: "Fertig.",
    done_remedy: "Mit demselben Code können Sie die Dokumente bis {until} wieder öffnen.",

    // An e-mail that reached somebody else
    not_mine: "Diese E-Mail war nicht für mich",
    not_mine_question: "Die Seite wird dann für alle geschlossen, und die Praxis erfährt davon.",
    not_mine_yes: "Ja, schließen",
    not_mine_thanks: "Danke. Bitte löschen Sie die E-Mail.",
    back: "Zurück",

    // Pages without a delivery, or before it is open
    pending_heading: "Einen Moment, bitte",
    pending: "Die E-Mail wird gerade erst verschickt. Bitte laden Sie die Seite in einer Minute neu.",
    unknown_heading: "Diese Seite gibt es nicht",
    unknown: "Bitte öffnen Sie den Link in Ihrer E-Mail noch einmal.",
    fault_heading: "Das hat gerade nicht geklappt",

    // Closed
    closed_heading: "Diese Seite ist geschlossen",
    closed_expired: "Die Dokumente waren bis {until} abrufbar. Diese Zeit ist um.",
    closed_expired_some_time_ago: "Die Zeit, in der die Dokumente abrufbar waren, ist um.",
    closed_used: "Nach der ersten Eingabe des Codes war die Seite 3 Tage offen. Diese Zeit ist um.",
    closed_stale_failure: "Nach einer falschen Eingabe kam 24 Stunden lang keine richtige. Zum Schutz der Dokumente gilt der Code nicht mehr.",
    closed_too_many_attempts: "Der Code wurde zu oft falsch eingegeben. Zum Schutz der Dokumente gilt er nicht mehr.",
    closed_superseded: "Es gibt eine neuere E-Mail zu diesem Dokument. Bitte benutzen Sie den Link in der neueren E-Mail und den neuen Code.",
    closed_superseded_question: "Sie haben keine bekommen?",
    closed_revoked: "Die Praxis stellt das Dokument nicht mehr bereit.",
    closed_reported: "Jemand hat gemeldet, dass diese E-Mail an die falsche Adresse ging. Zum Schutz der Dokumente ist die Seite geschlossen.",
    closed_not_sent: "Beim Versand der E-Mail ging etwas schief. Ihr Link funktioniert deshalb nicht.",
    new_email: "Die Praxis kann Ihnen eine neue E-Mail schicken.",
    call_or_write: "Bitte rufen Sie dort an oder schreiben Sie.",
    call: "Bitte rufen Sie dort an.",
    write: "Bitte schreiben Sie dorthin.",
    turn_to_practice: "Bitte wenden Sie sich an die Praxis.",
    phone: "Telefon",
    email: "E-Mail",

    // Documents page
    documents_heading: "Ihre Dokumente",
    documents_until: "Zum Herunterladen bis {until}.",
    documents_offered: "Weitere Rechnungen und Quittungen",
    invoice: "Rechnung",
    receipt: "Quittung",
    note: "Notiz",
    appointment: "Termindokumentation",
    prescription: "Rezept",
    download: "Herunterladen",
    download_named: "{document} herunterladen",
    download_folder: "Die Datei liegt danach meist im Ordner „Downloads“.",
    download_device: "Ist das nicht Ihr eigenes Gerät? Dann löschen Sie die Datei bitte nach dem Lesen.",
    done_button: "Fertig",
    document_gone: "Dieses Dokument ist nicht mehr verfügbar.",

    // What is stored here
    stored_intro: "Auf diesen Seiten legt eine Praxis Dokumente für Sie bereit. Dafür muss einiges gespeichert werden, und manches mit Absicht nicht.",
    stored_heading: "Was gespeichert wird und wie lange",
    stored_documents: "Die Dokumente: verschlüsselt, bis die Praxis sie löscht. Über einen Link sind sie höchstens 3 Monate lang abrufbar.",
    stored_contact: "Ihr Name, Ihre E-Mail-Adresse und, wenn der Code auf Ihr Telefon kommt, Ihre Mobilnummer oder Threema-ID: bis die Praxis sie löscht.",
    stored_times: "Wann die E-Mail verschickt, die Seite mit dem Code geöffnet und ein Dokument heruntergeladen wurde, und wie oft ein Code falsch war: bis 30 Tage nach dem Schließen der Seite.",
    stored_accesses: "Wann eine Seite geöffnet wurde: 30 Tage. Von welcher Adresse und mit welchem Link, wird nicht notiert.",
    stored_openings: "Wie oft eine Seite aus demselben Teil des Internets geöffnet wurde, damit niemand sie überlastet: einige Minuten, höchstens einige Tage, als Prüfsumme.",
    stored_audit: "Für die Praxis ein Protokoll: wann ein Code angefordert oder eingegeben und ein Dokument heruntergeladen wurde, mit dem ersten Teil der Internetadresse: 1 Jahr.",
    stored_backups: "Sicherungskopien dieser Angaben: 7 Tage. So lange ließe sich auch Gelöschtes wiederherstellen, außer den Dokumenten.",
    stored_cookies: "In Ihrem Browser zwei Cookies: Eines schützt die Eingabe des Codes, das andere hält danach die Seite mit Ihren Dokumenten offen, höchstens eine Stunde.",
    not_stored_heading: "Was nicht gespeichert wird",
    not_stored_secrets: "Link, Referenz und Code sind nirgends lesbar gespeichert, auch nicht in Protokollen. Wir können nur prüfen, ob ein Code stimmt.",
    not_stored_tracking: "Niemand wertet aus, was Sie hier tun. Es gibt keine Werbung und keine Inhalte von anderen Anbietern.",
    ask_heading: "Wer Auskunft gibt",
    ask_practice: "Verantwortlich ist die Praxis, von der die E-Mail kam. Sie gibt Auskunft über Ihre Daten, berichtigt und löscht sie. Wie Sie die Praxis erreichen, steht in der E-Mail.",

    // What text templates have filled in
    to_download_page: "Zur Download-Seite",
    code_by_sms: "Er kommt als SMS.",
    code_by_threema: "Er kommt als Threema-Nachricht.",
    code_by_practice: "Sie bekommen ihn von der Praxis, zum Beispiel am Telefon, als SMS oder auf Papier.",
    code_by_self_service: "Sie fordern ihn auf der Download-Seite an, wenn es Ihnen passt.",

    // The e-mail with the document attached
    attached_subject: "Ein Dokument für Sie",
    attached_greeting: "Guten Tag {name},",
    attached_invoice: "im Anhang finden Sie Ihre Rechnung {number}.",
    attached_receipt: "im Anhang finden Sie Ihre Quittung {number}.",
    attached_questions: "Bei Fragen: {contact}",

    // What practices are told of it
    variable_name: "Name der Person, an die sich der Versand richtet",
    variable_practice: "Öffentlicher Name der Praxis",
    variable_phone: "Telefonnummer der Praxis; leer, wenn in den Einstellungen keine steht",
    variable_practice_email: "E-Mail-Adresse der Praxis für Antworten; leer, wenn in den Einstellungen keine steht",
    variable_link: "Adresse der Download-Seite; allein in einer Zeile wird daraus ein Knopf, und eine kurze Zeile mit Doppelpunkt davor beschriftet ihn",
    variable_reference: "Referenz, wie sie auch beim Code und auf der Download-Seite steht; allein in einer Zeile oder hinter einem Wort mit Doppelpunkt wird sie groß gezeigt",
    variable_code: "Code; er steht nur in Nachrichten, nie in einer E-Mail",
    variable_count: "Anzahl der Dokumente",
    variable_several: "Anzahl der Dokumente, aber leer bei einem einzigen; zum Unterscheiden von Einzahl und Mehrzahl",
    variable_reachable_until: "Zeitpunkt, bis zu dem die Download-Seite erreichbar ist",
    variable_additional_text: "Zusatztext zu diesem Versand; leer, wenn keiner angegeben ist",
    variable_code_way: "Satz, der sagt, wie der Code kommt; er richtet sich nach dem Weg des Versands",
    example_practice: "Praxis am Park",
    example_reachable_until: "Donnerstag, 26. November 2026, 14:30 Uhr",
    example_additional_text: "Bitte überweisen Sie den Betrag bis Monatsende.",
};
