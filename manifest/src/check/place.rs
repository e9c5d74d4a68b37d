//! Where on the page the entry stands that a message is about.

use toml::de::{DeTable, DeValue};

/// The line of the entry that a message begins with; none if it names none.
///
/// Messages begin with `section.entry`, or with `app NAME`, `apps NAME and NAME`,
/// `signer NAME` or `transition`, after which a key or driver of the app may follow.
pub fn line_of(text: &str, message: &str) -> Option<usize> {
    let page = DeTable::parse(text).ok()?;
    let mut words = message.split([' ', ':']).filter(|word| !word.is_empty());
    let first = words.next()?;
    let offset = match first {
        "app" | "signer" => {
            let (name, what, entry) = (words.next()?, words.next(), words.next());
            let table = named(page.get_ref(), first, name)?;
            let within = match what {
                Some("key") => inner(table, "keys", entry?),
                Some("driver") => inner(table, "drivers", entry?),
                Some(field) => key_offset(table, field),
                None => None,
            };
            within.or_else(|| value_offset(table, "name"))?
        }
        // The later of two.
        "apps" => value_offset(named(page.get_ref(), "app", words.nth(2)?)?, "name")?,
        "two" => value_offset(named(page.get_ref(), "signer", words.next_back()?)?, "name")?,
        "transition" => {
            let (from, to, by) = (words.next()?, words.nth(1)?, words.nth(1)?);
            let said = [("from", from), ("to", to), ("app", by)];
            let step = tables(page.get_ref(), "transition")
                .filter(|step| {
                    said.iter()
                        .all(|(key, value)| text_of(step, key) == Some(value))
                })
                .last()?;
            value_offset(step, "app")?
        }
        path => path_offset(page.get_ref(), path)?,
    };
    Some(1 + text.get(..offset)?.matches('\n').count())
}

/// The tables of an array of tables.
fn tables<'t, 'i>(
    page: &'t DeTable<'i>,
    array: &str,
) -> impl Iterator<Item = &'t DeTable<'i>> + use<'t, 'i> {
    let array = page.get(array).map(toml::Spanned::get_ref);
    let items = array.and_then(DeValue::as_array).into_iter().flatten();
    items.filter_map(|item| item.get_ref().as_table())
}

/// The last table of an array of tables with this name.
fn named<'t, 'i>(page: &'t DeTable<'i>, array: &str, name: &str) -> Option<&'t DeTable<'i>> {
    tables(page, array)
        .filter(|table| text_of(table, "name") == Some(name))
        .last()
}

fn text_of<'t>(table: &'t DeTable<'_>, key: &str) -> Option<&'t str> {
    table.get(key)?.get_ref().as_str()
}

fn value_offset(table: &DeTable<'_>, key: &str) -> Option<usize> {
    Some(table.get(key)?.span().start)
}

fn key_offset(table: &DeTable<'_>, key: &str) -> Option<usize> {
    let (key, _) = table.get_key_value(key)?;
    Some(key.span().start)
}

fn inner(table: &DeTable<'_>, section: &str, entry: &str) -> Option<usize> {
    key_offset(table.get(section)?.get_ref().as_table()?, entry)
}

/// The key at the end of a path, or the last one on it that there is.
fn path_offset(page: &DeTable<'_>, path: &str) -> Option<usize> {
    let mut table = page;
    let mut offset = None;
    for part in path.trim_end_matches(',').split('.') {
        let Some((key, value)) = table.get_key_value(part) else {
            break;
        };
        offset = Some(key.span().start);
        match value.get_ref().as_table() {
            Some(inner) => table = inner,
            None => break,
        }
    }
    offset
}
