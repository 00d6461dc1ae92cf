//! Figures for Prometheus, read from the counts that the server keeps anyway.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use crate::App;

/// Returns all figures as OpenMetrics text.
pub fn text(app: &App) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Figures { app: app.clone() }));
    let mut text = String::with_capacity(4096);
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

struct Figures {
    app: App,
}

impl std::fmt::Debug for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Figures")
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let state = self.app.door().state();
        let totals = state.totals();
        let counters: [(&str, &str, &AtomicU64); 9] = [
            ("sockeye_event_received", "Records received, refused ones included", &totals.records),
            ("sockeye_event_rejected", "Records refused", &totals.rejected),
            (
                "sockeye_event_rejected_uncited",
                "Refused records of which only the count was kept",
                &totals.rejected_uncited,
            ),
            ("sockeye_event_duplicate", "Records dropped as duplicates", &totals.duplicates),
            ("sockeye_event_lost", "Records known to be lost", &totals.lost),
            ("sockeye_alert_raised", "Alerts raised", &totals.alerts),
            ("sockeye_intake_sent_away", "Deliveries told to come again", &totals.sent_away),
            ("sockeye_trail_commits", "Group commits", &totals.commits),
            ("sockeye_trail_entries", "Entries committed", &totals.entries),
        ];
        let refused = (
            "sockeye_http_connections_refused",
            "Clients hung up on because too many were connected",
            self.app.connections().refused(),
        );
        let counted = counters.map(|(name, help, count)| (name, help, count.load(Relaxed)));
        for (name, help, count) in counted.into_iter().chain([refused]) {
            let counter = ConstCounter::new(count);
            counter.encode(encoder.encode_descriptor(
                name,
                help,
                None,
                prometheus_client::metrics::MetricType::Counter,
            )?)?;
        }
        self.units(&mut encoder)?;
        self.gauges(&mut encoder)
    }
}

impl Figures {
    fn units(&self, encoder: &mut DescriptorEncoder) -> Result<(), std::fmt::Error> {
        use prometheus_client::metrics::MetricType::Counter;
        let totals = self.app.door().state().totals();
        let bytes = ConstCounter::new(totals.bytes.load(Relaxed));
        bytes.encode(encoder.encode_descriptor(
            "sockeye_event_received",
            "Bytes of records received",
            Some(&Unit::Bytes),
            Counter,
        )?)?;
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        let seconds = ConstCounter::new(totals.commit_ns.load(Relaxed) as f64 / 1e9);
        seconds.encode(encoder.encode_descriptor(
            "sockeye_trail_commit",
            "Time spent committing",
            Some(&Unit::Seconds),
            Counter,
        )?)
    }

    fn gauges(&self, encoder: &mut DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let accepting = i64::from(self.app.door().state().stopped().is_none());
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let gauges = [
            ("sockeye_intake_accepting", "1 while records are taken", accepting),
            (
                "sockeye_intake_queue",
                "Batches that wait for the writer",
                count(self.app.door().queued()),
            ),
            (
                "sockeye_http_connections",
                "Clients that are connected",
                count(self.app.connections().open()),
            ),
            (
                "sockeye_http_connections_max",
                "Clients that may be connected; one more is hung up on",
                count(self.app.connections().max()),
            ),
            ("sockeye_feed_listeners", "Listeners of the feed", count(self.app.feed().listeners())),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(
                name,
                help,
                None,
                prometheus_client::metrics::MetricType::Gauge,
            )?)?;
        }
        Ok(())
    }
}
