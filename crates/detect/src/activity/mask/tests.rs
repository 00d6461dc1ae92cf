use proptest::prelude::*;

use super::*;

fn told(args: &[&str]) -> String {
    let program = args[0].rsplit('/').next().unwrap();
    masked(program, args.iter().copied()).join("\u{1f}")
}

/// Arguments with `S` for a secret; blanks stand between arguments, `~` within one.
const SECRET: [&str; 75] = [
    "app --password=S",
    "app --password S",
    "app --db-password=S --verbose",
    "app -storepass S",
    "app --token S",
    "app --apiKey=S",
    "app --api-key S",
    "app --client-secret=S",
    "app --secret S",
    "app -Djavax.net.ssl.keyStorePassword=S",
    "app --passphrase S",
    "env PGPASSWORD=S psql",
    "env AWS_SECRET_ACCESS_KEY=S aws",
    "docker run -e GITHUB_TOKEN=S image",
    "docker run --env=DB_PASS=S image",
    "docker run -eDB_PASS=S image",
    "docker login -u me -p S registry.example",
    "docker login -u me -pS registry.example",
    "docker login --password S",
    "mysql -u root -pS shop",
    "/usr/bin/mysqldump -pS shop",
    "sudo mysql -pS",
    "sshpass -p S ssh host",
    "sshpass -pS ssh host",
    "curl -u me:S http://host/",
    "curl -ume:S http://host/",
    "curl -su me:S http://host/",
    "curl --user me:S http://host/",
    "curl --user=me:S http://host/",
    "curl -b sid=S http://host/",
    "curl -H Authorization:~Bearer~S http://host/",
    "curl -H Authorization:~S http://host/",
    "curl -H authorization:S http://host/",
    "curl -H X-Vault-Token:~S http://host/",
    "curl -H Cookie:~a=b;~sid=S http://host/",
    "curl -H Proxy-Authorization:~Basic~S http://host/",
    "curl -d {\"user\":\"me\",\"password\":\"S\"} http://host/",
    "curl -d {\"user\":~\"me\",~\"password\":~\"S\"} http://host/",
    "curl -d {'token':'S','a':1} http://host/",
    "curl -d user=me&password=S&go=1 http://host/",
    "curl http://host/?access_token=S",
    "curl https://me:S@host/path",
    "git clone https://me:S@host/x.git",
    "psql postgres://me:S@db:5432/shop",
    "sh -c PASSWORD=S~run",
    "sh -c PASSWORD='S'~run",
    "sh -c PASSWORD='a~S'~run",
    "sh -c export~TOKEN=\"S\";~run",
    "bash -lc curl~-H~\"Authorization:~Bearer~S\"~http://host/",
    "bash -c curl~-H~'Cookie:~a=b;~c=S'~http://host/",
    "sh -c mysql~-uroot~-pS~-e~'show~tables'",
    "sh -c sshpass~-p~'S'~ssh~host",
    "sh -c sshpass~-p~'a~S'~ssh~host",
    "sh -c curl~-u~me:S~host",
    "sh -c login~--password~S~&&~run",
    "sh -c psql~postgres://me:S@db/shop",
    "sh -c curl~-d~'{\"password\":~\"S\"}'~host",
    "sh -c curl~-d~\"{\\\"password\\\":\\\"S\\\"}\"~host",
    "redis-cli -a S ping",
    "ldapsearch -x -D cn=me -w S",
    "zip -P S a.zip b",
    "7z a -pS a.7z b",
    "smbclient //host/share -U me%S",
    "ipmitool -U me -P S power status",
    "snmpwalk -v2c -c S host",
    "openssl enc -aes-256-cbc -pass pass:S",
    "openssl rsa -passin pass:S",
    "vault login S",
    "vault kv put secret/shop db=S",
    "rabbitmqctl add_user me S",
    "htpasswd -bc file me S",
    "aws configure set aws_secret_access_key S",
    "kubectl create secret generic x --from-literal=k=S",
    "kubectl create secret generic x --from-literal k=S",
    "python -c password~=~\"S\"",
];

/// Commands of every day; nothing in them is masked.
const ORDINARY: [&str; 42] = [
    "ls -la /etc/passwd",
    "cat /etc/shadow /root/.ssh/id_rsa",
    "grep -r password /srv",
    "find / -name id_rsa",
    "docker run -p 8080:80 --name web nginx:1.27",
    "docker login registry.example",
    "ssh -p 2222 git@host",
    "git clone ssh://git@host/x.git",
    "git clone https://host:8443/x@v1.git",
    "mkdir -p /srv/data",
    "mysql -u root -p shop",
    "mysql -h db -P 3306",
    "psql -h db -p 5432 -U shop",
    "kubectl get secret shop -o yaml",
    "kubectl --token-file=/run/token get pods",
    "kubectl create secret generic shop",
    "app --password-file /run/password",
    "app --password-file=/run/password",
    "app --secret-name=shop",
    "app --token-ttl 24h",
    "app --no-password --port 80",
    "app --ask-pass host",
    "app --max-tokens=100",
    "app --private-key=/etc/ssl/key.pem",
    "app --compass=north",
    "curl -s --key /etc/ssl/key.pem https://host/path?q=1",
    "curl --user-agent shop/1.0 http://host/",
    "curl -H Accept:~application/json http://host/",
    "sh -c ls~-la~|~grep~key",
    "sh -c for~i~in~1~2~3;~do~echo~$i;~done",
    "bash -c cd~/srv~&&~make~-j4~test",
    "tar -xzpf a.tar.gz",
    "rsync -avzP a/ host:b/",
    "zip -r a.zip b",
    "7z x a.7z",
    "image registry.example/vault/secret:1.2",
    "passwd ada",
    "chmod 600 /root/.ssh/authorized_keys",
    "java -Xmx512m -jar app.jar --spring.profiles.active=production",
    "aws s3 cp a s3://bucket/key",
    "vault kv get secret/shop",
    "sha256sum 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
];

/// A template with the mark where the secret goes: a capital S that is no part of a word.
fn filled(template: &str, secret: &str) -> Vec<String> {
    let letters: Vec<char> = template.chars().collect();
    let is_upper = |at: Option<&char>| at.is_some_and(char::is_ascii_uppercase);
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let alone = !is_upper(letters.get(at + 1))
            && !at.checked_sub(1).is_some_and(|at| is_upper(letters.get(at)));
        let lower = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        if *letter == 'S' && alone && !lower { text.push('\u{0}') } else { text.push(*letter) }
    }
    text.split(' ').map(|arg| arg.replace('~', " ").replace('\u{0}', secret)).collect()
}

#[test]
fn what_is_ordinary_is_told_as_it_is() {
    for text in ORDINARY {
        let args: Vec<String> = text.split(' ').map(|arg| arg.replace('~', " ")).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        assert_eq!(told(&args), args.join("\u{1f}"), "{text}");
    }
}

#[test]
fn the_rest_of_a_command_is_still_told() {
    let check = |args: &[&str], expected: &str| {
        assert_eq!(told(args).replace('\u{1f}', " "), expected);
    };
    check(&["mysql", "-u", "root", "-phunter2", "shop"], "mysql -u root -p*** shop");
    check(&["curl", "-u", "me:pw", "http://h/"], "curl -u me:*** http://h/");
    check(&["psql", "postgres://me:pw@db:5432/shop"], "psql postgres://me:***@db:5432/shop");
    check(&["sh", "-c", "TOKEN=abc curl http://h/"], "sh -c TOKEN=*** curl http://h/");
    check(
        &["sh", "-c", "curl -d '{\"password\":\"x\",\"user\":\"me\"}' h"],
        "sh -c curl -d '{\"password\":\"***\",\"user\":\"me\"}' h",
    );
    check(&["app", "--password", "x", "--port", "80"], "app --password *** --port 80");
    check(&["app", "ghp_0123456789abcdefghijABCDEFGHIJ012345"], "app ***");
    check(&["app", "--key", "dGhpcyBpcyBhIHNlY3JldCBrZXkgMTIzNDU2"], "app --key ***");
    check(&["ssh-add", "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\ndef"], "ssh-add ***");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_secret_that_is_named_never_comes_out(
        secret in "[A-Za-z0-9]{4}[A-Za-z0-9!#%^*+,.:@_-]{4,24}",
        template in 0..SECRET.len(),
    ) {
        let args = filled(SECRET[template], &secret);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        prop_assert!(args.iter().any(|arg| arg.contains(&secret)), "{}", SECRET[template]);
        let told = told(&args);
        prop_assert!(!told.contains(&secret), "{told}");
        // Nor any large part of it.
        for at in 0..secret.len().saturating_sub(6) {
            prop_assert!(!told.contains(&secret[at..at + 6]), "{told}");
        }
    }

    #[test]
    fn any_argument_can_be_masked(args in proptest::collection::vec("\\PC{0,40}", 1..6)) {
        let masked = masked("sh", args.iter().map(String::as_str));
        prop_assert_eq!(masked.len(), args.len());
    }
}

#[test]
fn a_secret_in_each_place_is_masked() {
    for template in SECRET {
        let args = filled(template, "hunter2hunter2");
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let told = told(&args);
        assert!(!told.contains("hunter2"), "{template}: {told}");
        assert!(told.contains(MASK), "{template}: {told}");
    }
}
