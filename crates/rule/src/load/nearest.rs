//! Finds the name that was probably meant.

use std::cell::Cell;

/// Longest name worth comparing, in bytes: the effort grows with the square of it.
const NAME_BYTES_MAX: usize = 64;
/// Most searches of one loading: a file in which everything is wrong needs no more hints.
const SEARCHES_MAX: u32 = 500;

/// Searches for names that were probably meant, as long as that is worth the effort.
pub(super) struct Hints {
    left: Cell<u32>,
}

impl Hints {
    pub(super) fn new() -> Hints {
        Hints { left: Cell::new(SEARCHES_MAX) }
    }

    /// Returns the known name nearest to `name`, if one is near enough to be a slip of the hand.
    pub(super) fn nearest<'k>(
        &self,
        name: &str,
        known: impl Iterator<Item = &'k str>,
    ) -> Option<&'k str> {
        let left = self.left.get().checked_sub(1).filter(|_| name.len() <= NAME_BYTES_MAX)?;
        self.left.set(left);
        let bound = (name.chars().count() / 4).clamp(1, 2);
        known
            .filter(|candidate| candidate.len().abs_diff(name.len()) <= bound * 4)
            .map(|candidate| (distance(name, candidate), candidate))
            .filter(|(distance, _)| (1..=bound).contains(distance))
            .min()
            .map(|(_, candidate)| candidate)
    }
}

/// Counts insertions, deletions, replacements and swaps of neighbours between two names.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name() {
        let fields = ["proc.name", "proc.pname", "fd.name", "ka.user.name"];
        let hints = Hints::new();
        let near = |name| hints.nearest(name, fields.into_iter());
        assert_eq!(near("proc.nmae"), Some("proc.name"));
        assert_eq!(near("proc.nam"), Some("proc.name"));
        assert_eq!(near("ka.usr.name"), Some("ka.user.name"));
        assert_eq!(near("evt.type"), None);
    }
}
