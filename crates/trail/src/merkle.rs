//! The Merkle tree of RFC 6962 over SHA-256: hashes, a growing tree's root, and proofs.
//! Pure; where hashes come from is the caller's matter.

use sha2::{Digest, Sha256};

/// One SHA-256 hash.
pub type Hash = [u8; 32];

/// Longest proof that is read: more nodes than a tree of 2⁶⁴ leaves needs.
pub const PROOF_LEN_MAX: usize = 128;

/// Returns the hash of a leaf that holds `parts`, one after another.
pub fn leaf(parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0]);
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// Returns the hash of an inner node.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [0; 65];
    bytes[0] = 1;
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// Returns the root of the empty tree.
pub fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// Returns the root over leaf hashes.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
            node(&root(left), &root(right))
        }
    }
}

/// Returns the largest power of two below `size`, which is at least two.
fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

/// A growing tree, known by the roots of its complete subtrees, largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Returns the frontier of a tree of `size` leaves whose complete subtrees have these roots.
    pub fn new(size: u64, peaks: Vec<Hash>) -> Option<Frontier> {
        (peaks.len() == size.count_ones() as usize).then_some(Frontier { size, peaks })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.peaks.push(leaf);
        for _ in 0..self.size.trailing_ones() {
            let right = self.peaks.pop().expect("a peak for each one bit");
            let left = self.peaks.pop().expect("a peak for each one bit");
            self.peaks.push(node(&left, &right));
        }
        self.size += 1;
    }

    /// Returns the root over all leaves.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty() };
        peaks.fold(*last, |right, left| node(left, &right))
    }
}

/// Gives the hash of the node that covers the 2^`level` leaves from `index` · 2^`level`.
pub trait Nodes {
    /// Why a node cannot be had.
    type Error;

    /// Returns the node's hash; all its leaves exist.
    fn complete(&self, level: u32, index: u64) -> Result<Hash, Self::Error>;

    /// Returns the root over the leaves `from..until`, as the whole of a tree or its right edge.
    fn range(&self, from: u64, until: u64) -> Result<Hash, Self::Error> {
        let size = until - from;
        if size == 0 {
            return Ok(empty());
        }
        if size.is_power_of_two() && from.is_multiple_of(size) {
            let level = size.trailing_zeros();
            return self.complete(level, from >> level);
        }
        let middle = from + split(size);
        Ok(node(&self.range(from, middle)?, &self.range(middle, until)?))
    }
}

/// Leaf hashes in memory.
impl Nodes for [Hash] {
    type Error = std::convert::Infallible;

    fn complete(&self, level: u32, index: u64) -> Result<Hash, Self::Error> {
        let from = (index << level) as usize;
        Ok(root(&self[from..from + (1 << level)]))
    }
}

/// Returns the proof that leaf `index` is in the tree of `size` leaves. `index` is below `size`.
pub fn inclusion<N: Nodes + ?Sized>(
    nodes: &N,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, N::Error> {
    let (mut from, mut until) = (0, size);
    let mut path = Vec::new();
    while until - from > 1 {
        let middle = from + split(until - from);
        if index < middle {
            path.push(nodes.range(middle, until)?);
            until = middle;
        } else {
            path.push(nodes.range(from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Returns the root that the proof leads to, if it has the right length.
pub fn included(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut index, mut last) = (index, size - 1);
    let mut hash = leaf;
    let mut path = path.iter();
    while last > 0 {
        if index % 2 == 1 {
            hash = node(path.next()?, &hash);
        } else if index < last {
            hash = node(&hash, path.next()?);
        }
        index /= 2;
        last /= 2;
    }
    path.next().is_none().then_some(hash)
}

/// Returns the proof that the tree of `size` leaves continues the one of its first `old` leaves.
pub fn consistency<N: Nodes + ?Sized>(
    nodes: &N,
    old: u64,
    size: u64,
) -> Result<Vec<Hash>, N::Error> {
    if old == 0 || old >= size {
        return Ok(Vec::new());
    }
    let (mut from, mut until) = (0, size);
    let mut path = Vec::new();
    while old != until {
        let middle = from + split(until - from);
        if old <= middle {
            path.push(nodes.range(middle, until)?);
            until = middle;
        } else {
            path.push(nodes.range(from, middle)?);
            from = middle;
        }
    }
    if from > 0 {
        path.push(nodes.range(from, until)?);
    }
    path.reverse();
    Ok(path)
}

/// Tells whether the proof shows that the tree with `root` continues the one with `old_root`.
pub fn consistent(old: u64, old_root: &Hash, size: u64, root: &Hash, path: &[Hash]) -> bool {
    if old > size {
        return false;
    }
    if old == size {
        return path.is_empty() && old_root == root;
    }
    if old == 0 {
        return path.is_empty() && *old_root == empty();
    }
    let (mut index, mut last) = (old - 1, size - 1);
    while index % 2 == 1 {
        index /= 2;
        last /= 2;
    }
    let mut path = path.iter();
    // A complete old tree is itself the first node of the proof.
    let seed = if old.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(seed) = seed else { return false };
    let (mut before, mut after) = (*seed, *seed);
    while last > 0 {
        if index % 2 == 1 {
            let Some(left) = path.next() else { return false };
            before = node(left, &before);
            after = node(left, &after);
        } else if index < last {
            let Some(right) = path.next() else { return false };
            after = node(&after, right);
        }
        index /= 2;
        last /= 2;
    }
    path.next().is_none() && before == *old_root && after == *root
}

#[cfg(test)]
mod tests;
