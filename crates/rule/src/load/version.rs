//! Versions that rule files ask for: of the engine, and of plugins.

use std::fmt;

use super::keys::Reader;
use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::Node;

/// `major.minor.patch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u32, u32, u32);

impl Version {
    /// The engine of Falco whose language this is.
    pub(super) const ENGINE: Version = Version(0, 63, 0);

    /// The first engine that refuses operators a list cannot take, such as `contains`. Before, the
    /// condition loaded and failed when it was judged.
    pub(super) const LISTS_CHECKED: Version = Version(0, 41, 0);

    /// Reads an engine version given as one number.
    pub(super) fn of_engine(number: u32) -> Version {
        Version(0, number, 0)
    }

    /// Reads three numbers; what follows them does not count.
    pub(super) fn parse(text: &str) -> Option<Version> {
        let mut parts = text.trim().splitn(3, '.');
        let mut whole = || parts.next().and_then(|part| part.parse().ok());
        let (major, minor) = (whole()?, whole()?);
        let patch = parts.next()?;
        let digits = patch.bytes().take_while(u8::is_ascii_digit).count();
        Some(Version(major, minor, patch[..digits].parse().ok()?))
    }

    /// Tells whether this does for what was written for `required`.
    pub(super) fn satisfies(self, required: Version) -> bool {
        self.0 == required.0 && self >= required
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A plugin that a rule file wants, and from which version on.
#[derive(Clone, Debug)]
pub(super) struct Requirement {
    pub name: String,
    pub version: Version,
}

/// Checks that one of several plugins is there. One that nobody here knows is a remark: its
/// fields are told one by one where rules use them.
pub(super) fn check_plugins(reader: &mut Reader<'_, '_>, node: &Node, one_of: &[Requirement]) {
    for (index, requirement) in one_of.iter().enumerate() {
        if one_of[..index].iter().any(|earlier| earlier.name == requirement.name) {
            let message = format!("plugin `{}` is named twice", requirement.name);
            reader.warn(node, Code::LoadErrValidate, message);
            return;
        }
    }
    let known = |name: &str| {
        let mut plugins = reader.plugins();
        plugins.find(|(plugin, _)| *plugin == name).and_then(|(_, text)| Version::parse(text))
    };
    let found: Vec<_> = one_of.iter().map(|one| (one, known(&one.name))).collect();
    if found.iter().any(|(one, here)| here.is_some_and(|here| here.satisfies(one.version))) {
        return;
    }
    let names: Vec<_> =
        one_of.iter().map(|one| format!("`{}` {} or later", one.name, one.version)).collect();
    let wanted = names.join(" or ");
    let here: Vec<_> = found
        .iter()
        .filter_map(|(one, here)| here.map(|here| format!("`{}` {here}", one.name)))
        .collect();
    let diagnostic = if here.is_empty() {
        let message = format!("plugin {wanted} is not known here");
        Diagnostic::new(Code::LoadUnknownSource, message)
            .hint("rules of its source, and rules that use its fields, are not judged")
    } else {
        let message = format!("plugin {wanted} is required, this is {}", here.join(" and "));
        Diagnostic::new(Code::LoadErrValidate, message)
    };
    reader.tell(node, diagnostic);
}
