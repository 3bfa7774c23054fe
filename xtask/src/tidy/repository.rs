//! The files that the rules look at.

use std::path::Path;
use std::process::Command;

/// The repository's files, as git lists them.
#[derive(Default)]
pub(crate) struct Repository {
    /// Every file's path from the root, sorted.
    pub(crate) paths: Vec<String>,
    /// Those that are UTF-8 text.
    pub(crate) texts: Vec<TextFile>,
}

/// A file and what it says.
pub(crate) struct TextFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Repository {
    /// Reads every file that git tracks or would add. Ignored files are not ours to judge.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let output = Command::new("git")
            .current_dir(root)
            // In a container the folder often belongs to another user; listing it is safe all the same.
            .args(["-c", "safe.directory=*"])
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()
            .map_err(|error| format!("git does not start ({error}); tidy needs it"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        let list = String::from_utf8(output.stdout).map_err(|_| "a file name is not UTF-8".to_owned())?;
        let mut repository = Self::default();
        for path in list.split('\0').filter(|path| !path.is_empty()) {
            // A file that git tracks may be gone from the work tree, or be a link to a folder.
            let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
            repository.paths.push(path.to_owned());
            if let Ok(text) = String::from_utf8(bytes) {
                repository.texts.push(TextFile { path: path.to_owned(), text });
            }
        }
        repository.paths.sort();
        repository.paths.dedup();
        repository.texts.sort_by(|a, b| a.path.cmp(&b.path));
        repository.texts.dedup_by(|a, b| a.path == b.path);
        Ok(repository)
    }

    /// The text files whose names end in `ending`.
    pub(crate) fn ending(&self, ending: &str) -> impl Iterator<Item = &TextFile> {
        self.texts.iter().filter(move |file| file.path.ends_with(ending))
    }

    /// One text file.
    pub(crate) fn text(&self, path: &str) -> Option<&TextFile> {
        self.texts.iter().find(|file| file.path == path)
    }

    /// Whether there is a file, or a folder with files in it, at `path`.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let inside = |file: &String| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        path.is_empty() || self.paths.iter().any(|file| file == path || inside(file))
    }

    /// A repository made of text, for the rules' tests.
    #[cfg(test)]
    pub(crate) fn sample(files: &[(&str, &str)]) -> Self {
        let texts: Vec<TextFile> = files
            .iter()
            .map(|(path, text)| TextFile { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        Self { paths: texts.iter().map(|file| file.path.clone()).collect(), texts }
    }
}
