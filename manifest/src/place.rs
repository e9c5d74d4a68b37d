//! Which entry of a meter.toml a rule is about, and the line that it stands on.

use toml::de::{DeTable, DeValue};
use toml::Spanned;

/// The way from the top of a meter.toml to one of its entries; without a step, when a
/// rule is about no single one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    /// An item of a list, counted from 0.
    Item(usize),
}

impl Place {
    /// Returns the entry of this key at the top.
    pub fn at(key: &str) -> Self {
        Self::default().key(key)
    }

    /// Returns the entry of this key in the table at this place.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.into()))
    }

    /// Returns the item with this number in the list at this place.
    #[must_use]
    pub fn item(&self, number: usize) -> Self {
        self.with(Step::Item(number))
    }

    fn with(&self, step: Step) -> Self {
        Self([&self.0[..], &[step]].concat())
    }

    /// Returns the line, counted from 1, on which the entry stands in the text, or the last one
    /// on the way to it that there is; none if the first is missing.
    pub fn line(&self, text: &str) -> Option<usize> {
        let top = DeTable::parse(text).ok()?;
        let top = DeValue::Table(top.into_inner());
        let mut value = &top;
        let mut offset = None;
        for step in &self.0 {
            let Some((start, next)) = step.take(value) else {
                break;
            };
            offset = Some(start);
            value = next;
        }
        Some(1 + text.get(..offset?)?.matches('\n').count())
    }
}

impl Step {
    /// The value that the step leads to, and where its entry begins.
    fn take<'t, 'i>(&self, value: &'t DeValue<'i>) -> Option<(usize, &'t DeValue<'i>)> {
        let (start, next): (usize, &Spanned<DeValue<'i>>) = match self {
            Step::Key(key) => {
                let (key, next) = value.as_table()?.get_key_value(key.as_str())?;
                (key.span().start, next)
            }
            Step::Item(number) => {
                let item = value.as_array()?.get(*number)?;
                (item.span().start, item)
            }
        };
        Some((start, next.get_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "[first]\na = 1\nb = { c = 2 }\n\n[[list]]\nname = \"x\"\n\n[[list]]\nname = \"y\"\n";

    #[test]
    fn an_entry_has_the_line_of_its_key() {
        let first = Place::at("first");
        assert_eq!(first.line(TEXT), Some(1));
        assert_eq!(first.key("a").line(TEXT), Some(2));
        assert_eq!(first.key("b").key("c").line(TEXT), Some(3));
        let second = Place::at("list").item(1);
        assert_eq!(second.key("name").line(TEXT), Some(9));
    }

    #[test]
    fn what_is_missing_has_the_line_of_what_it_is_missing_from() {
        let first = Place::at("first");
        assert_eq!(first.key("d").line(TEXT), Some(1));
        assert_eq!(first.key("b").key("d").line(TEXT), Some(3));
        assert_eq!(Place::at("second").line(TEXT), None);
        assert_eq!(Place::default().line(TEXT), None);
    }
}
