//! Lists and their pages.

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{Cursor, Limit, Page};

use crate::{
    ClinicTable, Entity, Kept, Part, Table, TableFault,
    item::{Item, text, unpack},
    keys::Key,
};

/// Which way leads to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    Table,
    Listed,
    Held,
}

impl Index {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Listed => "listed",
            Self::Held => "held",
        }
    }

    fn attributes(self) -> (&'static str, &'static str) {
        match self {
            Self::Table => ("pk", "sk"),
            Self::Listed => ("lp", "ls"),
            Self::Held => ("hp", "hs"),
        }
    }
}

/// A stretch of a list: all of it, or from one value of its order to another, in either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub(crate) index: Index,
    pub(crate) shared: bool,
    pub(crate) partition: String,
    word: &'static str,
    low: String,
    high: String,
    backwards: bool,
}

/// Above every letter that may follow the separator in an order.
const ABOVE: char = '\u{10ffff}';

/// Where a stretch begins. The database takes no empty text for a key; this is the least that it takes.
fn lowest(low: &str) -> &str {
    if low.is_empty() { "\u{0}" } else { low }
}

impl Span {
    pub(crate) fn new(index: Index, shared: bool, partition: String, word: &'static str) -> Self {
        Self {
            index,
            shared,
            partition,
            word,
            low: word.to_owned(),
            high: format!("{word}{ABOVE}"),
            backwards: false,
        }
    }

    /// From this value of the order on, itself included.
    #[must_use]
    pub fn from(mut self, value: &impl Part) -> Self {
        self.low = self.word.to_owned();
        value.write(&mut self.low);
        self
    }

    /// Up to this value of the order, itself included.
    #[must_use]
    pub fn to(mut self, value: &impl Part) -> Self {
        self.high = self.word.to_owned();
        value.write(&mut self.high);
        self.high.push(ABOVE);
        self
    }

    /// Only rows whose order begins with this text.
    #[must_use]
    pub fn beginning(mut self, with: &str) -> Self {
        self.low = self.word.to_owned();
        with.write(&mut self.low);
        self.high = format!("{}{ABOVE}", self.low);
        self
    }

    /// Last first.
    #[must_use]
    pub fn backwards(mut self) -> Self {
        self.backwards = true;
        self
    }
}

fn read_text(item: &Item, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

/// A cursor names the last row by its own key and never by its place in the list: places can hold names, and
/// cursors travel in addresses.
pub(crate) fn cursor(index: Index, pk: &str, sk: &str) -> Cursor {
    Cursor(URL_SAFE_NO_PAD.encode(format!("{}\n{pk}\n{sk}", index.name())))
}

fn uncursor(index: Index, prefix: &str, cursor: &Cursor) -> Option<(String, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(&cursor.0).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let mut parts = text.splitn(3, '\n');
    let (name, pk, sk) = (parts.next()?, parts.next()?, parts.next()?);
    let ours = name == index.name() && pk.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('#'));
    ours.then(|| (pk.to_owned(), sk.to_owned()))
}

pub(crate) struct Rows {
    pub(crate) items: Vec<Item>,
    pub(crate) more: bool,
}

impl Table {
    async fn position(&self, span: &Span, full: &str, at: (String, String)) -> Result<Item, TableFault> {
        let (pk, sk) = at;
        let (partition, order) = span.index.attributes();
        let mut start =
            Item::from([("pk".to_owned(), text(pk.clone())), ("sk".to_owned(), text(sk.clone()))]);
        if span.index == Index::Table {
            return if pk == full { Ok(start) } else { Err(TableFault::StrangeCursor) };
        }
        let row = self
            .client()
            .get_item()
            .table_name(self.name())
            .key("pk", text(pk))
            .key("sk", text(sk))
            .projection_expression(format!("{partition}, {order}"))
            .send()
            .await
            .map_err(|error| TableFault::of("GetItem", &error))?
            .item
            .unwrap_or_default();
        let (Some(p), Some(s)) = (read_text(&row, partition), read_text(&row, order)) else {
            return Err(TableFault::StrangeCursor);
        };
        if p != full {
            return Err(TableFault::StrangeCursor);
        }
        start.insert(partition.to_owned(), text(p));
        start.insert(order.to_owned(), text(s));
        Ok(start)
    }

    pub(crate) async fn rows(
        &self,
        prefix: &str,
        span: &Span,
        limit: u16,
        after: Option<&Cursor>,
        exact: bool,
    ) -> Result<Rows, TableFault> {
        let full = format!("{}#{}", if span.shared { "all" } else { prefix }, span.partition);
        let start = match after {
            None => None,
            Some(after) => {
                let at = uncursor(span.index, prefix, after).ok_or(TableFault::StrangeCursor)?;
                Some(self.position(span, &full, at).await?)
            }
        };
        let (partition, order) = span.index.attributes();
        let found = self
            .client()
            .query()
            .table_name(self.name())
            .set_index_name((span.index != Index::Table).then(|| span.index.name().to_owned()))
            .consistent_read(exact && span.index == Index::Table)
            .key_condition_expression(format!("{partition} = :p AND {order} BETWEEN :low AND :high"))
            .expression_attribute_values(":p", text(full))
            .expression_attribute_values(":low", text(lowest(&span.low)))
            .expression_attribute_values(":high", text(span.high.clone()))
            .scan_index_forward(!span.backwards)
            .limit(i32::from(limit))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| TableFault::of("Query", &error))?;
        let more = found.last_evaluated_key.is_some();
        Ok(Rows { items: found.items.unwrap_or_default(), more })
    }

    pub(crate) async fn page<E: Entity>(
        &self,
        prefix: &str,
        span: &Span,
        limit: u16,
        after: Option<&Cursor>,
        exact: bool,
    ) -> Result<Page<Kept<E>>, TableFault> {
        let rows = self.rows(prefix, span, limit, after, exact).await?;
        let last = rows.items.last().and_then(|row| Some((read_text(row, "pk")?, read_text(row, "sk")?)));
        let next = match (rows.more, last) {
            (true, Some((pk, sk))) => Some(cursor(span.index, &pk, &sk)),
            _ => None,
        };
        let items = if span.index == Index::Table {
            rows.items.into_iter().map(unpack).collect::<Result<_, _>>()?
        } else {
            let keys: Vec<_> = rows
                .items
                .iter()
                .filter_map(|row| Some((read_text(row, "pk")?, read_text(row, "sk")?)))
                .collect();
            // An index runs a little behind: a row whose item is gone meanwhile is left out.
            self.get_each(&keys, false).await?.into_iter().flatten().map(unpack).collect::<Result<_, _>>()?
        };
        Ok(Page { items, next })
    }
}

impl ClinicTable {
    /// A page of a list. Lists of the two indexes are a moment behind the table; stretches of a partition of
    /// the table itself are exact.
    pub async fn list<E: Entity>(
        &self,
        span: &Span,
        limit: Limit,
        after: Option<&Cursor>,
    ) -> Result<Page<Kept<E>>, TableFault> {
        const { assert!(!E::Key::SHARED, "shared items are listed on the shared part") };
        self.table.page(&self.prefix, span, limit.get(), after, true).await
    }

    /// A page of the rows of a list that `keep` wants. It looks at a bounded number of rows: a page may be
    /// short, even empty, and still have a next one.
    pub async fn list_where<E: Entity>(
        &self,
        span: &Span,
        limit: Limit,
        after: Option<&Cursor>,
        keep: impl Fn(&E) -> bool,
    ) -> Result<Page<Kept<E>>, TableFault> {
        /// Rounds of a full page each that one answer may cost.
        const ROUNDS: usize = 10;
        let wanted = usize::from(limit.get());
        let mut items: Vec<Kept<E>> = Vec::new();
        let mut next = after.cloned();
        for _ in 0..ROUNDS {
            let missing = u16::try_from(wanted - items.len()).unwrap_or(limit.get());
            let page =
                self.list::<E>(span, Limit::new(i64::from(missing)).unwrap_or(limit), next.as_ref()).await?;
            items.extend(page.items.into_iter().filter(|kept| keep(kept)));
            next = page.next;
            if next.is_none() || items.len() >= wanted {
                break;
            }
        }
        Ok(Page { items, next })
    }

    /// Every row of a list that is known to be short; an error of ours if it holds more than `most`.
    pub async fn list_short<E: Entity>(&self, span: &Span, most: u16) -> Result<Vec<Kept<E>>, TableFault> {
        let mut items = Vec::new();
        let mut next = None;
        loop {
            let page = self.table.page::<E>(&self.prefix, span, most.min(100), next.as_ref(), true).await?;
            items.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(items);
            }
            if items.len() >= usize::from(most) {
                tracing::error!(
                    list.kind = E::Key::KIND,
                    list.most = most,
                    "a list that should be short is not"
                );
                return Err(TableFault::Refused { operation: "Query", reason: "list too long".to_owned() });
            }
        }
    }
}

/// The keys of an item as the database wants them.
pub(crate) fn key_of(pk: &str, sk: &str) -> std::collections::HashMap<String, AttributeValue> {
    Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}
