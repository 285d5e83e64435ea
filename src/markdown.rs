//! Markdown for a terminal: headings in colour, paragraphs and tables no wider than the terminal.

use anstyle::{AnsiColor, Style};
use comfy_table::presets::{NOTHING, UTF8_HORIZONTAL_ONLY};
use comfy_table::{ContentArrangement, Table};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

const HEADING: Style = AnsiColor::Cyan.on_default().bold();

/// Lays out headings, paragraphs, lists and tables in `width` columns. Code keeps its backticks.
pub(crate) fn laid_out(markdown: &str, width: u16) -> String {
    let mut blocks = Vec::new();
    // What is being read: the text of a block or cell, where a link leads, the cells of a row, the rows of a table.
    let (mut text, mut link, mut row, mut table) = (String::new(), String::new(), Vec::new(), empty(NOTHING, width));
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Text(words) => text.push_str(&words),
            Event::Code(code) => text.extend(["`", &code, "`"]),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::Start(Tag::Link { dest_url, .. }) => link = dest_url.into_string(),
            Event::End(TagEnd::Link) => text.extend([" (", &link, ")"]),
            Event::Start(Tag::Item) => text.push_str("- "),
            Event::Start(Tag::Table(_)) => table = empty(UTF8_HORIZONTAL_ONLY, width),
            Event::End(TagEnd::TableCell) => row.push(std::mem::take(&mut text)),
            Event::End(TagEnd::TableHead) => {
                table.set_header(std::mem::take(&mut row));
            }
            Event::End(TagEnd::TableRow) => {
                table.add_row(std::mem::take(&mut row));
            }
            Event::End(TagEnd::Table) => blocks.push(table.to_string()),
            Event::End(TagEnd::Heading(_)) => blocks.push(format!("{HEADING}{}{HEADING:#}", std::mem::take(&mut text))),
            Event::End(TagEnd::Paragraph | TagEnd::Item) if !text.is_empty() => {
                let mut block = empty(NOTHING, width);
                block.add_row([std::mem::take(&mut text)]);
                blocks.push(block.trim_fmt());
            }
            _ => {}
        }
    }
    blocks.join("\n\n")
}

fn empty(preset: &str, width: u16) -> Table {
    let mut table = Table::new();
    table.load_preset(preset).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table
}

#[cfg(test)]
mod tests {
    use super::laid_out;

    #[test]
    fn everything_is_there_and_nothing_is_too_wide() {
        let guide = include_str!("../docs/troubleshooting.md");
        for width in [60, 100] {
            let page = anstream::adapter::strip_str(&laid_out(guide, width)).to_string();
            let widest = page.lines().map(|line| line.chars().count()).max();
            assert!(widest.is_some_and(|widest| widest <= usize::from(width)), "{widest:?}: {page}");
            let words = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).count();
            assert_eq!(words(&page), words(guide), "{page}");
        }
        insta::assert_snapshot!(laid_out(
            "# A `thing`\n\nOne [link](to/it)\nand\n\n- more\n\n| a | b |\n|---|---|\n| long words here | 2 |\n",
            14
        ));
    }
}
