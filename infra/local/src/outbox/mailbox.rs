//! What was sent: in memory to be read, in a file to outlive the process.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::files;

/// The way that a message took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Channel {
    Email,
    Sms,
    Threema,
    Webhook,
}

impl Channel {
    /// As the page calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Email => "E-Mail",
            Self::Sms => "SMS",
            Self::Threema => "Threema",
            Self::Webhook => "Webhook",
        }
    }
}

/// One message, as `GET /messages` shows it. Not printable otherwise: it holds secrets.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) channel: Channel,
    pub(super) to: String,
    pub(super) from: Option<String>,
    pub(super) reply_to: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) at: String,
    /// Of a webhook alone.
    #[serde(flatten)]
    pub(super) request: Option<Request>,
}

/// What a webhook's receiver would have got.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) url: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

/// A file that came with a message; its bytes are not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attachment {
    pub(super) file_name: String,
    pub(super) content_type: Option<String>,
    pub(super) size: usize,
}

/// All messages, oldest first.
pub(super) struct Mailbox(Mutex<Content>);

struct Content {
    messages: Vec<Message>,
    file: File,
    revision: u64,
}

impl Mailbox {
    /// Reads the messages of earlier runs; new ones are added to the same file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let stored = files::read_if_there(path)?.unwrap_or_default();
        let (messages, whole) = parse(&stored);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        // A line that a kill cut short goes, so that the next message starts a line of its own.
        file.set_len(whole)?;
        file.seek(io::SeekFrom::End(0))?;
        Ok(Self(Mutex::new(Content {
            messages,
            file,
            revision: 0,
        })))
    }

    pub(super) fn add(&self, message: Message) -> io::Result<()> {
        let mut line = serde_json::to_vec(&message)?;
        line.push(b'\n');
        let mut content = self.content();
        content.file.write_all(&line)?;
        content.messages.push(message);
        content.revision += 1;
        Ok(())
    }

    pub(super) fn all(&self) -> Vec<Message> {
        self.content().messages.clone()
    }

    pub(super) fn empty(&self) -> io::Result<()> {
        let mut content = self.content();
        content.file.set_len(0)?;
        content.file.rewind()?;
        content.messages.clear();
        content.revision += 1;
        Ok(())
    }

    /// How often the mailbox has changed since the start.
    pub(super) fn revision(&self) -> u64 {
        self.content().revision
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The messages, and how many bytes of the file they are.
fn parse(stored: &[u8]) -> (Vec<Message>, u64) {
    let mut messages = Vec::new();
    let mut whole = 0;
    for line in stored.split_inclusive(|byte| *byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(message) if line.ends_with(b"\n") => messages.push(message),
            _ => break,
        }
        whole += line.len() as u64;
    }
    (messages, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms(text: &str) -> Message {
        Message {
            channel: Channel::Sms,
            to: "+491701234567".to_owned(),
            from: None,
            reply_to: None,
            subject: None,
            text: Some(text.to_owned()),
            html: None,
            attachments: Vec::new(),
            at: "2026-11-23T14:30:00Z".to_owned(),
            request: None,
        }
    }

    fn texts(mailbox: &Mailbox) -> Vec<String> {
        mailbox
            .all()
            .into_iter()
            .filter_map(|message| message.text)
            .collect()
    }

    #[test]
    fn messages_outlive_the_process_even_if_the_last_was_cut_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.jsonl");
        let first = Mailbox::open(&path).unwrap();
        first.add(sms("one")).unwrap();
        first.add(sms("two\nlines")).unwrap();
        drop(first);
        let stored = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&stored[..], b"{\"channel\":\"sms\",\"to"].concat()).unwrap();

        let second = Mailbox::open(&path).unwrap();
        second.add(sms("three")).unwrap();
        drop(second);

        assert_eq!(
            texts(&Mailbox::open(&path).unwrap()),
            ["one", "two\nlines", "three"]
        );
    }

    #[test]
    fn emptied_is_empty_after_a_restart_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.jsonl");
        let mailbox = Mailbox::open(&path).unwrap();
        mailbox.add(sms("one")).unwrap();
        mailbox.empty().unwrap();
        mailbox.add(sms("two")).unwrap();
        assert_eq!(texts(&mailbox), ["two"]);
        assert_eq!(texts(&Mailbox::open(&path).unwrap()), ["two"]);
    }

    #[test]
    fn every_field_of_a_message_is_there_even_if_it_is_empty() {
        let json = serde_json::to_value(sms("one")).unwrap();
        let names: Vec<_> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut expected = [
            "channel",
            "to",
            "from",
            "reply_to",
            "subject",
            "text",
            "html",
            "attachments",
            "at",
        ];
        expected.sort_unstable();
        let mut names = names;
        names.sort_unstable();
        assert_eq!(names, expected);
        assert!(json["subject"].is_null());
    }
}
