//! Host names that rules compare addresses with, and the addresses that they stand for. Whoever
//! watches finds them out; nothing here asks the network.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;

/// Addresses that are kept of one name.
pub const ADDRESS_COUNT_MAX: usize = 64;

/// Names by address.
#[derive(Clone, Debug, Default)]
pub struct Domains {
    by_name: BTreeMap<Arc<str>, Vec<IpAddr>>,
    by_address: HashMap<IpAddr, Vec<Arc<str>>, RandomState>,
}

impl Domains {
    /// Returns the names that stand for an address, in the order in which they were found.
    pub fn names(&self, address: IpAddr) -> &[Arc<str>] {
        self.by_address.get(&address).map_or(&[], Vec::as_slice)
    }

    /// Notes what a name stands for from now on.
    pub fn set(&mut self, name: &str, addresses: &[IpAddr]) {
        let mut addresses: Vec<IpAddr> = addresses.iter().map(IpAddr::to_canonical).collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses.truncate(ADDRESS_COUNT_MAX);
        if self.by_name.get(name) == Some(&addresses) {
            return;
        }
        self.forget(name);
        let name: Arc<str> = name.into();
        for address in &addresses {
            self.by_address.entry(*address).or_default().push(name.clone());
        }
        self.by_name.insert(name, addresses);
    }

    /// Forgets every name but these.
    pub fn keep(&mut self, names: &BTreeSet<String>) {
        let others = self.by_name.keys().filter(|name| !names.contains(&***name));
        for name in others.cloned().collect::<Vec<_>>() {
            self.forget(&name);
        }
    }

    fn forget(&mut self, name: &str) {
        for address in self.by_name.remove(name).unwrap_or_default() {
            if let Some(names) = self.by_address.get_mut(&address) {
                names.retain(|one| &**one != name);
                if names.is_empty() {
                    self.by_address.remove(&address);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_has_every_name_that_stands_for_it_now() {
        let mut domains = Domains::default();
        domains.set("pool.example", &[ip("192.0.2.1"), ip("::ffff:192.0.2.2")]);
        domains.set("web.example", &[ip("192.0.2.2")]);
        assert_eq!(domains.names(ip("192.0.2.1")), ["pool.example".into()]);
        assert_eq!(domains.names(ip("192.0.2.2")), ["pool.example".into(), "web.example".into()]);
        domains.set("pool.example", &[ip("192.0.2.3")]);
        assert_eq!(domains.names(ip("192.0.2.1")), []);
        assert_eq!(domains.names(ip("192.0.2.2")), ["web.example".into()]);
        domains.keep(&["web.example".to_owned()].into());
        assert_eq!(domains.names(ip("192.0.2.3")), []);
        assert_eq!(domains.names(ip("192.0.2.2")), ["web.example".into()]);
    }
}
