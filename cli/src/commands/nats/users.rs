//! The server's users: a list of public keys, and the seeds that were made for them.
//!
//! The list, `users` in the folder, is what counts: a line for each, `ROLE NAME PUBLICKEY`, with `-` for no
//! name. A seed may be moved away as soon as it is made, and a user's key may be made elsewhere and its public half be
//! written into the list by hand.

use std::path::{Path, PathBuf};

use nkeys::KeyPair;
use serde::Serialize;
use vandel_ledger::disk::{Disk, Open, read_all, replace_atomically};

use super::template;
use crate::error::{CliError, Exit};

const LIST: &str = "users";

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct User {
    /// The role.
    pub(super) role: String,
    /// What tells it from others of its role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// The public NKey.
    pub(super) public: String,
    /// Where its seed lies, if it is still in the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<PathBuf>,
}

/// All users.
pub(super) struct Users {
    pub(super) all: Vec<User>,
}

impl User {
    /// Role and name.
    pub(super) fn label(&self) -> String {
        self.name.iter().fold(self.role.clone(), |role, name| role + "=" + name)
    }

    fn seed_file(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.nk", self.label().replace('=', "-")))
    }
}

/// Lower-case letters, digits and hyphens: what may stand in file names and in the list.
pub(super) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(allowed)
}

impl Users {
    /// The users of a folder, with those asked for added; one of each role if there is none and none is
    /// asked for.
    pub(super) fn extend(disk: &dyn Disk, folder: &Path, asked: &[String]) -> Result<Self, CliError> {
        let mut all = read(disk, folder)?;
        let asked = match asked {
            [] if all.is_empty() => template::roles().map(str::to_owned).collect(),
            asked => asked.to_vec(),
        };
        for spec in asked {
            let (role, name) = parse(&spec)?;
            if !all.iter().any(|user| user.role == role && user.name == name) {
                all.push(make(disk, folder, role, name)?);
                write(disk, folder, &all)?;
            }
        }
        for user in &mut all {
            user.seed = Some(user.seed_file(folder)).filter(|file| file.exists());
        }
        Ok(Self { all })
    }
}

fn parse(spec: &str) -> Result<(String, Option<String>), CliError> {
    let (role, name) = spec.split_once('=').map_or((spec, None), |(role, name)| (role, Some(name)));
    let usage = |message: String| CliError::new(Exit::Usage, "usage", message);
    if !template::roles().any(|known| known == role) {
        let known: Vec<_> = template::roles().collect();
        return Err(usage(format!("there is no role {role:?}")).next(format!("one of: {}", known.join(", "))));
    }
    match name {
        Some(name) if !is_name(name) => {
            Err(usage(format!("{name:?} is no name: lower-case letters, digits and -, at most 40")))
        }
        name => Ok((role.to_owned(), name.map(str::to_owned))),
    }
}

/// Makes a user's key. The seed is written before the list names it: an interrupted run leaves a seed that
/// nobody knows, never a user without one.
fn make(disk: &dyn Disk, folder: &Path, role: String, name: Option<String>) -> Result<User, CliError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)
        .map_err(|_| CliError::new(Exit::Io, "randomness", "the operating system gives no randomness"))?;
    let internal = |_| CliError::new(Exit::Internal, "nkey", "no NKey could be made");
    let pair = KeyPair::new_from_raw(nkeys::KeyPairType::User, random).map_err(internal)?;
    let seed = zeroize::Zeroizing::new(pair.seed().map_err(internal)? + "\n");
    let user = User { role, name, public: pair.public_key(), seed: None };
    let file = user.seed_file(folder);
    let error = |error: std::io::Error| {
        let next = "move the seed that lies there away, or write its user into the list by hand";
        CliError::file(&file, &error).next(next)
    };
    let open = disk.open(&file, Open::CreateNew).map_err(error)?;
    open.write_all_at(seed.as_bytes(), 0).and_then(|()| open.sync()).map_err(error)?;
    Ok(user)
}

fn read(disk: &dyn Disk, folder: &Path) -> Result<Vec<User>, CliError> {
    let file = folder.join(LIST);
    let bytes = match read_all(disk, &file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(CliError::file(&file, &error)),
    };
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(number, line)| {
            user_of(line).ok_or_else(|| {
                let message = format!("{}:{}: not ROLE NAME PUBLICKEY", file.display(), number + 1);
                CliError::new(Exit::Usage, "users", message).next("a line is such as: author mats UABC…")
            })
        })
        .collect()
}

fn user_of(line: &str) -> Option<User> {
    let [role, name, public] = line.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
    let known = template::roles().any(|known| known == role);
    let named = name == "-" || is_name(name);
    let user = KeyPair::from_public_key(public).ok().filter(|_| public.starts_with('U'));
    (known && named && user.is_some()).then(|| User {
        role: role.to_owned(),
        name: Some(name.to_owned()).filter(|name| name != "-"),
        public: public.to_owned(),
        seed: None,
    })
}

fn write(disk: &dyn Disk, folder: &Path, users: &[User]) -> Result<(), CliError> {
    let file = folder.join(LIST);
    let mut text =
        "# The users of the NATS server: role, name (- for none), public key. Take a line out to\n\
                    # close a user, then run `vandel nats config` again and let the server reload.\n"
            .to_owned();
    for user in users {
        text += &format!("{} {} {}\n", user.role, user.name.as_deref().unwrap_or("-"), user.public);
    }
    replace_atomically(disk, &file, text.as_bytes()).map_err(|error| CliError::file(&file, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_list_is_a_role_a_name_and_a_public_key() {
        let public = KeyPair::new_user().public_key();
        let account = KeyPair::new_account().public_key();
        let user = user_of(&format!("author mats {public}")).expect("a user");
        assert_eq!((user.label().as_str(), &user.public), ("author=mats", &public));
        assert_eq!(user_of(&format!("author - {public}")).expect("a user").name, None);
        for line in [
            format!("author {public}"),
            format!("admin - {public}"),
            format!("author Mats {public}"),
            format!("author - {account}"),
            "author - UABC".to_owned(),
            format!("author - {public} more"),
        ] {
            assert_eq!(user_of(&line), None, "{line}");
        }
    }
}
