//! People, messages and what else a test begins with.

use std::sync::Arc;

use access::Role;
use audit::{Actor, Who};
use axum::{body::Body as HttpBody, http::Request};
use kernel::{CallerId, Category, Channel, Id as _, Language, MessageId, PersonId};
use messaging::{Body, Direction, Message, Route, Snapshot, Source, Status, inbound::Received};
use people::{
    Clinic, NoPlan, Person,
    clinic::{MailSender, TextSender},
    imports::{self, ImportContinues},
    origin::Origin,
};
use platform::inside::FolderFiles;
use providers::{Inbound, Provider};
use serde_json::{Value, json};
use table::{ClinicTable, Entity, keys::MessageKey};
use templates::{Bodies, Draft, NewTemplate, Profile};

use super::House;

/// Who texts and mail of the clinic come from.
fn senders() -> (Option<TextSender>, Option<MailSender>) {
    let mail = MailSender {
        address: "hello@clinic.example".parse().unwrap(),
        name: "Bright Smiles".to_owned(),
        reply_to: None,
    };
    (Some(TextSender::Number { number: "+12125550100".parse().unwrap() }), Some(mail))
}

impl House {
    pub(crate) fn table(&self) -> ClinicTable {
        self.platform.table.of(self.clinic)
    }

    pub(crate) fn actor() -> Actor {
        let id = CallerId::derived(&["seed"]);
        Actor { who: Who::Staff { id, role: Role::ClinicAdmin }, request: None, from: None }
    }

    pub(crate) async fn keep(&self, entity: &impl Entity) {
        let table = self.table();
        let mut write = table.write();
        write.create(entity);
        write.commit().await.unwrap();
    }

    /// Where files are sent to.
    pub(crate) const UPLOAD: &str = "http://localhost/files";

    /// A house whose clinic is set up, with a folder for its files.
    pub(crate) async fn open() -> Self {
        let folder = std::env::temp_dir().join(format!("api-{}", std::process::id()));
        let house = Self::with(Arc::new(FolderFiles::new(&folder, Self::UPLOAD.to_owned()))).await;
        let mut clinic = Clinic::new(house.clinic, "Bright Smiles", "America/New_York".parse().unwrap());
        clinic.state = Some("NY".to_owned());
        (clinic.text, clinic.mail) = senders();
        clinic.save(&house.platform.table).await.unwrap();
        house
    }

    /// The system `pms` tells of something; gives back our id of it.
    pub(crate) async fn told(&self, kind: &str, id: &str, version: u64, data: Value) -> String {
        let path = format!("/v1/mirror/{kind}/pms/{id}");
        let body = json!({ "version": version, "data": data });
        let (status, did) = self.send("clinic_admin", "PUT", &path, Some(body), None).await;
        assert_eq!(status, 200, "{did}");
        did["id"].as_str().unwrap().to_owned()
    }

    /// Half an hour with Ana Reyes; gives back our ids of her and of the visit.
    pub(crate) async fn visit(&self, id: &str, starts_at: &str) -> (String, String) {
        let ana = json!({ "given_name": "Ana", "family_name": "Reyes", "text": "(212) 555-0123" });
        let person = self.told("person", "ana", 1, ana).await;
        let visit = json!({ "person": "ana", "starts_at": starts_at, "minutes": 30 });
        (person, self.told("appointment", id, 1, visit).await)
    }

    /// A rule that reminds by text message two days before.
    pub(crate) async fn reminded(&self) {
        let body = json!({
            "name": "Two days before", "timing": { "kind": "BEFORE", "amount": 48, "unit": "HOURS" },
            "channels": { "FIRST_OF": ["SMS"] },
            "template": self.template("See you on {{appointment.date_time}}").await,
        });
        let (status, rule) = self.send("clinic_admin", "POST", "/v1/reminder-rules", Some(body), None).await;
        assert_eq!(status, 201, "{rule}");
    }

    /// Works an import off.
    pub(crate) async fn imports(&self, id: &str) {
        loop {
            let kept = imports::get(&self.table(), id.parse().unwrap()).await.unwrap();
            if !kept.state.is_working() {
                return;
            }
            let job = ImportContinues { clinic: self.clinic, import: kept.id, step: kept.step };
            imports::work(&self.platform, &NoPlan, &job).await.unwrap();
        }
    }

    /// Somebody called so, with the family name Reyes.
    pub(crate) async fn person(&self, name: &str) -> PersonId {
        // Whoever has patients can write to them.
        if Clinic::read(&self.table()).await.unwrap().is_none() {
            let mut clinic = Clinic::new(self.clinic, "Bright Smiles", kernel::Zone::utc());
            (clinic.text, clinic.mail) = senders();
            clinic.save(&self.platform.table).await.unwrap();
        }
        let id = PersonId::derived(&[name]);
        let now = self.platform.clock.now();
        let mut person = Person::new(id, Origin::new("pms", name, Some(1), now), now);
        let (first, rest) = name.split_at(1);
        person.names.given = format!("{}{rest}", first.to_uppercase()).into();
        person.names.family = "Reyes".to_owned().into();
        self.keep(&person).await;
        id
    }

    /// Posts something under an idempotency key; `Null` stands for no body.
    pub(crate) async fn create(&self, role: &str, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let request = Request::post(path).header("idempotency-key", key);
        let request = match body {
            Value::Null => request.body(HttpBody::empty()),
            body => request.header("content-type", "application/json").body(HttpBody::from(body.to_string())),
        };
        self.ask(role, request.unwrap()).await
    }

    /// A message that waits for the sender; gives back its path.
    pub(crate) async fn message(&self, person: PersonId, text: &str) -> String {
        let body = json!({ "person": person, "channel": "SMS", "category": "GENERAL", "text": text });
        let (status, made) = self.send("clinic_admin", "POST", "/v1/messages", Some(body), None).await;
        assert_eq!(status, 202, "{made}");
        format!("/v1/messages/{}", made["id"].as_str().unwrap())
    }

    /// Moves a message on, as the sender would.
    pub(crate) async fn becomes(&self, path: &str, status: Status) -> Message {
        let id: MessageId = path.rsplit('/').next().unwrap().parse().unwrap();
        let table = self.table();
        let kept = table.get::<Message>(&MessageKey { message: id }).await.unwrap().unwrap();
        let next = (*kept).clone().moved(status, self.platform.clock.now());
        let mut write = table.write();
        write.replace(&kept, &next);
        write.commit().await.unwrap();
        next
    }

    /// A text message that led to nobody.
    pub(crate) fn inbound(&self, text: &str) -> Received {
        let received_at = self.platform.clock.now();
        let inbound = Inbound {
            provider: Provider::Twilio,
            provider_id: format!("SM{}", self.platform.clock.id::<MessageId>()),
            from: "+12125550123".parse().unwrap(),
            to: "+12125550100".parse().unwrap(),
            body: text.to_owned().into(),
            media: Vec::new(),
            opt_out_type: None,
            answers: None,
            pressed: None,
            at: None,
        };
        Received { inbound, received_at, person: None, reading: None, opted_out: false, done: true }
    }

    /// Somebody writes, and it has found its way into their conversation.
    pub(crate) async fn hears(&self, person: PersonId, text: &str) -> Message {
        self.platform.clock.advance(jiff::SignedDuration::from_secs(1));
        let now = self.platform.clock.now();
        let draft = messaging::Draft {
            id: self.platform.clock.id(),
            person,
            route: Route::Only(Channel::Sms),
            category: Category::General,
            body: Body::Text { subject: None, text: text.to_owned().into() },
            send_at: now,
            not_after: None,
            about: None,
            asks: None,
            source: Source::Outside,
            resend_of: None,
        };
        let mut message = Message::from_draft(draft, now).moved(Status::Delivered, now);
        message.direction = Direction::In;
        message.channel = Some(Channel::Sms);
        message.body = None;
        message.said = Some(Snapshot { text: text.to_owned().into(), ..Snapshot::default() });
        self.keep(&message).await;
        messaging::conversation::follow(&self.table(), &message).await.unwrap();
        message
    }

    /// A template for text messages.
    pub(crate) async fn template(&self, text: &str) -> kernel::TemplateId {
        let draft = Draft {
            default_language: Language::english(),
            languages: [(Language::english(), Bodies { sms: Some(text.to_owned()), ..Bodies::default() })]
                .into(),
            variables: None,
            profile: Profile::Segments,
            fold_accents: false,
        };
        let new = NewTemplate {
            name: format!("Template {}", self.platform.clock.id::<MessageId>()),
            description: String::new(),
            category: Category::General,
            tags: Vec::new(),
            draft,
            note: None,
        };
        templates::create(&self.table(), &Self::actor(), new).await.unwrap().id
    }
}
