//! Google Cloud audit log: the fields of its events.

use rule::source::{FieldDoc, SourceDoc};

use crate::json;
use syscall::field::event;

/// Name, fields and plugins of the source.
pub const DOC: SourceDoc = SourceDoc {
    name: "gcp_auditlog",
    doc: "Calls to the Google Cloud API, as its audit log records them.",
    fields: &[FIELDS, json::fields::FIELDS, event::FIELDS],
    plugins: &[("gcpaudit", "0.8.1"), ("json", "0.7.4")],
};

/// Fields of a Google Cloud audit event.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text("gcp.user", "Account that acted."),
    FieldDoc::text("gcp.callerIP", "Address of the caller."),
    FieldDoc::text("gcp.userAgent", "What client program the caller says it is."),
    FieldDoc::text(
        "gcp.authorizationInfo",
        "Which permissions were asked for and whether they were granted, as JSON.",
    ),
    FieldDoc::text("gcp.serviceName", "API that was called, `compute.googleapis.com`."),
    FieldDoc::text("gcp.policyDelta", "What the call changed in an access policy."),
    FieldDoc::text("gcp.request", "The whole request as JSON."),
    FieldDoc::text("gcp.methodName", "Method that was called."),
    FieldDoc::text("gcp.cloudfunctions.function", "Cloud function the call is about."),
    FieldDoc::text("gcp.cloudsql.databaseId", "Database instance the call is about."),
    FieldDoc::text("gcp.compute.instanceId", "Virtual machine the call is about."),
    FieldDoc::text("gcp.compute.networkId", "Network the call is about."),
    FieldDoc::text("gcp.compute.subnetwork", "Name of the subnetwork the call is about."),
    FieldDoc::text("gcp.compute.subnetworkId", "Id of the subnetwork the call is about."),
    FieldDoc::text("gcp.dns.zone", "DNS zone the call is about."),
    FieldDoc::text(
        "gcp.iam.serviceAccount",
        "E-mail address of the service account the call is about.",
    ),
    FieldDoc::text(
        "gcp.iam.serviceAccountId",
        "Unique id of the service account the call is about.",
    ),
    FieldDoc::text("gcp.location", "Region or zone of the resource."),
    FieldDoc::text("gcp.logging.sink", "Log sink the call is about."),
    FieldDoc::text("gcp.projectId", "Project of the resource."),
    FieldDoc::text("gcp.resourceName", "Full name of the resource."),
    FieldDoc::text("gcp.resourceType", "Kind of resource, `gce_instance`."),
    FieldDoc::text("gcp.resourceLabels", "Labels of the resource as JSON."),
    FieldDoc::text("gcp.storage.bucket", "Bucket the call is about."),
    FieldDoc::text("gcp.time", "Time of the event, RFC 3339."),
];
