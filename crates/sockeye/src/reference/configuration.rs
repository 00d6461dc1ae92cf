//! `configuration.md`: every key of the configuration file.

use clap::{Arg, ArgAction, Args, Command};

use super::{check, table};
use crate::config::{
    Stated, StatedControls, StatedKubernetes, StatedRules, StatedSensor, StatedTls,
};

const OPENING: &str = "# Configuration

`sockeye serve --config FILE` reads a YAML file of at most 1 MiB.
A flag wins over the environment, and both win over the file.
A key that is not known is an error with its place.

";

const SOURCES: &str = "
`sources` is a list of what delivers, one entry each:

| Entry | Flag | Meaning |
|---|---|---|
| `k8s_audit: {file: PATH}` | `--k8s-audit-file` | Follow this audit log, through rotations. |
| `k8s_audit: {webhook: false}` |  | Take nothing at `/k8s-audit`; on unless switched off. |

`SOCKEYE_LOG` sets what the server tells of itself, `info` unless set:
`debug`, or `warn,server=debug`.

An example with everything:

```yaml
";

const EXAMPLE: &str = "listen: 0.0.0.0:9700
data: /var/lib/sockeye
environment: production
cluster: eu-1
admin_name: Ada Lovelace
agents: 0.0.0.0:9701
connections_max: 512
hosts: [sockeye.example.org]
tls:
  certificate: /etc/sockeye/tls.crt
  key: /etc/sockeye/tls.key
rules:
  files: [/etc/sockeye/rules]
  approved_by: Grace Hopper
controls:
  folder: /etc/sockeye/controls
  service_model: paas
sensor:
  watch: on
  step: auto
  ring_mib: 16
kubernetes:
  kubeconfig: /etc/sockeye/kubeconfig
  node: node-1
sources:
- k8s_audit: {file: /var/log/kubernetes/audit.log}
- k8s_audit: {webhook: false}
";

#[test]
fn the_configuration_is_what_the_file_may_say() {
    let head = ["Key", "Flag", "Environment", "Default", "Meaning"].map(str::to_owned);
    let groups = [
        ("tls.", arguments::<StatedTls>()),
        ("rules.", arguments::<StatedRules>()),
        ("controls.", arguments::<StatedControls>()),
        ("sensor.", arguments::<StatedSensor>()),
        ("kubernetes.", arguments::<StatedKubernetes>()),
    ];
    let grouped = |id: &str| groups.iter().any(|(_, of)| of.iter().any(|arg| arg.get_id() == id));
    let plain: Vec<Arg> = arguments::<Stated>()
        .into_iter()
        .filter(|arg| !grouped(arg.get_id().as_str()) && arg.get_id() != "k8s_audit_files")
        .collect();
    let mut rows = vec![head];
    for (group, arguments) in [("", plain)].iter().chain(&groups) {
        rows.extend(arguments.iter().map(|argument| row(group, argument)));
    }
    for row in &rows[1..] {
        let key = row[0].trim_matches('`');
        let last = key.rsplit('.').next().unwrap();
        assert!(EXAMPLE.contains(&format!("{last}: ")), "{key} is not in the example");
    }
    let settings = Stated::parse(EXAMPLE).and_then(|all| all.settle("ada", String::new()));
    assert!(settings.is_ok(), "{settings:?}");
    check("configuration.md", &format!("{OPENING}{}{SOURCES}{EXAMPLE}```\n", table(rows)));
}

fn arguments<A: Args>() -> Vec<Arg> {
    A::augment_args(Command::new("reference")).get_arguments().cloned().collect()
}

fn row(group: &str, argument: &Arg) -> [String; 5] {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let (meaning, default) = match help.split_once("[default:") {
        Some((meaning, rest)) => (meaning.trim(), rest.trim().trim_end_matches(']').trim()),
        None => (help.trim(), ""),
    };
    let list = matches!(argument.get_action(), ArgAction::Append);
    let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
    let default = if list { "`[]`".to_owned() } else { code(default) };
    let environment = argument.get_env().map(|name| name.to_string_lossy().into_owned());
    [
        code(&format!("{group}{}", argument.get_id())),
        argument.get_long().map_or_else(String::new, |long| format!("`--{long}`")),
        code(&environment.unwrap_or_default()),
        default,
        format!("{meaning}."),
    ]
}
