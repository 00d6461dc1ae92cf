//! Which names announce a secret.

/// Words that stand for a secret, also at the end of a longer word.
const SECRETS: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "apikey",
    "credential",
    "credentials",
    "accesskey",
    "secretkey",
    "privatekey",
    "accountkey",
    "sharedkey",
    "bearer",
];
/// Words that do so only whole.
const WHOLE: [&str; 5] = ["pwd", "psk", "authorization", "cookie", "otp"];
/// Words that end like a secret and are none.
const HARMLESS: [&str; 4] = ["bypass", "compass", "trespass", "overpass"];
/// What kinds of keys are secret.
const KEYS: [&str; 14] = [
    "api",
    "access",
    "private",
    "secret",
    "encryption",
    "signing",
    "auth",
    "account",
    "storage",
    "license",
    "shared",
    "master",
    "service",
    "subscription",
];
/// What is said of a secret without being one.
const ABOUT: [&str; 37] = [
    "file",
    "files",
    "path",
    "dir",
    "directory",
    "name",
    "names",
    "ttl",
    "type",
    "stdin",
    "policy",
    "length",
    "len",
    "count",
    "url",
    "uri",
    "endpoint",
    "expiry",
    "expires",
    "timeout",
    "prompt",
    "ref",
    "provider",
    "store",
    "class",
    "id",
    "ids",
    "field",
    "helper",
    "max",
    "min",
    "mode",
    "namespace",
    "version",
    "lifetime",
    "audience",
    "format",
];
/// What an option begins with that takes no secret.
const SWITCHES: [&str; 15] = [
    "no", "ask", "prompt", "without", "disable", "enable", "use", "show", "list", "get", "require",
    "skip", "allow", "with", "keep",
];
/// Words that may stand for a secret.
const LIKELY: [&str; 13] = [
    "key",
    "sig",
    "signature",
    "sas",
    "auth",
    "cred",
    "creds",
    "session",
    "seed",
    "hmac",
    "hash",
    "jwt",
    "nonce",
];
/// Shortest text that looks random.
const RANDOM_LEN_MIN: usize = 20;

fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        let begins = was_lower && letter.is_ascii_uppercase();
        if begins || !letter.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(letter.to_ascii_lowercase());
        }
        was_lower = letter.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Tells whether what a name is set to is a secret.
pub fn names_secret(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last() else { return false };
    if ABOUT.contains(&last.as_str()) {
        return false;
    }
    let is_secret = |word: &String| {
        let ends = SECRETS.iter().any(|secret| word.ends_with(secret));
        let pass = word.ends_with("pass") && !HARMLESS.contains(&word.as_str());
        ends || pass || WHOLE.contains(&word.as_str())
    };
    let is_key = |pair: &[String]| pair[1] == "key" && KEYS.contains(&pair[0].as_str());
    words.iter().any(is_secret) || words.windows(2).any(is_key)
}

/// Tells whether an option is followed by a secret.
pub fn takes_secret(option: &str) -> bool {
    let first = words(option).into_iter().next();
    names_secret(option) && first.is_some_and(|first| !SWITCHES.contains(&first.as_str()))
}

/// Tells whether what a name is set to may be a secret, if it looks like one.
pub fn may_be_secret(name: &str) -> bool {
    words(name).iter().any(|word| LIKELY.contains(&word.as_str()))
}

/// Tells whether a value of a secret's name is no secret for certain: a choice, or the path of a
/// key.
pub fn is_plain(name: &str, value: &str) -> bool {
    let value = value.trim_end_matches(['"', '\'']);
    let choice = ["true", "false", "yes", "no", "none", "null", "0", "1", "-"];
    let words = words(name);
    let path = ["/", "./", "../", "~/"].iter().any(|start| value.starts_with(start));
    let private = words.windows(2).any(|pair| pair[0] == "private" && pair[1] == "key");
    choice.contains(&value) || (private && path)
}

/// Tells whether a text looks as if chance had made it.
pub fn looks_random(text: &str) -> bool {
    let text = text.trim_matches(['"', '\'']);
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "+/_=.-".contains(letter);
    if text.len() < RANDOM_LEN_MIN
        || text.starts_with(['/', '.', '~'])
        || !text.chars().all(is_letter)
    {
        return false;
    }
    let class = |letter: char| match letter {
        'a'..='z' => 0,
        'A'..='Z' => 1,
        '0'..='9' => 2,
        _ => 3,
    };
    let mut seen = [false; 4];
    let mut turns = 0;
    let mut before = None;
    for now in text.chars().map(class) {
        seen[now] = true;
        turns += usize::from(before.is_some_and(|before| before != now));
        before = Some(now);
    }
    let hex = text.len() >= 32 && text.chars().all(|one| one.is_ascii_hexdigit());
    let mixed = seen[0] && seen[1] && seen[2] && turns >= text.len() / 4;
    mixed || (hex && seen[2] && (seen[0] || seen[1]))
}
