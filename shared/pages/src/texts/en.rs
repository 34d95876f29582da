//! English.

use super::Texts;

pub(super) const TEXTS: Texts = Texts {
    name: "English",
    lang: "en",
    weekdays: [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    halves_of_day: Some(["am", "pm"]),
    decimal_mark: '.',
    email_subject: "<#if mehrere?has_content>Documents are ready for you<#else>A document is ready for you</#if>",
    email_body: "\
Hello ${name},

${praxis} has <#if mehrere?has_content>${anzahl} documents<#else>a document</#if> for you.

Go to the download page:
${link}

Reference: ${referenz}

You will also need a code. ${codeWeg}

How to tell that it all belongs together: this e-mail, the code and the download page show the same reference.

<#if zusatzText?has_content>${zusatzText}</#if>

You can reach the download page until ${gueltigBis}. Once you enter the code for the first time you have 3 days left, at most until that date.

Questions? ${praxis}<#if telefon?has_content>, ${telefon}</#if><#if praxisEmail?has_content>, ${praxisEmail}</#if>",
    message_body: "\
${praxis}
Your code: ${code}
Reference: ${referenz} (as in our e-mail)
Please do not share it.",

    // Dates and durations
    date: "{day}\u{a0}{month}\u{a0}{year}",
    date_with_weekday: "{weekday} {date}",
    moment: "{date}, {clock}",
    one_second: "1\u{a0}second",
    seconds: "{n}\u{a0}seconds",
    one_minute: "1\u{a0}minute",
    minutes: "{n}\u{a0}minutes",

    // Every page
    language_switch: "Language",
    legal: "Legal",
    imprint: "Imprint",
    privacy_statement: "Privacy",
    what_is_stored: "What is stored here",
    error_title: "Error: {title}",
    wait_title: "Please wait: {title}",
    reload: "Reload the page",

    // Code page
    code_heading: "Collect your document",
    offer_one: "{practice} has a document for you.",
    offer_many: "{practice} has {n} documents for you.",
    reference: "Reference",
    reference_question: "Is it the same in your e-mail? Then you are in the right place. If not, please do not enter a code.",
    code: "Code",
    code_hint: "6\u{a0}characters. Capital or small letters and the hyphen do not matter.",
    code_in_sms: "It is in the text message.",
    code_in_threema: "It is in the Threema message.",
    code_from_practice: "The practice gave it to you.",
    code_button: "Continue to the document",
    reachable_until: "You can reach the download page until {until}.",

    // Asking for a code
    no_code_yet: "No code yet?",
    ask_by_sms: "Send me the code by text message",
    ask_by_threema: "Send me the code by Threema",
    one_request_left: "You can ask one more time. Only the latest code works.",
    requests_left: "You can ask {n} more times. Only the latest code works.",
    code_sent: "The code is on its way to your phone.",
    code_sent_remedy: "If it does not arrive, you can ask for a new one from {from}.",
    code_fate_unknown: "We do not know whether the message will arrive.",
    code_fate_unknown_remedy: "An earlier code no longer works. You can ask for a new one from {from}.",
    code_too_early: "You can ask for a new code from {from}.",
    no_more_codes: "No more codes can be sent from here.",
    no_more_codes_remedy: "Please contact the practice.",
    cannot_send_code: "The code cannot be sent right now.",
    cannot_send_code_remedy: "Please try again later, or contact the practice.",
    only_latest_code: "Only the code you asked for last works.",
    new_code_heading: "You need a new code",
    ask_here: "You can ask for it here.",

    // Notes on the code page
    entry_empty: "Please enter the code here.",
    entry_not_a_code: "Please enter a code in the form XXX-XXX, with or without the hyphen.",
    entry_not_a_code_again: "Is this page being translated? Please switch the translation off and reload the page.",
    entry_foreign_symbol: "Please check the code: it never has 0, 1 or any of the letters A, E, I, O, U, Y.",
    entry_reference: "That is the reference.",
    entry_reference_remedy: "The code has 6 characters and comes separately from the e-mail.",
    entry_wrong: "This code is not right.",
    entry_wrong_remedy: "Please compare it character by character. The same reference must stand beside it. You have until {until}. After that the code no longer works.",
    wait: "Please wait {duration}.",
    wait_remedy: "Then you can try again.",
    wait_over: "You can try again now.",
    reloaded: "This page was reloaded very often.",
    form_expired: "This page has expired. Please reload it and try again.",
    form_expired_remedy: "Then enter the code once more.",
    our_fault_remedy: "The fault is ours. Please try again in a few minutes.",
    session_ended: "The page was closed to protect you.",
    session_ended_remedy: "Please enter the code again.",
    done: "Done.",
    done_remedy: "The same code opens the documents again until {until}.",

    // An e-mail that reached somebody else
    not_mine: "This e-mail was not meant for me",
    not_mine_question: "The page will then be closed for everyone and the practice will be told.",
    not_mine_yes: "Yes, close it",
    not_mine_thanks: "Thank you. Please delete the e-mail.",
    back: "Back",

    // Pages without a delivery, or before it is open
    pending_heading: "One moment, please",
    pending: "The e-mail is only just being sent. Please reload this page in a minute.",
    unknown_heading: "There is no such page",
    unknown: "Please open the link in your e-mail again.",
    fault_heading: "That did not work",

    // Closed
    closed_heading: "This page is closed",
    closed_expired: "The documents were available until {until}. That time is over.",
    closed_expired_some_time_ago: "The time in which the documents were available is over.",
    closed_used: "After the first entry of the code the page was open for 3 days. That time is over.",
    closed_stale_failure: "After a wrong entry, no right one followed within 24 hours. To protect the documents the code no longer works.",
    closed_too_many_attempts: "The code was entered wrongly too often. To protect the documents it no longer works.",
    closed_superseded: "There is a newer e-mail for this document. Please use the link in the newer e-mail and the new code.",
    closed_superseded_question: "Did you not get one?",
    closed_revoked: "The practice no longer offers this document.",
    closed_reported: "Someone told us that this e-mail went to the wrong person. To protect the documents this page is closed.",
    closed_not_sent: "Something went wrong when the e-mail was sent. That is why your link does not work.",
    new_email: "The practice can send you a new e-mail.",
    call_or_write: "Please call or write to them.",
    call: "Please call them.",
    write: "Please write to them.",
    turn_to_practice: "Please contact the practice.",
    phone: "Phone",
    email: "E-mail",

    // Documents page
    documents_heading: "Your documents",
    documents_until: "Available until {until}.",
    documents_offered: "More invoices and receipts",
    invoice: "Invoice",
    receipt: "Receipt",
    note: "Note",
    appointment: "Appointment notes",
    prescription: "Prescription",
    download: "Download",
    download_named: "Download {document}",
    download_folder: "You will usually find the file in your Downloads folder.",
    download_device: "Not your own device? Then please delete the file after reading.",
    done_button: "Done",
    document_gone: "This document is no longer available.",

    // What is stored here
    stored_intro: "On these pages a practice makes documents available to you. Some things have to be stored for that, and some are deliberately not.",
    stored_heading: "What is stored, and for how long",
    stored_documents: "The documents: encrypted, until the practice deletes them. A link leads to them for at most 3 months.",
    stored_contact: "Your name, your e-mail address and, if the code comes to your phone, your mobile number or Threema ID: until the practice deletes them.",
    stored_times: "When the e-mail was sent, when the page was opened with the code, when a document was downloaded, and how often a code was wrong: until 30 days after the page is closed.",
    stored_accesses: "When a page was opened: 30 days. Neither the internet address nor the link is noted.",
    stored_openings: "How often a page was opened from the same part of the internet, so that nobody overloads it: some minutes, a few days at most, as a checksum.",
    stored_audit: "A record for the practice: when a code was asked for or entered and a document was downloaded, with the first part of the internet address: 1 year.",
    stored_backups: "Backup copies of these details: 7 days. For that long even what was deleted could be restored, except the documents.",
    stored_cookies: "In your browser, two cookies: one protects the entry of the code, the other then keeps the page with your documents open, for an hour at most.",
    not_stored_heading: "What is not stored",
    not_stored_secrets: "Link, reference and code are not stored in readable form anywhere, not in logs either. We can only check whether a code is right.",
    not_stored_tracking: "Nobody analyses what you do here. There is no advertising, and nothing comes from other providers.",
    ask_heading: "Who to ask",
    ask_practice: "The practice that sent the e-mail is responsible. It tells you what it holds about you, corrects it and deletes it. How to reach the practice is in the e-mail.",

    // What text templates have filled in
    to_download_page: "Go to the download page",
    code_by_sms: "It comes by text message.",
    code_by_threema: "It comes as a Threema message.",
    code_by_practice: "The practice gives it to you, for example by phone, by text message or on paper.",
    code_by_self_service: "You ask for it on the download page when it suits you.",

    // The e-mail with the document attached
    attached_subject: "A document for you",
    attached_greeting: "Hello {name},",
    attached_invoice: "please find your invoice {number} attached.",
    attached_receipt: "please find your receipt {number} attached.",
    attached_questions: "Questions? {contact}",

    // What practices are told of it
    variable_name: "Name of the person whom the delivery is for",
    variable_practice: "Public name of the practice",
    variable_phone: "Phone number of the practice; empty if the settings have none",
    variable_practice_email: "Mail address of the practice for answers; empty if the settings have none",
    variable_link: "Address of the download page; alone on its line it becomes a button, with a short line that ends in a colon before it as its label",
    variable_reference: "Reference, the same as beside the code and on the download page; alone on its line or after a word with a colon it is shown large",
    variable_code: "Code; it stands in messages only, never in an e-mail",
    variable_count: "Number of documents",
    variable_several: "Number of documents, but empty for a single one; to tell singular from plural",
    variable_reachable_until: "Until when the download page can be reached",
    variable_additional_text: "Additional text of this delivery; empty if there is none",
    variable_code_way: "Sentence that says how the code comes; it depends on the delivery's channel",
    example_practice: "Park Practice",
    example_reachable_until: "Thursday 26 November 2026, 2:30 pm",
    example_additional_text: "Please transfer the amount by the end of the month.",
};
