//! GitHub webhooks: the fields of their messages.

use rule::source::{FieldDoc, SourceDoc};

use crate::json;
use syscall::field::event;

/// Name, fields and plugins of the source.
pub const DOC: SourceDoc = SourceDoc {
    name: "github",
    doc: "What happens in GitHub repositories, as their webhooks tell it.",
    fields: &[FIELDS, json::fields::FIELDS, event::FIELDS],
    plugins: &[("github", "0.10.1"), ("json", "0.7.4")],
};

/// Fields of a GitHub message.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text("github.type", "Kind of message: `push`, `star`, `workflow_run`."),
    FieldDoc::text("github.action", "What happened within that kind: `created`, `deleted`."),
    FieldDoc::text("github.user", "Who did it."),
    FieldDoc::text("github.repo", "Older name of `github.repo.url`."),
    FieldDoc::text("github.repo.url", "URL of the repository."),
    FieldDoc::text("github.repo.name", "Name of the repository."),
    FieldDoc::text("github.repo.description", "Description of the repository."),
    FieldDoc::text("github.org", "Organisation that owns the repository."),
    FieldDoc::text("github.owner", "Owner of the repository."),
    FieldDoc::text("github.repo.public", "`true` when anyone may read the repository."),
    FieldDoc::text("github.collaborator.name", "Member who was added or removed."),
    FieldDoc::text("github.collaborator.role", "Role of the member who was added or removed."),
    FieldDoc::text("github.webhook.id", "Id of a webhook that was made."),
    FieldDoc::text("github.webhook.type", "Kind of a webhook that was made."),
    FieldDoc::text("github.commit.added", "Files that the commits add, joined by commas."),
    FieldDoc::text("github.commit.modified", "Files that the commits change, joined by commas."),
    FieldDoc::text("github.commit.removed", "Files that the commits remove, joined by commas."),
    FieldDoc::text("github.diff.has_secrets", "`true` when a pushed commit holds a secret."),
    FieldDoc::text(
        "github.diff.committed_secrets.desc",
        "What kinds of secret were pushed, joined by commas.",
    ),
    FieldDoc::text(
        "github.diff.committed_secrets.files",
        "Files that the pushed secrets stand in, joined by commas.",
    ),
    FieldDoc::text(
        "github.diff.committed_secrets.lines",
        "Lines that the pushed secrets stand on, joined by commas.",
    ),
    FieldDoc::text(
        "github.diff.committed_secrets.links",
        "Links to the pushed secrets, joined by commas.",
    ),
    FieldDoc::text("github.workflow.has_miners", "`true` when the workflow runs a known miner."),
    FieldDoc::text(
        "github.workflow.miners.type",
        "Which miners the workflow runs, joined by commas.",
    ),
    FieldDoc::text("github.workflow.filename", "File that defines the workflow."),
];
