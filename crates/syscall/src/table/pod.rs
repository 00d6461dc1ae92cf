//! What the Kubernetes API tells of the pods of this node, by unique id. Whoever asks it hands the
//! [`News`] on; where nobody asks, nothing is here and what the runtime told stands.

use std::collections::{HashMap, HashSet, VecDeque};

/// Pods that are kept; those beyond are counted.
pub const POD_COUNT_MAX: usize = 1024;
/// Pods that are gone and still known: a container may outlive what the API tells of it.
const GONE_COUNT_MAX: usize = 128;

/// What the API tells of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Unique id, as the runtime knows it.
    pub uid: String,
    /// Labels; nothing where they are more than is kept.
    pub labels: Option<Vec<(String, String)>>,
    /// Annotations; nothing where they are more than is kept.
    pub annotations: Option<Vec<(String, String)>>,
    /// First address.
    pub address: Option<String>,
    /// Service account that it runs as.
    pub account: Option<String>,
    /// Its namespace, where that could be asked for.
    pub namespace: Option<Object>,
    /// What owns it, the nearest first.
    pub owners: Vec<Object>,
    /// Kind and name of what it belongs to in the end, `deployments/shop`, or of itself; nothing
    /// where not all owners could be asked for.
    pub workload: Option<String>,
}

/// Another object of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// Kind: `ReplicaSet`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Unique id.
    pub uid: String,
    /// Labels; nothing where they were not asked for.
    pub labels: Option<Vec<(String, String)>>,
}

/// What became known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// These are all pods.
    All(Vec<Told>),
    /// A pod is new, or is another than before.
    Pod(Box<Told>),
    /// The pod with this unique id is gone.
    Gone(String),
}

/// The pods that the API told of.
#[derive(Debug, Default)]
pub struct Pods {
    by_uid: HashMap<String, Told>,
    gone: VecDeque<String>,
    untold: u64,
}

impl Told {
    /// Returns the owner of a kind.
    pub fn owner(&self, kind: &str) -> Option<&Object> {
        self.owners.iter().find(|owner| owner.kind == kind)
    }
}

impl Pods {
    /// Returns what was told of a pod.
    pub fn get(&self, uid: &str) -> Option<&Told> {
        self.by_uid.get(uid)
    }

    /// Returns how often something was told of a pod and there was no room for it.
    pub fn untold(&self) -> u64 {
        self.untold
    }

    /// Takes in what became known.
    pub fn take(&mut self, news: News) {
        match news {
            News::Pod(told) => self.set(*told),
            News::Gone(uid) => self.leave(uid),
            News::All(all) => {
                let there: HashSet<&str> = all.iter().map(|told| told.uid.as_str()).collect();
                let left = self.by_uid.keys().filter(|uid| !there.contains(uid.as_str()));
                let left: Vec<String> = left.cloned().collect();
                left.into_iter().for_each(|uid| self.leave(uid));
                all.into_iter().for_each(|told| self.set(told));
            }
        }
    }

    fn set(&mut self, told: Told) {
        let is_new = !self.by_uid.contains_key(&told.uid);
        if is_new && self.by_uid.len() - self.gone.len() >= POD_COUNT_MAX {
            self.untold += 1;
            return;
        }
        self.gone.retain(|uid| *uid != told.uid);
        self.by_uid.insert(told.uid.clone(), told);
    }

    fn leave(&mut self, uid: String) {
        if !self.by_uid.contains_key(&uid) || self.gone.contains(&uid) {
            return;
        }
        self.gone.push_back(uid);
        if self.gone.len() > GONE_COUNT_MAX
            && let Some(oldest) = self.gone.pop_front()
        {
            self.by_uid.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(uid: &str) -> Told {
        Told { uid: uid.to_owned(), ..Told::default() }
    }

    #[test]
    fn a_pod_that_is_gone_is_known_for_a_while() {
        let mut pods = Pods::default();
        pods.take(News::All(vec![told("a"), told("b")]));
        pods.take(News::All(vec![told("b")]));
        pods.take(News::Gone("b".to_owned()));
        pods.take(News::Gone("never".to_owned()));
        assert!(pods.get("a").is_some() && pods.get("b").is_some());
        for number in 0..GONE_COUNT_MAX - 1 {
            pods.take(News::Pod(Box::new(told(&number.to_string()))));
            pods.take(News::Gone(number.to_string()));
        }
        assert!(pods.get("a").is_none() && pods.get("b").is_some(), "the oldest goes first");
        pods.take(News::Pod(Box::new(told("b"))));
        assert_eq!(pods.gone.len(), GONE_COUNT_MAX - 1, "what comes back is not gone");
    }

    #[test]
    fn pods_beyond_the_bound_are_counted() {
        let mut pods = Pods::default();
        let all = (0..POD_COUNT_MAX + 2).map(|number| told(&number.to_string()));
        pods.take(News::All(all.collect()));
        assert_eq!((pods.by_uid.len(), pods.untold()), (POD_COUNT_MAX, 2));
        pods.take(News::Pod(Box::new(told("0"))));
        assert_eq!(pods.untold(), 2, "one that has its place keeps it");
    }
}
