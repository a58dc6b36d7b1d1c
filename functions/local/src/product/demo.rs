//! A clinic to try things with: made at the first start, and brought in by the same doors as any clinic's facts.

use audit::Actor;
use automations::Reminders;
use consent::{
    Address, Grant,
    ledger::{Evidence, Method},
};
use jiff::{ToSpan as _, civil::Time};
use kernel::{Channel, ClinicId, Id as _, Limit, Zone};
use people::{
    Clinic,
    clinic::{MailSender, TextSender},
    mirror::{self, Kind, Put},
};
use platform::Platform;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use table::{ClinicTable, keys::PersonsByName};

use crate::pages::Fact;

/// What it is called.
pub(super) const NAME: &str = "Bright Smiles";
/// Where it is.
pub(super) const ZONE: &str = "America/New_York";
/// The system its facts are said to come from.
const SOURCE: &str = "demo";

/// The clinic's id, the same on every machine.
pub(super) fn clinic() -> ClinicId {
    ClinicId::derived(&["demo"])
}

#[derive(Deserialize)]
struct Demo {
    locations: Map<String, Value>,
    practitioners: Map<String, Value>,
    persons: Map<String, Value>,
    visits: Vec<Visit>,
}

#[derive(Deserialize)]
struct Visit {
    id: String,
    person: String,
    practitioner: String,
    days: i64,
    at: Time,
    minutes: i64,
    service_type: String,
}

fn said(what: impl std::fmt::Display) -> String {
    what.to_string()
}

/// Sets the clinic up if it is not there. Again, or after a kill in the middle, it only adds what is missing.
pub(super) async fn set_up(platform: &Platform) -> Result<(), String> {
    let table = platform.table.of(clinic());
    if Clinic::read(&table).await.map_err(said)?.is_some_and(|clinic| clinic.help_phone.is_some()) {
        return Ok(());
    }
    let zone: Zone = ZONE.parse().map_err(said)?;
    let mut record = Clinic::new(clinic(), NAME, zone.clone());
    record.state = Some("NY".to_owned());
    let number = "+12125550100".parse().map_err(said)?;
    record.text = Some(TextSender::Number { number });
    record.mail = Some(MailSender {
        address: "hello@brightsmiles.example.com".parse().map_err(said)?,
        name: NAME.to_owned(),
        reply_to: None,
    });
    record.save(&platform.table).await.map_err(said)?;
    templates::seed(&table).await.map_err(said)?;
    let actor = Actor::system("demo");
    automations::rules::apply_presets(&table, &actor).await.map_err(said)?;
    let demo: Demo = serde_json::from_str(include_str!("../../data/demo.json")).map_err(said)?;
    for (kind, things) in [
        (Kind::Location, &demo.locations),
        (Kind::Practitioner, &demo.practitioners),
        (Kind::Person, &demo.persons),
    ] {
        for (id, data) in things {
            put(&table, kind, id, data).await?;
        }
    }
    agree(&table, &demo.persons).await?;
    let today = zone.wall(platform.clock.now()).date();
    for visit in &demo.visits {
        let day = today.checked_add(visit.days.days()).map_err(said)?;
        let data = json!({
            "person": visit.person,
            "practitioner": visit.practitioner,
            "location": "main",
            "service_type": visit.service_type,
            "starts_at": day.to_datetime(visit.at).strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            "minutes": visit.minutes,
            "status": "SCHEDULED",
            "created_at": platform.clock.now(),
        });
        put(&table, Kind::Appointment, &visit.id, &data).await?;
    }
    // The last thing: what is missing before it is made up for at the next start.
    record.help_phone = Some("+12125550101".parse().map_err(said)?);
    record.save(&platform.table).await.map_err(said)
}

async fn put(table: &ClinicTable, kind: Kind, id: &str, data: &Value) -> Result<(), String> {
    let reminders = Reminders::of(table);
    let actor = Actor::system("demo");
    let put = Put { kind, source: SOURCE, id, version: Some(1), updated_at: None, data: Some(data) };
    mirror::put(table, &reminders, &actor, put).await.map_err(|fault| {
        let details = kernel::Fault::details(&fault);
        format!("{} {id}: {fault} {details:?}", kind.name())
    })?;
    Ok(())
}

/// Everybody of the demo has agreed to messages about their care.
async fn agree(table: &ClinicTable, persons: &Map<String, Value>) -> Result<(), String> {
    let actor = Actor::system("demo");
    let at = table.clock().now();
    for (id, data) in persons {
        for (field, channel) in [("text", Channel::Sms), ("email", Channel::Email)] {
            let Some(value) = data.get(field).and_then(Value::as_str) else { continue };
            let address = Address::read(value).map_err(said)?;
            let person = people::origin::mirrored(table, SOURCE, id);
            let mut evidence = Evidence::of(Method::Form, at);
            evidence.text_version = Some("demo".to_owned());
            evidence.provider_message = Some(format!("demo-{id}-{field}"));
            let grant = Grant::care(channel);
            consent::grant(table, &address, Some(person), grant, &actor, evidence).await.map_err(said)?;
        }
    }
    Ok(())
}

/// What the clinic holds, for the start page.
pub(super) async fn holdings(platform: Platform) -> Vec<Fact> {
    let table = platform.table.of(clinic());
    let mut facts = vec![Fact { label: "Clinic".into(), value: format!("{NAME}, {ZONE}"), path: None }];
    let limit = Limit::MOST;
    if let Ok(page) = table.list::<people::Person>(&PersonsByName::all(), limit, None).await {
        let more = if page.next.is_some() { "+" } else { "" };
        facts.push(Fact { label: "People".into(), value: format!("{}{more}", page.items.len()), path: None });
    }
    let now = platform.clock.now();
    if let Ok(page) =
        people::appointments::between(&table, now, kernel::Timestamp::MAX, None, limit, None).await
    {
        let more = if page.next.is_some() { "+" } else { "" };
        facts.push(Fact {
            label: "Visits ahead".into(),
            value: format!("{}{more}", page.items.len()),
            path: None,
        });
    }
    facts
}
