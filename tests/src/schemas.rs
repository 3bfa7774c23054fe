//! JSON Schemas made from types, and their files under `schemas/`.
//!
//! With `VANDEL_BLESS` set the files are written anew instead of compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::town::repository;

/// Schemas and examples of one folder, by their place in it.
#[derive(Default)]
pub struct Schemas(BTreeMap<PathBuf, Value>);

/// How an example is made invalid.
pub type Spoil<'a> = (&'a str, &'a dyn Fn(&mut Value));

impl Schemas {
    /// Adds the schema of what a type is written as, with examples that are valid and, made from the first of them,
    /// some that are not.
    ///
    /// # Panics
    /// If there is no example.
    pub fn add<T: JsonSchema>(&mut self, name: &str, id: &str, valid: &[Value], invalid: &[Spoil<'_>]) {
        // Whole in itself, so that no reader has to resolve anything.
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let settings = settings.with(|settings| settings.inline_subschemas = true);
        let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
        schema["$id"] = json!(id);
        schema["title"] = json!(name);
        // People stand in these as ids.
        schema["x-personal-data"] = json!("none");
        self.0.insert(PathBuf::from(format!("{name}.json")), schema);
        let place = Path::new("examples").join(name);
        for (number, example) in valid.iter().enumerate() {
            self.0.insert(place.join(format!("valid-{}.json", number + 1)), example.clone());
        }
        for (what, spoil) in invalid {
            let mut example = valid[0].clone();
            spoil(&mut example);
            assert_ne!(&example, &valid[0], "{name}: {what} changes nothing");
            self.0.insert(place.join(format!("invalid-{what}.json")), example);
        }
    }

    /// Compares them with the committed files of a folder under `schemas/`; gives how many there are.
    ///
    /// # Panics
    /// If a file is not what the types say, or one lies there that no type knows.
    #[must_use]
    pub fn compare(&self, folder: &str) -> usize {
        let place = repository("schemas").join(folder);
        let bless = std::env::var_os("VANDEL_BLESS").is_some();
        for (path, value) in &self.0 {
            let file = place.join(path);
            let text = serde_json::to_string_pretty(value).expect("JSON") + "\n";
            if bless {
                std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
                std::fs::write(&file, &text).expect("written");
            }
            let committed = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(committed, text, "{} is not what the types say", path.display());
        }
        let schemas = std::fs::read_dir(&place).expect("the folder").filter_map(Result::ok);
        let schemas = schemas.filter(|entry| entry.path().extension().is_some_and(|end| end == "json"));
        let known = self.0.keys().filter(|path| path.components().count() == 1).count();
        assert_eq!(schemas.count(), known, "a schema in {folder} belongs to no type");
        self.0.len()
    }
}
