//! Texts for people, in Swedish and English. The Swedish ones use the statutes' own terms
//! (`docs/glossary.md`). `--help` is in English.
//!
//! The two languages of a text stand side by side in one `texts!` table, so neither can lack a key;
//! a test compares their placeholders. Each noun has a table of its own.

mod audit;
mod backup;
mod casework;
mod demo;
mod doctor;
mod dossier;
mod erasure;
mod export;
mod feed;
mod keys;
mod ledger;
mod nats;
mod policy;
pub mod refusals;
pub mod retention;
mod serve;
mod statistics;
mod subject;
mod text;
mod witness;

pub use audit::AuditText;
pub use backup::BackupText;
pub use casework::CaseText;
pub use demo::DemoText;
pub use doctor::DoctorText;
pub use dossier::DossierText;
pub use erasure::ErasureText;
pub use export::ExportText;
pub use feed::FeedText;
pub use keys::KeyText;
pub use ledger::LedgerText;
pub use nats::NatsText;
pub use policy::PolicyText;
pub use serve::ServeText;
pub use statistics::StatisticsText;
pub use subject::SubjectText;
pub use text::Text;
pub use witness::WitnessText;

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// Swedish.
    #[value(name = "sv")]
    Swedish,
    /// English.
    #[value(name = "en")]
    English,
}

impl Lang {
    /// Its code, as `--lang` takes it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Swedish => "sv",
            Self::English => "en",
        }
    }

    /// The language asked for, else that of the locale (`LC_ALL`, `LC_MESSAGES`, `LANG`, in the order of
    /// POSIX), else English.
    #[must_use]
    pub fn choose(asked: Option<Self>) -> Self {
        let locale = || {
            ["LC_ALL", "LC_MESSAGES", "LANG"]
                .into_iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        };
        asked.unwrap_or_else(|| match locale() {
            Some(locale) if locale.starts_with("sv") => Self::Swedish,
            _ => Self::English,
        })
    }
}

/// Puts values in the place of `{name}`.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    // One pass, so that a value which looks like a placeholder stays as it is.
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(value),
            None => filled.extend(["{", name, "}"]),
        }
        rest = after;
    }
    filled + rest
}

/// Defines texts: `Name: "English" / "svenska",`.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($variant:ident: $english:literal / $swedish:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each text says itself")]
        pub enum $name { $($variant,)* }

        impl $name {
            /// The text, with its placeholders.
            #[must_use]
            pub const fn template(self, lang: $crate::lang::Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, $crate::lang::Lang::English) => $english,
                      (Self::$variant, $crate::lang::Lang::Swedish) => $swedish,)*
                }
            }

            /// The text without placeholders filled.
            #[must_use]
            pub fn in_lang(self, lang: $crate::lang::Lang) -> String {
                self.template(lang).to_owned()
            }

            /// The text with its placeholders filled.
            #[must_use]
            pub fn with(self, lang: $crate::lang::Lang, values: &[(&str, &str)]) -> String {
                $crate::lang::fill(self.template(lang), values)
            }
        }

        #[cfg(test)]
        mod parity {
            #[test]
            fn both_languages_have_the_same_placeholders() {
                $($crate::lang::tests::compare($english, $swedish);)*
            }
        }
    };
}
use texts;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn placeholders(text: &str) -> Vec<&str> {
        let mut names: Vec<_> =
            text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest)).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn compare(english: &str, swedish: &str) {
        assert!(!english.trim().is_empty() && !swedish.trim().is_empty());
        assert_eq!(placeholders(english), placeholders(swedish), "{english} / {swedish}");
    }

    #[test]
    fn values_are_put_in_once() {
        assert_eq!(fill("{a} of {b}, {c}", &[("a", "{b}"), ("b", "2")]), "{b} of 2, {c}");
        assert_eq!(fill("{", &[]), "{");
    }
}
