//! Figures inside a page.

use minijinja::{Value, context};

use super::{FigureBlock, ReportError, base64};

impl FigureBlock {
    /// Returns what the template needs.
    ///
    /// * `number`: number of the figure in the page, from 1; makes its ids unique.
    pub(super) fn view(&self, number: usize) -> Result<Value, ReportError> {
        let figure = &self.figure;
        let start = figure.svg.find("<svg");
        let width = start.and_then(|start| width(&figure.svg[start..]));
        let (Some(start), Some(width)) = (start, width) else {
            return Err(ReportError::Figure {
                figure: figure.name.clone(),
            });
        };
        Ok(context! {
            kind => "figure",
            number => number,
            name => &figure.name,
            title => &figure.title,
            caption => &figure.caption,
            width => width,
            least_width => least_width(width),
            svg => Value::from_safe_string(prefix_ids(&figure.svg[start..], &format!("figure-{number}-"))),
            data => base64(figure.tsv.as_bytes()),
        })
    }
}

/// Returns the width below which a figure scrolls instead of shrinking, in px.
///
/// A figure of at most 500 px shrinks to a phone's 360 px and its text stays above 8 px. A wider one has to scroll
/// there in any case and keeps its size nearly whole.
fn least_width(width: f64) -> f64 {
    if width <= 500.0 {
        (width * 0.74).floor()
    } else {
        (width * 0.9).floor()
    }
}

/// Returns the width that the document states, in px.
fn width(svg: &str) -> Option<f64> {
    let tag = &svg[..svg.find('>')?];
    let value = &tag[tag.find(" width=\"")? + 8..];
    value[..value.find('"')?]
        .parse()
        .ok()
        .filter(|width: &f64| width.is_finite() && *width > 0.0)
}

/// Puts `prefix` before every id and every reference to one, so that documents can share a page.
///
/// Handles what our figures contain: `id`, `aria-labelledby`, `href` to a fragment and `url(#...)`, all in
/// double quotes. Text cannot be hit, since quotes in text are escaped.
fn prefix_ids(svg: &str, prefix: &str) -> String {
    let mut out = svg
        .replace(" id=\"", &format!(" id=\"{prefix}"))
        .replace("url(#", &format!("url(#{prefix}"))
        .replace(" href=\"#", &format!(" href=\"#{prefix}"));
    let marker = " aria-labelledby=\"";
    let mut from = 0;
    while let Some(start) = out[from..].find(marker).map(|at| from + at + marker.len()) {
        let Some(end) = out[start..].find('"').map(|length| start + length) else {
            break;
        };
        let ids: Vec<String> = out[start..end]
            .split_whitespace()
            .map(|id| format!("{prefix}{id}"))
            .collect();
        let ids = ids.join(" ");
        out.replace_range(start..end, &ids);
        from = start + ids.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_references_get_the_prefix() {
        let svg = "<svg width=\"72.5\" aria-labelledby=\"a b\"><title id=\"a\">url of id=&quot;</title>\
                   <g id=\"b\" clip-path=\"url(#c)\"/><use href=\"#b\"/></svg>";
        let expected = "<svg width=\"72.5\" aria-labelledby=\"f-a f-b\"><title id=\"f-a\">url of id=&quot;</title>\
                        <g id=\"f-b\" clip-path=\"url(#f-c)\"/><use href=\"#f-b\"/></svg>";
        assert_eq!(prefix_ids(svg, "f-"), expected);
        assert_eq!(width(svg), Some(72.5));
        assert_eq!(width("<svg height=\"3\">"), None);
    }
}
