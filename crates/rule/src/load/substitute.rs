//! Puts lists into conditions, as text, before those are parsed. That is what Falco does, and what
//! a name means depends on it: a list may stand alone or among other values, may be empty, may
//! hold the name of a list that comes later.

use super::collect::{Collection, Named};
use super::exception::quote;
use super::trace::Traced;

/// Longest condition with all lists put in: lists of lists of lists grow without end.
pub const CONDITION_BYTES_MAX: usize = 1 << 20;

/// A list, with the lists it names put in.
#[derive(Debug)]
pub(super) struct Values {
    name: String,
    text: Traced,
}

/// Puts lists into lists: one level, and only those that were defined when the outer one was last
/// touched. Tells the positions of lists that others use.
pub(super) fn lists(collection: &Collection) -> (Vec<Values>, Vec<usize>) {
    let known: &Named<_> = &collection.lists;
    let mut used = Vec::new();
    let resolve = |list: &super::collect::Ordered<super::item::List>| {
        let mut text = Traced::default();
        for item in &list.what.items {
            let inner = known.get(item.text());
            match inner.filter(|inner| inner.order.defined < list.order.touched) {
                Some(inner) => {
                    used.extend(known.position(item.text()));
                    inner.what.items.iter().for_each(|item| push(&mut text, item));
                }
                None => push(&mut text, item),
            }
            if text.len() > CONDITION_BYTES_MAX {
                break;
            }
        }
        Values { name: list.what.name.clone(), text }
    };
    let values = known.iter().map(resolve).collect();
    (values, used)
}

fn push(text: &mut Traced, item: &Traced) {
    if !text.is_empty() {
        text.glue(", ", item.origin(0));
    }
    text.push(&quote(item));
}

/// The condition with its lists would be longer than [`CONDITION_BYTES_MAX`].
#[derive(Debug)]
pub(super) struct TooLong;

/// Puts all lists into a condition, one after the other; `used` is told the position of each that
/// occurs.
pub(super) fn put_in(
    condition: &Traced,
    lists: &[Values],
    mut used: impl FnMut(usize),
) -> Result<Traced, TooLong> {
    let mut text = condition.clone();
    for (position, list) in lists.iter().enumerate() {
        if put_in_one(&mut text, list)? {
            used(position);
        }
    }
    Ok(text)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn delimits(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b'(' | b')' | b',' | b'=')
}

/// Puts one list in wherever its name stands between delimiters. Walks the text once.
fn put_in_one(text: &mut Traced, list: &Values) -> Result<bool, TooLong> {
    let finder = memchr::memmem::Finder::new(list.name.as_bytes());
    let bytes = text.text().as_bytes();
    let mut put_in = Traced::default();
    // What lies before `taken` is in the new text, or was dropped.
    let (mut taken, mut from) = (0, 0);
    while let Some(start) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
        let start = from + start;
        let mut end = start + list.name.len();
        let bounded = (start == taken || delimits(bytes[start - 1]))
            && bytes.get(end).is_none_or(|byte| delimits(*byte));
        if !bounded {
            from = start + 1;
            continue;
        }
        put_in.push(&text.slice(taken..start));
        drop_blanks(&mut put_in);
        while bytes.get(end).is_some_and(|byte| is_blank(*byte)) {
            end += 1;
        }
        if list.text.is_empty() {
            // Nothing comes in, so a comma beside it has to go.
            if put_in.text().ends_with(',') {
                put_in.truncate(put_in.len() - 1);
            } else if bytes.get(end) == Some(&b',') {
                end += 1;
            }
        }
        let origin = text.origin(start);
        // At the very beginning libs looks on one byte later.
        from = end + usize::from(put_in.is_empty());
        if !put_in.is_empty() {
            put_in.glue(" ", origin);
        }
        put_in.push(&list.text);
        put_in.glue(" ", origin);
        taken = end;
        if put_in.len() + (bytes.len() - taken) > CONDITION_BYTES_MAX {
            return Err(TooLong);
        }
    }
    if taken == 0 {
        return Ok(false);
    }
    put_in.push(&text.slice(taken..text.len()));
    *text = put_in;
    Ok(true)
}

fn drop_blanks(text: &mut Traced) {
    let kept = text.text().trim_end_matches([' ', '\t', '\n', '\r']).len();
    text.truncate(kept);
}
