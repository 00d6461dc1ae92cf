//! How controls stand: judged on what the projection knows, and remembered for as long as the
//! trail does not grow.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use control::catalogue::{CatalogueFile, ServiceModel, Share};
use control::matrix::Row;
use control::{Catalogue, Control, ControlResult, Question, judge, matrix};
use event::{Period, Time};
use store::View;

/// Judgements that are remembered.
const REMEMBERED_LEN_MAX: usize = 8;

/// The catalogue, and what was judged by it lately.
#[derive(Debug)]
pub struct Judging {
    catalogue: Catalogue,
    model: ServiceModel,
    judged: Mutex<VecDeque<(Key, Slot)>>,
}

/// Where an answer is put. Held while it is being found, so that who asks the same waits for it and
/// nobody else does.
type Slot = Arc<Mutex<Option<Arc<Judged>>>>;

/// All controls over a period.
#[derive(Debug)]
pub struct Judged {
    /// The period.
    pub period: Period,
    /// The part of it that could be judged: the newest statuses are still due.
    pub settled: Period,
    /// The controls, by id.
    pub results: Vec<ControlResult>,
    /// The 61 criteria.
    pub rows: Vec<Row>,
}

/// What a judgement depends on: how long the trail is, the period, and the minute of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    blocks: u64,
    period: Period,
    minute: Time,
}

/// A file of the catalogue could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the catalogue at `{path}`")]
pub struct CatalogueError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

impl Judging {
    /// Reads the catalogue: the folder's, or the one that comes with the program. What has an
    /// error is left out and logged.
    pub fn load(folder: Option<&Path>, model: ServiceModel) -> Result<Judging, CatalogueError> {
        let (catalogue, diagnostics) = match folder {
            Some(folder) => Catalogue::load(&files(folder)?),
            None => Catalogue::embedded(),
        };
        for diagnostic in diagnostics {
            tracing::warn!("{diagnostic}");
        }
        Ok(Judging { catalogue, model, judged: Mutex::default() })
    }

    /// Returns the catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Says whose work a control is, and which part of it is ours.
    pub fn responsibility(&self, control: &Control) -> String {
        let ours = control.responsibility.our_part.as_deref().unwrap_or_default().trim();
        match (control.responsibility.share(self.model), ours) {
            (Share::Ours, _) => "ours".to_owned(),
            (Share::Provider, _) => "the provider's".to_owned(),
            (Share::Shared, "") => "shared with the provider".to_owned(),
            (Share::Shared, ours) => format!("shared with the provider; ours: {ours}"),
        }
    }

    /// Judges every control over a period. Asking twice at once judges once.
    pub fn judge(
        &self,
        view: &View,
        period: Period,
        now: Time,
    ) -> Result<Arc<Judged>, store::Error> {
        let key = Key { blocks: view.size()?.blocks, period, minute: now.minute() };
        let slot = self.slot(key);
        let mut answer = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*answer {
            return Ok(known.clone());
        }
        let facts = view.facts(period, now)?;
        let question = Question::Type2 { period };
        let results = judge(&self.catalogue, &facts, question, self.model);
        let rows = matrix(&self.catalogue, &results);
        let settled = facts.judged();
        let judged = Arc::new(Judged { period, settled, results, rows });
        *answer = Some(judged.clone());
        Ok(judged)
    }

    fn slot(&self, key: Key) -> Slot {
        let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, slot)) = judged.iter().find(|(known, _)| *known == key) {
            return slot.clone();
        }
        let slot = Slot::default();
        judged.truncate(REMEMBERED_LEN_MAX - 1);
        judged.push_front((key, slot.clone()));
        slot
    }
}

fn files(folder: &Path) -> Result<Vec<CatalogueFile>, CatalogueError> {
    let mut paths = Vec::new();
    for part in [folder.to_owned(), folder.join("soc2")] {
        let failed = |source| CatalogueError { path: part.clone(), source };
        if part != folder && !part.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&part).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let read = |path: PathBuf| match std::fs::read(&path) {
        Ok(text) => Ok(CatalogueFile { path: path.display().to_string(), text }),
        Err(source) => Err(CatalogueError { path, source }),
    };
    paths.into_iter().map(read).collect()
}
