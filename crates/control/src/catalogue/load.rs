//! Reads catalogue files. A bad file is left out and named; the others load.

use serde::de::DeserializeOwned;

use super::diagnostic::{Diagnostic, Level, nearest};
use super::{CRITERIA, Catalogue, Control, Criterion, check};

/// Largest catalogue file.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// A file of the catalogue. One in a folder `soc2` holds a criterion, any other a control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueFile {
    /// Where it was read; named in diagnostics.
    pub path: String,
    /// Its bytes.
    pub text: Vec<u8>,
}

/// A file as text, and the way to say something about a place in it.
pub(super) struct Source<'a> {
    pub path: &'a str,
    pub text: &'a str,
}

impl Catalogue {
    /// Reads every file and reports every problem. What has an error is left out.
    pub fn load(files: &[CatalogueFile]) -> (Catalogue, Vec<Diagnostic>) {
        let mut catalogue = Catalogue::default();
        let mut diagnostics = Vec::new();
        for file in files {
            let Some(source) = source(file, &mut diagnostics) else { continue };
            if is_criterion(source.path) {
                let criterion = read::<Criterion>(&source, &mut diagnostics);
                let found = criterion.map(|one| (check::criterion(&source, &one), one));
                keep(found, &mut catalogue.criteria, &source, |one| &one.id, &mut diagnostics);
            } else {
                let control = read::<Control>(&source, &mut diagnostics);
                let found = control.map(|one| (check::control(&source, &one), one));
                keep(found, &mut catalogue.controls, &source, |one| &one.id, &mut diagnostics);
            }
        }
        let place = |id: &str| CRITERIA.iter().position(|known| *known == id);
        catalogue.criteria.sort_by_key(|criterion| place(&criterion.id));
        catalogue.controls.sort_by(|left, right| left.id.cmp(&right.id));
        (catalogue, diagnostics)
    }

    /// Reads the catalogue that comes with the program.
    pub fn embedded() -> (Catalogue, Vec<Diagnostic>) {
        Catalogue::load(&super::embedded())
    }

    /// Names each mapped rule that is not among `known`, with the nearest one that is.
    pub fn check_rules(&self, known: &[&str]) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        for control in &self.controls {
            for mapped in control.rules.iter().filter(|one| !known.contains(&one.rule.as_str())) {
                let hint = match nearest(&mapped.rule, known.iter().copied()) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => "load the rule file that has it, or take the line out".to_owned(),
                };
                diagnostics.push(Diagnostic {
                    level: Level::Warning,
                    code: "unknown_rule",
                    path: control.id.clone(),
                    line: 0,
                    column: 0,
                    message: format!("control {} maps unknown rule `{}`", control.id, mapped.rule),
                    snippet: String::new(),
                    hint,
                });
            }
        }
        diagnostics
    }
}

fn is_criterion(path: &str) -> bool {
    let mut folders = path.rsplit(['/', '\\']).skip(1);
    folders.next() == Some("soc2")
}

fn source<'a>(file: &'a CatalogueFile, diagnostics: &mut Vec<Diagnostic>) -> Option<Source<'a>> {
    let mut refuse = |code, message: String, hint: &str| {
        diagnostics.push(Diagnostic {
            level: Level::Error,
            code,
            path: file.path.clone(),
            line: 0,
            column: 0,
            message,
            snippet: String::new(),
            hint: hint.to_owned(),
        });
    };
    if file.text.len() > FILE_BYTES_MAX {
        let message = format!("the file has {} bytes, more than {FILE_BYTES_MAX}", file.text.len());
        refuse("file_too_large", message, "one file holds one criterion or one control");
        return None;
    }
    match std::str::from_utf8(&file.text) {
        Ok(text) => Some(Source { path: &file.path, text }),
        Err(error) => {
            let message = format!("byte {} is no UTF-8", error.valid_up_to());
            refuse("not_utf8", message, "save the file as UTF-8");
            None
        }
    }
}

fn read<T: DeserializeOwned>(source: &Source<'_>, diagnostics: &mut Vec<Diagnostic>) -> Option<T> {
    match serde_saphyr::from_str(source.text) {
        Ok(read) => Some(read),
        Err(error) => {
            diagnostics.push(misread(source, error.without_snippet()));
            None
        }
    }
}

fn misread(source: &Source<'_>, error: &serde_saphyr::Error) -> Diagnostic {
    let place = error.location();
    let line = place.map_or(0, |place| u32::try_from(place.line()).unwrap_or(0));
    let column = place.map_or(0, |place| u32::try_from(place.column()).unwrap_or(0));
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message).trim().to_owned();
    let (message, hint) = match unknown_field(&message) {
        Some((said, known)) => (said.to_owned(), known),
        None => (message, "compare with the other files of `controls/`".to_owned()),
    };
    let snippet = source.line(line).to_owned();
    let path = source.path.to_owned();
    Diagnostic { level: Level::Error, code: "misread", path, line, column, message, snippet, hint }
}

/// Splits the parser's ``unknown field `x`, expected one of a, b`` into what is wrong and a hint.
fn unknown_field(message: &str) -> Option<(&str, String)> {
    let field = message.strip_prefix("unknown field `")?.split('`').next()?;
    let (said, known) = message.split_once(", expected ")?;
    let known = known.trim_start_matches("one of ");
    let words = known.split([',', ' ', '`']).filter(|word| !word.is_empty());
    let hint = match nearest(field, words) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("known are {known}"),
    };
    Some((said, hint))
}

fn keep<T>(
    found: Option<(Vec<Diagnostic>, T)>,
    kept: &mut Vec<T>,
    source: &Source<'_>,
    id: impl Fn(&T) -> &String,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some((mut problems, one)) = found else { return };
    if kept.iter().any(|other| id(other) == id(&one)) {
        let message = format!("`{}` is there already", id(&one));
        problems.push(source.error("duplicate_id", id(&one), message, "give it an id of its own"));
    }
    let usable = problems.iter().all(|problem| problem.level != Level::Error);
    diagnostics.append(&mut problems);
    if usable {
        kept.push(one);
    }
}

impl Source<'_> {
    /// Says that something is wrong where `word` stands.
    pub fn error(
        &self,
        code: &'static str,
        word: &str,
        message: String,
        hint: impl Into<String>,
    ) -> Diagnostic {
        let (line, column) = self.find(word);
        Diagnostic {
            level: Level::Error,
            code,
            path: self.path.to_owned(),
            line,
            column,
            message,
            snippet: self.line(line).to_owned(),
            hint: hint.into(),
        }
    }

    /// Returns the file's name without folder and ending.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit(['/', '\\']).next().unwrap_or(self.path);
        name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
    }

    /// Finds where a scalar first stands as a whole word.
    fn find(&self, word: &str) -> (u32, u32) {
        let inside = |letter: Option<char>| {
            letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '.' || letter == '_')
        };
        let lines = self.text.lines().enumerate();
        for (index, line) in lines.filter(|_| !word.is_empty()) {
            for (at, _) in line.match_indices(word) {
                let before = line[..at].chars().next_back();
                let after = line[at + word.len()..].chars().next();
                if !inside(before) && !inside(after) {
                    let column = line[..at].chars().count() + 1;
                    return (
                        u32::try_from(index + 1).unwrap_or(0),
                        u32::try_from(column).unwrap_or(0),
                    );
                }
            }
        }
        (0, 0)
    }

    fn line(&self, line: u32) -> &str {
        let index = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
        index.and_then(|index| self.text.lines().nth(index)).unwrap_or("").trim_end()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const CONTROL: &str = include_str!("../../../../controls/K-14.yaml");

    fn check(path: &str, text: &str, expected: Expect) {
        let file = CatalogueFile { path: path.into(), text: text.into() };
        let (catalogue, diagnostics) = Catalogue::load(&[file]);
        let mut said: Vec<String> = diagnostics.iter().map(|one| format!("{one}\n")).collect();
        let ids = catalogue.controls.iter().map(|one| &one.id);
        said.push(format!("controls: {}\n", ids.cloned().collect::<Vec<_>>().join(" ")));
        expected.assert_eq(&said.concat());
    }

    #[test]
    fn a_control_of_ours_loads_without_a_word() {
        check(
            "controls/K-14.yaml",
            CONTROL,
            expect![[r#"
            controls: K-14
        "#]],
        );
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() {
        let text = CONTROL.replace("\nowner:", "\nowners:");
        check(
            "controls/K-14.yaml",
            &text,
            expect![[r#"
                error[misread]: unknown field `owners`
                  --> controls/K-14.yaml:7:1
                   | owners: Security on-call
                  hint: did you mean `owner`?
                controls: 
            "#]],
        );
    }

    #[test]
    fn every_slip_of_a_file_is_reported_at_once() {
        let text = CONTROL
            .replace("CC7.3", "CC2.4")
            .replace("population: alerts", "population: alarms")
            .replace("source: k8s_audit", "source: ''");
        check(
            "controls/K-15.yaml",
            &text,
            expect![[r#"
                error[wrong_file]: the file is called `K-15` and holds `K-14`
                  --> controls/K-15.yaml:1:5
                   | id: K-14
                  hint: call it K-14.yaml
                error[unknown_criterion]: `CC2.4` is no criterion
                  --> controls/K-15.yaml:11:19
                   | criteria: [CC7.2, CC2.4]
                  hint: there are 61; did you mean `CC2.1`?
                error[wrong_source]: source `` is empty or named twice
                  --> controls/K-15.yaml:12:1
                   | sources:
                  hint: name each needed source once, like k8s_audit
                error[wrong_test]: test `handled-in-time` names no population: `alarms`
                  --> controls/K-15.yaml:41:11
                   |   - name: handled-in-time
                  hint: name one of `populations`
                controls: 
            "#]],
        );
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let file = CatalogueFile { path: "controls/K-1.yaml".into(), text: vec![b'a', 0xff] };
        let (_, diagnostics) = Catalogue::load(&[file]);
        expect![[r#"
            error[not_utf8]: byte 1 is no UTF-8
              --> controls/K-1.yaml
              hint: save the file as UTF-8"#]]
        .assert_eq(&diagnostics[0].to_string());
    }

    #[test]
    fn an_alias_bomb_is_refused_soon() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let inner = vec![format!("*a{}", level - 1); 9].join(",");
            text.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
        }
        let file = CatalogueFile { path: "controls/K-1.yaml".into(), text: text.into() };
        let (catalogue, diagnostics) = Catalogue::load(&[file]);
        assert!(catalogue.controls.is_empty() && diagnostics.len() == 1);
    }

    #[test]
    fn an_unknown_rule_is_named_with_the_nearest_known_one() {
        let file = CatalogueFile { path: "controls/K-14.yaml".into(), text: CONTROL.into() };
        let (catalogue, _) = Catalogue::load(&[file]);
        let first = catalogue.controls[0].rules[0].rule.clone();
        let near = first.to_uppercase();
        let diagnostics = catalogue.check_rules(&[near.as_str()]);
        assert_eq!(diagnostics[0].hint, format!("did you mean `{near}`?"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_loading_panic(text: Vec<u8>, soc2: bool) {
            let path = if soc2 { "controls/soc2/CC1.1.yaml" } else { "controls/K-1.yaml" };
            Catalogue::load(&[CatalogueFile { path: path.into(), text }]);
        }

        #[test]
        fn no_cut_or_changed_file_makes_loading_panic(at in 0..CONTROL.len(), byte: u8) {
            let mut text = CONTROL.as_bytes().to_vec();
            text[at] = byte;
            let path = "controls/K-14.yaml".to_owned();
            Catalogue::load(&[CatalogueFile { path: path.clone(), text: text.clone() }]);
            text.truncate(at);
            Catalogue::load(&[CatalogueFile { path, text }]);
        }
    }
}
