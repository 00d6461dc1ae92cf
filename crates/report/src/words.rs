//! Numbers, times and names as people read them.

use control::Outcome;
use control::catalogue::{Frequency, Method, Nature, Relation, ServiceModel, Share};
use event::Time;

/// Returns a number with commas.
pub fn number(number: impl ToString) -> String {
    control::figure::grouped(&number.to_string())
}

/// Returns a time to the second, `2026-11-22 04:05:06 UTC`.
pub fn moment(time: Time) -> String {
    let whole = Time(time.seconds().saturating_mul(Time::SECOND)).to_string();
    match whole.strip_suffix('Z').and_then(|text| text.split_once('T')) {
        Some((day, clock)) => format!("{day} {clock} UTC"),
        None => whole,
    }
}

/// Returns a length of time by its two largest units, `2 h 13 min`.
pub fn length(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds.max(0);
    let mut parts = Vec::new();
    for (size, unit) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            parts.push(format!("{} {unit}", number(count)));
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// Returns the sign that stands beside a result, so that no colour is needed to read it.
pub fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "●",
        Outcome::Fail => "✕",
        Outcome::Error => "!",
        Outcome::NotTested => "○",
        Outcome::NotApplicable => "–",
        Outcome::Inherited => "↗",
        Outcome::Manual => "✎",
    }
}

/// Returns whose work a control is.
pub fn share(share: Share) -> &'static str {
    match share {
        Share::Provider => "provider",
        Share::Shared => "shared",
        Share::Ours => "ours",
    }
}

/// Returns how the clusters are bought.
pub fn model(model: ServiceModel) -> &'static str {
    match model {
        ServiceModel::Iaas => "IaaS: we run Kubernetes on machines, rented or owned",
        ServiceModel::Paas => "PaaS: a provider runs the control plane",
        ServiceModel::Saas => "SaaS: we only use a service",
    }
}

/// Returns whether people take part.
pub fn nature(nature: Nature) -> &'static str {
    match nature {
        Nature::Automated => "automated",
        Nature::ManualWithReport => "manual, relying on a system report",
        Nature::Manual => "manual",
    }
}

/// Returns how often a control is performed.
pub fn frequency(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Continuous => "continuous",
        Frequency::PerEvent => "per event",
        Frequency::Daily => "daily",
        Frequency::Weekly => "weekly",
        Frequency::Monthly => "monthly",
        Frequency::Quarterly => "quarterly",
        Frequency::Yearly => "yearly",
    }
}

/// Returns how a test was done.
pub fn method(method: Method) -> &'static str {
    match method {
        Method::Inquiry => "inquiry",
        Method::Observation => "observation",
        Method::Inspection => "inspection",
        Method::Reperformance => "reperformance",
    }
}

/// Returns how a rule bears on a control.
pub fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Implements => "implements",
        Relation::Monitors => "monitors",
        Relation::Feeds => "feeds",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_lengths_read_well() {
        let time: Time = "2026-11-22T04:05:06.7Z".parse().unwrap();
        assert_eq!(moment(time), "2026-11-22 04:05:06 UTC");
        let lengths = [0, 59, 60, 3_660, 8 * 86_400 + 3_601].map(length);
        assert_eq!(lengths, ["0 s", "59 s", "1 min", "1 h 1 min", "8 d 1 h"]);
    }
}
