//! Files that a trail of a given size does not have.

use std::fs;
use std::io;
use std::path::{Component, Path};

use super::Faults;
use crate::segment;
use crate::tile::{self, TILE_LEN};

/// Names every file that does not belong to the trail. A writer at work has some of its own.
pub fn unexpected(dir: &Path, size: u64, faults: &mut Faults) -> io::Result<()> {
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut items = fs::read_dir(&folder)?.collect::<io::Result<Vec<_>>>()?;
        items.sort_by_key(fs::DirEntry::file_name);
        for item in items {
            let path = item.path();
            if item.file_type()?.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(dir).expect("it was found below the trail");
            if !expected(inside, size) {
                faults.add(inside.display().to_string(), "this file does not belong to the trail");
            }
        }
    }
    Ok(())
}

fn expected(path: &Path, size: u64) -> bool {
    let parts: Vec<&str> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    match parts.as_slice() {
        ["checkpoint" | "vkey"] => true,
        ["segments", name] => {
            let stem = name.strip_suffix(".seg").or_else(|| name.strip_suffix(".idx"));
            stem.and_then(segment::number).is_some()
        }
        ["tile", level, rest @ ..] => is_tile(path, level, rest, size).unwrap_or(false),
        _ => false,
    }
}

fn is_tile(path: &Path, level: &str, rest: &[&str], size: u64) -> Option<bool> {
    let level: u32 = level.parse().ok()?;
    let (width, groups) = match rest {
        [groups @ .., last, width] if last.ends_with(".p") => {
            let mut groups = groups.to_vec();
            groups.push(last.strip_suffix(".p")?);
            (Some(width.parse::<u64>().ok()?), groups)
        }
        _ => (None, rest.to_vec()),
    };
    let mut number: u64 = 0;
    for group in groups {
        let digits = group.strip_prefix('x').unwrap_or(group);
        number = number.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    let hashes = size.checked_shr(8 * level).unwrap_or(0);
    let fits = match width {
        None => number < hashes / TILE_LEN,
        Some(width) => number == hashes / TILE_LEN && width == hashes % TILE_LEN && width > 0,
    };
    Some(fits && tile::path(level, number, width) == path)
}
