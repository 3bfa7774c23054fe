//! Reports as text, CSV, JSON and a page to print.

use serde::Serialize;

use crate::args::ReportFormat;
use crate::cells::{csv_line, html};
use crate::context::Context;
use crate::error::CliError;
use crate::lang::{AuditText, Lang};

/// A report.
#[derive(Serialize)]
pub(super) struct Report {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) ledger: String,
    pub(super) size: u64,
    pub(super) root: String,
    pub(super) as_of: String,
    /// The record of the reading; none on a copy.
    pub(super) logged: Option<u64>,
    /// Further lines in front, such as a commitment.
    pub(super) remarks: Vec<String>,
    pub(super) tables: Vec<Table>,
    pub(super) not_checked: Vec<String>,
    pub(super) tool: &'static str,
}

/// A question and its answer.
#[derive(Serialize)]
pub(super) struct Table {
    /// A stable name for scripts.
    pub(super) code: &'static str,
    pub(super) title: String,
    pub(super) answer: String,
    /// Each row is a broken rule.
    pub(super) breach: bool,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// A table whose answer is how many rows it has.
    pub(super) fn new(
        context: &Context,
        code: &'static str,
        title: AuditText,
        columns: &[AuditText],
        rows: Vec<Vec<String>>,
    ) -> Self {
        let answer = match rows.len() {
            0 => AuditText::None.in_lang(context.lang),
            count => AuditText::Found.with(context.lang, &[("count", &count.to_string())]),
        };
        let columns = columns.iter().map(|column| column.in_lang(context.lang)).collect();
        Self { code, title: title.in_lang(context.lang), answer, breach: false, columns, rows }
    }

    fn is_broken(&self) -> bool {
        self.breach && !self.rows.is_empty()
    }
}

impl Report {
    /// Whether a rule was broken.
    pub(super) fn has_breach(&self) -> bool {
        self.tables.iter().any(Table::is_broken)
    }

    /// Prints it.
    pub(super) fn print(&self, context: &Context, format: ReportFormat) -> Result<(), CliError> {
        if context.output.is_json() {
            return context.output.result(self, String::new);
        }
        let text = match format {
            ReportFormat::Table => self.text(context),
            ReportFormat::Csv => self.csv(context),
            ReportFormat::Json => serde_json::to_string_pretty(self).unwrap_or_default() + "\n",
            ReportFormat::Html => self.html(context),
        };
        context.output.write(&text)
    }

    /// The lines in front.
    fn head(&self, lang: Lang) -> Vec<String> {
        let logged = match self.logged {
            Some(record) => AuditText::Logged.with(lang, &[("record", &record.to_string())]),
            None => AuditText::NotLogged.in_lang(lang),
        };
        let size = self.size.to_string();
        let values = [
            ("ledger", &*self.ledger),
            ("size", &*size),
            ("root", &*self.root),
            ("as_of", &*self.as_of),
            ("logged", &*logged),
        ];
        let head = AuditText::Head.with(lang, &values);
        let remarks = self.remarks.iter().flat_map(|remark| remark.lines());
        head.lines().chain(remarks).map(str::to_owned).collect()
    }

    fn text(&self, context: &Context) -> String {
        let mut text = format!("{}\n{}\n", self.title, self.head(context.lang).join("\n"));
        for table in &self.tables {
            let mark = if table.is_broken() { "! " } else { "" };
            text += &format!("\n{mark}{}: {}\n", table.title, table.answer);
            if !table.rows.is_empty() {
                text += &aligned(table);
            }
        }
        text += &format!("\n{}\n", AuditText::NotCheckedHead.in_lang(context.lang));
        self.not_checked.iter().for_each(|line| text += &format!("  - {line}\n"));
        text
    }

    fn csv(&self, context: &Context) -> String {
        let mut text = csv_line([&self.title]);
        self.head(context.lang).iter().for_each(|line| text += &csv_line([line]));
        for table in &self.tables {
            text += &csv_line([""]);
            text += &csv_line([table.code, &table.title, &table.answer]);
            if !table.rows.is_empty() {
                text += &csv_line(&table.columns);
                table.rows.iter().for_each(|row| text += &csv_line(row));
            }
        }
        text += &csv_line([""]);
        text += &csv_line([AuditText::NotCheckedHead.in_lang(context.lang)]);
        self.not_checked.iter().for_each(|line| text += &csv_line([line]));
        text
    }

    fn html(&self, context: &Context) -> String {
        let lang = if context.lang == Lang::Swedish { "sv" } else { "en" };
        let title = html(&self.title);
        let mut page = format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        );
        self.head(context.lang).iter().for_each(|line| page += &format!("<p>{}</p>\n", html(line)));
        for table in &self.tables {
            let class = if table.is_broken() { " class=\"breach\"" } else { "" };
            let (code, title) = (html(table.code), html(&table.title));
            page += &format!("<section{class} id=\"{code}\">\n<h2>{title}</h2>\n");
            page += &format!("<p>{}</p>\n", html(&table.answer));
            if !table.rows.is_empty() {
                page += &markup(table);
            }
            page += "</section>\n";
        }
        let heading = html(&AuditText::NotCheckedHead.in_lang(context.lang));
        page += &format!("<section id=\"not-checked\">\n<h2>{heading}</h2>\n<ul>\n");
        self.not_checked.iter().for_each(|line| page += &format!("<li>{}</li>\n", html(line)));
        page + "</ul>\n</section>\n</main>\n</body>\n</html>\n"
    }
}

/// A table in columns.
fn aligned(table: &Table) -> String {
    let width = |column: usize| {
        let cells = table.rows.iter().filter_map(|row| row.get(column));
        cells.chain(table.columns.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..table.columns.len()).map(width).collect();
    let mut text = String::new();
    for row in [&table.columns].into_iter().chain(&table.rows) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            let spaces = " ".repeat(width.saturating_sub(cell.chars().count()));
            format!("{cell}{spaces}")
        });
        text += &format!("  {}\n", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

fn markup(table: &Table) -> String {
    let cells = |row: &[String], tag: &str, scope: &str| -> String {
        row.iter().map(|cell| format!("<{tag}{scope}>{}</{tag}>", html(cell))).collect()
    };
    let mut text = format!("<table>\n<caption>{}</caption>\n", html(&table.title));
    let head = cells(&table.columns, "th", " scope=\"col\"");
    text += &format!("<thead><tr>{head}</tr></thead>\n<tbody>\n");
    table.rows.iter().for_each(|row| text += &format!("<tr>{}</tr>\n", cells(row, "td", "")));
    text + "</tbody>\n</table>\n"
}

/// Nothing is fetched, so that the page can be kept and printed anywhere.
const STYLE: &str =
    "body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem; color: #000; background: #fff; }
main { max-width: 70rem; }
h2 { font-size: 1.1rem; margin-bottom: 0; }
p, td { overflow-wrap: anywhere; }
p { margin: 0.2rem 0; }
table { border-collapse: collapse; margin: 0.5rem 0; width: 100%; }
caption { position: absolute; left: -100rem; }
th, td { border: 1px solid #767676; padding: 0.2rem 0.5rem; text-align: left; vertical-align: top; }
.breach h2::before { content: \"! \"; }
@media print { body { margin: 0; } section { break-inside: avoid-page; } }
";
