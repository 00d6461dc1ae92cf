//! Options and words by which known programs take a secret.

/// How an option takes its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Behind the option, in one word.
    Attached,
    /// As the next word.
    Apart,
    /// Either.
    Both,
    /// In its value, behind this letter.
    Behind(char),
    /// In any word, behind this letter.
    Any(char),
}

/// One option: programs, option, form, and a word that must have been met before.
type Row = (&'static [&'static str], &'static str, Form, Option<&'static str>);

const MYSQL: &[&str] = &[
    "mysql",
    "mysqldump",
    "mysqladmin",
    "mysqlimport",
    "mysqlcheck",
    "mysqlshow",
    "mysqlslap",
    "mariadb",
    "mariadb-dump",
    "mariadb-admin",
];
const MONGO: &[&str] =
    &["mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport"];
const REGISTRY: &[&str] =
    &["docker", "podman", "nerdctl", "buildah", "skopeo", "crane", "oras", "helm", "az"];
const LDAP: &[&str] =
    &["ldapsearch", "ldapmodify", "ldapadd", "ldapdelete", "ldapwhoami", "ldappasswd"];
const SMB: &[&str] = &["smbclient", "smbget", "rpcclient", "net", "smbmap", "smbtree"];
const SNMP: &[&str] = &["snmpget", "snmpwalk", "snmpset", "snmpbulkwalk", "snmpgetnext"];
const SQL: &[&str] = &["sqlcmd", "isql", "bcp", "tsql", "osql"];
const PACKER: &[&str] = &["7z", "7za", "7zr", "7zz", "rar", "unrar"];

const ROWS: &[Row] = &[
    (MYSQL, "-p", Form::Attached, None),
    (&["sshpass"], "-p", Form::Both, None),
    (&["curl"], "-u", Form::Behind(':'), None),
    (&["curl"], "--user", Form::Behind(':'), None),
    (&["curl"], "-U", Form::Behind(':'), None),
    (&["curl"], "--proxy-user", Form::Behind(':'), None),
    (&["curl"], "-E", Form::Behind(':'), None),
    (&["curl"], "--cert", Form::Behind(':'), None),
    (&["curl"], "-b", Form::Behind('='), None),
    (&["curl"], "--cookie", Form::Behind('='), None),
    (REGISTRY, "-p", Form::Both, Some("login")),
    (&["redis-cli"], "-a", Form::Both, None),
    (LDAP, "-w", Form::Both, None),
    (&["ldappasswd"], "-s", Form::Both, None),
    (&["ldappasswd"], "-a", Form::Both, None),
    (MONGO, "-p", Form::Both, None),
    (&["zip", "unzip", "zipcloak", "funzip"], "-P", Form::Both, None),
    (PACKER, "-p", Form::Attached, None),
    (PACKER, "-hp", Form::Attached, None),
    (SMB, "-U", Form::Behind('%'), None),
    (&["ipmitool"], "-P", Form::Both, None),
    (SNMP, "-c", Form::Both, None),
    (SNMP, "-A", Form::Both, None),
    (SNMP, "-X", Form::Both, None),
    (&["useradd", "usermod"], "-p", Form::Both, None),
    (SQL, "-P", Form::Both, None),
    (&["openssl"], "-k", Form::Apart, None),
    (&["openssl"], "-K", Form::Apart, None),
    (&["openssl"], "-hmac", Form::Apart, None),
    (&["kubectl", "oc"], "--from-literal", Form::Behind('='), None),
    (&["vault"], "", Form::Any('='), Some("put")),
    (&["vault"], "", Form::Any('='), Some("patch")),
    (&["vault"], "", Form::Any('='), Some("write")),
    (&["sqlplus"], "", Form::Any('/'), None),
];

/// Words after which a secret follows: program, word, words between.
const WORDS: &[(&str, &str, u8)] = &[
    ("vault", "login", 0),
    ("rabbitmqctl", "add_user", 1),
    ("rabbitmqctl", "change_password", 1),
    ("rabbitmqctl", "authenticate_user", 1),
    ("nmcli", "password", 0),
    ("wpa_passphrase", "wpa_passphrase", 1),
    ("aws", "aws_secret_access_key", 0),
    ("aws", "aws_session_token", 0),
];

/// A known program, and which of the words that matter it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool {
    name: &'static str,
    /// A word that a row asks for.
    seen: Option<&'static str>,
}

impl Tool {
    /// Finds a program.
    pub fn named(name: &str) -> Option<Tool> {
        let of_rows = ROWS.iter().flat_map(|row| row.0).copied();
        let of_words = WORDS.iter().map(|row| row.0);
        let mut names = of_rows.chain(of_words).chain(["htpasswd"]);
        names.find(|known| *known == name).map(|name| Tool { name, seen: None })
    }

    /// Takes notice of a word.
    pub fn having_seen(self, word: &str) -> Tool {
        let own = ROWS.iter().filter(|row| row.0.contains(&self.name));
        let seen = own.filter_map(|row| row.3).find(|asked| *asked == word);
        Tool { seen: seen.or(self.seen), ..self }
    }

    /// Finds the option that a word is, or begins with.
    pub fn option(self, word: &str) -> Option<(&'static str, Form)> {
        let own = ROWS.iter().filter(|row| row.0.contains(&self.name));
        let own = own.filter(|row| row.3.is_none() || row.3 == self.seen);
        let mut own = own.map(|row| (row.1, row.2));
        own.find(|(option, form)| match form {
            Form::Any(letter) => !word.starts_with(['-', '/']) && word.contains(*letter),
            _ if option.starts_with("--") => word
                .strip_prefix(option)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('=')),
            _ => word.starts_with(option) || self.is_last_of_several(word, option),
        })
    }

    /// Tells whether a word is several short options of which the last is this one.
    fn is_last_of_several(self, word: &str, option: &str) -> bool {
        let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        let last = option.trim_start_matches('-');
        let several = |letters: &str| letters.chars().all(|one| one.is_ascii_alphabetic());
        self.name == "curl" && letters.is_some_and(|all| several(all) && all.ends_with(last))
    }

    /// Returns how many words stand between this one and a secret.
    pub fn words_before_secret(self, word: &str) -> Option<u8> {
        let mut own = WORDS.iter().filter(|row| row.0 == self.name);
        let name = word.rsplit('/').next().unwrap_or(word);
        own.find(|row| row.1 == name).map(|row| row.2)
    }

    /// Tells whether its last word is a secret, given as a batch.
    pub fn ends_with_secret(self) -> bool {
        self.name == "htpasswd"
    }
}

/// Tells whether an argument is a group of options with `-b`: a password on the command line.
pub fn is_batch(arg: &str) -> bool {
    let letters = arg.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
    letters.is_some_and(|letters| letters.contains('b'))
}
