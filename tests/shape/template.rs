//! The code and the templates say the same.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Clock, Lane};
use platform::Redelivery;
use serde_yaml_ng::{Mapping, Value};

use super::tree;

/// A template, without the signs of intrinsic functions: `!Ref X` becomes `X`.
fn template(path: &str) -> Value {
    fn plain(value: Value) -> Value {
        match value {
            Value::Tagged(tagged) => plain(tagged.value),
            Value::Sequence(items) => Value::Sequence(items.into_iter().map(plain).collect()),
            Value::Mapping(map) => {
                Value::Mapping(map.into_iter().map(|(key, value)| (key, plain(value))).collect::<Mapping>())
            }
            other => other,
        }
    }
    plain(serde_yaml_ng::from_str(&tree::read(path)).unwrap_or_else(|error| panic!("{path}: {error}")))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| format!("{value:?}"), str::to_owned)
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_mapping().map(|map| map.keys().map(text).collect()).unwrap_or_default()
}

fn functions(template: &Value) -> BTreeMap<String, Value> {
    let resources = template["Resources"].as_mapping().unwrap();
    let of_type = |(_, resource): &(&Value, &Value)| resource["Type"] == "AWS::Serverless::Function";
    resources.iter().filter(of_type).map(|(name, resource)| (text(name), resource.clone())).collect()
}

#[test]
fn every_function_folder_has_its_block_and_every_block_its_folder() {
    let folders: BTreeSet<_> = tree::crates("functions").into_iter().filter(|name| name != "local").collect();
    let blocks = functions(&template("template.yaml"));
    let binaries: BTreeSet<_> =
        blocks.values().map(|block| text(&block["Metadata"]["BuildProperties"]["Binary"])).collect();
    assert_eq!(folders, binaries, "functions/ and template.yaml differ");
}

#[test]
fn every_lane_has_its_queue_its_setting_and_its_function() {
    let (main, state) = (template("template.yaml"), template("infra/state.yaml"));
    let settings = keys(&main["Globals"]["Function"]["Environment"]["Variables"]);
    let queues = settings.iter().filter(|name| name.starts_with("QUEUE_"));
    assert_eq!(queues.count(), Lane::ALL.len(), "template.yaml has a setting for a lane that does not exist");
    for lane in Lane::ALL {
        let name = lane.name();
        let word = name[..1].to_uppercase() + &name[1..];
        let setting = format!("QUEUE_{}", name.to_uppercase());
        assert!(settings.contains(&setting), "template.yaml lacks {setting}");
        for resource in [format!("{word}Queue"), format!("{word}DeadLetters")] {
            let queue = &state["Resources"][resource.as_str()];
            assert_eq!(queue["Type"], "AWS::SQS::Queue", "infra/state.yaml lacks {resource}");
        }
        let queue = &state["Resources"][format!("{word}Queue").as_str()]["Properties"];
        let patience = Redelivery::of(lane);
        assert_eq!(queue["VisibilityTimeout"], patience.hidden.as_secs(), "how long {name} hides a job");
        assert_eq!(
            queue["RedrivePolicy"]["maxReceiveCount"], patience.tries,
            "how often {name} hands out a job"
        );
        let source = format!("State.Outputs.{word}QueueArn");
        let takers: Vec<_> = functions(&main)
            .into_iter()
            .filter(|(_, block)| {
                text(&block["Properties"]["Events"]["Lane"]["Properties"]["Queue"]) == source
            })
            .map(|(name, _)| name.to_lowercase())
            .collect();
        let expected = if lane == Lane::Outbound { "sender" } else { name };
        assert_eq!(takers, [expected], "who works from the lane {name}");
        let main = tree::read(&format!("functions/{expected}/src/main.rs"));
        assert!(main.contains(&format!("Lane::{word}")), "functions/{expected} does not say Lane::{word}");
    }
}

/// The names of settings that the code reads: text in capitals that is handed to a reader of the environment.
fn settings_read() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let files = tree::files("shared/aws/src", &[".rs"])
        .into_iter()
        .chain(tree::files("shared/platform/src", &[".rs"]));
    for (_, code) in files {
        let product = code.split("#[cfg(test)]").next().unwrap_or_default();
        for reader in ["need(\"", "read(\"", "or(\""] {
            for part in product.split(reader).skip(1) {
                let name = part.split('"').next().unwrap_or_default();
                if !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
                    names.insert(name.to_owned());
                }
            }
        }
    }
    names.extend(Lane::ALL.map(|lane| format!("QUEUE_{}", lane.name().to_uppercase())));
    names
}

#[test]
fn every_setting_that_is_read_is_given_and_every_given_one_is_read() {
    let main = template("template.yaml");
    let mut given = keys(&main["Globals"]["Function"]["Environment"]["Variables"]);
    for block in functions(&main).values() {
        given.extend(keys(&block["Properties"]["Environment"]["Variables"]));
    }
    // Lambda itself sets those of AWS.
    let read: BTreeSet<_> = settings_read().into_iter().filter(|name| !name.starts_with("AWS_")).collect();
    assert!(read.len() > 8, "the search for settings is broken: {read:?}");
    assert_eq!(read, given, "what the code reads and what template.yaml gives differ");
}

/// The table as the code makes it, asked of the database.
#[tokio::test]
async fn the_table_of_the_template_is_the_table_of_the_code() {
    let embedded = embedded::Embedded::memory().unwrap();
    embedded.table(Clock::system()).await.unwrap();
    let client = embedded.client();
    let names = client.list_tables().send().await.unwrap();
    let described = client.describe_table().table_name(&names.table_names()[0]).send().await.unwrap();
    let made = described.table().unwrap();

    let state = template("infra/state.yaml");
    let given = &state["Resources"]["CommsTable"]["Properties"];
    let schema = |value: &Value| -> Vec<(String, String)> {
        let keys = value["KeySchema"].as_sequence().unwrap();
        keys.iter().map(|key| (text(&key["AttributeName"]), text(&key["KeyType"]))).collect()
    };
    let key = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let made_key: Vec<_> =
        made.key_schema().iter().map(|k| key(k.attribute_name(), k.key_type().as_str())).collect();
    assert_eq!(made_key, schema(given), "the key of the table");

    let mut made_indexes = BTreeMap::new();
    for index in made.global_secondary_indexes() {
        let keys: Vec<_> =
            index.key_schema().iter().map(|k| key(k.attribute_name(), k.key_type().as_str())).collect();
        let projected = index.projection().and_then(|p| p.projection_type()).map(|p| p.as_str().to_owned());
        made_indexes.insert(index.index_name().unwrap_or_default().to_owned(), (keys, projected));
    }
    let mut given_indexes = BTreeMap::new();
    for index in given["GlobalSecondaryIndexes"].as_sequence().unwrap() {
        let projected = Some(text(&index["Projection"]["ProjectionType"]));
        given_indexes.insert(text(&index["IndexName"]), (schema(index), projected));
    }
    assert_eq!(made_indexes, given_indexes, "the indexes of the table");

    let made_attributes: BTreeMap<_, _> = made
        .attribute_definitions()
        .iter()
        .map(|a| (a.attribute_name().to_owned(), a.attribute_type().as_str().to_owned()))
        .collect();
    let given_attributes: BTreeMap<_, _> = given["AttributeDefinitions"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|a| (text(&a["AttributeName"]), text(&a["AttributeType"])))
        .collect();
    assert_eq!(made_attributes, given_attributes, "the attributes of keys");

    let view = made.stream_specification().and_then(|stream| stream.stream_view_type());
    let given_view = text(&given["StreamSpecification"]["StreamViewType"]);
    assert_eq!(view.map(|view| view.as_str().to_owned()), Some(given_view), "what the stream shows");
}

#[test]
fn items_expire_by_the_attribute_that_the_template_names() {
    let state = template("infra/state.yaml");
    let ttl =
        text(&state["Resources"]["CommsTable"]["Properties"]["TimeToLiveSpecification"]["AttributeName"]);
    let written = tree::read("shared/table/src/item.rs");
    assert!(written.contains(&format!("insert(\"{ttl}\"")), "no item gets the attribute {ttl}");
}
