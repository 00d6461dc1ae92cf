//! The events, one a family of rules: what kube-apiserver would send if somebody did it. Nobody
//! does; user, agent and object are named for what they are.

use event::Time;
use serde_json::{Value, json};

/// What a canary says to whoever finds it.
const LABEL: &str = "sockeye-canary";

/// An event that a rule must tell of.
#[derive(Debug)]
pub struct Act {
    /// The page of the rules.
    pub family: &'static str,
    /// The rule that must match.
    pub rule: &'static str,
    verb: &'static str,
    /// Resource, and subresource where there is one.
    target: (&'static str, Option<&'static str>),
    /// What was sent along; JSON.
    request: Option<&'static str>,
}

/// The acts.
pub const ACTS: &[Act] = &[
    Act {
        family: "admission-control-removed",
        rule: "Admission control removed",
        verb: "delete",
        target: ("validatingwebhookconfigurations", None),
        request: None,
    },
    Act {
        family: "anonymous-access",
        rule: "Anonymous access",
        verb: "create",
        target: ("clusterrolebindings", None),
        request: Some(
            r#"{"roleRef": {"name": "sockeye-canary"},
                "subjects": [{"kind": "Group", "name": "system:unauthenticated"}]}"#,
        ),
    },
    Act {
        family: "client-certificate",
        rule: "Client certificate requested or approved",
        verb: "create",
        target: ("certificatesigningrequests", None),
        request: Some(r#"{"spec": {"signerName": "sockeye-canary"}}"#),
    },
    Act {
        family: "cluster-admin-granted",
        rule: "Cluster-admin granted",
        verb: "create",
        target: ("clusterrolebindings", None),
        request: Some(
            r#"{"roleRef": {"name": "cluster-admin"},
                "subjects": [{"kind": "User", "name": "sockeye-canary"}]}"#,
        ),
    },
    Act {
        family: "events-deleted",
        rule: "Events deleted",
        verb: "delete",
        target: ("events", None),
        request: None,
    },
    Act {
        family: "host-path",
        rule: "Host path mounted",
        verb: "create",
        target: ("pods", None),
        request: Some(
            r#"{"spec": {"containers": [{"name": "sockeye-canary", "image": "sockeye-canary"}],
                "volumes": [{"name": "all", "hostPath": {"path": "/sockeye-canary"}}]}}"#,
        ),
    },
    Act {
        family: "privileged-container",
        rule: "Privileged container admitted",
        verb: "create",
        target: ("pods", None),
        request: Some(
            r#"{"spec": {"containers": [{"name": "sockeye-canary", "image": "sockeye-canary",
                "securityContext": {"privileged": true}}]}}"#,
        ),
    },
    Act {
        family: "secret-read",
        rule: "Secret read",
        verb: "get",
        target: ("secrets", None),
        request: None,
    },
    Act {
        family: "session-in-container",
        rule: "Session opened in a container",
        verb: "create",
        target: ("pods", Some("exec")),
        request: None,
    },
    Act {
        family: "wildcard-role",
        rule: "Wildcard put into a role",
        verb: "create",
        target: ("clusterroles", None),
        request: Some(r#"{"rules": [{"verbs": ["*"], "resources": ["sockeye-canary"]}]}"#),
    },
];

impl Act {
    /// Returns the event, under this id.
    pub fn event(&self, id: &str, time: Time) -> Value {
        let (resource, subresource) = self.target;
        // A session holds its connection, so it is told of when it starts.
        let (stage, code) = match (subresource, self.verb) {
            (Some(_), _) => ("ResponseStarted", 101),
            (None, "create") => ("ResponseComplete", 201),
            (None, _) => ("ResponseComplete", 200),
        };
        let below = subresource.map_or_else(String::new, |name| format!("/{name}"));
        let mut event = json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Request",
            "auditID": id, "stage": stage, "verb": self.verb,
            "requestURI": format!("/api/v1/namespaces/{LABEL}/{resource}/{LABEL}{below}"),
            "user": {"username": LABEL, "groups": ["system:authenticated"]},
            "userAgent": LABEL,
            "objectRef": {
                "resource": resource, "namespace": LABEL, "name": LABEL, "apiVersion": "v1",
            },
            "responseStatus": {"code": code},
            "requestReceivedTimestamp": micros(time), "stageTimestamp": micros(time),
        });
        // What is not there is left out: a `null` would be there.
        if let Some(name) = subresource {
            event["objectRef"]["subresource"] = name.into();
        }
        if let Some(text) = self.request {
            event["requestObject"] = serde_json::from_str(text).expect("a test reads each");
        }
        event
    }
}

/// Kubernetes writes microseconds.
fn micros(time: Time) -> String {
    Time(time.0 - time.0.rem_euclid(1000)).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn each_family_has_an_event_that_its_rule_tells_of() {
        let acts: Vec<&str> = ACTS.iter().map(|act| act.family).collect();
        assert_eq!(acts, detect::families("k8s_audit"));
        let (rules, _) = rule::load(&detect::own_rules(), source::sources());
        let (mut detector, _) = detect::Detector::of(&rules, &["k8s_audit"], |_| Arc::default());
        let now = Time(1_800_000_000 * Time::SECOND);
        for act in ACTS {
            let event = act.event("sockeye-canary-1", now).to_string();
            let judged = detector.judge("k8s_audit", event.as_bytes(), "h", now).unwrap();
            let told: Vec<&str> = judged.alerts.iter().map(|alert| &*alert.rule).collect();
            assert!(told.contains(&act.rule), "{}: {told:?}", act.family);
            let rules = detect::family_rules(&format!("rules/k8s_audit/{}.yaml", act.family));
            assert!(rules.iter().any(|rule| rule == act.rule), "{}", act.family);
        }
    }
}
