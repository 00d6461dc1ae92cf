//! The rules in force: read from files or taken from the program, compiled, named by their hash,
//! and exchanged as a whole.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use control::Mapping;
use control::evidence::RulesLoaded;
use data_encoding::HEXLOWER;
use detect::Detector;
use event::Time;
use rule::{Diagnostic, RuleFile, Ruleset};
use sha2::{Digest, Sha256};

use crate::api::{RuleControl, RuleItem};

/// Detectors that rest at most; more are dropped.
const RESTING_LEN_MAX: usize = 4;
/// Largest page beside a rule file; a longer one is left out.
const PAGE_BYTES_MAX: u64 = 256 * 1024;
/// Largest rule file.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A rule set, ready to judge.
#[derive(Debug)]
pub struct RuleSet {
    /// SHA-256 over all rule files in load order, hex.
    pub hash: String,
    /// Who approved this version.
    pub approved_by: Option<String>,
    /// The rules as the API tells of them.
    pub items: Vec<RuleItem>,
    explained: HashMap<String, Explained>,
    files: Vec<(String, String)>,
    compiled: Detector,
    /// The rules as they were read, for sources that are compiled when they are needed.
    ruleset: Ruleset,
    /// Detectors that rest. Each has learned which rules can matter for which records, so one that
    /// has judged before is much faster than a new one.
    resting: Mutex<Vec<Detector>>,
}

/// What else is known of a rule, for whoever wants to understand it.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Line of its definition, from 1.
    pub line: u32,
    /// Condition with lists, macros and exceptions put in.
    pub resolved: String,
    /// Output line as written.
    pub output: String,
    /// Controls it bears on.
    pub controls: Vec<RuleControl>,
    /// The page beside its file, Markdown.
    pub page: Option<Arc<str>>,
}

/// The rules in force, exchanged as a whole; cheap to clone.
#[derive(Clone, Debug)]
pub struct RulesInForce(Arc<RwLock<Arc<RuleSet>>>);

/// Where rule files and their pages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// They came with this program.
    Program,
    /// They were read from disk.
    Disk,
}

/// Rules could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// A file or folder cannot be read.
    #[error("cannot read the rules at `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file has errors; each was logged.
    #[error("the rules have {0} errors; `sockeye rules check` shows them in place")]
    Errors(usize),
}

impl RulesInForce {
    /// Puts a first rule set in force.
    pub fn new(rules: RuleSet) -> RulesInForce {
        RulesInForce(Arc::new(RwLock::new(Arc::new(rules))))
    }

    /// Returns the rules that are in force now.
    pub fn now(&self) -> Arc<RuleSet> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts other rules in force.
    pub fn exchange(&self, rules: RuleSet) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }
}

impl RuleSet {
    /// Reads rules, and compiles those of `sources`; none named: those that come with the program.
    /// A rule set with an error is refused as a whole: what is half in force is worse than what
    /// was.
    pub fn load(
        paths: &[PathBuf],
        approved_by: Option<String>,
        mapping: &Mapping,
        sources: &[&str],
    ) -> Result<(RuleSet, Vec<Diagnostic>), RulesError> {
        let (files, origin) = match paths {
            [] => (detect::own_rules(), Origin::Program),
            paths => (read(paths)?, Origin::Disk),
        };
        let (ruleset, mut diagnostics) = rule::load(&files, source::sources());
        let errors = diagnostics.iter().filter(|one| one.is_error()).count();
        if errors > 0 {
            for diagnostic in diagnostics.iter().filter(|one| one.is_error()) {
                tracing::error!(
                    file = diagnostic.file,
                    line = diagnostic.line,
                    "{}",
                    diagnostic.message
                );
            }
            return Err(RulesError::Errors(errors));
        }
        let items = items(&ruleset, mapping);
        let (compiled, refused) = Detector::of(&ruleset, sources, |rule| mapping.criteria(rule));
        diagnostics.extend(refused);
        let rules = RuleSet {
            hash: hash(&files),
            approved_by,
            items,
            explained: explain(&ruleset, mapping, origin),
            files: files.iter().map(|file| (file.path.clone(), hex(&file.text))).collect(),
            compiled,
            ruleset,
            resting: Mutex::default(),
        };
        Ok((rules, diagnostics))
    }

    /// Returns what is known of a rule.
    pub fn explained(&self, name: &str) -> Option<(&RuleItem, &Explained)> {
        self.items.iter().find(|rule| rule.name == name).zip(self.explained.get(name))
    }

    /// Takes a detector, one that has rested if there is one.
    pub fn detector(&self) -> Detector {
        let rested = self.resting.lock().unwrap_or_else(PoisonError::into_inner).pop();
        rested.unwrap_or_else(|| self.compiled.clone())
    }

    /// Makes a detector of the rules of one source.
    pub fn detector_of(&self, source: &str) -> Detector {
        let criteria = |name: &str| {
            let item = self.items.iter().find(|item| item.name == name);
            item.map_or_else(Arc::default, |item| item.soc2.as_slice().into())
        };
        let (detector, refused) = Detector::of(&self.ruleset, &[source], criteria);
        for one in refused {
            tracing::warn!(file = one.file, line = one.line, "{}", one.message);
        }
        detector
    }

    /// Returns the names of the rules of a source that are there and switched off.
    pub fn switched_off(&self, source: &str) -> BTreeSet<String> {
        let off = self.ruleset.rules.iter().filter(|rule| rule.source == source && !rule.enabled);
        off.map(|rule| rule.name.clone()).collect()
    }

    /// Lets a detector rest until it is needed again.
    pub fn rest(&self, detector: Detector) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if resting.len() < RESTING_LEN_MAX {
            resting.push(detector);
        }
    }

    /// Returns the entry that says that these rules judge from now on.
    pub fn entry(&self, time: Time) -> RulesLoaded {
        let enabled = self.items.iter().filter(|rule| rule.enabled);
        RulesLoaded {
            time,
            hash: self.hash.clone(),
            files: self.files.clone(),
            rules: enabled.map(|rule| (rule.source.clone(), rule.name.clone())).collect(),
            approved_by: self.approved_by.clone(),
        }
    }
}

fn items(ruleset: &Ruleset, mapping: &Mapping) -> Vec<RuleItem> {
    let item = |rule: &rule::Rule| RuleItem {
        name: rule.name.clone(),
        source: rule.source.clone(),
        priority: rule.priority,
        enabled: rule.enabled && rule.unknown_fields.is_empty(),
        unfed: None,
        tags: rule.tags.clone(),
        soc2: mapping.criteria(&rule.name).to_vec(),
        file: rule.file.clone(),
        condition: rule.condition_text.trim().to_owned(),
        description: rule.description.trim().to_owned(),
    };
    ruleset.rules.iter().map(item).collect()
}

fn explain(ruleset: &Ruleset, mapping: &Mapping, origin: Origin) -> HashMap<String, Explained> {
    let mut pages: HashMap<&str, Option<Arc<str>>> = HashMap::new();
    let explained = ruleset.rules.iter().map(|rule| {
        let page = pages.entry(&rule.file).or_insert_with(|| page(&rule.file, origin)).clone();
        let controls = mapping.links(&rule.name).iter().map(RuleControl::from).collect();
        let explained = Explained {
            line: rule.line,
            resolved: rule.condition.to_string(),
            output: rule.output.trim().to_owned(),
            controls,
            page,
        };
        (rule.name.clone(), explained)
    });
    explained.collect()
}

/// Returns the page beside a rule file: same name, `.md`. One that cannot be read is none.
fn page(file: &str, origin: Origin) -> Option<Arc<str>> {
    if origin == Origin::Program {
        return detect::own_page(file).map(Arc::from);
    }
    let path = Path::new(file).with_extension("md");
    let length = std::fs::metadata(&path).ok()?.len();
    if length > PAGE_BYTES_MAX {
        let path = path.display();
        tracing::warn!(%path, "the page is longer than {PAGE_BYTES_MAX} bytes and left out");
        return None;
    }
    std::fs::read_to_string(&path).ok().map(Arc::from)
}

/// Reads files as named, and the rule files of folders in the order of their names.
fn read(paths: &[PathBuf]) -> Result<Vec<RuleFile>, RulesError> {
    let mut files = Vec::new();
    for path in paths {
        let failed = |source| RulesError::Read { path: path.clone(), source };
        if !path.is_dir() {
            files.push(read_one(path)?);
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(failed)?;
        let mut inside = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        inside.retain(|path| path.extension().is_some_and(|it| it == "yaml" || it == "yml"));
        inside.sort();
        for path in inside {
            files.push(read_one(&path)?);
        }
    }
    Ok(files)
}

fn read_one(path: &Path) -> Result<RuleFile, RulesError> {
    let failed = |source| RulesError::Read { path: path.to_owned(), source };
    let length = std::fs::metadata(path).map_err(failed)?.len();
    if length > FILE_BYTES_MAX {
        return Err(failed(std::io::Error::other(format!("longer than {FILE_BYTES_MAX} bytes"))));
    }
    let text = std::fs::read(path).map_err(failed)?;
    Ok(RuleFile::new(path.display().to_string(), text))
}

/// Hashes names, lengths and contents, so that no two sets of files have the same hash.
fn hash(files: &[RuleFile]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        for part in [name.as_bytes(), &file.text] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    HEXLOWER.encode(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}
