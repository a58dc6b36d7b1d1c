//! The shape of the table: two attributes as key, two sparse indexes, a stream. `template.yaml` says the same
//! for the cloud.

use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
};

use crate::{Table, TableFault};

fn refused(_: impl std::error::Error) -> TableFault {
    TableFault::Refused { operation: "CreateTable", reason: "schema".to_owned() }
}

fn keys(partition: &str, order: &str) -> Result<Vec<KeySchemaElement>, TableFault> {
    let element = |name: &str, kind: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(refused)
    };
    Ok(vec![element(partition, KeyType::Hash)?, element(order, KeyType::Range)?])
}

fn index(name: &str, partition: &str, order: &str) -> Result<GlobalSecondaryIndex, TableFault> {
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .set_key_schema(Some(keys(partition, order)?))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .map_err(refused)
}

pub(crate) async fn create(table: &Table) -> Result<(), TableFault> {
    let attributes = ["pk", "sk", "lp", "ls", "hp", "hs"].map(|name| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
    });
    let made = table
        .client()
        .create_table()
        .table_name(table.name())
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.into_iter().collect::<Result<_, _>>().map_err(refused)?))
        .set_key_schema(Some(keys("pk", "sk")?))
        .global_secondary_indexes(index("listed", "lp", "ls")?)
        .global_secondary_indexes(index("held", "hp", "hs")?)
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .map_err(refused)?,
        )
        .send()
        .await;
    match made {
        Ok(_) => Ok(()),
        Err(error)
            if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(TableFault::of("CreateTable", &error)),
    }
}
