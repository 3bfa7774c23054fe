//! Console transcripts in documents: the commands of a README, run as they stand there.
//!
//! A block fenced as `console` holds commands (lines that begin with `$ `) and, below each, what it
//! prints. A printed line must appear in the real output, in order; `…` stands for any text within a
//! line, and a line of `…` alone for any lines. `# exit 3` behind a command states its exit code.

/// One command of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The line of the document on which it stands, from 1.
    pub line: usize,
    /// The shell command.
    pub command: String,
    /// The exit code it must have.
    pub exit: i32,
    /// The lines it must print, on either stream, in order.
    pub expected: Vec<String>,
}

/// The commands of all console blocks of a document.
#[must_use]
pub fn commands(document: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut inside = false;
    for (index, line) in document.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            let command = command.to_owned();
            commands.push(Command { line: index + 1, command, exit: 0, expected: Vec::new() });
        } else if let (true, Some(last)) = (inside, commands.last_mut()) {
            // A backslash carries the command over to the next line.
            if last.command.ends_with('\\') {
                last.command.push('\n');
                last.command.push_str(line);
            } else {
                last.expected.push(line.to_owned());
            }
        }
    }
    for command in &mut commands {
        if let Some((text, exit)) = command.command.clone().split_once("  # exit ") {
            command.command = text.to_owned();
            command.exit = exit.trim().parse().expect("an exit code behind `# exit`");
        }
    }
    commands
}

/// The first expected line that the output does not show, in order.
#[must_use]
pub fn missing<'e>(expected: &'e [String], output: &str) -> Option<&'e str> {
    let mut rest = output.lines();
    let mut wanted = expected.iter().filter(|line| !line.trim().is_empty() && line.trim() != "…");
    wanted.find(|line| !rest.any(|found| matches(line.trim_end(), found.trim_end()))).map(String::as_str)
}

/// Whether a line fits a pattern in which `…` stands for any text.
#[must_use]
pub fn matches(pattern: &str, line: &str) -> bool {
    let mut pieces = pattern.split('…');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_stand_for_text_and_nothing_else_does() {
        assert!(matches("record … of …", "record 17 of 20"));
        assert!(matches("a…", "a"));
        assert!(!matches("record …x", "record 17"));
        assert!(!matches("record 17", "record 17 of 20"));
        assert!(!matches("…b…a", "a b"));
    }

    #[test]
    fn a_line_that_is_not_printed_is_named() {
        let document =
            "```console\n$ vandel verify \\\n  --home H  # exit 3\n```\n```console\n$ a\none\n…\ntwo\n```\n";
        let found = commands(document);
        assert_eq!((found.len(), found[0].exit), (2, 3));
        assert_eq!(missing(&found[1].expected, "one\nother\ntwo\n"), None);
        assert_eq!(missing(&found[1].expected, "two\none\n"), Some("two"));
    }
}
