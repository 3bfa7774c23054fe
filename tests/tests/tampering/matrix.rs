//! The table: a row for each way of tampering, and the document that must say the same.

use std::collections::BTreeSet;

use vandel_tests::town::repository;

/// What came of one way of tampering.
pub(crate) struct Row {
    name: String,
    cases: u64,
    by_all_three: u64,
    found_by: BTreeSet<String>,
    missed: u64,
}

/// Whether more is to be tried than a change can wait for.
pub(crate) fn is_deep() -> bool {
    std::env::var_os("VANDEL_DEEP").is_some()
}

/// All rows, in the order of the trials.
#[derive(Default)]
pub(crate) struct Matrix {
    rows: Vec<Row>,
}

impl Matrix {
    /// The row of this name, new or begun.
    pub(crate) fn row(&mut self, name: &str) -> &mut Row {
        let at = self.rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            let name = name.to_owned();
            self.rows.push(Row { name, cases: 0, by_all_three: 0, found_by: BTreeSet::new(), missed: 0 });
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    /// Prints the table and holds the document against it: every row is there with its counts, nothing was found
    /// by a check that the document does not name for it, and the checks it names exist.
    pub(crate) fn compare_with_the_document(&self) {
        let document = std::fs::read_to_string(repository("docs/tampering.md")).unwrap();
        let written: Vec<Vec<&str>> = document
            .lines()
            .filter(|line| line.starts_with("| ") && !line.starts_with("| tampering"))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        let (mut cases, mut by_all) = (0, 0);
        let mut wrong = Vec::new();
        for row in &self.rows {
            let found: Vec<&str> = row.found_by.iter().map(String::as_str).collect();
            let line = format!(
                "| {} | {} | {} | {} | {} |",
                row.name,
                row.cases,
                row.by_all_three,
                row.missed,
                found.join(", ")
            );
            println!("{line}");
            (cases, by_all) = (cases + row.cases, by_all + row.by_all_three);
            let Some(in_words) = written.iter().find(|cells| cells[0] == row.name) else {
                wrong.push(format!("not in docs/tampering.md: {line}"));
                continue;
            };
            let counts = [row.cases, row.by_all_three, row.missed].map(|count| count.to_string());
            let named: Vec<&str> = in_words[4].split(", ").collect();
            // How bits fall depends on random keys: a check may be named and not have had its turn.
            let unnamed: Vec<&&str> = found.iter().filter(|check| !named.contains(check)).collect();
            let differs = !is_deep() && in_words[1..4] != counts;
            if differs || !unnamed.is_empty() {
                wrong.push(format!(
                    "docs/tampering.md says {in_words:?}, the trial {line}; unnamed: {unnamed:?}"
                ));
            }
        }
        println!("deep: {cases} tamperings tried, {by_all} of them by three verifiers that agreed");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let undetected: u64 =
            self.rows.iter().filter(|row| !row.name.contains("no anchor")).map(|row| row.missed).sum();
        assert_eq!(undetected, 0, "only what the document lists for an anchor may pass without one");
    }
}

impl Row {
    /// A case, found by a check; `three`: the others were asked too, and agreed.
    pub(crate) fn found(&mut self, check: &str, three: bool) {
        self.cases += 1;
        self.by_all_three += u64::from(three);
        self.found_by.insert(check.to_owned());
    }

    /// A case that passed.
    pub(crate) fn passed(&mut self, three: bool) {
        self.cases += 1;
        self.by_all_three += u64::from(three);
        self.missed += 1;
        self.found_by.insert("–".to_owned());
    }
}
