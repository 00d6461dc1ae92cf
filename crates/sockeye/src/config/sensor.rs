//! How this machine itself is watched.

use std::num::NonZeroU32;

use clap::ValueEnum;
use sensor::{Choice, RING_LEN_DEFAULT};
use serde::{Deserialize, Deserializer};

/// What was said of it in one place.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct StatedSensor {
    /// Whether this machine's system calls are watched: auto (if the kernel lets us; why not is
    /// said), on (or do not start) or off [default: auto]
    #[arg(long = "sensor", value_name = "WHEN", env = "SOCKEYE_SENSOR")]
    pub watch: Option<When>,
    /// How the kernel programs are attached: auto, fexit, tracepoint or btf [default: auto]
    #[arg(
        long = "sensor-step",
        value_name = "STEP",
        env = "SOCKEYE_SENSOR_STEP",
        value_parser = step
    )]
    #[serde(deserialize_with = "stated_step")]
    pub step: Option<Choice>,
    /// Mebibytes of system calls that may wait to be judged, 1 to 256 [default: 8]
    #[arg(long = "sensor-ring-mib", value_name = "MIB", env = "SOCKEYE_SENSOR_RING_MIB")]
    pub ring_mib: Option<NonZeroU32>,
}

/// Whether to watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// If the kernel lets us.
    #[default]
    Auto,
    /// Or do not start.
    On,
    /// Not at all.
    Off,
}

/// How this machine is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SensorSetting {
    /// Whether.
    pub watch: When,
    /// By which step of the ladder.
    pub step: Choice,
    /// Bytes that may wait for the reader.
    pub ring_len: u32,
}

impl StatedSensor {
    /// Decides what holds.
    pub fn settle(&self) -> SensorSetting {
        SensorSetting {
            watch: self.watch.unwrap_or_default(),
            step: self.step.unwrap_or_default(),
            ring_len: self
                .ring_mib
                .map_or(RING_LEN_DEFAULT, |mib| mib.get().saturating_mul(1024 * 1024)),
        }
    }
}

/// Reads the name of a step.
pub fn step(text: &str) -> Result<Choice, String> {
    text.parse().map_err(|error: sensor::NoStep| error.to_string())
}

fn stated_step<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Choice>, D::Error> {
    let text = String::deserialize(deserializer)?;
    step(&text).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::super::Stated;
    use super::*;

    fn settled(text: &str) -> Result<SensorSetting, String> {
        let stated = Stated::parse(text).map_err(|error| format!("{error:#}"))?;
        Ok(stated.sensor.settle())
    }

    #[test]
    fn this_machine_is_watched_unless_switched_off() {
        let auto =
            SensorSetting { watch: When::Auto, step: Choice::Auto, ring_len: RING_LEN_DEFAULT };
        assert_eq!(settled(""), Ok(auto));
        let off = settled("sensor: {watch: off, step: btf, ring_mib: 1}").unwrap();
        let step = Choice::Only(sensor::Step::Btf);
        assert_eq!(off, SensorSetting { watch: When::Off, step, ring_len: 1 << 20 });
        for (wrong, told) in [("watch: maybe", "maybe"), ("step: kprobe", "no step `kprobe`")] {
            let error = settled(&format!("sensor: {{{wrong}}}")).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
        assert!(settled("sensor: {ring_mib: 0}").is_err());
    }
}
