//! The HTTP API: one module a noun, each with its shapes and thin handlers. `docs/reference/
//! openapi.json` is written from what stands here.

pub mod activity;
mod administration;
mod alerts;
pub mod controls;
mod extract;
mod feed;
pub mod findings;
mod intake;
pub mod nodes;
mod problem;
mod rules;
mod session;
pub mod shape;
mod sources;
mod status;
mod tokens;
mod trail;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use extract::Json;
pub use problem::Problem;
pub use rules::{RuleControl, RuleItem};
pub use session::SESSION_COOKIE;

use crate::App;

fn router() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(description())
        .routes(routes!(session::sign_in))
        .routes(routes!(session::me))
        .routes(routes!(session::sign_out))
        .routes(routes!(activity::list))
        .routes(routes!(activity::sessions))
        .routes(routes!(activity::session))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::show))
        .routes(routes!(feed::stream))
        .routes(routes!(findings::list))
        .routes(routes!(findings::show))
        .routes(routes!(findings::alerts))
        .routes(routes!(findings::decide))
        .routes(routes!(controls::criteria))
        .routes(routes!(controls::list))
        .routes(routes!(controls::show))
        .routes(routes!(controls::population))
        .routes(routes!(sources::list))
        .routes(routes!(sources::minutes))
        .routes(routes!(sources::rejected))
        .routes(routes!(sources::retire))
        .routes(routes!(rules::list))
        .routes(routes!(rules::show))
        .routes(routes!(trail::show))
        .routes(routes!(nodes::list, nodes::invite))
        .routes(routes!(nodes::revoke))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(administration::list))
        .routes(routes!(status::status))
        .routes(routes!(status::summary))
        .routes(routes!(status::healthz))
        .routes(routes!(status::readyz))
        .routes(routes!(status::metrics))
        .routes(routes!(intake::k8s_audit))
}

fn description() -> OpenApi {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let cookie = ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Sockeye")
                .version("1")
                .description(Some(
                    "Detections, findings, controls and their evidence. Lists page by cursor, \
                     times are RFC 3339, hashes hex, 64-bit counts decimal text.",
                ))
                .license(Some(LicenseBuilder::new().name("Apache-2.0").build()))
                .build(),
        )
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme("session", SecurityScheme::ApiKey(cookie))
                .security_scheme("token", SecurityScheme::Http(bearer))
                .build(),
        ))
        .security(Some([
            SecurityRequirement::new::<_, [&str; 0], &str>("session", []),
            SecurityRequirement::new::<_, [&str; 0], &str>("token", []),
        ]))
        .build()
}

/// Returns the routes.
pub fn routes() -> Router<App> {
    let described = || async { ([(header::CONTENT_TYPE, "application/json")], openapi()) };
    let refused = || async { Problem::method_not_allowed() };
    let (routes, _) = router().split_for_parts();
    routes.route("/openapi.json", get(described)).method_not_allowed_fallback(refused)
}

/// Returns the API's description, OpenAPI 3.1, as it is committed in `docs/reference`.
pub fn openapi() -> String {
    let (_, mut description) = router().split_for_parts();
    name_operations(&mut description);
    let mut text = description.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Names each operation after its noun and its handler, `alerts_list`: two nouns may both have a
/// list, but the standard and the clients made from it want unique names.
fn name_operations(description: &mut OpenApi) {
    for path in description.paths.paths.values_mut() {
        for operation in [&mut path.get, &mut path.post, &mut path.delete].into_iter().flatten() {
            let noun = operation.tags.iter().flatten().next();
            if let (Some(noun), Some(handler)) = (noun, &operation.operation_id) {
                operation.operation_id = Some(format!("{noun}_{handler}"));
            }
        }
    }
}
