//! The product's own templates, put into a clinic once.

use std::sync::LazyLock;

use audit::Actor;
use kernel::{Category, Fault, Id, TemplateId};
use serde::Deserialize;
use table::{ClinicTable, keys::TemplateKey};

use crate::{
    content::Draft,
    create::{NewTemplate, create_as},
    fault::TemplateFault,
    get::get,
    template::Template,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    key: String,
    name: String,
    description: String,
    category: Category,
    tags: Vec<String>,
    draft: Draft,
}

#[derive(Deserialize)]
struct Data {
    templates: Vec<Seed>,
}

static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
    let data: Data = serde_json::from_str(include_str!("../data/seed.json"))
        .expect("the file is part of the build and tested");
    data.templates
});

/// What seeding did, by the keys of the seeds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Created now.
    pub created: Vec<String>,
    /// There already, edited or not, in use or archived; left as they are.
    pub kept: Vec<String>,
    /// Not created, with the code of the reason: their name is taken, or the clinic's ceilings are too low.
    pub skipped: Vec<(String, &'static str)>,
}

/// The id of a clinic's copy of one of the product's templates, such as `reminder_48h`.
pub fn seed_id(table: &ClinicTable, key: &str) -> TemplateId {
    TemplateId::derived(&[&table.clinic().to_string(), "seed", key])
}

/// Creates the product's own templates where a clinic has none yet. It can run any number of times and never
/// touches what is there: edits stay, and what was archived stays archived.
pub async fn seed(table: &ClinicTable) -> Result<Seeded, TemplateFault> {
    let actor = Actor::system("seed");
    let mut seeded = Seeded::default();
    let keys: Vec<_> = SEEDS.iter().map(|seed| TemplateKey { template: seed_id(table, &seed.key) }).collect();
    let there = table.get_many::<Template>(&keys).await?;
    for (seed, there) in SEEDS.iter().zip(there) {
        let key = seed.key.clone();
        if there.is_some() {
            seeded.kept.push(key);
            continue;
        }
        let new = NewTemplate {
            name: seed.name.clone(),
            description: seed.description.clone(),
            category: seed.category,
            tags: seed.tags.clone(),
            draft: seed.draft.clone(),
            note: None,
        };
        match create_as(table, &actor, seed_id(table, &key), Some(&key), new).await {
            Ok(()) => seeded.created.push(key),
            Err(fault @ (TemplateFault::NameTaken | TemplateFault::Content(_) | TemplateFault::Stale(_))) => {
                // Another run may have been quicker, and then the name is taken by the very same template.
                if get(table, seed_id(table, &key)).await.is_ok() {
                    seeded.kept.push(key);
                } else {
                    seeded.skipped.push((key, fault.code()));
                }
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(seeded)
}

#[cfg(test)]
mod tests {
    use kernel::Channel;

    use super::*;
    use crate::{Ceilings, Profile, Sample, archive, create, preview, revise, seams::*};

    /// C-17
    #[test]
    fn every_seed_passes_its_own_check_in_english_and_spanish() {
        for seed in SEEDS.iter() {
            let content = seed.draft.clone().check(&Ceilings::default()).unwrap();
            assert!(matches!(content.profile(), Profile::Short133 { .. }), "{}", seed.key);
            for language in ["en", "es"] {
                let language = language.parse().unwrap();
                let proof = content.proof()[&language];
                assert!(proof.remaining >= 0 && proof.segments == 1, "{} {proof:?}", seed.key);
                let seen = preview(&content, &language, Sample::Typical).unwrap();
                let channels: Vec<_> = seen.iter().map(|rendered| rendered.channel).collect();
                assert_eq!(channels, [Channel::Sms, Channel::Email], "{}", seed.key);
                for rendered in seen {
                    assert!(rendered.missing.is_empty() && rendered.truncated.is_empty(), "{}", seed.key);
                    assert!(!rendered.language_missing && !rendered.text.reveal().contains("{{"));
                }
            }
        }
    }

    #[test]
    fn no_text_asks_for_a_word_that_a_carrier_reads_as_an_opt_out() {
        let taken = [
            "stop",
            "stopall",
            "unsubscribe",
            "cancel",
            "end",
            "quit",
            "revoke",
            "optout",
            "yes",
            "start",
            "unstop",
            "help",
            "info",
            "cancelar",
            "alto",
            "parar",
            "pare",
            "basta",
            "detener",
            "baja",
            "salir",
            "si",
            "sí",
        ];
        for seed in SEEDS.iter() {
            for bodies in seed.draft.languages.values() {
                let text = bodies.sms.as_deref().unwrap();
                for word in text.split(|c: char| !c.is_alphanumeric()) {
                    // In small letters `si` is Spanish for "if" and asks for nothing.
                    let harmless = word == "si" || !taken.contains(&word.to_lowercase().as_str());
                    assert!(harmless, "{} says {word}", seed.key);
                }
            }
        }
    }

    #[tokio::test]
    async fn seeding_again_never_overwrites_an_edit() {
        let table = clinic().await;
        let first = seed(&table).await.unwrap();
        assert_eq!((first.created.len(), first.kept.len(), first.skipped.len()), (SEEDS.len(), 0, 0));
        let id = seed_id(&table, "reminder_48h");
        revise(&table, &staff(), id, 1, sms("Ours"), None).await.unwrap();
        archive(&table, &staff(), seed_id(&table, "reminder_morning"), 1).await.unwrap();
        let again = seed(&table).await.unwrap();
        assert_eq!((again.created.len(), again.kept.len()), (0, SEEDS.len()));
        assert_eq!(get(&table, id).await.unwrap().latest, 2);
        assert!(get(&table, seed_id(&table, "reminder_morning")).await.unwrap().archived_at.is_some());
    }

    #[tokio::test]
    async fn two_runs_at_once_seed_once() {
        let table = clinic().await;
        let (one, other) = tokio::join!(seed(&table), seed(&table));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.created.len() + other.created.len(), SEEDS.len());
        assert_eq!((one.skipped, other.skipped), (vec![], vec![]));
        assert_eq!(names(&table).await.len(), SEEDS.len());
    }

    #[tokio::test]
    async fn a_name_that_the_clinic_took_first_stays_its_own() {
        let table = clinic().await;
        create(&table, &staff(), new(&SEEDS[0].name, "Ours")).await.unwrap();
        let seeded = seed(&table).await.unwrap();
        assert_eq!(seeded.skipped, [(SEEDS[0].key.clone(), "template_name_taken")]);
        assert_eq!(seeded.created.len(), SEEDS.len() - 1);
    }
}
