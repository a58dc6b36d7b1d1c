//! Everybody with a fictional number agrees to messages about their care, with evidence.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    api::Api,
    file::File,
    imports::{Import, progress},
    text,
};

/// How many requests are under way at once.
const AT_ONCE: usize = 8;

/// Records them; gives back how many there are. The evidence has the time of the import, so that recording it again
/// adds nothing.
pub(super) async fn record(api: &Api, file: &File, people: &Import) -> Result<usize, String> {
    let source = text(&file.mapping["source"]);
    let wanted: BTreeSet<&str> = file.numbers.iter().map(String::as_str).collect();
    let ids = everybody(api).await?;
    let bar = progress(ids.len() as u64, "consents");
    let mut under_way = stream::iter(ids)
        .map(|id| {
            let (source, wanted) = (&source, &wanted);
            async move {
                let person = api.get(&format!("/v1/people/{id}")).await?;
                if text(&person["source"]) != *source {
                    return Ok(0);
                }
                let mut recorded = 0;
                for contact in person["contacts"].as_array().into_iter().flatten() {
                    if contact["kind"] == "TEXT" && wanted.contains(text(&contact["value"]).as_str()) {
                        agree(api, &id, &contact["id"], people).await?;
                        recorded += 1;
                    }
                }
                Ok::<usize, String>(recorded)
            }
        })
        .buffer_unordered(AT_ONCE);
    let mut all = 0;
    while let Some(recorded) = under_way.next().await {
        all += recorded?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(all)
}

async fn everybody(api: &Api) -> Result<Vec<String>, String> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(&format!("/v1/people?limit=100{cursor}")).await?;
        ids.extend(page["items"].as_array().into_iter().flatten().map(|row| text(&row["id"])));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(ids),
        }
    }
}

async fn agree(api: &Api, person: &str, contact: &Value, people: &Import) -> Result<(), String> {
    let body = json!({
        "contact": contact,
        "grant": {
            "channel": "SMS",
            "categories": ["APPOINTMENT", "TREATMENT", "GENERAL"],
            "level": "EXPRESS",
        },
        "evidence": {
            "method": "IMPORT",
            "at": people.as_of,
            "note": "a fictional person with a fictional number, to try things with",
        },
    });
    api.post(&format!("/v1/people/{person}/consents"), &body).await.map(|_| ())
}
