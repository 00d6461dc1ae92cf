//! `/v1/criteria` and `/v1/controls`: how the 61 criteria and the controls that serve them stand
//! over a period, and the populations behind each result.

mod shapes;

use std::sync::Arc;

use axum::extract::State;
use control::judge::List;
use control::{Control, ControlResult};
use event::{Period, Time};

use super::extract::{Json, Path, Query};
use super::problem::{Problem, ProblemBody};
use super::shape::{Moment, Page, Span, limit};
use crate::App;
use crate::judging::Judged;

pub use shapes::{
    AnalogyCard, ControlDetail, ControlItem, ControlTest, Controls, Criteria, Criterion,
    CriterionControl, Gap, Judgement, MappedRule, Outcome, Population, PopulationItem,
    PopulationQuery,
};

/// Lists the 61 criteria with their controls and results.
#[utoipa::path(get, path = "/v1/criteria", tag = "controls", params(Span),
    responses((status = 200, body = Criteria), (status = "4XX", body = ProblemBody)))]
pub async fn criteria(
    State(app): State<App>,
    Query(span): Query<Span>,
) -> Result<Json<Criteria>, Problem> {
    let judged = judged(&app, span).await?;
    let catalogue = app.judging().catalogue();
    let items = judged.rows.iter().map(|row| {
        let text = catalogue.criterion(&row.id);
        Criterion {
            id: row.id.clone(),
            category: row.category,
            paraphrase: row.paraphrase.clone(),
            points: text.map_or_else(Vec::new, |one| {
                one.points.iter().map(|point| point.text.clone()).collect()
            }),
            shown_by: text.map_or_else(Vec::new, |one| one.shown_by.clone()),
            manual: text.map_or_else(Vec::new, |one| one.manual.clone()),
            analogy: text.and_then(|one| one.analogy.clone()).map(|one| AnalogyCard {
                known: one.known,
                here: one.here,
                try_it: one.try_it,
            }),
            summary: row.summary.clone(),
            controls: row.controls.iter().map(CriterionControl::from).collect(),
        }
    });
    let items = items.collect();
    let Period { from, until } = judged.period;
    let judged_until = judged.settled.until.into();
    Ok(Json(Criteria { from: from.into(), until: until.into(), judged_until, items }))
}

/// Lists the controls with their results over a period.
#[utoipa::path(get, path = "/v1/controls", tag = "controls", params(Span),
    responses((status = 200, body = Controls), (status = "4XX", body = ProblemBody)))]
pub async fn list(
    State(app): State<App>,
    Query(span): Query<Span>,
) -> Result<Json<Controls>, Problem> {
    let judged = judged(&app, span).await?;
    let catalogue = app.judging().catalogue();
    let with_text = judged.results.iter().filter_map(|result| {
        let control = catalogue.control(&result.id)?;
        Some(ControlItem::of(control, result))
    });
    let items = with_text.collect();
    let Period { from, until } = judged.period;
    let judged_until = judged.settled.until.into();
    Ok(Json(Controls { from: from.into(), until: until.into(), judged_until, items }))
}

/// Shows one control and all that its results stand on.
#[utoipa::path(get, path = "/v1/controls/{id}", tag = "controls",
    params(("id" = String, Path, description = "Control id, `K-12`"), Span),
    responses((status = 200, body = ControlDetail), (status = "4XX", body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(span): Query<Span>,
) -> Result<Json<ControlDetail>, Problem> {
    let judged = judged(&app, span).await?;
    let (control, result) = found(&app, &judged, &id)?;
    let rules = app.rules().now();
    let loaded = |name: &str| rules.items.iter().any(|rule| rule.enabled && rule.name == name);
    let mapped = control.rules.iter().map(|one| MappedRule {
        loaded: loaded(&one.rule),
        rule: one.rule.clone(),
        relation: one.relation,
        reason: one.reason.trim().to_owned(),
    });
    let gaps = result.coverage.iter().flat_map(|coverage| &coverage.gaps).map(Gap::from);
    let seconds = |count: Option<i64>| count.and_then(|it| u64::try_from(it).ok()).unwrap_or(0);
    let coverage = result.coverage.as_ref();
    Ok(Json(ControlDetail {
        from: judged.period.from.into(),
        until: judged.period.until.into(),
        judged_until: judged.settled.until.into(),
        control: ControlItem::of(control, result),
        responsibility: app.judging().responsibility(control),
        tests: result.tests.iter().map(ControlTest::from).collect(),
        populations: result.populations.iter().map(Population::from).collect(),
        gaps: gaps.collect(),
        observed_s: seconds(coverage.map(|it| it.observed_seconds)).into(),
        expected_s: seconds(coverage.map(|it| it.expected_seconds)).into(),
        rules: mapped.collect(),
    }))
}

/// Lists the items behind a control's results.
#[utoipa::path(get, path = "/v1/controls/{id}/population", tag = "controls",
    params(("id" = String, Path, description = "Control id, `K-12`"), PopulationQuery),
    responses((status = 200, body = Page<PopulationItem>), (status = "4XX", body = ProblemBody)))]
pub async fn population(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<PopulationQuery>,
) -> Result<Json<Page<PopulationItem>>, Problem> {
    let limit = limit(query.limit)?;
    let start = query.cursor.as_deref().map_or(Ok(0), str::parse::<usize>);
    let start = start.map_err(|_| Problem::bad_request("the cursor is no cursor of this list"))?;
    let judged = judged(&app, Span { from: query.from, until: query.until }).await?;
    let (_, result) = found(&app, &judged, &id)?;
    let wanted = |list: &&List| query.population.as_ref().is_none_or(|name| *name == list.name);
    let lists = result.populations.iter().filter(wanted);
    let all = lists.flat_map(|list| list.items.iter().map(move |item| (list, item)));
    let items: Vec<_> = all
        .skip(start)
        .take(limit + 1)
        .map(|(list, item)| PopulationItem {
            population: list.name.clone(),
            title: item.title.clone(),
            finding: item.finding.clone(),
            time: item.time.into(),
            result: item.result.name(),
            reason: item.reason.clone(),
            evidence: item.evidence.clone(),
        })
        .collect();
    let more = items.len() > limit;
    let items = items.into_iter().take(limit).collect();
    Ok(Json(Page { items, next: more.then(|| (start + limit).to_string()) }))
}

async fn judged(app: &App, span: Span) -> Result<Arc<Judged>, Problem> {
    let now = app.clock().now();
    let period = asked_period(span, now)?;
    let asked = app.clone();
    app.ask(move |view| asked.judging().judge(view, period, now)).await
}

/// Returns the period that is meant. Ends that are left open fall on whole minutes and hours: a
/// console that asks again is answered from memory, and whole hours are counted from tables.
fn asked_period(span: Span, now: Time) -> Result<Period, Problem> {
    const HOUR: i64 = 60 * Time::MINUTE;
    let until = span.until.map_or(now.minute().plus(Time::MINUTE), |moment| moment.0);
    let day_before = until.plus(-24 * HOUR);
    let hour = day_before.plus(-day_before.0.rem_euclid(HOUR));
    let from = span.from.map_or(hour, |moment| moment.0);
    Span { from: Some(Moment(from)), until: Some(Moment(until)) }.period(now)
}

fn found<'a>(
    app: &'a App,
    judged: &'a Judged,
    id: &str,
) -> Result<(&'a Control, &'a ControlResult), Problem> {
    let control = app.judging().catalogue().control(id);
    let result = judged.results.iter().find(|result| result.id == id);
    control.zip(result).ok_or_else(|| Problem::not_found(format!("there is no control `{id}`")))
}
