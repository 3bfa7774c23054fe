//! The templates in `deploy/nats/`, and how they are filled.

use super::users::User;

/// A single server.
pub(super) const SINGLE: &str = include_str!("../../../../deploy/nats/single.conf");
/// One server of a cluster.
pub(super) const CLUSTER: &str = include_str!("../../../../deploy/nats/cluster.conf");
const ACCOUNTS: &str = include_str!("../../../../deploy/nats/accounts.conf");

const GENERATED: &str = "# Written by `vandel nats config`, which writes it again when users are added.\n";

/// Puts values in the place of `@name@`.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let filled =
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value));
    GENERATED.to_owned() + &filled
}

/// The accounts with these users: each paragraph that has a place for a user of some role comes once for
/// every user of that role, and not at all if there is none.
pub(super) fn accounts(users: &[User], values: &[(&str, &str)]) -> String {
    let paragraphs = ACCOUNTS.split("\n\n").flat_map(|paragraph| match role_of(paragraph) {
        None => vec![paragraph.to_owned()],
        Some(role) => {
            let mine = users.iter().filter(|user| user.role == role);
            mine.map(|user| paragraph.replace(&format!("@{role}@"), &user.public)).collect()
        }
    });
    fill(&paragraphs.collect::<Vec<_>>().join("\n\n"), values)
}

/// The roles that the accounts have a place for.
pub(super) fn roles() -> impl Iterator<Item = &'static str> {
    ACCOUNTS.split("\n\n").filter_map(role_of)
}

fn role_of(paragraph: &str) -> Option<&str> {
    let (_, rest) = paragraph.split_once("nkey: \"@")?;
    Some(rest.split_once("@\"")?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(role: &str, public: &str) -> User {
        User { role: role.to_owned(), name: None, public: public.to_owned(), seed: None }
    }

    #[test]
    fn a_paragraph_comes_once_for_each_user_of_its_role() {
        let text = accounts(
            &[user("author", "UA"), user("author", "UB"), user("dashboard", "UC")],
            &[("max_file", "1GB")],
        );
        assert!(
            text.contains("nkey: \"UA\"") && text.contains("nkey: \"UB\"") && text.contains("nkey: \"UC\"")
        );
        assert_eq!(text.matches("nkey:").count(), 3);
        assert!(!text.lines().any(|line| !line.starts_with('#') && line.contains('@')), "{text}");
    }

    #[test]
    fn every_role_of_a_connection_has_a_place() {
        let known: Vec<_> = roles().collect();
        for role in vandel_ledger::bus::Role::ALL {
            assert!(known.contains(&role.name()), "{} has no user in deploy/nats/accounts.conf", role.name());
            assert!(ACCOUNTS.contains(&format!("\"{}.>\"", role.inbox_prefix())), "{}", role.inbox_prefix());
        }
    }
}
