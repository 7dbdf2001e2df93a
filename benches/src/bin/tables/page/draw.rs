//! Bars and lines as SVG, on a white ground so that they can be read on pages of any colour. What they show is
//! `charts`'.

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;

/// Bars in groups, lying on their sides so that long names fit.
pub(super) struct Bars {
    pub(super) unit: &'static str,
    /// The names of the values of each group.
    pub(super) series: Vec<String>,
    pub(super) groups: Vec<Group>,
    /// The values of a group add up, and are drawn one behind another.
    pub(super) is_stacked: bool,
    pub(super) is_logarithmic: bool,
    /// A value to be reached, drawn across all bars.
    pub(super) mark: Option<f64>,
}

/// One group of bars.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

/// Lines over a common axis.
pub(super) struct Lines {
    pub(super) across: &'static str,
    pub(super) up: &'static str,
    pub(super) series: Vec<Series>,
}

/// One line.
#[derive(Clone)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

/// Colours that differ for all kinds of sight: the palette of Okabe and Ito.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(90, 90, 90),
];

const WIDTH: u32 = 900;
/// The room beside the data for the legend, as a part of the data's extent.
const LEGEND: f64 = 0.35;
/// Rates that differ by more than this factor are drawn on a logarithmic axis.
const WIDE: f64 = 10.0;
const FONT: &str = "sans-serif";

type Area<'s> = DrawingArea<SVGBackend<'s>, Shift>;

fn colour(index: usize) -> RGBColor {
    COLOURS[index % COLOURS.len()]
}

/// Draws something into a new picture.
fn picture(height: u32, draw: impl FnOnce(&Area<'_>) -> Result<()>) -> Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE).map_err(|error| anyhow!("the chart's ground: {error}"))?;
        draw(&area)?;
        area.present().map_err(|error| anyhow!("the chart's end: {error}"))?;
    }
    Ok(svg)
}

pub(super) fn bars(title: &str, bars: &Bars) -> Result<String> {
    let reach = |group: &Group| {
        if bars.is_stacked {
            group.values.iter().sum()
        } else {
            group.values.iter().copied().fold(0.0, f64::max)
        }
    };
    let most = bars.groups.iter().map(reach).fold(bars.mark.unwrap_or(0.0), f64::max);
    let rows = if bars.is_stacked { 1 } else { bars.series.len() };
    let height = 120 + u32::try_from(bars.groups.len() * (rows * 13 + 14))?;
    let least = bars.groups.iter().flat_map(|group| &group.values).copied().filter(|value| *value > 0.0);
    picture(height, |area| {
        if bars.is_logarithmic {
            let least = least.fold(most, f64::min) / 2.0;
            draw_bars(area, title, bars, (least..most * (most / least).powf(LEGEND)).log_scale(), least)
        } else {
            draw_bars(area, title, bars, 0.0..most.max(f64::MIN_POSITIVE) * (1.0 + LEGEND), 0.0)
        }
    })
}

fn draw_bars<X>(area: &Area<'_>, title: &str, bars: &Bars, across: X, zero: f64) -> Result<()>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let failed = |error: &dyn std::fmt::Display| anyhow!("the chart {title:?}: {error}");
    let count = bars.groups.len();
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(210)
        .build_cartesian_2d(across, 0.0..count as f64)
        .map_err(|error| failed(&error))?;
    // The first group stands at the top.
    let name_of = |y: &f64| {
        let row = y.floor();
        let index = count as f64 - 1.0 - row;
        let is_middle = (y - row - 0.5).abs() < 0.01;
        let group = (is_middle && index >= 0.0).then(|| bars.groups.get(index as usize)).flatten();
        group.map_or_else(String::new, |group| group.name.clone())
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(WHITE)
        .y_labels(4 * count + 1)
        .y_label_formatter(&name_of)
        .x_desc(bars.unit)
        .label_style((FONT, 12))
        .draw()
        .map_err(|error| failed(&error))?;
    let rows = if bars.is_stacked { 1 } else { bars.series.len() };
    for (number, name) in bars.series.iter().enumerate() {
        let rectangles = bars.groups.iter().enumerate().filter_map(|(index, group)| {
            let value = *group.values.get(number)?;
            let top = (count - index) as f64 - 0.12;
            let high = 0.76 / rows as f64;
            let (row, from) =
                if bars.is_stacked { (0, group.values[..number].iter().sum()) } else { (number, zero) };
            let top = top - row as f64 * high;
            let to = if bars.is_stacked { from + value } else { value.max(zero) };
            Some(Rectangle::new([(from, top), (to, top - high * 0.92)], colour(number).filled()))
        });
        chart
            .draw_series(rectangles)
            .map_err(|error| failed(&error))?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour(number).filled()));
    }
    if let Some(mark) = bars.mark {
        let line = PathElement::new([(mark, 0.0), (mark, count as f64)], BLACK.stroke_width(2));
        chart.draw_series([line]).map_err(|error| failed(&error))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.3))
        .label_font((FONT, 12))
        .draw()
        .map_err(|error| failed(&error))
}

pub(super) fn lines(title: &str, lines: &Lines) -> Result<String> {
    let points = || lines.series.iter().flat_map(|series| &series.points);
    let most = points().map(|point| point.1).fold(f64::MIN_POSITIVE, f64::max);
    let least = points().map(|point| point.1).filter(|value| *value > 0.0).fold(most, f64::min);
    picture(420, |area| {
        if most / least > WIDE {
            draw_lines(area, title, lines, (least / 1.3..most * 1.3).log_scale())
        } else {
            draw_lines(area, title, lines, 0.0..most * 1.1)
        }
    })
}

fn draw_lines<Y>(area: &Area<'_>, title: &str, lines: &Lines, up: Y) -> Result<()>
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let failed = |error: &dyn std::fmt::Display| anyhow!("the chart {title:?}: {error}");
    let widest =
        lines.series.iter().flat_map(|series| &series.points).map(|point| point.0).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..widest * (1.0 + LEGEND), up)
        .map_err(|error| failed(&error))?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(lines.across)
        .y_desc(lines.up)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .label_style((FONT, 12))
        .draw()
        .map_err(|error| failed(&error))?;
    for (number, series) in lines.series.iter().enumerate() {
        chart
            .draw_series(LineSeries::new(series.points.iter().copied(), colour(number).stroke_width(2)))
            .map_err(|error| failed(&error))?
            .label(&series.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 14, y)], colour(number).stroke_width(2)));
        let dots = series.points.iter().map(|point| Circle::new(*point, 3, colour(number).filled()));
        chart.draw_series(dots).map_err(|error| failed(&error))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.3))
        .label_font((FONT, 12))
        .draw()
        .map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_name_what_they_show() {
        let group = |name: &str| Group { name: name.to_owned(), values: vec![1.0, 200.0] };
        let shown = Bars {
            unit: "ms",
            series: vec!["with".to_owned(), "without".to_owned()],
            groups: vec![group("worker"), group("pool"), group("pinned")],
            is_stacked: false,
            is_logarithmic: true,
            mark: None,
        };
        for is_logarithmic in [true, false] {
            let svg = bars(
                "Starts",
                &Bars {
                    is_logarithmic,
                    series: shown.series.clone(),
                    groups: vec![group("worker"), group("pool"), group("pinned")],
                    ..shown
                },
            )
            .unwrap();
            for word in ["Starts", "ms", "without", "worker", "pool", "pinned"] {
                assert!(svg.contains(word), "{word} is missing in {svg}");
            }
        }
        let series = vec![Series { name: "pool".to_owned(), points: vec![(1.0, 10.0), (8.0, 90.0)] }];
        let svg = lines("Rates", &Lines { across: "clients", up: "requests/s", series }).unwrap();
        for word in ["Rates", "clients", "requests/s", "pool"] {
            assert!(svg.contains(word), "{word} is missing in {svg}");
        }
    }
}
