//! Reading single items, one or many.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::{
    ClinicTable, Entity, Kept, Table, TableFault,
    item::{Item, unpack},
    keys::Key,
    list::key_of,
};

impl Table {
    pub(crate) async fn get_one<E: Entity>(
        &self,
        prefix: &str,
        key: &E::Key,
    ) -> Result<Option<Kept<E>>, TableFault> {
        let (pk, sk) = key.full(prefix);
        self.client()
            .get_item()
            .table_name(self.name())
            .set_key(Some(key_of(&pk, &sk)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| TableFault::of("GetItem", &error))?
            .item
            .map(unpack)
            .transpose()
    }

    /// Reads items by their full keys; the answer stands in the order of the keys.
    pub(crate) async fn get_each(
        &self,
        keys: &[(String, String)],
        exact: bool,
    ) -> Result<Vec<Option<Item>>, TableFault> {
        let mut distinct: Vec<_> = keys.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let mut found = self.get_all(&distinct, exact).await?;
        if distinct.len() == keys.len() {
            return Ok(keys.iter().map(|key| found.remove(key)).collect());
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    /// Reads the items there are at full keys, of which each is named once.
    pub(crate) async fn get_all(
        &self,
        keys: &[(String, String)],
        exact: bool,
    ) -> Result<HashMap<(String, String), Item>, TableFault> {
        let mut found: HashMap<(String, String), Item> = HashMap::with_capacity(keys.len());
        for hundred in keys.chunks(100) {
            let mut wanted: Vec<_> = hundred.iter().map(|(pk, sk)| key_of(pk, sk)).collect();
            let mut patience = Duration::from_millis(20);
            while !wanted.is_empty() {
                let ask = KeysAndAttributes::builder()
                    .set_keys(Some(std::mem::take(&mut wanted)))
                    .consistent_read(exact)
                    .build()
                    .map_err(|_| TableFault::Refused {
                        operation: "BatchGetItem",
                        reason: "keys".to_owned(),
                    })?;
                let answer = self
                    .client()
                    .batch_get_item()
                    .request_items(self.name(), ask)
                    .send()
                    .await
                    .map_err(|error| TableFault::of("BatchGetItem", &error))?;
                for item in answer.responses.unwrap_or_default().into_values().flatten() {
                    let name =
                        |name: &str| item.get(name).and_then(|v| v.as_s().ok()).cloned().unwrap_or_default();
                    found.insert((name("pk"), name("sk")), item);
                }
                wanted = answer
                    .unprocessed_keys
                    .and_then(|mut rest| rest.remove(self.name()))
                    .map(|rest| rest.keys)
                    .unwrap_or_default();
                if !wanted.is_empty() {
                    if patience > Duration::from_secs(2) {
                        return Err(TableFault::Away {
                            operation: "BatchGetItem",
                            reason: "unprocessed keys".to_owned(),
                        });
                    }
                    tokio::time::sleep(patience).await;
                    patience *= 2;
                }
            }
        }
        Ok(found)
    }
}

impl ClinicTable {
    /// The item at a key as it is now (strongly consistent).
    pub async fn get<E: Entity>(&self, key: &E::Key) -> Result<Option<Kept<E>>, TableFault> {
        const { assert!(!E::Key::SHARED, "shared items are read on the shared part") };
        self.table.get_one(&self.prefix, key).await
    }

    /// The items at many keys as they are now, in the order of the keys; one call per hundred.
    pub async fn get_many<E: Entity>(&self, keys: &[E::Key]) -> Result<Vec<Option<Kept<E>>>, TableFault> {
        const { assert!(!E::Key::SHARED, "shared items are read on the shared part") };
        let full: Vec<_> = keys.iter().map(|key| key.full(&self.prefix)).collect();
        self.table.get_each(&full, true).await?.into_iter().map(|item| item.map(unpack).transpose()).collect()
    }
}
