//! Reading the state files of runtimes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

/// Bytes that are read of one file.
const FILE_LEN_MAX: u64 = 8 << 20;
/// Labels and mounts of one container that are kept.
const COUNT_MAX: usize = 256;

/// Reads a JSON file.
pub fn json(path: &Path) -> Option<Value> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(FILE_LEN_MAX).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Returns a text that is there and not empty.
pub fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Returns an object's texts by name.
pub fn texts(value: &Value) -> Vec<(String, String)> {
    let entries = value.as_object().into_iter().flatten().take(COUNT_MAX);
    entries.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// Returns an array's elements.
pub fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten().take(COUNT_MAX)
}
