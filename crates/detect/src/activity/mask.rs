//! Masks secrets in the arguments of commands, before they are kept. Masked is what follows the
//! name of a secret, whatever it looks like; what a known program takes as a secret; what looks
//! like a secret after a name that may stand for one; and what nothing but a secret looks like.
//! Where it is in doubt how long a secret is, more is masked rather than less.
//!
//! A secret that no name announces is not known for one: `echo hunter2 | passwd --stdin`.

mod name;
mod tool;

#[cfg(test)]
mod tests;

use name::{looks_random, may_be_secret, names_secret, takes_secret};
use tool::{Form, Tool};

/// Stands for a secret.
pub const MASK: &str = "***";
/// How tokens of known makers begin.
const MAKERS: [&str; 23] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "sk_live_",
    "rk_live_",
    "sk-ant-",
    "sk-proj-",
    "AIza",
    "npm_",
    "hvs.",
    "hvb.",
    "dop_v1_",
    "pypi-",
    "eyJ",
];
/// Shortest run of letters that is taken for a token of a known maker.
const MADE_LEN_MIN: usize = 16;

/// Returns the arguments with secrets masked. `program` is the name of the executed file.
pub fn masked<'a>(program: &str, args: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut masking = Masking::default();
    masking.meet(program);
    let mut told: Vec<String> = args.map(|arg| masking.argument(arg)).collect();
    if masking.tool.is_some_and(Tool::ends_with_secret)
        && told.iter().any(|arg| tool::is_batch(arg))
        && let Some(last) = told.last_mut()
    {
        MASK.clone_into(last);
    }
    told
}

/// What is known between two words.
#[derive(Debug, Default)]
struct Masking {
    tool: Option<Tool>,
    next: Next,
    /// Words of the tool's until one is a secret.
    skip: Option<u8>,
    /// How the next argument is read.
    read: Read,
    /// The word before is the name of a secret, and nothing else.
    named: bool,
}

/// How an argument is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Read {
    /// As one thing.
    #[default]
    Value,
    /// As commands.
    Script,
}

/// What the next word is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Ordinary,
    Secret,
    /// Behind this letter.
    Behind(char),
    /// If it looks like one.
    IfRandom,
}

/// Until where words of an argument belong to a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    Quote(char),
    End,
}

impl Masking {
    /// Takes notice of a program's name.
    fn meet(&mut self, word: &str) {
        let name = word.rsplit('/').next().unwrap_or(word);
        if let Some(tool) = Tool::named(name) {
            self.tool = Some(tool);
            self.skip = None;
        }
    }

    fn argument(&mut self, arg: &str) -> String {
        let read = std::mem::take(&mut self.read);
        if self.next == Next::Secret {
            self.next = Next::Ordinary;
            return MASK.to_owned();
        }
        self.read = if is_command_option(arg) { Read::Script } else { Read::Value };
        if let Some(at) = arg.find("-----BEGIN ").filter(|at| arg[*at..].contains("PRIVATE KEY")) {
            return self.argument(&arg[..at]) + MASK;
        }
        if !arg.contains(char::is_whitespace) {
            return self.word(arg, &mut None);
        }
        let told = self.words(arg, read);
        // What a text announces at its end is not the next argument.
        if read == Read::Script {
            self.next = Next::Ordinary;
        }
        told
    }

    fn words(&mut self, text: &str, read: Read) -> String {
        let mut told = String::with_capacity(text.len());
        let mut until = None;
        let mut rest = text;
        let mut is_first = read == Read::Value;
        while !rest.is_empty() {
            let blank = rest.len() - rest.trim_start().len();
            let (blanks, behind) = rest.split_at(blank);
            let (word, behind) = behind.split_at(word_len(behind));
            rest = behind;
            match until {
                Some(Until::End) => break,
                Some(Until::Quote(quote)) => {
                    if let Some(at) = word.find(quote) {
                        until = None;
                        told.push_str(&word[at..]);
                    }
                }
                None => {
                    told.push_str(blanks);
                    let own = self.word(word, &mut until);
                    told.push_str(&own);
                    // An argument that begins with the name of a secret is nothing else.
                    if std::mem::take(&mut is_first) && announces(word) {
                        until = Some(Until::End);
                        self.next = Next::Ordinary;
                        if !own.ends_with(MASK) {
                            told.push_str(" ***");
                        }
                    }
                }
            }
        }
        told
    }

    fn word(&mut self, word: &str, until: &mut Option<Until>) -> String {
        let core = word.trim_start_matches(['"', '\'', '(', '$', '`', '{']);
        if let Some(told) = self.awaited(word, core, until) {
            return told;
        }
        self.meet(core);
        if let Some(told) = self.of_tool(core) {
            return word[..word.len() - core.len()].to_owned() + &told;
        }
        let bare = core.trim_end_matches(['"', '\'']);
        if bare.eq_ignore_ascii_case("bearer") || (self.named && matches!(bare, "=" | ":" | "=>")) {
            self.next = Next::Secret;
        }
        self.named = names_secret(bare) && bare.chars().all(is_name);
        if let Some(option) = bare.strip_prefix('-').filter(|option| option.chars().all(is_name)) {
            if takes_secret(option.trim_start_matches('-')) {
                self.next = Next::Secret;
            } else if may_be_secret(option) {
                self.next = Next::IfRandom;
            }
        }
        let told = self.named_values(word, until);
        made(&without_credentials(&told))
    }

    /// Masks a word that was announced by the one before.
    fn awaited(&mut self, word: &str, core: &str, until: &mut Option<Until>) -> Option<String> {
        match std::mem::take(&mut self.next) {
            Next::Ordinary => None,
            Next::IfRandom => looks_random(word).then(|| MASK.to_owned()),
            Next::Behind(letter) => behind(word, letter),
            Next::Secret => {
                let scheme = ["bearer", "basic", "token", "digest", "="];
                if scheme.iter().any(|one| core.eq_ignore_ascii_case(one)) {
                    self.next = Next::Secret;
                    return Some(word.to_owned());
                }
                let quotes = &word[..word.len() - core.len()];
                let Some(quote) = quotes.chars().last().filter(|one| ['"', '\''].contains(one))
                else {
                    return Some(MASK.to_owned());
                };
                let rest = core.find(quote).map(|at| &core[at..]);
                if rest.is_none() {
                    *until = Some(Until::Quote(quote));
                }
                Some([quotes, MASK, rest.unwrap_or_default()].concat())
            }
        }
    }

    /// Masks what the program at hand takes as a secret.
    fn of_tool(&mut self, word: &str) -> Option<String> {
        let tool = self.tool?;
        if let Some(skip) = self.skip
            && !word.starts_with('-')
        {
            self.skip = skip.checked_sub(1);
            if skip == 0 {
                return Some(MASK.to_owned());
            }
        }
        if let Some(skip) = tool.words_before_secret(word) {
            self.skip = Some(skip);
        }
        self.tool = Some(tool.having_seen(word));
        let (option, form) = tool.option(word)?;
        let attached = word.strip_prefix(option).filter(|value| !value.is_empty());
        match (form, attached) {
            (Form::Attached | Form::Both, Some(_)) => Some(option.to_owned() + MASK),
            (Form::Apart | Form::Both, None) => {
                self.next = Next::Secret;
                Some(word.to_owned())
            }
            (Form::Behind(letter), None) => {
                self.next = Next::Behind(letter);
                Some(word.to_owned())
            }
            (Form::Behind(letter), Some(value)) => {
                let value = value.strip_prefix('=').unwrap_or(value);
                behind(value, letter).map(|told| option.to_owned() + &told)
            }
            (Form::Any(letter), _) => behind(word, letter),
            (Form::Attached, None) | (Form::Apart, Some(_)) => None,
        }
    }

    /// Masks what follows the names of secrets in a word.
    fn named_values(&mut self, word: &str, until: &mut Option<Until>) -> String {
        let mut at = 0;
        while let Some(found) = word[at..].find(is_name) {
            let start = at + found;
            let rest = &word[start..];
            let end = start + rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
            at = end;
            let name = &word[start..end];
            let Some(value) = value_at(word, start, end) else { continue };
            let (quotes, core) = value;
            let random = may_be_secret(name) && looks_random(core);
            if !(names_secret(name) || random) || name::is_plain(name, core) {
                continue;
            }
            let kept = &word[..word.len() - core.len()];
            if core.is_empty() {
                let own = word.chars().next().filter(|one| ['"', '\''].contains(one));
                match (quotes.chars().last(), own) {
                    (Some(quote), _) => *until = Some(Until::Quote(quote)),
                    (None, Some(quote)) if !word[1..].contains(quote) => {
                        *until = Some(Until::Quote(quote));
                        return [kept, " ", MASK].concat();
                    }
                    _ if kept.ends_with(':') => self.next = Next::Secret,
                    _ => {}
                }
                return kept.to_owned();
            }
            let Some(quote) = quotes.chars().last() else {
                let own = word.chars().next().filter(|one| ['"', '\''].contains(one));
                if let Some(quote) = own.filter(|quote| !word[1..].contains(*quote)) {
                    *until = Some(Until::Quote(quote));
                }
                return [kept, MASK].concat();
            };
            let Some(end) = closing(core, quote, quotes) else {
                *until = Some(Until::Quote(quote));
                return [kept, MASK].concat();
            };
            return [kept, MASK, &self.named_values(&core[end..], until)].concat();
        }
        word.to_owned()
    }
}

/// Tells whether a word begins with the name of a secret and what sets it.
fn announces(word: &str) -> bool {
    let word = word.trim_start_matches(['-', '"', '\'']);
    let end = word.find(|letter| !is_name(letter)).unwrap_or(word.len());
    names_secret(&word[..end]) && word[end..].starts_with([':', '='])
}

/// Tells whether an option of a shell makes the next argument a script.
fn is_command_option(arg: &str) -> bool {
    let letters = arg.strip_prefix('-').filter(|letters| letters.len() <= 5);
    letters.is_some_and(|letters| {
        letters.ends_with('c') && letters.chars().all(|one| one.is_ascii_lowercase())
    })
}

/// Returns the length of the first word: a blank behind a backslash does not end it.
fn word_len(text: &str) -> usize {
    let mut escaped = false;
    let ends = |letter: char| {
        let ends = letter.is_whitespace() && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    };
    text.find(ends).unwrap_or(text.len())
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.')
}

/// Returns what a name in a word is set to, with the quotes before it; none if it is not set.
fn value_at(word: &str, start: usize, end: usize) -> Option<(&str, &str)> {
    let is_quote = |letter: char| matches!(letter, '"' | '\'' | '\\');
    let behind = word[end..].trim_start_matches(is_quote).trim_start_matches(']');
    let behind = match behind.strip_prefix('=') {
        Some(value) => value.strip_prefix('>').unwrap_or(value),
        None => {
            let before = word[..start].chars().last();
            let value = behind.strip_prefix(':').filter(|value| !value.starts_with("//"))?;
            if before.is_some_and(|one| matches!(one, '/' | '@' | ':' | '.')) {
                return None;
            }
            value
        }
    };
    let core = behind.trim_start_matches(is_quote);
    Some((&behind[..behind.len() - core.len()], core))
}

/// Returns where a quoted text ends. `before` is what opened it.
fn closing(text: &str, quote: char, before: &str) -> Option<usize> {
    let escaped = before.contains('\\');
    let mut backslash = false;
    for (at, letter) in text.char_indices() {
        if letter == quote && backslash == escaped {
            return Some(at);
        }
        backslash = letter == '\\' && !backslash;
    }
    None
}

/// Masks what stands behind a letter.
fn behind(word: &str, letter: char) -> Option<String> {
    let (before, _) = word.split_once(letter)?;
    Some(format!("{before}{letter}{MASK}"))
}

/// Masks the password of a URL, and a user that looks like a token.
fn without_credentials(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let Some((user, host)) = rest.rsplit_once('@') else { return word.to_owned() };
    let told = match user.split_once(':') {
        // A port, and a path with an at sign.
        Some((_, port)) if port.split('/').next().is_some_and(is_port) && port.contains('/') => {
            return word.to_owned();
        }
        Some((name, _)) => format!("{name}:{MASK}"),
        None if looks_random(user) => MASK.to_owned(),
        None => return word.to_owned(),
    };
    format!("{scheme}://{told}@{host}")
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.len() <= 5 && text.chars().all(|one| one.is_ascii_digit())
}

/// Masks tokens that are known by how they begin.
fn made(word: &str) -> String {
    let is_letter = |letter: char| is_name(letter) || matches!(letter, '+' | '/' | '=');
    for maker in MAKERS {
        for (at, _) in word.match_indices(maker) {
            let inside = word[..at].chars().last().is_some_and(|one| one.is_ascii_alphanumeric());
            let run = &word[at..];
            let len = run.find(|letter| !is_letter(letter)).unwrap_or(run.len());
            let is_made = maker != "eyJ" || run[..len].matches('.').count() == 2;
            if !inside && is_made && len >= MADE_LEN_MIN {
                return format!("{}{MASK}{}", &word[..at], made(&run[len..]));
            }
        }
    }
    word.to_owned()
}
