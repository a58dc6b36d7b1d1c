//! Items that are written several times in their life, packed.
//!
//! A write is billed by the kilobyte of the whole item, so an item of 1.6 KB costs two units each time it is touched
//! and one of 0.9 KB costs one. A packed item is its JSON as an LZ4 block over words that all items of its kind have
//! in common. The words are part of what was written: they are only ever followed by a longer list of versions.

use crate::{Entity, TableFault, keys::Key};

/// Larger than the database takes, so that a damaged item cannot ask for more memory than that.
const MOST: usize = 4 << 20;

/// The entity, packed over the newest words of its kind; nothing if its kind is not packed.
pub(crate) fn pack<E: Entity>(entity: &E) -> Option<Result<Vec<u8>, TableFault>> {
    let words = E::WORDS.last()?;
    let unwritable = TableFault::Unwritable { kind: E::Key::KIND };
    let Ok(version) = u8::try_from(E::WORDS.len()) else { return Some(Err(unwritable)) };
    let Ok(plain) = serde_json::to_vec(entity) else { return Some(Err(unwritable)) };
    let mut packed = vec![version];
    packed.extend(lz4_flex::block::compress_prepend_size_with_dict(&plain, words));
    Some(Ok(packed))
}

/// The entity in what [`pack`] made, by whichever version of the words.
pub(crate) fn unpack<E: Entity>(packed: &[u8]) -> Option<E> {
    serde_json::from_slice(&open::<E>(packed)?)
        .inspect_err(|error| {
            let (line, column) = (error.line(), error.column());
            tracing::error!(item.kind = E::Key::KIND, line, column, "a packed item cannot be read");
        })
        .ok()
}

/// The JSON of an entity in the attribute `z` of its item, for whoever looks into the table itself.
pub fn open<E: Entity>(packed: &[u8]) -> Option<Vec<u8>> {
    let (version, rest) = packed.split_first()?;
    let words = E::WORDS.get(usize::from(*version).checked_sub(1)?)?;
    let (size, block) = rest.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*size)).ok().filter(|size| *size <= MOST)?;
    lz4_flex::block::decompress_with_dict(block, size, words).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::keys::TaskKey;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Note {
        text: String,
        numbers: Vec<i64>,
    }

    impl Entity for Note {
        type Key = TaskKey;
        const WORDS: &'static [&'static [u8]] = &[b"{\"text\":", b"{\"text\":\"\",\"numbers\":["];
        fn key(&self) -> TaskKey {
            TaskKey { task: kernel::TaskId::FIRST }
        }
    }

    #[test]
    fn what_was_packed_over_older_words_is_still_read() {
        let note = Note { text: "older".to_owned(), numbers: vec![1] };
        let plain = serde_json::to_vec(&note).unwrap();
        let mut packed = vec![1];
        packed.extend(lz4_flex::block::compress_prepend_size_with_dict(&plain, Note::WORDS[0]));
        assert_eq!(unpack::<Note>(&packed), Some(note));
    }

    #[test]
    fn words_that_are_not_known_here_are_not_guessed() {
        let mut packed = pack(&Note { text: String::new(), numbers: Vec::new() }).unwrap().unwrap();
        for version in [0, 3, 255] {
            packed[0] = version;
            assert_eq!(unpack::<Note>(&packed), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_packed_is_read_back(text in "\\PC{0,400}", numbers: Vec<i64>) {
            let note = Note { text, numbers };
            let packed = pack(&note).unwrap().unwrap();
            prop_assert_eq!(unpack::<Note>(&packed), Some(note));
        }

        #[test]
        fn no_damage_brings_the_reader_down(packed: Vec<u8>) {
            let _ = unpack::<Note>(&packed);
            let mut sized = vec![2, 64, 0, 0, 0];
            sized.extend(packed);
            let _ = unpack::<Note>(&sized);
        }
    }
}
