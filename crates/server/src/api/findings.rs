//! `/v1/findings`: alerts of one fingerprint, and what people decide about them.

use axum::extract::State;
use axum::http::StatusCode;
use control::evidence::Entry;
use finding::FindingId;
use serde::{Deserialize, Serialize};
use store::{DecisionItem, Draft, FindingFilter};
use utoipa::{IntoParams, ToSchema};

use super::alerts::{AlertItem, position};
use super::extract::{Json, Path, Query};
use super::problem::{Problem, ProblemBody};
use super::shape::{Count, Moment, Page, Severity, Subject, at_least, limit};
use crate::App;
use crate::guard::Caller;

/// Where a finding stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "as in `finding::Status`")]
pub enum Status {
    Open,
    Acknowledged,
    Accepted,
    Resolved,
}

/// What a person found the alerts to be.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "as in `finding::Verdict`")]
pub enum Verdict {
    TruePositive,
    Benign,
    FalsePositive,
}

/// What a person does with a finding.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "as in `finding::Action`")]
pub enum Action {
    Acknowledge,
    Accept,
    Resolve,
    Reopen,
}

/// Alerts of one fingerprint with their lifecycle.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "as in `finding::Finding`, which this describes")]
pub struct Finding {
    #[schema(value_type = String)]
    pub id: FindingId,
    pub rule: String,
    pub source: String,
    #[schema(value_type = Severity)]
    pub severity: event::Severity,
    #[schema(value_type = Subject)]
    pub subject: event::Subject,
    /// Criteria it bears on.
    pub soc2: Vec<String>,
    /// Where it stands now; an acceptance whose end has passed is open again.
    #[schema(value_type = Status)]
    pub status: finding::Status,
    #[schema(value_type = Option<Verdict>)]
    pub verdict: Option<finding::Verdict>,
    pub accepted_until: Option<Moment>,
    pub first_seen: Moment,
    pub last_seen: Moment,
    /// Receipt time of the alert that opened it, the last time it was opened.
    pub opened: Moment,
    /// Number of its alerts.
    pub count: Count,
    /// Output line of its last alert.
    pub output: String,
}

/// A finding with all that was decided about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingDetail {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Decisions, oldest first.
    pub decisions: Vec<Decision>,
}

/// Who decided what, when and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decision {
    /// Its place in the trail.
    pub position: String,
    /// The named person.
    pub actor: String,
    /// When.
    pub time: Moment,
    /// What.
    pub action: Action,
    /// End of an acceptance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// What the alerts were found to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Verdict>)]
    pub verdict: Option<finding::Verdict>,
    /// Why, in the person's words.
    pub reason: String,
}

/// A decision to be made by whoever is signed in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// What to do.
    pub action: Action,
    /// End of the acceptance; required with `accept`.
    pub until: Option<Moment>,
    /// What it was; required with `resolve`.
    #[schema(value_type = Option<Verdict>)]
    pub verdict: Option<finding::Verdict>,
    /// Why; required.
    pub reason: String,
}

/// Which findings.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FindingQuery {
    /// Only with this status.
    #[param(value_type = Option<Status>)]
    pub status: Option<finding::Status>,
    /// Only this severity and worse.
    #[param(value_type = Option<Severity>)]
    pub severity: Option<event::Severity>,
    /// Only of this rule.
    pub rule: Option<String>,
    /// Only of this source.
    pub source: Option<String>,
    /// Only those that bear on this criterion.
    pub criterion: Option<String>,
    /// Only those whose rule, output or subject contains this text, in any case.
    pub text: Option<String>,
    /// At most so many, 1 to 500; 100 by default.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CursorQuery {
    /// At most so many, 1 to 500; 100 by default.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// Lists findings, the latest seen first.
#[utoipa::path(get, path = "/v1/findings", tag = "findings", params(FindingQuery), responses(
    (status = 200, body = Page<Finding>),
    (status = "4XX", body = ProblemBody),
))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<FindingQuery>,
) -> Result<Json<Page<Finding>>, Problem> {
    let limit = limit(query.limit)?;
    let filter = FindingFilter {
        status: query.status.into_iter().collect(),
        severity: at_least(query.severity),
        rule: query.rule,
        source: query.source,
        criterion: query.criterion,
        text: query.text,
    };
    let cursor = query.cursor;
    let page = app.ask(move |view| view.findings(&filter, limit, cursor.as_deref())).await?;
    let now = app.clock().now();
    let items = page.items.into_iter().map(|finding| Finding::at(finding, now)).collect();
    Ok(Json(Page { items, next: page.next }))
}

/// Shows one finding and what was decided about it.
#[utoipa::path(get, path = "/v1/findings/{id}", tag = "findings",
    params(("id" = String, Path, description = "Finding id, 32 hex digits")),
    responses((status = 200, body = FindingDetail), (status = "4XX", body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<FindingDetail>, Problem> {
    detail(&app, FindingId(id)).await.map(Json)
}

/// Lists the alerts of one finding, newest first.
#[utoipa::path(get, path = "/v1/findings/{id}/alerts", tag = "findings",
    params(("id" = String, Path, description = "Finding id, 32 hex digits"), CursorQuery),
    responses((status = 200, body = Page<AlertItem>), (status = "4XX", body = ProblemBody)))]
pub async fn alerts(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<CursorQuery>,
) -> Result<Json<Page<AlertItem>>, Problem> {
    let limit = limit(query.limit)?;
    let before = query.cursor.as_deref().map(position).transpose()?;
    let id = FindingId(id);
    let page = app.ask(move |view| view.finding_alerts(&id, before, limit)).await?;
    Ok(Json(Page::from(page)))
}

/// Decides about a finding, in the name of whoever is signed in.
#[utoipa::path(post, path = "/v1/findings/{id}/decisions", tag = "findings",
    params(("id" = String, Path, description = "Finding id, 32 hex digits")),
    request_body = DecisionRequest,
    responses((status = 201, body = FindingDetail), (status = "4XX", body = ProblemBody)))]
pub async fn decide(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<DecisionRequest>,
) -> Result<(StatusCode, Json<FindingDetail>), Problem> {
    let id = FindingId(id);
    let action = action(&request)?;
    let _deciding = app.deciding().lock().await;
    let (mut finding, _) = found(&app, id.clone()).await?;
    let decision = finding::Decision {
        finding: id.clone(),
        actor: caller.actor(),
        time: app.clock().now(),
        action,
        reason: request.reason.trim().to_owned(),
    };
    finding.decide(&decision).map_err(refused)?;
    app.door().keep(vec![Draft::new(Entry::Decision(decision))]).await?;
    Ok((StatusCode::CREATED, Json(detail(&app, id).await?)))
}

fn action(request: &DecisionRequest) -> Result<finding::Action, Problem> {
    match (request.action, request.until, request.verdict) {
        (Action::Acknowledge, None, None) => Ok(finding::Action::Acknowledge),
        (Action::Reopen, None, None) => Ok(finding::Action::Reopen),
        (Action::Accept, Some(Moment(until)), None) => Ok(finding::Action::Accept { until }),
        (Action::Resolve, None, Some(verdict)) => Ok(finding::Action::Resolve { verdict }),
        (Action::Accept, None, _) => Err(Problem::bad_request("`accept` needs `until`")
            .hint("a risk is taken until a date, RFC 3339")),
        (Action::Resolve, _, None) => Err(Problem::bad_request("`resolve` needs `verdict`")
            .hint("one of true_positive, benign, false_positive")),
        _ => Err(Problem::bad_request("`until` goes with `accept`, `verdict` with `resolve`")),
    }
}

fn refused(refusal: finding::Refusal) -> Problem {
    match refusal {
        finding::Refusal::NotFrom { .. } => Problem::conflict(refusal.to_string()),
        finding::Refusal::NoPerson(_) => Problem::forbidden(refusal.to_string()),
        refusal => Problem::bad_request(refusal.to_string()),
    }
}

async fn found(app: &App, id: FindingId) -> Result<(finding::Finding, Vec<DecisionItem>), Problem> {
    let missing = Problem::not_found(format!("there is no finding `{id}`"));
    app.ask(move |view| view.finding(&id)).await?.ok_or(missing)
}

async fn detail(app: &App, id: FindingId) -> Result<FindingDetail, Problem> {
    let (finding, decisions) = found(app, id).await?;
    Ok(FindingDetail {
        finding: Finding::at(finding, app.clock().now()),
        decisions: decisions.into_iter().map(Decision::from).collect(),
    })
}

impl Finding {
    fn at(finding: finding::Finding, now: event::Time) -> Finding {
        Finding {
            status: finding.standing(now),
            id: finding.id,
            rule: finding.rule,
            source: finding.source,
            severity: finding.severity,
            subject: finding.subject,
            soc2: finding.soc2,
            verdict: finding.verdict,
            accepted_until: finding.accepted_until.map(Moment),
            first_seen: finding.first_seen.into(),
            last_seen: finding.last_seen.into(),
            opened: finding.opened.into(),
            count: finding.count.into(),
            output: finding.output,
        }
    }
}

impl From<DecisionItem> for Decision {
    fn from(item: DecisionItem) -> Decision {
        let (action, until, verdict) = match item.decision.action {
            finding::Action::Acknowledge => (Action::Acknowledge, None, None),
            finding::Action::Accept { until } => (Action::Accept, Some(Moment(until)), None),
            finding::Action::Resolve { verdict } => (Action::Resolve, None, Some(verdict)),
            finding::Action::Reopen => (Action::Reopen, None, None),
        };
        Decision {
            position: item.position.to_string(),
            actor: item.decision.actor,
            time: item.decision.time.into(),
            action,
            until,
            verdict,
            reason: item.decision.reason,
        }
    }
}
