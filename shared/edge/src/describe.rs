//! What every operation has in common, written into the `OpenAPI` document from the shape of the operation, so
//! that no handler repeats it.

use access::Need;
use kernel::{ClinicId, Id as _, Kind};
use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, SchemaType, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::problem::{ProblemBody, ProblemDetail};

const SECURITY: &str = "staff";

const PROBLEMS: [(Kind, &str, &str); 11] = [
    (Kind::Malformed, "body_not_json", "The request cannot be read."),
    (Kind::Unauthenticated, "token_missing", "Nobody, or nobody we can believe."),
    (Kind::Forbidden, "not_allowed", "The role of the caller does not allow it."),
    (Kind::NotFound, "not_found", "Nothing is there, or nothing the caller may know of."),
    (Kind::Conflict, "version_is_stale", "State, version or duplicate; `current` shows what there is now."),
    (Kind::TooLarge, "body_too_large", "More bytes than are taken."),
    (Kind::UnsupportedType, "content_type_unsupported", "A content type that is not taken."),
    (Kind::Invalid, "body_invalid", "Readable, but it cannot be; `errors` names the places."),
    (Kind::TooMany, "too_many_requests", "Too many requests; `Retry-After` says when."),
    (Kind::Broken, "internal", "A defect of ours."),
    (Kind::Unavailable, "storage_unavailable", "Something is away; the same request may work later."),
];

fn name(kind: Kind) -> String {
    format!("{kind:?}")
}

pub(crate) fn parameters(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    })
}

fn has(operation: &Operation, wanted: impl Fn(&Parameter) -> bool) -> bool {
    parameters(operation).any(wanted)
}

/// Whether an operation takes the header, whatever its case.
pub(crate) fn takes_header(operation: &Operation, header: &str) -> bool {
    has(operation, |parameter| {
        parameter.parameter_in == ParameterIn::Header && parameter.name.eq_ignore_ascii_case(header)
    })
}

fn problems_of(operation: &Operation, need: Need) -> Vec<Kind> {
    let mut kinds = vec![Kind::TooMany, Kind::Broken, Kind::Unavailable];
    let is = |place: ParameterIn| has(operation, |parameter| parameter.parameter_in == place);
    if need != Need::Public {
        kinds.extend([Kind::Unauthenticated, Kind::Forbidden, Kind::NotFound, Kind::Invalid]);
    }
    if is(ParameterIn::Path) {
        kinds.push(Kind::NotFound);
    }
    if is(ParameterIn::Query) {
        kinds.push(Kind::Invalid);
    }
    if has(operation, |parameter| parameter.name == "cursor") {
        kinds.push(Kind::Malformed);
    }
    if operation.request_body.is_some() {
        kinds.extend([Kind::Malformed, Kind::TooLarge, Kind::UnsupportedType, Kind::Invalid]);
    }
    if takes_header(operation, "if-match") || takes_header(operation, "idempotency-key") {
        kinds.extend([Kind::Conflict, Kind::Invalid]);
    }
    kinds
}

/// Adds to one operation what its shape and its need imply.
pub(crate) fn operation(operation: &mut Operation, need: Need) {
    for kind in problems_of(operation, need) {
        operation
            .responses
            .responses
            .entry(kind.status().to_string())
            .or_insert_with(|| RefOr::Ref(Ref::from_response_name(name(kind))));
    }
    if need == Need::Public {
        return;
    }
    operation.security = Some(vec![SecurityRequirement::new(SECURITY, Vec::<String>::new())]);
    let clinic = ParameterBuilder::new()
        .name("X-Clinic")
        .parameter_in(ParameterIn::Header)
        .description(Some("The clinic that the request is for, if not the one the caller is at home in."))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(SchemaType::Type(Type::String))
                .pattern(Some(format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", ClinicId::PREFIX))),
        ))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(clinic));
}

/// Adds what the operations refer to.
pub(crate) fn components(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.insert(ProblemBody::name().into_owned(), ProblemBody::schema());
    components.schemas.insert(ProblemDetail::name().into_owned(), ProblemDetail::schema());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A token of the user pool, or of the local issuer."))
        .build();
    components.add_security_scheme(SECURITY, SecurityScheme::Http(bearer));
    for (kind, code, says) in PROBLEMS {
        let status = kind.status();
        let title = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let example = json!({
            "type": format!("/problems/{code}"),
            "title": title,
            "status": status,
            "code": code,
            "detail": says,
        });
        let content = ContentBuilder::new()
            .schema(Some(RefOr::Ref(Ref::from_schema_name(ProblemBody::name()))))
            .example(Some(example))
            .build();
        let response =
            ResponseBuilder::new().description(says).content("application/problem+json", content).build();
        components.responses.insert(name(kind), RefOr::T(response));
    }
}
