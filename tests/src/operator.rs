//! The operator's commands, as they are typed.

use std::process::Stdio;

use crate::World;
use crate::lambda::command;

/// What a command ends with: its code, standard output, standard error. It works on this world's table, bucket and keys.
pub async fn operator(world: &World, what: &[&str]) -> (Option<i32>, String, String) {
    let environment = world.stack.environment();
    let table = environment.read(|get| get.text("TABLE")).expect("a table");
    let bucket = &world.stack.function_environments()["Issue"]["DOCUMENTS_BUCKET"];
    let place = [
        ("--table", table.as_str()),
        ("--bucket", bucket),
        ("--endpoint", world.stack.dynamodb()),
        ("--s3-endpoint", world.stack.s3()),
        ("--kms-endpoint", world.stack.outbox()),
        ("--pause", "1"),
    ];
    let mut command = command("operator", &[].into());
    let output = command
        .args(what)
        .args(place.iter().flat_map(|(name, value)| [name, value]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output();
    let output = output.await.expect("its end");
    let said = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (
        output.status.code(),
        said(output.stdout),
        said(output.stderr),
    )
}
