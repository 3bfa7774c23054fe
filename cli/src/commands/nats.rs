//! `vandel nats`: what a NATS server needs to hold a ledger safely.

mod template;
mod users;

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use vandel_ledger::disk::{Disk, replace_atomically};

use crate::args::{NatsCommand, NatsConfigArgs};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::NatsText;

use users::{User, Users};

/// What was written.
#[derive(Serialize)]
struct Written {
    #[serde(rename = "type")]
    kind: &'static str,
    folder: PathBuf,
    written: Vec<PathBuf>,
    kept: Vec<PathBuf>,
    users: Vec<User>,
}

/// Runs a command about the server.
pub(super) fn run(context: &Context, command: &NatsCommand) -> Result<Exit, CliError> {
    match command {
        NatsCommand::Config(arguments) => config(context, arguments),
    }
}

fn config(context: &Context, arguments: &NatsConfigArgs) -> Result<Exit, CliError> {
    let nodes = nodes(arguments)?;
    for file in
        [Some(&arguments.tls_cert), Some(&arguments.tls_key), arguments.tls_ca.as_ref()].into_iter().flatten()
    {
        std::fs::metadata(file).map_err(|error| {
            CliError::file(file, &error)
                .next("make or get the certificate first; deploy/nats/README.md shows how")
        })?;
    }
    let folder = &arguments.folder;
    std::fs::create_dir_all(folder).map_err(|error| CliError::file(folder, &error))?;
    let folder = std::path::absolute(folder)?;
    let users = Users::extend(&*context.disk, &folder, &arguments.users)?;
    let accounts = template::accounts(&users.all, &[("max_file", &arguments.max_file)]);
    let (mut written, mut kept) = (Vec::new(), Vec::new());
    for (name, text) in
        std::iter::once(("accounts.conf".to_owned(), accounts)).chain(servers(arguments, &folder, &nodes)?)
    {
        let file = folder.join(&name);
        // Who tuned a server's file keeps it; users and permissions are always as this program says.
        if name != "accounts.conf" && file.exists() {
            kept.push(file);
            continue;
        }
        write(context, &file, &text)?;
        written.push(file);
    }
    let result = Written { kind: "nats_config", folder, written, kept, users: users.all };
    context.output.result(&result, || describe(context, &result))?;
    Ok(Exit::Done)
}

/// The deployment's accounts with one user of each role, for a server of our own: their seeds are left in the folder.
///
/// # Errors
/// If a seed can't be written.
pub(crate) fn one_of_each(disk: &dyn Disk, folder: &Path, max_file: &str) -> Result<String, CliError> {
    Ok(template::accounts(&Users::extend(disk, folder, &[])?.all, &[("max_file", max_file)]))
}

/// The servers' files: one, or one for each node of a cluster.
fn servers(
    arguments: &NatsConfigArgs,
    folder: &Path,
    nodes: &[(String, String)],
) -> Result<Vec<(String, String)>, CliError> {
    let path = |file: &Path| std::path::absolute(file).map(|file| file.display().to_string());
    let store = arguments.store.clone().unwrap_or_else(|| folder.join("store"));
    let (cert, key, store) = (path(&arguments.tls_cert)?, path(&arguments.tls_key)?, path(&store)?);
    let ca = arguments.tls_ca.as_deref().map_or(Ok(String::new()), path)?;
    let quoted = |items: &[String]| {
        let items: Vec<_> = items.iter().map(|item| format!("{item:?}")).collect();
        items.join(", ")
    };
    let routes: Vec<_> = nodes.iter().map(|(_, host)| format!("tls://{host}:6222")).collect();
    let (listen, origins) = (arguments.listen.to_string(), quoted(&arguments.origins));
    let (same_origin, routes) = (arguments.origins.is_empty().to_string(), quoted(&routes));
    let ports =
        [arguments.port, arguments.websocket_port, arguments.monitor_port].map(|port| port.to_string());
    let fill = |text: &str, name: &str| {
        let values = [
            ("name", name),
            ("listen", &listen),
            ("port", &ports[0]),
            ("websocket_port", &ports[1]),
            ("monitor_port", &ports[2]),
            ("tls_cert", &cert),
            ("tls_key", &key),
            ("tls_ca", &ca),
            ("origins", &origins),
            ("same_origin", &same_origin),
            ("routes", &routes),
            ("store", &store),
            ("max_file", &arguments.max_file),
        ];
        template::fill(text, &values)
    };
    if nodes.is_empty() {
        return Ok(vec![("nats-server.conf".to_owned(), fill(template::SINGLE, "vandel"))]);
    }
    Ok(nodes.iter().map(|(name, _)| (format!("{name}.conf"), fill(template::CLUSTER, name))).collect())
}

/// The nodes named, with their hosts. A cluster of two, or of any even number, survives no more losses
/// than one of a node fewer.
fn nodes(arguments: &NatsConfigArgs) -> Result<Vec<(String, String)>, CliError> {
    let usage =
        |message: String| CliError::new(Exit::Usage, "usage", message).next("vandel nats config --help");
    let split = |node: &String| match node.split_once('=') {
        Some((name, host)) if users::is_name(name) && !host.is_empty() => {
            Ok((name.to_owned(), host.to_owned()))
        }
        _ => {
            Err(usage(format!("{node:?} is not NAME=HOST, with a name of lower-case letters, digits and -")))
        }
    };
    let nodes = arguments.nodes.iter().map(split).collect::<Result<Vec<_>, _>>()?;
    if !nodes.is_empty() && (nodes.len() < 3 || nodes.len() % 2 == 0) {
        return Err(usage(format!("a cluster has three or five nodes, not {}", nodes.len())));
    }
    Ok(nodes)
}

fn write(context: &Context, file: &Path, text: &str) -> Result<(), CliError> {
    replace_atomically(&*context.disk, file, text.as_bytes())
        .map_err(|error: io::Error| CliError::file(file, &error))
}

fn describe(context: &Context, result: &Written) -> String {
    let lang = context.lang;
    let mut lines = Vec::new();
    for (text, files) in [(NatsText::Written, &result.written), (NatsText::Kept, &result.kept)] {
        lines.extend(files.iter().map(|file| text.with(lang, &[("file", &file.display().to_string())])));
    }
    for user in &result.users {
        let seed = user.seed.as_ref().map(|file| file.display().to_string());
        let seed = seed.unwrap_or_else(|| NatsText::Elsewhere.in_lang(lang));
        let values = [("role", &*format!("{:<16}", user.label())), ("public", &user.public), ("seed", &seed)];
        lines.push(NatsText::User.with(lang, &values));
    }
    let server = result.written.iter().chain(&result.kept).find(|file| !file.ends_with("accounts.conf"));
    let server = server.map(|file| file.display().to_string()).unwrap_or_default();
    lines.push(if result.kept.is_empty() {
        NatsText::Start.with(lang, &[("file", &server)])
    } else {
        NatsText::Reload.in_lang(lang)
    });
    lines.join("\n")
}
