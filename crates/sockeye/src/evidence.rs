//! Reads facts from the trail of a data directory, also while the server writes to it.

use std::path::Path;

use anyhow::Context;
use control::evidence::{Line, VERSION};
use control::facts::{Facts, Gather, Support};
use control::{Catalogue, CatalogueFile, Question};
use event::Time;
use trail::{Position, Reader};

/// Facts, and the trail they come from.
pub struct Gathered {
    /// The facts.
    pub facts: Facts,
    /// Which entries they rest on.
    pub support: Support,
    /// The trail.
    pub reader: Reader,
    /// The signed checkpoint up to which it was read.
    pub checkpoint: String,
    /// Blocks under it.
    pub blocks: u64,
    /// Entries read.
    pub entries: u64,
}

/// Reads every entry under the newest signed checkpoint. `seen` hears of each block.
pub fn gather(
    data: &Path,
    question: Question,
    as_of: Time,
    mut seen: impl FnMut(u64, u64),
) -> anyhow::Result<Gathered> {
    let dir = data.join("trail");
    let reader =
        Reader::open(&dir).with_context(|| format!("cannot open the trail `{}`", dir.display()))?;
    let checkpoint = reader.checkpoint().with_context(|| {
        format!("the trail `{}` has no signed checkpoint; let the server run first", dir.display())
    })?;
    let blocks = reader.verifier().open(&checkpoint).context("the checkpoint")?.size;
    let mut gather = Gather::new(question.period());
    let mut entries = 0_u64;
    for number in 0..blocks {
        let block = reader.block(number)?;
        for (index, bytes) in block.entries().enumerate() {
            let position = Position { block: number, entry: u32::try_from(index)? };
            let line: Line = serde_json::from_slice(bytes)
                .with_context(|| format!("cannot read entry {position} of the trail"))?;
            anyhow::ensure!(
                line.v == VERSION,
                "entry {position} is of version {}; this program reads {VERSION}",
                line.v
            );
            gather.see(&position.to_string(), &line.entry);
            entries += 1;
        }
        seen(number + 1, blocks);
    }
    let (facts, support) = gather.finish_with_support(as_of);
    Ok(Gathered { facts, support, reader, checkpoint, blocks, entries })
}

/// Reads the catalogue from a folder, or takes the one that comes with the program. Errors are
/// printed; the rest is used only when there is none.
pub fn catalogue(folder: Option<&Path>) -> anyhow::Result<(Catalogue, Vec<CatalogueFile>)> {
    let files = match folder {
        Some(folder) => read_folder(folder)?,
        None => control::catalogue::embedded(),
    };
    let (catalogue, diagnostics) = Catalogue::load(&files);
    for diagnostic in &diagnostics {
        anstream::eprintln!("{diagnostic}");
    }
    let wrong = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.level == control::catalogue::Level::Error)
        .count();
    anyhow::ensure!(wrong == 0, "{wrong} errors in the catalogue; mend them first");
    Ok((catalogue, files))
}

fn read_folder(folder: &Path) -> anyhow::Result<Vec<CatalogueFile>> {
    let mut files = Vec::new();
    for part in ["", "soc2"] {
        let path = folder.join(part);
        if !part.is_empty() && !path.is_dir() {
            continue;
        }
        let entries = std::fs::read_dir(&path)
            .with_context(|| format!("cannot read the folder `{}`", path.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_none_or(|ending| ending != "yaml") {
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read(&path)
                .with_context(|| format!("cannot read `{}`", path.display()))?;
            let folder = if part.is_empty() { "controls" } else { "controls/soc2" };
            files.push(CatalogueFile { path: format!("{folder}/{name}"), text });
        }
    }
    files.sort_by(|one, two| one.path.cmp(&two.path));
    anyhow::ensure!(!files.is_empty(), "no .yaml file in `{}`", folder.display());
    Ok(files)
}

/// Returns the present time.
pub fn now() -> Time {
    #[expect(clippy::disallowed_methods, reason = "the command asks as of now")]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Reads a time as people give it: RFC 3339, or a day, which starts at midnight UTC.
pub fn time(text: &str) -> Result<Time, String> {
    let day = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    let whole = if day { format!("{text}T00:00:00Z") } else { text.to_owned() };
    whole.parse().map_err(|_| {
        format!("`{text}` is no time; write a day like 2026-11-22 or 2026-11-22T04:05:06Z")
    })
}
