//! What the screen shows, and where: from a small terminal of 40 by 10 to any larger one.

use super::digits;
use super::load::Curves;
use emulator::report::crash_log::Process;
use ratatui_core::layout::{Alignment, Constraint, Layout, Rect};
use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::symbols::Marker;
use ratatui_core::terminal::Frame;
use ratatui_core::text::{Line, Span};
use ratatui_widgets::block::Block;
use ratatui_widgets::borders::Borders;
use ratatui_widgets::chart::{Axis, Chart, Dataset, GraphType};
use ratatui_widgets::paragraph::Paragraph;
use std::collections::BTreeMap;

/// Erases that a page of the nRF52840 endures.
const ENDURANCE: u32 = 10_000;
const VOLTAGE: Color = Color::Yellow;
const CURRENT: Color = Color::Cyan;
const POWER: Color = Color::Green;
const QUIET: Style = Style::new().fg(Color::DarkGray);

/// The least that anything is drawn on.
const LEAST: (u16, u16) = (40, 10);
/// Rows from which on processes and flash are shown.
const ROWS_FOR_LISTS: u16 = 18;
/// The terminal from which on the readings are twice as large.
const LARGE: (u16, u16) = (150, 40);

/// What the supply does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    On,
    Falling,
    Off,
}

/// All that is shown at an instant.
#[derive(Clone, Debug)]
pub struct View {
    pub seconds: f64,
    /// The speed that was asked for, and what it is.
    pub speed: String,
    pub times: f64,
    pub load: String,
    pub supply: Supply,
    pub curves: Curves,
    /// The last `meter` line.
    pub readings: Option<BTreeMap<String, f64>>,
    pub pulses: u64,
    /// The pulse LED was lit since the last frame.
    pub lit: bool,
    pub processes: Vec<Process>,
    pub flash: Flash,
    pub said: Option<String>,
}

/// What became of the flash since the start.
#[derive(Clone, Debug, Default)]
pub struct Flash {
    pub words: u64,
    pub erases: u64,
    /// The most worn pages: address and erases.
    pub worst: Vec<(u32, u32)>,
    pub nor_erases: u64,
    pub nor_bytes: u64,
}

/// Draws all of it.
pub fn draw(view: &View, frame: &mut Frame) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = format!("at least {} by {}\nq quits", LEAST.0, LEAST.1);
        frame.render_widget(Paragraph::new(text), area);
        return;
    }
    let scale = if area.width >= LARGE.0 && area.height >= LARGE.1 {
        2
    } else {
        1
    };
    let lists = if area.height < ROWS_FOR_LISTS {
        0
    } else {
        let wanted = view.processes.len().max(3 + view.flash.worst.len()) as u16 + 2;
        wanted.clamp(5, (area.height / 3).max(5))
    };
    let [title, large, values, energy, chart, lists, said, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1 + digits::height(scale)),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(lists),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    draw_title(view, frame, title);
    draw_large(view, frame, large, scale);
    draw_values(view, frame, values);
    draw_energy(view, frame, energy);
    draw_curves(view, frame, chart);
    if lists.height > 0 {
        let [left, right] =
            Layout::horizontal([Constraint::Percentage(55), Constraint::Fill(1)]).areas(lists);
        draw_processes(view, frame, left);
        draw_flash(view, frame, right);
    }
    let text = view.said.as_deref().unwrap_or_default();
    frame.render_widget(Paragraph::new(text).style(QUIET), said);
    draw_keys(frame, keys);
}

fn draw_title(view: &View, frame: &mut Frame, area: Rect) {
    let seconds = view.seconds as u64;
    let clock = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    );
    let supply = match view.supply {
        Supply::On => Span::from(""),
        Supply::Falling => Span::styled("SUPPLY FALLS ", Style::new().fg(Color::Red)),
        Supply::Off => Span::styled("UNPLUGGED ", Style::new().fg(Color::Red)),
    };
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let left = Line::from(vec![
        Span::styled("Wattlock ", bold),
        supply,
        Span::from(view.load.as_str()),
    ]);
    let right = format!("{clock}  {:.1}x of {}", view.times, view.speed);
    let wide = right.chars().count() as u16;
    let [first, second] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(wide)]).areas(area);
    frame.render_widget(left, first);
    frame.render_widget(Paragraph::new(right).style(QUIET), second);
}

/// A reading in as many digits as there is room for, at the most with `most` decimals.
fn figure(value: Option<f64>, most: usize, scale: u16, room: u16) -> String {
    let Some(value) = value else {
        return "---".into();
    };
    (0..=most)
        .rev()
        .map(|decimals| format!("{value:.decimals$}"))
        .find(|text| digits::width(text, scale) <= room + scale)
        .unwrap_or_else(|| "---".into())
}

fn draw_large(view: &View, frame: &mut Frame, area: Rect, scale: u16) {
    let thirds = Layout::horizontal([Constraint::Fill(1); 3]).areas::<3>(area);
    let readings = [
        ("voltage", "V", 3, VOLTAGE),
        ("current", "A", 4, CURRENT),
        ("active power", "W", 3, POWER),
    ];
    for (third, (name, unit, most, colour)) in thirds.into_iter().zip(readings) {
        let [label, figures] =
            Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(third);
        let style = Style::new().fg(colour);
        frame.render_widget(
            Paragraph::new(format!("{name}, {unit}")).style(style),
            label,
        );
        let room = figures.width.saturating_sub(1);
        let text = figure(reading(view, unit), most, scale, room);
        digits::draw(&text, scale, figures, frame.buffer_mut(), style);
    }
}

fn reading(view: &View, name: &str) -> Option<f64> {
    view.readings.as_ref()?.get(name).copied()
}

fn draw_values(view: &View, frame: &mut Frame, area: Rect) {
    let value = |name: &str, decimals: usize| match reading(view, name) {
        Some(value) => format!("{value:.decimals$}"),
        None => "-".into(),
    };
    let text = format!(
        "{} VA  {} var  PF {}  {} Hz",
        value("VA", 1),
        value("var", 1),
        value("PF", 3),
        value("Hz", 3)
    );
    frame.render_widget(Paragraph::new(text), area);
}

fn draw_energy(view: &View, frame: &mut Frame, area: Rect) {
    let energy = |name: &str| match reading(view, name) {
        Some(watt_hours) => format!("{:.6}", watt_hours / 1_000.0),
        None => "-".into(),
    };
    let pulse = if view.lit {
        Span::styled("●", Style::new().fg(Color::Red))
    } else {
        Span::styled("○", QUIET)
    };
    let line = Line::from(vec![
        Span::from(format!(
            "{} kWh in  {} kWh out  ",
            energy("import_Wh"),
            energy("export_Wh")
        )),
        pulse,
        Span::from(format!(" {} pulses", view.pulses)),
    ]);
    frame.render_widget(line, area);
}

/// A round number at or above a value, so that an axis does not tremble.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let decade = 10f64.powf(value.log10().floor());
    [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * decade)
        .find(|step| *step >= value * 0.999)
        .unwrap_or(value)
}

fn dataset(points: &[(f64, f64)], colour: Color) -> Dataset<'_> {
    Dataset::default()
        .marker(Marker::Braille)
        .graph_type(GraphType::Line)
        .style(Style::new().fg(colour))
        .data(points)
}

fn draw_curves(view: &View, frame: &mut Frame, area: Rect) {
    let curves = &view.curves;
    let largest = |values: &[f64]| {
        let peak = values
            .iter()
            .fold(0.0, |peak: f64, value| peak.max(value.abs()));
        round_up(peak)
    };
    let (volts, amperes) = (largest(&curves.volts), largest(&curves.amperes));
    let points = |values: &[f64], most: f64| -> Vec<(f64, f64)> {
        let last = values.len().saturating_sub(1).max(1) as f64;
        values
            .iter()
            .enumerate()
            .map(|(n, value)| (n as f64 / last * curves.milliseconds, value / most))
            .collect()
    };
    let (voltage, current) = (
        points(&curves.volts, volts),
        points(&curves.amperes, amperes),
    );
    let labels = |most: f64, unit: &str| {
        [
            format!("{:+} {unit}", -most),
            "0".into(),
            format!("{most:+} {unit}"),
        ]
    };
    let side = labels(amperes, "A");
    let wide = side.iter().map(|label| label.chars().count()).max();
    let [plot, right] = Layout::horizontal([
        Constraint::Fill(1),
        Constraint::Length(wide.unwrap_or(0) as u16 + 1),
    ])
    .areas(area);
    let chart = Chart::new(vec![dataset(&voltage, VOLTAGE), dataset(&current, CURRENT)])
        .x_axis(
            Axis::default()
                .bounds([0.0, curves.milliseconds.max(1.0)])
                .style(QUIET),
        )
        .y_axis(
            Axis::default()
                .bounds([-1.05, 1.05])
                .labels(labels(volts, "V"))
                .style(Style::new().fg(VOLTAGE)),
        );
    frame.render_widget(chart, plot);
    let rows = right.height;
    for (label, row) in side.iter().rev().zip([0, rows / 2, rows.saturating_sub(1)]) {
        let place = Rect::new(right.x + 1, right.y + row, right.width - 1, 1);
        let text = Paragraph::new(label.as_str()).style(Style::new().fg(CURRENT));
        frame.render_widget(text, place.intersection(right));
    }
    let span = format!("{:.0} ms", curves.milliseconds);
    let foot = Rect::new(plot.x, plot.bottom().saturating_sub(1), plot.width, 1);
    let foot_text = Paragraph::new(span)
        .style(QUIET)
        .alignment(Alignment::Right);
    frame.render_widget(foot_text, foot.intersection(area));
}

fn block(title: &str) -> Block<'_> {
    Block::new()
        .borders(Borders::ALL)
        .border_style(QUIET)
        .title(title)
}

fn draw_processes(view: &View, frame: &mut Frame, area: Rect) {
    let lines: Vec<Line> = view
        .processes
        .iter()
        .map(|process| {
            let style = if process.faults > 0 {
                Style::new().fg(Color::Red)
            } else {
                Style::new()
            };
            let mut text = format!(
                "{:<10} {:<8} {:>6} calls {} faults",
                process.name, process.state, process.system_calls, process.faults
            );
            if process.restarts > 0 {
                text += &format!(" {} restarts", process.restarts);
            }
            Line::styled(text, style)
        })
        .collect();
    frame.render_widget(Paragraph::new(lines).block(block("processes")), area);
}

fn draw_flash(view: &View, frame: &mut Frame, area: Rect) {
    let flash = &view.flash;
    let mut lines = vec![
        Line::from(format!("{} words, {} erases", flash.words, flash.erases)),
        Line::from(format!(
            "external: {} bytes, {} erases",
            flash.nor_bytes, flash.nor_erases
        )),
    ];
    for (address, erases) in &flash.worst {
        let part = f64::from(*erases) / f64::from(ENDURANCE) * 100.0;
        lines.push(Line::from(format!(
            "page {address:#07x}: {erases} ({part:.2} % of life)"
        )));
    }
    frame.render_widget(Paragraph::new(lines).block(block("flash wear")), area);
}

fn draw_keys(frame: &mut Frame, area: Rect) {
    let key = Style::new().add_modifier(Modifier::REVERSED);
    let keys = [
        ("↑↓", "current"),
        ("←→", "phase"),
        ("l", "load"),
        ("h", "harmonics"),
        ("p", "plug"),
        ("+-", "speed"),
        ("q", "quit"),
    ];
    let whole: usize = keys
        .iter()
        .map(|(key, what)| key.chars().count() + what.len() + 2)
        .sum();
    // Where all do not fit, the gaps go first.
    let gap = if whole > usize::from(area.width) {
        ""
    } else {
        " "
    };
    let spans: Vec<Span> = keys
        .into_iter()
        .flat_map(|(name, what)| [Span::styled(name, key), Span::from(format!("{gap}{what} "))])
        .collect();
    frame.render_widget(Line::from(spans), area);
}

#[cfg(test)]
mod tests;
