//! Where a secret could lie: the files of a stack's folder with their names, and every row of its database.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Something to be searched.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// What a report calls it.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) content: Vec<u8>,
}

impl Place {
    /// Under this name.
    pub(crate) fn new(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            content: content.into(),
        }
    }
}

/// Every file below a folder with its name, but for the outbox, which is where secrets are sent to.
pub(crate) fn files(folder: &Path) -> Vec<Place> {
    let mut places = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner).expect("a folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            let name = relative(&path, folder);
            if name.starts_with("outbox") {
                continue;
            }
            places.push(Place::new(format!("the name {name}"), name.clone()));
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = fs::read(&path).expect("a file can be read");
                places.push(Place::new(format!("the file {name}"), content));
            }
        }
    }
    places
}

/// Every row of every table of the folder's database, the stream's included.
///
/// The file itself may hold a value in two pages that lie apart.
pub(crate) fn rows(folder: &Path) -> Vec<Place> {
    let file = folder.join("dynamodb.sqlite");
    let database =
        Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE).expect("a database");
    let mut places = Vec::new();
    for table in names(&database) {
        let mut select = database
            .prepare(&format!("SELECT * FROM \"{table}\""))
            .expect("a table");
        let width = select.column_count();
        let mut found = select.query([]).expect("rows");
        while let Some(row) = found.next().expect("a row") {
            let mut content = Vec::new();
            for at in 0..width {
                match row.get_ref(at).expect("a value") {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        content.extend_from_slice(bytes);
                    }
                    ValueRef::Integer(number) => content.extend(number.to_string().into_bytes()),
                    ValueRef::Real(number) => content.extend(number.to_string().into_bytes()),
                    ValueRef::Null => {}
                }
                content.push(b'\n');
            }
            places.push(Place::new(format!("a row of {table}"), content));
        }
    }
    places
}

/// A copy of a folder and everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a file can be copied");
        }
    }
}

/// The first file below a folder whose path holds this.
pub(crate) fn file_like(folder: &Path, part: &str) -> PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner).expect("a folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if relative(&path, folder).contains(part) {
                return path;
            }
        }
    }
    panic!("no file like {part}");
}

fn names(database: &Connection) -> Vec<String> {
    let mut select = database
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
        .expect("a list of tables");
    let names = select.query_map([], |row| row.get(0)).expect("rows");
    names.map(|name| name.expect("a name")).collect()
}

fn relative(path: &Path, folder: &Path) -> String {
    let relative = path.strip_prefix(folder).expect("a path below the folder");
    relative.to_string_lossy().into_owned()
}
