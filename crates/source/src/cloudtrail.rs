//! AWS CloudTrail: the fields of its events.

use rule::source::{Argument, FieldDoc, Kind, SourceDoc};

use crate::json;
use syscall::field::event;

/// Name, fields and plugins of the source.
pub const DOC: SourceDoc = SourceDoc {
    name: "aws_cloudtrail",
    doc: "Calls to the AWS API, as CloudTrail records them.",
    fields: &[FIELDS, json::fields::FIELDS, event::FIELDS],
    plugins: &[("cloudtrail", "0.17.1"), ("json", "0.7.4")],
};

/// Fields of a CloudTrail event.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text("ct.id", "Id of the event."),
    FieldDoc::text("ct.error", "Error code; absent when the call succeeded."),
    FieldDoc::text("ct.errormessage", "Error in words; absent when the call succeeded."),
    FieldDoc::text("ct.time", "Time of the call as CloudTrail writes it."),
    FieldDoc::text("ct.src", "Service that was called, `iam.amazonaws.com`."),
    FieldDoc::text("ct.shortsrc", "Service that was called without `.amazonaws.com`."),
    FieldDoc::text("ct.name", "Name of the call, `CreateUser`."),
    FieldDoc::text("ct.user", "Who called; for an assumed role the role's name."),
    FieldDoc::text(
        "ct.originaluser",
        "Who called as CloudTrail tells it; for an assumed role the name of the session.",
    ),
    FieldDoc::text("ct.user.accountid", "Account of the caller."),
    FieldDoc::text(
        "ct.user.identitytype",
        "Kind of caller: `Root`, `IAMUser`, `AssumedRole`, `AWSService`.",
    ),
    FieldDoc::text("ct.user.principalid", "Unique id of the caller."),
    FieldDoc::text("ct.user.arn", "ARN of the caller."),
    FieldDoc::text("ct.region", "Region that was called."),
    FieldDoc::text("ct.response.subnetid", "Subnet in the answer."),
    FieldDoc::text("ct.response.reservationid", "Reservation in the answer."),
    FieldDoc::text("ct.response", "The whole answer."),
    FieldDoc::text("ct.request.availabilityzone", "Availability zone in the request."),
    FieldDoc::text("ct.request.cluster", "Cluster in the request."),
    FieldDoc::text("ct.request.functionname", "Function in the request."),
    FieldDoc::text("ct.request.groupname", "Group in the request."),
    FieldDoc::text("ct.request.host", "Host in the request."),
    FieldDoc::text("ct.request.name", "Name of what the request acts on."),
    FieldDoc::text("ct.request.policy", "Policy in the request."),
    FieldDoc::text("ct.request.reason", "Reason in the request."),
    FieldDoc::text("ct.request.target", "Target in the request."),
    FieldDoc::text("ct.request.documentname", "Document in the request."),
    FieldDoc::text(
        "ct.request.serialnumber",
        "Serial number in the request, mostly of an MFA device.",
    ),
    FieldDoc::text("ct.request.servicename", "Service in the request."),
    FieldDoc::text("ct.request.subnetid", "Subnet in the request."),
    FieldDoc::text("ct.request.taskdefinition", "Task definition in the request."),
    FieldDoc::text("ct.request.username", "User in the request."),
    FieldDoc::text("ct.request", "The whole request."),
    FieldDoc::text("ct.srcip", "Address the call came from, or the AWS service that made it."),
    FieldDoc::text("ct.useragent", "What client program the caller says it is."),
    FieldDoc::text("ct.info", "The event in one line; what it says depends on the call."),
    FieldDoc::text(
        "ct.managementevent",
        "`true` when the call manages resources rather than moves data.",
    ),
    FieldDoc::text("ct.readonly", "`true` when the call changes nothing."),
    FieldDoc::text("ct.requestid", "Id of the request."),
    FieldDoc::text(
        "ct.eventtype",
        "What made the event: `AwsApiCall`, `AwsConsoleSignIn`, `AwsServiceEvent`.",
    ),
    FieldDoc::text("ct.apiversion", "Version of the API that was called."),
    FieldDoc::text("ct.resources", "Resources the call touched."),
    FieldDoc::text("ct.recipientaccountid", "Account the event was delivered to."),
    FieldDoc::text("ct.serviceeventdetails", "What a service did by itself and why."),
    FieldDoc::text("ct.sharedeventid", "Id shared by the copies of one event in several accounts."),
    FieldDoc::text("ct.vpcendpointid", "VPC endpoint the call came through."),
    FieldDoc::text("ct.eventcategory", "Category of the event: `Management`, `Data`, `Insight`."),
    FieldDoc::text("ct.addendum.reason", "Why an earlier event was incomplete or late."),
    FieldDoc::text(
        "ct.addendum.updatedfields",
        "Which members of the earlier event this one replaces.",
    ),
    FieldDoc::text("ct.addendum.originalrequestid", "Request id of the earlier event."),
    FieldDoc::text("ct.addendum.originaleventid", "Id of the earlier event."),
    FieldDoc::text(
        "ct.sessioncredentialfromconsole",
        "`true` when the credentials came from a session of the web console.",
    ),
    FieldDoc::text("ct.edgedevicedetails", "Edge devices that the request is about."),
    FieldDoc::text("ct.tlsdetails.tlsversion", "TLS version of the connection."),
    FieldDoc::text("ct.tlsdetails.ciphersuite", "Cipher suite of the connection."),
    FieldDoc::text(
        "ct.tlsdetails.clientprovidedhostheader",
        "Host name that the caller asked for.",
    ),
    FieldDoc::text("ct.additionaleventdata", "Everything else the service had to say."),
    FieldDoc::text("s3.uri", "Bucket and key as `s3://bucket/key`."),
    FieldDoc::text("s3.bucket", "Bucket."),
    FieldDoc::text("s3.key", "Key in the bucket."),
    FieldDoc::new("s3.bytes", Kind::Uint, "Bytes that went in or out."),
    FieldDoc::new("s3.bytes.in", Kind::Uint, "Bytes that went into the bucket."),
    FieldDoc::new("s3.bytes.out", Kind::Uint, "Bytes that came out of the bucket."),
    FieldDoc::new("s3.cnt.get", Kind::Uint, "1 when an object was read, else 0."),
    FieldDoc::new("s3.cnt.put", Kind::Uint, "1 when an object was written, else 0."),
    FieldDoc::new(
        "s3.cnt.other",
        Kind::Uint,
        "1 when the call neither read nor wrote an object, else 0.",
    ),
    FieldDoc::text("ec2.name", "Names of the instances, taken from their tags."),
    FieldDoc::text("ec2.imageid", "Image of the first instance in the answer; use `ec2.imageids`."),
    FieldDoc::text("ec2.imageids", "Images of the instances in the answer.")
        .list()
        .takes(Argument::Index),
    FieldDoc::text("ecr.repository", "Image repository in the request."),
    FieldDoc::text("ecr.imagetag", "Image tag in the request."),
    FieldDoc::text("iam.role", "Role in the request."),
    FieldDoc::text("iam.policy", "Policy in the request."),
];
