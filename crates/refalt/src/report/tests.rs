use super::*;
use crate::figure::{Labels, RankedBar, RankedBars};

fn figure(name: &str) -> Figure {
    let bar = RankedBar {
        rank: 1,
        label: "C228T".into(),
        value: 2.0,
        interval: None,
        emphasised: true,
    };
    RankedBars {
        labels: Labels {
            name: name.into(),
            title: "Bars".into(),
            subtitle: String::new(),
            caption: "A <b>.".into(),
        },
        value_title: "log2 effect".into(),
        bars: vec![bar],
        total: 1,
    }
    .draw()
    .unwrap()
}

fn table() -> Table {
    Table {
        caption: "Ranks".into(),
        columns: vec![Column::text("variant"), Column::number("rank")],
        rows: vec![vec!["C228T".into(), "1".into()], vec!["C250T".into(), "2".into()]],
        emphasised: vec![1],
        notes: vec!["Of 770.".into()],
    }
}

fn report() -> Report {
    let text = "x < y, `code`, https://example.org/a.".to_owned();
    let section = |anchor: &str, blocks| Section {
        heading: "H & <h>".into(),
        anchor: anchor.into(),
        blocks,
    };
    Report {
        title: "A <title>".into(),
        subtitle: text.clone(),
        sections: vec![
            section(
                "first",
                vec![
                    Block::Heading { text: "Sub <h>".into() },
                    Block::paragraph(text.clone()),
                    Block::List {
                        items: vec![text.clone()],
                    },
                    Block::Facts {
                        facts: vec![Fact {
                            label: "n".into(),
                            value: "777".into(),
                            note: text.clone(),
                        }],
                    },
                    Block::Callout {
                        level: Level::Warning,
                        text: text.clone(),
                    },
                    Block::Table(table()),
                    Block::figure(figure("bars")),
                ],
            ),
            section("second", vec![Block::figure(figure("bars"))]),
        ],
        provenance: vec![("input".into(), "`a.vcf`".into())],
        footer: vec![text],
    }
}

/// Values of an attribute anywhere in the page.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let marker = format!(" {name}=\"");
    page.match_indices(&marker)
        .map(|(at, _)| {
            let value = &page[at + marker.len()..];
            &value[..value.find('"').unwrap()]
        })
        .collect()
}

#[test]
fn text_is_escaped_and_marked_up() {
    let page = report().to_html().unwrap();
    assert!(page.contains("<title>A &lt;title&gt;</title>"));
    assert!(page.contains("<h3>Sub &lt;h&gt;</h3>"));
    assert!(
        page.contains(
            "<p>x &lt; y, <code>code</code>, <a href=\"https://example.org/a\">https://example.org/a</a>.</p>"
        )
    );
    assert!(
        page.contains("<tr class=\"strong\"><td class=\"start short\">C250T</td><td class=\"end short\">2</td></tr>")
    );
    assert!(page.contains("A &lt;b&gt;."), "captions are text");
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page = report().to_html().unwrap();
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("@import"));
    assert!(page.contains("Content-Security-Policy"));
    for source in attributes(&page, "src").iter().chain(&attributes(&page, "href")) {
        let is_inside = source.starts_with("data:") || source.starts_with('#');
        assert!(is_inside || *source == "https://example.org/a", "{source}");
    }
    for (at, _) in page.match_indices("url(") {
        let target = &page[at + 4..at + 10];
        assert!(target.starts_with("data:") || target.starts_with('#'), "{target}");
    }
}

#[test]
fn ids_are_unique_and_every_reference_has_its_target() {
    let page = report().to_html().unwrap();
    let ids = attributes(&page, "id");
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(ids.len(), distinct.len(), "{ids:?}");
    for target in attributes(&page, "href")
        .iter()
        .filter_map(|href| href.strip_prefix('#'))
    {
        assert!(ids.contains(&target), "{target}");
    }
    for targets in attributes(&page, "aria-labelledby") {
        assert!(targets.split(' ').all(|target| ids.contains(&target)), "{targets}");
    }
    assert!(
        ids.contains(&"figure-1") && ids.contains(&"figure-2-bars-title"),
        "{ids:?}"
    );
}

#[test]
fn the_typeface_inside_is_the_bundled_one() {
    let page = report().to_html().unwrap();
    let marker = "url(data:font/ttf;base64,";
    let fonts: Vec<Vec<u8>> = page
        .match_indices(marker)
        .map(|(at, _)| {
            let data = &page[at + marker.len()..];
            BASE64.decode(&data[..data.find(')').unwrap()]).unwrap()
        })
        .collect();
    assert_eq!(fonts, FONTS.map(|(_, bytes)| bytes.to_vec()));
}

#[test]
fn the_data_of_a_figure_is_inside_the_page() {
    let page = report().to_html().unwrap();
    let start = page.find("data:text/tab-separated-values;base64,").unwrap();
    let data = &page[start + 38..];
    let bytes = BASE64.decode(&data[..data.find('"').unwrap()]).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), figure("bars").tsv);
}

#[test]
fn the_same_report_gives_the_same_page_and_the_file_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    report().write(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), report().to_html().unwrap());
    let error = report().write(&folder.path().join("missing/report.html")).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
}

#[test]
fn what_cannot_be_set_is_refused_with_the_reason() {
    let check = |report: Report, expected: &str| {
        let error = report.to_html().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    let with = |change: fn(&mut Report)| {
        let mut report = report();
        change(&mut report);
        report
    };
    check(
        with(|r| r.sections[0].anchor = "No Way".into()),
        "`No Way` is not usable",
    );
    check(
        with(|r| r.sections[1].anchor = "first".into()),
        "two sections have the anchor `first`",
    );
    check(with(|r| r.sections[1].anchor = "provenance".into()), "two sections");
    let ragged = Table {
        rows: vec![vec!["one".into()]],
        ..table()
    };
    let mut report_with_ragged = report();
    report_with_ragged.sections[0].blocks.push(Block::Table(ragged));
    check(report_with_ragged, "row 0 has `1` cells, the table has `2` columns");
    let mut report_without_svg = report();
    report_without_svg.sections[0].blocks.push(Block::figure(Figure {
        svg: "<p>".into(),
        ..figure("bars")
    }));
    check(report_without_svg, "figure `bars` is no SVG document");
}

#[test]
fn an_empty_report_is_a_page() {
    let page = Report {
        title: "Empty".into(),
        ..Report::default()
    }
    .to_html()
    .unwrap();
    assert!(page.contains("<h1>Empty</h1>") && !page.contains("How this was made"));
}
