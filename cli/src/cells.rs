//! Cells of tables that leave the program: CSV that a spreadsheet opens, and HTML that a browser shows.
//! Both run what they are given if they are let, so nothing goes in as it is.

/// One line of CSV (RFC 4180), with its line break.
///
/// A cell that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a
/// carriage return, also after spaces) gets an apostrophe in front (OWASP, CSV injection).
#[must_use]
pub fn csv_line<C: AsRef<str>>(cells: impl IntoIterator<Item = C>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let cells = cells.into_iter().map(|cell| harmless(cell.as_ref()));
    // Writing to memory cannot fail, and text stays text.
    let bytes = writer.write_record(cells).ok().and_then(|()| writer.into_inner().ok());
    String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
}

fn harmless(cell: &str) -> String {
    let signs = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    let formula = cell.starts_with(['\t', '\r', '\n']) || cell.trim_start().starts_with(signs);
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

/// A text in HTML, as content or inside a quoted attribute.
#[must_use]
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_every_cell_is_read_as_it_was() {
        let cells = [
            "=HYPERLINK(\"http://x\")",
            "+46 8",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "  =1",
            "plain",
            "a,b",
            "a;b",
            "say \"so\"",
            "two\nlines",
            "",
            "\u{ff1d}1",
            "2026-03-20",
        ];
        let text = csv_line(cells);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let read = reader.records().next().expect("a line").expect("CSV");
        assert_eq!(read.len(), cells.len());
        for (cell, read) in cells.iter().zip(&read) {
            let formula = read.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}']);
            assert!(!formula && !read.starts_with(['\t', '\r']), "{read:?}");
            assert_eq!(read.strip_prefix('\'').unwrap_or(read), *cell);
        }
    }

    #[test]
    fn no_text_is_markup() {
        let text = "<script>alert('x')</script> & \"y\"";
        let escaped = html(text);
        assert!(!escaped.contains(['<', '>', '"', '\'']));
        assert_eq!(escaped, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;");
    }
}
