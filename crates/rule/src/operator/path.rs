//! `pmatch`: is one of these paths a prefix, component by component, of that one? A component of a
//! search path may be a shell pattern.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::glob::{self, Case};

/// Search paths as a tree of components.
#[derive(Clone, Debug, Default)]
pub struct PathSet {
    /// A search path ends here.
    ends: bool,
    literal: HashMap<Box<[u8]>, PathSet, RandomState>,
    patterns: Vec<(Box<[u8]>, PathSet)>,
}

impl PathSet {
    /// Adds a search path.
    pub fn add(&mut self, path: &[u8]) {
        let mut at = self;
        for component in components(path) {
            let has_pattern = component.iter().any(|byte| b"?*[".contains(byte));
            at = if has_pattern {
                let found = at.patterns.iter().position(|(known, _)| **known == *component);
                let index = found.unwrap_or_else(|| {
                    at.patterns.push((component.into(), PathSet::default()));
                    at.patterns.len() - 1
                });
                &mut at.patterns[index].1
            } else {
                at.literal.entry(component.into()).or_default()
            };
        }
        at.ends = true;
    }

    /// Tells whether a search path is a prefix of `path`.
    pub fn matches(&self, path: &[u8]) -> bool {
        self.matches_from(components(path))
    }

    fn matches_from<'p>(&self, mut path: impl Iterator<Item = &'p [u8]> + Clone) -> bool {
        if self.ends {
            return true;
        }
        let Some(first) = path.next() else { return false };
        self.literal.get(first).is_some_and(|below| below.matches_from(path.clone()))
            || self.patterns.iter().any(|(pattern, below)| {
                glob::matches(pattern, first, Case::Exact) && below.matches_from(path.clone())
            })
    }
}

fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    path.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pmatch(paths: &[&str], path: &str) -> bool {
        let mut set = PathSet::default();
        paths.iter().for_each(|path| set.add(path.as_bytes()));
        set.matches(path.as_bytes())
    }

    #[test]
    fn a_prefix_is_whole_components() {
        let paths = ["/var/run", "/etc", "/lib", "/usr/lib"];
        assert!(pmatch(&paths, "/var/run/docker"));
        assert!(pmatch(&paths, "/etc"));
        assert!(!pmatch(&paths, "/boot"));
        assert!(!pmatch(&paths, "/var/lib/messages"));
        assert!(!pmatch(&paths, "/var"));
        assert!(!pmatch(&paths, "/etcetera"));
    }

    #[test]
    fn a_component_may_be_a_pattern_and_the_root_is_everything() {
        assert!(pmatch(&["/var/*/docker"], "/var/run/docker/sock"));
        assert!(!pmatch(&["/var/*/docker"], "/var/run/x/docker"));
        assert!(pmatch(&["/"], "/anything"));
        assert!(!pmatch(&[], "/anything"));
    }
}
