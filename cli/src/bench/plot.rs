//! A plot as SVG: sizes on a logarithmic axis, costs from zero. Plain text, so that it stands in the documentation.

use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 180.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 60.0;
const COLOURS: [&str; 6] = ["#1b5e8c", "#b3541e", "#3b7a3b", "#7a3b7a", "#555555", "#a08000"];

/// One line.
pub struct Line {
    /// What it is called, beside its end.
    pub name: &'static str,
    /// Size and cost.
    pub points: Vec<(f64, f64)>,
}

/// The plot; none if there is no point.
#[must_use]
pub fn plot(title: &str, across: &str, up: &str, lines: &[Line]) -> Option<String> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let least = points().map(|(size, _)| *size).min_by(f64::total_cmp)?.log10();
    let most = points().map(|(size, _)| *size).max_by(f64::total_cmp)?.log10();
    let highest = points().map(|(_, cost)| *cost).max_by(f64::total_cmp)?.max(1.0) * 1.1;
    let x = |size: f64| LEFT + (size.log10() - least) / (most - least).max(0.1) * (WIDTH - LEFT - RIGHT);
    let y = |cost: f64| HEIGHT - BOTTOM - cost / highest * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    let text = |x: f64, y: f64, anchor: &str, what: &str| {
        format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{what}</text>\n")
    };
    svg += &text(LEFT, TOP - 16.0, "start", &format!("{title}: {up}"));
    svg += &text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14.0, "middle", across);
    for step in 0..=4 {
        let cost = highest * f64::from(step) / 4.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{0:.1}\" x2=\"{1:.1}\" y2=\"{0:.1}\" stroke=\"#dddddd\"/>",
            y(cost),
            WIDTH - RIGHT
        );
        svg += &text(LEFT - 8.0, y(cost) + 4.0, "end", &format!("{cost:.0}"));
    }
    for (size, _) in lines.first().map(|line| &line.points[..]).unwrap_or_default() {
        svg += &text(x(*size), HEIGHT - BOTTOM + 20.0, "middle", &thousands(*size));
    }
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let path: Vec<String> =
            line.points.iter().map(|(size, cost)| format!("{:.1},{:.1}", x(*size), y(*cost))).collect();
        let path = path.join(" ");
        let _ = writeln!(
            svg,
            "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        );
        if let Some((size, cost)) = line.points.last() {
            svg += &text(x(*size) + 8.0, y(*cost) + 4.0, "start", &format!("{} {cost:.1}", line.name));
        }
    }
    Some(svg + "</svg>\n")
}

fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_shows_every_line_and_nothing_is_plotted_of_nothing() {
        let line = |name| Line { name, points: vec![(1e5, 20.0), (1e6, 21.0), (1e7, 22.5)] };
        let svg =
            plot("Cost", "events", "microseconds", &[line("append"), line("verify")]).unwrap_or_default();
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains("10,000,000") && svg.contains("verify 22.5") && svg.ends_with("</svg>\n"));
        assert!(plot("Cost", "events", "microseconds", &[]).is_none());
    }
}
