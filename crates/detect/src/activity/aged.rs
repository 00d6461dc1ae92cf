//! A table that forgets what was not asked for in a long while.

use std::collections::HashMap;
use std::hash::Hash;

/// A bounded table of two generations. When the younger is full, the older is forgotten.
#[derive(Debug)]
pub struct Aged<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    len_max: usize,
}

impl<K: Hash + Eq, V> Aged<K, V> {
    /// Returns a table that keeps at least the last `len_max` and at most twice as many.
    pub fn new(len_max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), len_max }
    }

    /// Adds a value; returns how many others had to make room.
    pub fn insert(&mut self, key: K, value: V) -> u64 {
        let mut forgotten = 0;
        if self.young.len() >= self.len_max {
            let older = std::mem::take(&mut self.young);
            forgotten = std::mem::replace(&mut self.old, older).len() as u64;
        }
        self.old.remove(&key);
        self.young.insert(key, value);
        forgotten
    }

    /// Returns a value.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.young.remove(key).or_else(|| self.old.remove(key))
    }

    /// Tells whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.young.is_empty() && self.old.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_kept_and_the_rest_is_counted() {
        let mut table = Aged::new(3);
        let forgotten: u64 = (0..10).map(|number| table.insert(number, number)).sum();
        let kept: Vec<u32> = (0..10).filter(|number| table.get(number).is_some()).collect();
        assert_eq!((kept, forgotten), (vec![6, 7, 8, 9], 6));
        assert_eq!((table.remove(&6), table.remove(&6)), (Some(6), None));
    }
}
