//! A set of small numbers that mostly stand next to each other, written `0-17,19`.

use std::{fmt, str::FromStr};

/// Numbers as stretches, each from its first to its last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    /// Whether a number is in it.
    pub fn has(&self, number: u32) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// How many numbers are in it.
    pub fn len(&self) -> u32 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts a number in; false if it was there.
    pub fn put(&mut self, number: u32) -> bool {
        if self.has(number) {
            return false;
        }
        self.0.push((number, number));
        self.0.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(self.0.len());
        for (first, last) in self.0.drain(..) {
            match joined.last_mut() {
                Some(before) if before.1.checked_add(1) == Some(first) => before.1 = last,
                _ => joined.push((first, last)),
            }
        }
        self.0 = joined;
        true
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Ranges {
    type Err = super::lines::NotALine;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut ranges = Vec::new();
        for stretch in text.split(',').filter(|stretch| !stretch.is_empty()) {
            let (first, last) = stretch.split_once('-').unwrap_or((stretch, stretch));
            let number = |text: &str| text.parse().map_err(|_| super::lines::NotALine);
            ranges.push((number(first)?, number(last)?));
        }
        Ok(Self(ranges))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set_and_reads_back_what_it_wrote(numbers in proptest::collection::vec(0u32..40, 0..60)) {
            let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
            for number in numbers {
                prop_assert_eq!(ranges.put(number), set.insert(number));
            }
            prop_assert_eq!(ranges.len() as usize, set.len());
            for number in 0..40 {
                prop_assert_eq!(ranges.has(number), set.contains(&number));
            }
            prop_assert_eq!(ranges.to_string().parse::<Ranges>().unwrap(), ranges);
        }
    }
}
