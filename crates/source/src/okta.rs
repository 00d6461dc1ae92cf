//! Okta system log: the fields of its events.

use rule::source::{Argument, FieldDoc, Kind, SourceDoc};

use crate::json;
use syscall::field::event;

/// Name, fields and plugins of the source.
pub const DOC: SourceDoc = SourceDoc {
    name: "okta",
    doc: "Sign-ins and administration in Okta, from its system log.",
    fields: &[FIELDS, json::fields::FIELDS, event::FIELDS],
    plugins: &[("okta", "0.12.0"), ("json", "0.7.4")],
};

/// Fields of an Okta event.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text("okta.app", "Application that the event is about."),
    FieldDoc::text("okta.behaviors", "What Okta found unusual about the sign-in."),
    FieldDoc::text("okta.org", "Organisation that the event comes from."),
    FieldDoc::text("okta.evt.type", "Kind of event, `user.session.start`."),
    FieldDoc::text("okta.evt.legacytype", "Kind of event in Okta's older naming."),
    FieldDoc::text("okta.severity", "Severity that Okta gives the event."),
    FieldDoc::text("okta.message", "The event in words."),
    FieldDoc::text("okta.published", "When Okta published the event."),
    FieldDoc::text("okta.logonlysecuritydata", "Security data that Okta only logs, as JSON."),
    FieldDoc::text("okta.actor.id", "Id of the actor."),
    FieldDoc::text("okta.actor.Type", "Kind of actor: a user, an application, the system."),
    FieldDoc::text("okta.actor.alternateid", "Second id of the actor, mostly an e-mail address."),
    FieldDoc::text("okta.actor.name", "Name of the actor as people see it."),
    FieldDoc::text("okta.client.zone", "Network zone of the client."),
    FieldDoc::text("okta.client.ip", "Address of the client."),
    FieldDoc::text("okta.client.device", "Kind of device."),
    FieldDoc::text("okta.client.id", "Id of the OAuth client."),
    FieldDoc::text("okta.client.geo.city", "City that the client's address points to."),
    FieldDoc::text("okta.client.geo.state", "State that the client's address points to."),
    FieldDoc::text("okta.client.geo.country", "Country that the client's address points to."),
    FieldDoc::text(
        "okta.client.geo.postalcode",
        "Postal code that the client's address points to.",
    ),
    FieldDoc::text("okta.client.geo.lat", "Latitude that the client's address points to."),
    FieldDoc::text("okta.client.geo.lon", "Longitude that the client's address points to."),
    FieldDoc::text("okta.useragent.os", "Operating system that the client says it runs."),
    FieldDoc::text("okta.useragent.browser", "Browser that the client says it is."),
    FieldDoc::text("okta.useragent.raw", "User agent as the client sent it."),
    FieldDoc::text("okta.result", "How it ended: `SUCCESS`, `FAILURE`, `DENY` and others."),
    FieldDoc::text("okta.reason", "Why it ended so."),
    FieldDoc::text("okta.transaction.id", "Id shared by the events of one transaction."),
    FieldDoc::text("okta.transaction.type", "Kind of transaction: `WEB` or `JOB`."),
    FieldDoc::text("okta.requesturi", "URI of the request."),
    FieldDoc::text("okta.principal.id", "Id of the account in whose name the actor acted."),
    FieldDoc::text(
        "okta.principal.alternateid",
        "Second id of the account in whose name the actor acted.",
    ),
    FieldDoc::text("okta.principal.type", "Kind of the account in whose name the actor acted."),
    FieldDoc::text("okta.principal.name", "Name of the account in whose name the actor acted."),
    FieldDoc::text("okta.authentication.step", "How far a sign-in with several steps had come."),
    FieldDoc::text("okta.authentication.sessionid", "Id of the session outside Okta."),
    FieldDoc::text("okta.authentication.provider", "Who authenticated the user."),
    FieldDoc::text("okta.authentication.credentialprovider", "Who issued the credential."),
    FieldDoc::new(
        "okta.security.asnumber",
        Kind::Uint,
        "Number of the network that the client's address belongs to.",
    ),
    FieldDoc::text(
        "okta.security.asorg",
        "Owner of the network that the client's address belongs to.",
    ),
    FieldDoc::text("okta.security.isp", "Internet provider of the client."),
    FieldDoc::text("okta.security.domain", "Domain of the client's network."),
    FieldDoc::text("okta.security.isproxy", "Whether the client came through a known proxy."),
    FieldDoc::text("okta.target.user.id", "Id of the user that the event is about."),
    FieldDoc::text(
        "okta.target.user.alternateid",
        "Second id of the user that the event is about.",
    ),
    FieldDoc::text("okta.target.user.name", "Name of the user that the event is about."),
    FieldDoc::text("okta.target.group.id", "Id of the group that the event is about."),
    FieldDoc::text(
        "okta.target.group.alternateid",
        "Second id of the group that the event is about.",
    ),
    FieldDoc::text("okta.target.group.name", "Name of the group that the event is about."),
    FieldDoc::text(
        "okta.target.app.alternateid",
        "Second id of the application that the event is about.",
    ),
    FieldDoc::text(
        "okta.targets.displayName",
        "Names of everything the event is about; with a number one of them.",
    )
    .takes(Argument::Index),
    FieldDoc::new(
        "okta.mfa.failure.countlast",
        Kind::Uint,
        "Failed second factors of this user in the seconds given by the argument.",
    )
    .takes(Argument::IndexRequired),
    FieldDoc::new(
        "okta.mfa.deny.countlast",
        Kind::Uint,
        "Refused second factors of this user in the seconds given by the argument.",
    )
    .takes(Argument::IndexRequired),
];
