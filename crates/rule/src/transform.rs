//! Transformers: what each takes, what it gives, and what it does to values. `tolower`, `toupper`,
//! `b64` and `basename` keep the shape of their field; `len`, `join`, `concat` and `getopt` change
//! it.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::expr::Transformer;
use crate::operator::Datum;
use crate::source::Kind;

/// Type of a value, and whether there may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Type of each value.
    pub kind: Kind,
    /// Whether there may be several.
    pub list: bool,
}

impl Shape {
    const TEXT: Shape = Shape { kind: Kind::Text, list: false };

    fn is_text(self) -> bool {
        self == Shape::TEXT
    }
}

/// Decodes with and without padding, as Falco does.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Returns the shape a transformer gives for operands of these shapes, or why it cannot take them.
pub fn shape(
    transformer: Transformer,
    operands: &[Shape],
    argument: Option<&str>,
) -> Result<Shape, String> {
    let name = transformer.name();
    if argument.is_some() && transformer != Transformer::Getopt {
        return Err(format!("`{name}(…)` takes nothing in brackets"));
    }
    let one = |fits: fn(Shape) -> bool| match operands {
        [only] if fits(*only) => Ok(*only),
        [_] => Err(format!("`{name}` cannot take a value of this type")),
        _ => Err(format!("`{name}` takes exactly one operand")),
    };
    match transformer {
        Transformer::Tolower | Transformer::Toupper | Transformer::Basename => {
            one(|shape| shape.kind == Kind::Text)
        }
        Transformer::B64 => one(|shape| matches!(shape.kind, Kind::Text | Kind::Bytes)),
        Transformer::Len => {
            one(|shape| shape.list || matches!(shape.kind, Kind::Text | Kind::Bytes))
                .map(|_| Shape { kind: Kind::Uint, list: false })
        }
        Transformer::Join => match operands {
            [separator, list] if !separator.list && list.list => Ok(Shape::TEXT),
            _ => Err("`join` takes a separator and a list".to_owned()),
        },
        Transformer::Concat => match operands {
            [_, _, ..] if operands.iter().all(|operand| operand.is_text()) => Ok(Shape::TEXT),
            _ => Err("`concat` takes two or more texts".to_owned()),
        },
        Transformer::Getopt => getopt_shape(operands, argument),
    }
}

fn getopt_shape(operands: &[Shape], argument: Option<&str>) -> Result<Shape, String> {
    match operands {
        [words, options] if words.list && words.kind == Kind::Text && options.is_text() => {}
        _ => return Err("`getopt` takes a list of texts and a text of options".to_owned()),
    }
    match argument {
        None => Ok(Shape { kind: Kind::Text, list: true }),
        Some(option) if option.len() == 1 => Ok(Shape::TEXT),
        Some(_) => Err("`getopt(…)[…]` selects one option character".to_owned()),
    }
}

/// Applies a transformer; `None` when the result is absent. Operands are of a shape that
/// [`shape`] accepted.
pub fn apply(
    transformer: Transformer,
    operands: Vec<(Shape, Vec<Datum>)>,
    argument: Option<&str>,
) -> Option<Vec<Datum>> {
    let mut operands = operands.into_iter();
    let (shape, values) = operands.next()?;
    match transformer {
        Transformer::Tolower => map(values, |text| Some(text.to_ascii_lowercase())),
        Transformer::Toupper => map(values, |text| Some(text.to_ascii_uppercase())),
        Transformer::Basename => map(values, |text| {
            let start = memchr::memrchr(b'/', text).map_or(0, |slash| slash + 1);
            Some(text[start..].to_vec())
        }),
        Transformer::B64 => map(values, |text| BASE64.decode(text).ok()),
        Transformer::Len if shape.list => Some(vec![count(values.len())]),
        Transformer::Len => match values.first()? {
            Datum::Text(text) => Some(vec![count(text.len())]),
            _ => None,
        },
        Transformer::Join => {
            let separator = print(values.first()?);
            let (_, words) = operands.next()?;
            let words: Vec<Vec<u8>> = words.iter().map(print).collect();
            Some(vec![Datum::Text(words.join(&separator[..]))])
        }
        Transformer::Concat => {
            let mut all = print(values.first()?);
            for (_, more) in operands {
                all.extend(print(more.first()?));
            }
            Some(vec![Datum::Text(all)])
        }
        Transformer::Getopt => {
            let (_, options) = operands.next()?;
            let words: Vec<Vec<u8>> = values.iter().map(print).collect();
            let selected = argument.and_then(|argument| argument.bytes().next());
            getopt(&words, &print(options.first()?), selected)
        }
    }
}

fn count(len: usize) -> Datum {
    Datum::Number(len as i128)
}

fn map(values: Vec<Datum>, change: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<Datum>> {
    let changed = |datum| match datum {
        Datum::Text(text) => change(&text).map(Datum::Text),
        other => Some(other),
    };
    values.into_iter().map(changed).collect()
}

/// Prints a value as Falco prints it in an output line.
pub fn print(datum: &Datum) -> Vec<u8> {
    match datum {
        Datum::Text(text) => text.clone(),
        Datum::Number(number) => number.to_string().into(),
        Datum::Float(number) => format!("{number:.1}").into(),
        Datum::Bool(truth) => truth.to_string().into(),
        Datum::Ip(address) => address.to_string().into(),
        Datum::Net(net) => net.to_string().into(),
    }
}

/// Reads words as `getopt(3)` would, without long options. All options and their values in order,
/// or the last value of the selected one.
fn getopt(words: &[Vec<u8>], options: &[u8], selected: Option<u8>) -> Option<Vec<Datum>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut last: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        if word == b"--" || word.first() != Some(&b'-') || word.len() == 1 {
            break;
        }
        if word.starts_with(b"--") {
            continue;
        }
        for (index, option) in word.iter().enumerate().skip(1) {
            let (known, takes_value) = option_kind(options, *option);
            let wanted = selected.is_none_or(|selected| selected == *option);
            if !known {
                if selected.is_none() {
                    found.push(b"?".to_vec());
                }
                continue;
            }
            if !takes_value {
                if wanted {
                    last = Some(vec![*option]);
                    found.push(vec![*option]);
                }
                continue;
            }
            let value = if index + 1 < word.len() {
                Some(word[index + 1..].to_vec())
            } else {
                let next = words.get(at).cloned();
                at += usize::from(next.is_some());
                next
            };
            if wanted {
                last = Some(value.clone().unwrap_or_default());
                found.extend(value.map_or(vec![Vec::new()], |value| vec![vec![*option], value]));
            }
            break;
        }
    }
    match selected {
        Some(_) => last.map(|value| vec![Datum::Text(value)]),
        None => Some(found.into_iter().map(Datum::Text).collect()),
    }
}

/// Tells whether an option stands in the option text, and whether a colon follows it.
fn option_kind(options: &[u8], option: u8) -> (bool, bool) {
    if option == b':' {
        return (false, false);
    }
    let places = memchr::memchr_iter(option, options);
    places
        .fold((false, false), |(_, takes), at| (true, takes || options.get(at + 1) == Some(&b':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<Datum> {
        words.iter().map(|word| Datum::Text(word.as_bytes().to_vec())).collect()
    }

    fn one(transformer: Transformer, word: &str) -> Option<Vec<Datum>> {
        apply(transformer, vec![(Shape::TEXT, texts(&[word]))], None)
    }

    #[test]
    fn single_operand_transformers_change_text() {
        assert_eq!(one(Transformer::Tolower, "AbC"), Some(texts(&["abc"])));
        assert_eq!(one(Transformer::Toupper, "AbC"), Some(texts(&["ABC"])));
        assert_eq!(one(Transformer::Basename, "/usr/bin/ls"), Some(texts(&["ls"])));
        assert_eq!(one(Transformer::Basename, "ls"), Some(texts(&["ls"])));
        assert_eq!(one(Transformer::B64, "aGk="), Some(texts(&["hi"])));
        assert_eq!(one(Transformer::B64, "aGk"), Some(texts(&["hi"])));
        assert_eq!(one(Transformer::B64, "!"), None);
        assert_eq!(one(Transformer::Len, "four"), Some(vec![Datum::Number(4)]));
    }

    #[test]
    fn several_operands_are_joined_or_chained() {
        let list = Shape { kind: Kind::Text, list: true };
        let operands = vec![(Shape::TEXT, texts(&["-"])), (list, texts(&["a", "b"]))];
        assert_eq!(apply(Transformer::Join, operands, None), Some(texts(&["a-b"])));
        let operands = vec![(Shape::TEXT, texts(&["a"])), (Shape::TEXT, texts(&["b"]))];
        assert_eq!(apply(Transformer::Concat, operands, None), Some(texts(&["ab"])));
        assert_eq!(
            apply(Transformer::Len, vec![(list, texts(&["a", "b"]))], None),
            Some(vec![Datum::Number(2)])
        );
    }

    #[test]
    fn getopt_expands_clusters_and_selects_the_last() {
        let words = |words: &[&str]| -> Vec<Vec<u8>> {
            words.iter().map(|word| word.as_bytes().to_vec()).collect()
        };
        let all = getopt(&words(&["-nt", "9", "--long", "-x", "rest", "-n"]), b"nt:", None);
        assert_eq!(all, Some(texts(&["n", "t", "9", "?"])));
        let last = getopt(&words(&["-t1", "-t", "2"]), b"t:", Some(b't'));
        assert_eq!(last, Some(texts(&["2"])));
        assert_eq!(getopt(&words(&["-n"]), b"nt:", Some(b't')), None);
    }

    #[test]
    fn operands_of_a_wrong_shape_are_refused() {
        assert!(
            shape(Transformer::Tolower, &[Shape { kind: Kind::Uint, list: false }], None).is_err()
        );
        assert!(shape(Transformer::Join, &[Shape::TEXT, Shape::TEXT], None).is_err());
        assert!(shape(Transformer::Len, &[Shape::TEXT], Some("x")).is_err());
    }
}
