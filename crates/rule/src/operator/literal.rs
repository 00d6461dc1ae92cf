//! Values that live longer than a record: literals of a condition, and what transformers make.

use std::net::IpAddr;

use event::Value;
use ipnet::IpNet;

use crate::source::Kind;

/// One owned value.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// Text or bytes.
    Text(Vec<u8>),
    /// Any whole number, wide enough for signed and unsigned.
    Number(i128),
    /// Floating-point number.
    Float(f64),
    /// Truth value.
    Bool(bool),
    /// Address of a host.
    Ip(IpAddr),
    /// Network; only ever a literal.
    Net(IpNet),
}

impl From<Value<'_>> for Datum {
    fn from(value: Value<'_>) -> Datum {
        match value {
            Value::Text(text) => Datum::Text(text.to_vec()),
            Value::Int(number) => Datum::Number(number.into()),
            Value::Uint(number) => Datum::Number(number.into()),
            Value::Float(number) => Datum::Float(number),
            Value::Bool(truth) => Datum::Bool(truth),
            Value::Ip(address) => Datum::Ip(address),
        }
    }
}

impl Datum {
    /// Shows the value to `see`.
    pub fn with<T>(&self, see: impl FnOnce(Value<'_>) -> T) -> T {
        see(match self {
            Datum::Text(text) => Value::Text(text),
            Datum::Number(number) => match i64::try_from(*number) {
                Ok(number) => Value::Int(number),
                Err(_) => Value::Uint(u64::try_from(*number).unwrap_or(u64::MAX)),
            },
            Datum::Float(number) => Value::Float(*number),
            Datum::Bool(truth) => Value::Bool(*truth),
            Datum::Ip(address) => Value::Ip(*address),
            Datum::Net(net) => Value::Ip(net.addr()),
        })
    }

    /// Reads a literal as a value of `kind`, as libs' value parser does.
    pub fn parse(text: &str, kind: Kind) -> Result<Datum, String> {
        let number = |min: i128, max: i128| {
            number(text, min, max)
                .map(Datum::Number)
                .ok_or_else(|| format!("`{text}` is not a valid number"))
        };
        match kind {
            Kind::Text | Kind::Bytes if text.contains('\0') => {
                Err("a literal cannot contain a NUL byte".to_owned())
            }
            Kind::Text | Kind::Bytes => Ok(Datum::Text(text.into())),
            Kind::Int => number(i64::MIN.into(), i64::MAX.into()),
            Kind::Uint | Kind::Time | Kind::Duration => number(0, u64::MAX.into()),
            // libs reads whole numbers only here.
            Kind::Float => match number(i32::MIN.into(), i32::MAX.into())? {
                Datum::Number(whole) => Ok(Datum::Float(whole as f64)),
                other => Ok(other),
            },
            Kind::Bool => match text {
                "true" => Ok(Datum::Bool(true)),
                "false" => Ok(Datum::Bool(false)),
                _ => Err(format!("`{text}` is neither `true` nor `false`")),
            },
            Kind::Port => port(text),
            Kind::Ip => text
                .parse()
                .map(Datum::Ip)
                .map_err(|_| format!("`{text}` is no IPv4 or IPv6 address")),
            Kind::Net => net(text),
        }
    }
}

/// Reads a decimal number as `scanf` does: blanks before, a sign, nothing behind; what is too large
/// stays at the bound, and a negative unsigned one wraps.
fn number(text: &str, min: i128, max: i128) -> Option<i128> {
    let trimmed = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let (negative, digits) = match trimmed.as_bytes().first()? {
        b'-' => (true, &trimmed[1..]),
        b'+' => (false, &trimmed[1..]),
        _ => (false, trimmed),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse::<i128>().unwrap_or(i128::MAX).min(max);
    match (negative, min < 0) {
        (false, _) => Some(magnitude),
        (true, true) => Some((-magnitude).max(min)),
        (true, false) if magnitude == 0 => Some(0),
        (true, false) => Some(max + 1 - magnitude),
    }
}

fn net(text: &str) -> Result<Datum, String> {
    text.parse::<IpNet>()
        .map(|net| Datum::Net(net.trunc()))
        .map_err(|_| format!("`{text}` is no network like `10.0.0.0/8`"))
}

/// Service names for ports, as the usual services file has them.
const SERVICES: &[(&str, u16)] = &[
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("tftp", 69),
    ("http", 80),
    ("kerberos", 88),
    ("pop3", 110),
    ("sunrpc", 111),
    ("ntp", 123),
    ("imap2", 143),
    ("snmp", 161),
    ("ldap", 389),
    ("https", 443),
    ("microsoft-ds", 445),
    ("syslog", 514),
    ("submission", 587),
    ("ldaps", 636),
    ("imaps", 993),
    ("pop3s", 995),
    ("nfs", 2049),
    ("mysql", 3306),
    ("postgresql", 5432),
    ("redis", 6379),
];

fn port(text: &str) -> Result<Datum, String> {
    if text.is_empty() {
        return Ok(Datum::Number(0));
    }
    let named = SERVICES.iter().find(|(name, _)| *name == text).map(|(_, port)| *port);
    named
        .or_else(|| text.parse::<u16>().ok())
        .map(|port| Datum::Number(port.into()))
        .ok_or_else(|| format!("`{text}` is neither a port number nor a known service"))
}

/// Reads pairs of hex digits, for `bcontains` and `bstartswith`.
pub fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.as_bytes();
    let wrong = || format!("`{text}` is not a text of hex digit pairs");
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return Err(wrong());
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    digits.chunks(2).map(|two| pair(two).ok_or_else(wrong)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_scanf_reads_them() {
        assert_eq!(Datum::parse(" +12", Kind::Int), Ok(Datum::Number(12)));
        assert_eq!(Datum::parse("-1", Kind::Uint), Ok(Datum::Number(u64::MAX.into())));
        assert_eq!(Datum::parse("-3", Kind::Int), Ok(Datum::Number(-3)));
        assert!(Datum::parse("0x10", Kind::Uint).is_err());
        assert!(Datum::parse("12 ", Kind::Uint).is_err());
    }

    #[test]
    fn addresses_networks_ports_and_hex() {
        assert!(Datum::parse("10.0.0.1", Kind::Ip).is_ok());
        assert_eq!(Datum::parse("10.1.2.3/8", Kind::Net), Datum::parse("10.0.0.0/8", Kind::Net));
        assert_eq!(Datum::parse("ssh", Kind::Port), Ok(Datum::Number(22)));
        assert_eq!(unhex("6a6B"), Ok(b"jk".to_vec()));
        assert!(unhex("6").is_err());
    }
}
