//! A preview for a given person: with what is known of them, in their language.

use access::Field;
use edge::{Problem, Staff};
use kernel::{AppointmentId, Category, Detail, Kind, Language, Limit, PersonId};
use people::Appointment;
use platform::Platform;
use table::{
    ClinicTable, Kept,
    keys::{AppointmentKey, AppointmentsOfPerson},
};
use templates::{Content, Sample};

use crate::routes::consents::Readers;

/// For whom a preview is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipient {
    pub(super) person: Option<PersonId>,
    pub(super) appointment: Option<AppointmentId>,
    /// What the template is about.
    pub(super) category: Category,
}

fn not_there(person: PersonId) -> Problem {
    Problem::new(Kind::NotFound, "person_not_found", format!("there is no person {person}"))
        .at([Detail::new("/person", "give the id of a person of this clinic")])
}

impl Recipient {
    /// The sample with what is known of the person, and the language they are written to in. Nobody in the
    /// clinic, and somebody whose data the caller's work does not need, are the same: not there.
    pub(super) async fn fill(
        self,
        platform: &Platform,
        staff: &Staff,
        content: &Content,
        sample: Sample,
    ) -> Result<(Sample, Option<Language>), Problem> {
        let invalid = |at: &str, says: &str| {
            Problem::new(Kind::Invalid, "body_invalid", "the preview cannot be").at([Detail::new(at, says)])
        };
        let Some(id) = self.person else {
            return match self.appointment {
                Some(_) => Err(invalid("/appointment", "belongs to a person: name them too")),
                None => Ok((sample, None)),
            };
        };
        let Some(given) = sample.given() else {
            return Err(invalid("/person", "the full sample has values of its own"));
        };
        if !(staff.shows(Field::PersonName) && staff.shows(Field::of_message(self.category))) {
            return Err(not_there(id));
        }
        let table = platform.table.of(staff.clinic);
        let readers = Readers::of(&table, id).await.map_err(|problem| match problem.code() {
            "person_not_found" => not_there(id),
            _ => problem,
        })?;
        let Some(clinic) = &readers.clinic else {
            return Err(Problem::new(Kind::Conflict, "clinic_not_set_up", "the clinic has no settings yet"));
        };
        let reader = readers.reader(self.category, platform.clock.now());
        let visit = self.visit(platform, &table, readers.person.id).await?;
        let known = messaging::values_of(&table, clinic, &readers.person, reader, visit.as_deref()).await?;
        let offered: Vec<_> = content.languages().keys().cloned().collect();
        let language = reader.language_among(&offered, &clinic.language).clone();
        let fields = staff.shown(&[Field::PersonName, Field::VisitService]);
        audit::viewed(&table, &staff.actor(), "template.previewed", &fields, [readers.person.id]).await?;
        Ok((Sample::Known { values: given.or(known), visit: visit.is_some() }, Some(language)))
    }

    /// The visit that was named, or the next one.
    async fn visit(
        self,
        platform: &Platform,
        table: &ClinicTable,
        person: PersonId,
    ) -> Result<Option<Kept<Appointment>>, Problem> {
        let now = platform.clock.now();
        let Some(id) = self.appointment else {
            let span = AppointmentsOfPerson::all(person).from(&now);
            let ahead = |visit: &Appointment| visit.is_ahead(now);
            let page = table.list_where(&span, Limit::default(), None, ahead).await?;
            return Ok(page.items.into_iter().next());
        };
        let visit = table.get::<Appointment>(&AppointmentKey { appointment: id }).await?;
        let theirs = visit.filter(|visit| visit.person == person && visit.deleted_at.is_none());
        theirs.map(Some).ok_or_else(|| {
            Problem::new(Kind::NotFound, "appointment_not_found", format!("{person} has no appointment {id}"))
                .at([Detail::new("/appointment", "give the id of an appointment of this person")])
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::create::tests::{created, template};
    use crate::testing::House;

    const SAYS: &str = "{{patient.name}}: {{appointment.date_time}} {{links.confirm}} {{provider.name}}";

    /// C-04
    #[tokio::test]
    async fn a_preview_for_a_person_has_what_is_known_of_them_and_tells_what_is_missing() {
        let house = House::open().await;
        let (ana, visit) = house.visit("v1", "2026-11-24T19:30:00Z").await;
        let content = json!({ "languages": { "en": { "sms": SAYS } }, "profile": { "kind": "SEGMENTS" } });
        let show = async |role: &str, body: Value| {
            house.send(role, "POST", "/v1/templates/preview", Some(body), None).await
        };
        let (status, shown) = show("front_desk", json!({ "content": content, "person": ana })).await;
        let preview = &shown["previews"][0];
        let text = preview["text"].as_str().unwrap_or_default();
        assert_eq!(status, 200, "{shown}");
        // 19:30 UTC, on the clock of the place of the visit.
        assert!(text.starts_with("Ana Reyes: Nov 24, 2:30 PM http"), "{text}");
        assert!(text.ends_with("{{provider.name}}"), "{text}");
        assert_eq!(preview["missing"], json!(["provider.name"]));
        assert!(preview["weight"]["segments"].is_number());
        let asked = json!({ "content": content, "person": ana, "appointment": visit,
            "values": { "provider.name": "Dr. Kim" } });
        let (_, shown) = show("billing", asked).await;
        assert_eq!(shown["previews"][0]["missing"], json!([]), "{shown}");
        let log = house.get("clinic_admin", &format!("/v1/audit?patient={ana}")).await;
        assert_eq!(log["items"][0]["action"], "template.previewed");
    }

    /// C-04, P-06, Z-01
    #[tokio::test]
    async fn nobody_previews_for_somebody_they_may_not_see() {
        let house = House::open().await;
        let (ana, visit) = house.visit("v1", "2026-11-24T19:30:00Z").await;
        let made = created(&house, template("Day before", "Hi {{firstName}}")).await;
        let path = format!("/v1/templates/{}/preview", made["id"].as_str().unwrap());
        let show = async |role: &str, body: Value| house.send(role, "POST", &path, Some(body), None).await;
        let (status, shown) = show("doctor", json!({ "person": ana })).await;
        assert_eq!((status, &shown["previews"][0]["text"]), (200, &json!("Hi Ana")));
        let stranger = "per_00000000000000000000000001";
        for (role, body, code) in [
            ("read_only", json!({ "person": ana }), "person_not_found"),
            ("doctor", json!({ "person": stranger }), "person_not_found"),
            (
                "doctor",
                json!({ "person": ana, "appointment": "apt_00000000000000000000000001" }),
                "appointment_not_found",
            ),
        ] {
            let (status, problem) = show(role, body).await;
            assert_eq!((status, &problem["code"]), (404, &json!(code)), "{role}");
        }
        for body in [json!({ "appointment": visit }), json!({ "person": ana, "sample": "FULL" })] {
            assert_eq!(show("doctor", body).await.0, 422);
        }
    }
}
