//! `command-line.md`: the long help of every command.

use clap::{Command, CommandFactory};

use super::check;

/// Widest that help is printed, in characters.
const HELP_CHARS: usize = 100;

#[test]
fn the_command_line_is_what_the_commands_say() {
    let mut page = "# Command line\n\n\
        Data goes to standard output, talk to standard error.\n\
        Exit codes: 0 fine, 1 findings at or above the bound that was set, or evidence that does \
        not verify, 2 could not do it.\n"
        .to_owned();
    let mut command = crate::Cli::command().term_width(HELP_CHARS);
    command.build();
    describe(&command, &mut page);
    check("command-line.md", &page);
}

fn describe(command: &Command, page: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    // What the environment holds where this runs is nobody else's business.
    let mut plain = command
        .clone()
        .bin_name(name)
        .term_width(HELP_CHARS)
        .mut_args(|argument| argument.hide_env_values(true));
    let help = plain.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    page.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end()));
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        describe(inner, page);
    }
}
