//! What happens to every request, from the door to the handler and back.

use std::{net::IpAddr, ops::Deref, panic::AssertUnwindSafe, sync::Arc};

use access::{AdmitFault, Caller, Claims, Need};
use audit::{Actor, Deed, Plain, Severity, Who};
use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use kernel::{CallerId, ClinicId, Kind, RequestId};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use platform::Invocation;

use crate::{
    Problem,
    door::{Callers, Gate, Rule},
    once,
};

/// The member of the staff that a request comes from; the door has let them in for this operation.
#[derive(Debug, Clone)]
pub struct Staff(pub Caller);

impl Staff {
    /// The caller, as the audit log knows them.
    pub fn actor(&self) -> Actor {
        Actor::from(&self.0)
    }
}

impl Deref for Staff {
    type Target = Caller;
    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Staff {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(missing_token)
    }
}

/// The request itself: its id and the address it came from. Public operations have nothing else to name in the
/// audit log.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// The id.
    pub request: RequestId,
    /// The address, as far as somebody trustworthy tells it.
    pub from: Option<IpAddr>,
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or_else(|| {
            tracing::error!("an operation wants the visit but was reached without the door");
            Problem::new(Kind::Broken, "internal", "something is wrong on our side")
        })
    }
}

/// The header that names the clinic.
const CLINIC: HeaderName = HeaderName::from_static("x-clinic");

fn missing_token() -> Problem {
    Problem::new(Kind::Unauthenticated, "token_missing", "a token is needed that names the caller")
}

/// What the line in the log tells of who came in.
#[derive(Default)]
struct Trail {
    /// Anybody may do it.
    public: bool,
    caller: Option<CallerId>,
    clinic: Option<ClinicId>,
}

pub(crate) async fn enter(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let began = gate.clock.now();
    let id: RequestId = gate.clock.id();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let visit = Visit { request: id, from: gateway(&request).and_then(address) };
    request.extensions_mut().insert(visit);
    request.extensions_mut().insert(gate.clone());
    let mut trail = Trail::default();
    let passed = AssertUnwindSafe(pass(&gate, route.as_ref(), visit, request, next, &mut trail));
    // What this request causes is found by its id, in whatever function it is done.
    let call = Invocation::under(id.to_string());
    let mut response = match Box::pin(call.run(passed.catch_unwind())).await {
        Ok(Ok(response)) => response,
        Ok(Err(problem)) => problem.into_response(),
        // What the panic says may hold anything; the hook has told its place.
        Err(_) => Problem::new(Kind::Broken, "internal", "something is wrong on our side").into_response(),
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = problem.render(Some(id));
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    secure(&mut response, id);
    let ms = gate.clock.now().duration_since(began).as_millis();
    let figures = call.figures();
    let figure = |name: &str| figures.get(name).copied();
    // Receipts come by the million; one that went well and caused nothing stands in the gateway's log.
    if trail.public && response.status().is_success() && figure("jobs.pushed").is_none() {
        tracing::debug!(request.id = %id, "a request from outside was answered");
        return response;
    }
    // The pattern of the path and not the path: what stands in a path may be a name or a number.
    tracing::info!(
        request.id = %id,
        http.method = %method,
        http.route = route.as_ref().map_or("-", MatchedPath::as_str),
        http.status = response.status().as_u16(),
        request.ms = i64::try_from(ms).unwrap_or(0),
        caller.id = trail.caller.map(tracing::field::display),
        clinic.id = trail.clinic.map(tracing::field::display),
        jobs.pushed = figure("jobs.pushed"),
        aws.calls = figure("aws.calls"),
        "a request was answered"
    );
    response
}

async fn pass(
    gate: &Gate,
    route: Option<&MatchedPath>,
    visit: Visit,
    mut request: Request,
    next: Next,
    trail: &mut Trail,
) -> Result<Response, Problem> {
    let Some(route) = route else { return Ok(next.run(request).await) };
    let Some(rule) = gate.rule(route.as_str(), request.method()) else {
        return Ok(elsewhere(gate, route.as_str()));
    };
    if rule.need == Need::Public {
        trail.public = true;
        return Ok(next.run(request).await);
    }
    let claims = claims(gate, &request).ok_or_else(missing_token)?;
    trail.caller = claims.id();
    let asked =
        request.headers().contains_key(CLINIC).then(|| only(&request, &CLINIC).unwrap_or("?").to_owned());
    let caller = match Caller::admit(&gate.table, &claims, asked.as_deref(), visit.request).await {
        Ok(caller) => Caller { from: visit.from, ..caller },
        Err(fault) => {
            refused(gate, &claims, &fault, rule, visit).await;
            return Err(fault.into());
        }
    };
    trail.clinic = Some(caller.clinic);
    let table = gate.table.of(caller.clinic);
    let actor = Actor::from(&caller);
    if !caller.meets(rule.need) {
        let deed = actor.was_denied("operation.refused").on_word("operation", &rule.operation);
        audit(gate, caller.clinic, deed).await;
        return Err(Problem::new(
            Kind::Forbidden,
            "not_allowed",
            format!("this needs {}, which the role {} does not have here", rule.need, caller.role),
        ));
    }
    if caller.switched {
        let home = claims.home().map(Plain::id);
        let deed = actor.did("clinic.switched").on_word("operation", &rule.operation);
        let deed = deed.change_of("clinic", home, Some(Plain::id(caller.clinic)));
        audit::record(&table, deed).await?;
    }
    let asked_for = asked_for(&mut request).await;
    let (caller_id, clinic) = (caller.id, caller.clinic);
    request.extensions_mut().insert(Staff(caller));
    let response = if rule.once {
        once::once(&table, Some(caller_id), request, next).await?
    } else {
        next.run(request).await
    };
    if response.status() == StatusCode::NOT_FOUND {
        // An id that leads nowhere in this clinic is a slip, or somebody who tries ids of another one.
        let deed = actor.was_denied("operation.led_nowhere").on_word("operation", &rule.operation);
        let deed = asked_for.into_iter().fold(deed, |deed, id| deed.change_of("asked_for", None, Some(id)));
        audit(gate, clinic, deed).await;
    }
    Ok(response)
}

/// The path is known, the method is not; or the route is not documented, and then nobody may reach it.
fn elsewhere(gate: &Gate, route: &str) -> Response {
    let Some(known) = gate.rules(route) else {
        tracing::error!(http.route = route, "a route is not in the document; it stays shut");
        return Problem::new(Kind::Broken, "internal", "something is wrong on our side").into_response();
    };
    let mut allow: Vec<&str> = known.iter().map(|(method, _)| method.as_str()).collect();
    if allow.contains(&Method::GET.as_str()) {
        allow.push(Method::HEAD.as_str());
    }
    let mut response =
        Problem::with_status(405, "method_not_allowed", "this cannot be done here").into_response();
    if let Ok(allow) = HeaderValue::from_str(&allow.join(", ")) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// Typed ids in the path. Other parameters may be names or numbers from outside.
async fn asked_for(request: &mut Request) -> Vec<Plain> {
    let (mut parts, body) = std::mem::take(request).into_parts();
    let params = RawPathParams::from_request_parts(&mut parts, &()).await;
    *request = Request::from_parts(parts, body);
    let Ok(params) = params else { return Vec::new() };
    params.iter().filter_map(|(_, value)| Plain::like_an_id(value)).collect()
}

/// Notes in the log of the clinic at home that somebody with a valid token was not let in.
async fn refused(gate: &Gate, claims: &Claims, fault: &AdmitFault, rule: &Rule, visit: Visit) {
    let (Some(home), Some(id)) = (claims.home(), claims.id()) else { return };
    let who = match fault {
        AdmitFault::OtherClinic { role, .. } => Who::Staff { id, role: *role },
        AdmitFault::UnknownRole { .. } => Who::Outside { name: "unknown role".to_owned() },
        _ => return,
    };
    let actor = Actor { who, request: Some(visit.request), from: visit.from };
    let deed = actor.was_denied("clinic.refused").on_word("operation", &rule.operation);
    audit(gate, home, deed.severity(Severity::Critical)).await;
}

/// A refusal stays one even if it cannot be written down.
async fn audit(gate: &Gate, clinic: ClinicId, deed: Deed) {
    if let Err(fault) = audit::record(&gate.table.of(clinic), deed).await {
        tracing::error!(clinic.id = %clinic, fault = %fault, "a refusal could not be written into the audit log");
    }
}

/// What the gateway tells of a request. Only the Lambda runtime puts it there: it is not part of what a client
/// can send.
fn gateway(request: &Request) -> Option<&ApiGatewayV2httpRequestContext> {
    match request.extensions().get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => Some(context),
        _ => None,
    }
}

fn address(context: &ApiGatewayV2httpRequestContext) -> Option<IpAddr> {
    context.http.source_ip.as_deref()?.parse().ok()
}

/// The value of a header that is there once: of two, whoever stands between could have believed the other.
fn only<'a>(request: &'a Request, name: &HeaderName) -> Option<&'a str> {
    let mut all = request.headers().get_all(name).iter();
    let value = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(value)
}

fn claims(gate: &Gate, request: &Request) -> Option<Claims> {
    match &gate.callers {
        Callers::Nobody => None,
        Callers::Authorizer => {
            let claims = &gateway(request)?.authorizer.as_ref()?.jwt.as_ref()?.claims;
            Some(Claims::read(|name| claims.get(name).map(String::as_str)))
        }
        Callers::Tokens(verify) => {
            let value = only(request, &header::AUTHORIZATION)?;
            let (scheme, token) = value.split_once(' ')?;
            if scheme.eq_ignore_ascii_case("bearer") { verify(token.trim()) } else { None }
        }
    }
}

/// Headers of every answer; a handler that needs others has set them already.
fn secure(response: &mut Response, id: RequestId) {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}
