//! Large digits, of half blocks: each is three columns by five points, which is three rows.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

/// Points of a digit, from the top, the left one highest in each of its five rows.
fn points(character: char) -> [u8; 5] {
    match character {
        '0' => [0b111, 0b101, 0b101, 0b101, 0b111],
        '1' => [0b010, 0b110, 0b010, 0b010, 0b111],
        '2' => [0b111, 0b001, 0b111, 0b100, 0b111],
        '3' => [0b111, 0b001, 0b111, 0b001, 0b111],
        '4' => [0b101, 0b101, 0b111, 0b001, 0b001],
        '5' => [0b111, 0b100, 0b111, 0b001, 0b111],
        '6' => [0b111, 0b100, 0b111, 0b101, 0b111],
        '7' => [0b111, 0b001, 0b010, 0b010, 0b010],
        '8' => [0b111, 0b101, 0b111, 0b101, 0b111],
        '9' => [0b111, 0b101, 0b111, 0b001, 0b111],
        '-' => [0b000, 0b000, 0b111, 0b000, 0b000],
        _ => [0; 5],
    }
}

/// Columns of a character: a point is narrow.
fn columns(character: char) -> u16 {
    if character == '.' {
        1
    } else {
        3
    }
}

/// Rows of text `scale` times as large.
pub fn height(scale: u16) -> u16 {
    (5 * scale).div_ceil(2)
}

/// Columns of text `scale` times as large, with a gap after each character.
pub fn width(text: &str, scale: u16) -> u16 {
    text.chars()
        .map(|character| (columns(character) + 1) * scale)
        .sum()
}

/// Draws text from the left edge of an area, as much of it as there is room for.
pub fn draw(text: &str, scale: u16, area: Rect, buffer: &mut Buffer, style: Style) {
    let mut left = area.x;
    for character in text.chars() {
        let wide = columns(character) * scale;
        if left + wide > area.right() {
            return;
        }
        for row in 0..height(scale).min(area.height) {
            for column in 0..wide {
                let lit = |point_row: u16| match character {
                    '.' => point_row / scale == 4,
                    _ => points(character)
                        .get(usize::from(point_row / scale))
                        .is_some_and(|bits| bits >> (2 - column / scale) & 1 != 0),
                };
                let half = match (lit(2 * row), lit(2 * row + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                };
                buffer[(left + column, area.y + row)]
                    .set_char(half)
                    .set_style(style);
            }
        }
        left += wide + scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, scale: u16, columns: u16) -> Vec<String> {
        let area = Rect::new(0, 0, columns, height(scale));
        let mut buffer = Buffer::empty(area);
        draw(text, scale, area, &mut buffer, Style::new());
        let row = |row| (0..columns).map(move |column| (column, row));
        (0..area.height)
            .map(|y| row(y).map(|at| buffer[at].symbol().to_owned()).collect())
            .collect()
    }

    #[test]
    fn digits_look_like_digits() {
        assert_eq!(
            drawn("-4.7", 1, 14),
            ["    █ █   ▀▀█ ", "▀▀▀ ▀▀█    █  ", "      ▀ ▀  ▀  "]
        );
    }

    #[test]
    fn they_grow_and_stay_in_their_area() {
        assert_eq!(width("12.5", 1), 14);
        assert_eq!(width("12.5", 2), 28);
        assert_eq!((height(1), height(2)), (3, 5));
        assert_eq!(drawn("8", 2, 6)[0], "██████");
        assert_eq!(drawn("88", 1, 6)[0], "█▀█   ", "no half a digit");
    }
}
