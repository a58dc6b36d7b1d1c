//! Fictional people: names out of a hat, and numbers 555-0100 to 555-0199 of area codes across the country, which
//! are given to nobody.

/// Area codes of New York and around, where most of a clinic's patients would be, and of farther zones.
const AREAS: [&str; 30] = [
    "646", "718", "347", "917", "929", "516", "914", "631", "845", "201", "973", "732", "908", "203", "860",
    "617", "857", "215", "267", "484", "302", "410", "202", "404", "305", "312", "214", "303", "602", "415",
];
/// Given names; a file without names has none to address people by.
const NAMES: [&str; 24] = [
    "Ada",
    "Bruno",
    "Clara",
    "Davi",
    "Elisa",
    "Felipe",
    "Gabriela",
    "Hugo",
    "Iris",
    "João",
    "Karla",
    "Luiz",
    "Marina",
    "Nuno",
    "Olívia",
    "Paulo",
    "Quitéria",
    "Rafael",
    "Sofia",
    "Tiago",
    "Úrsula",
    "Vítor",
    "Yara",
    "Zeca",
];
/// From 190 on, the simulated network does something else than deliver.
const PLAIN: usize = 90;
const SPECIAL: usize = 10;

/// The number of the `index`-th person, none if there are more persons than numbers. The ten endings at which the
/// simulated network misbehaves occur once each, so that each can be watched and none takes over.
pub(super) fn number(index: usize) -> Option<String> {
    let (area, line) = if index < SPECIAL {
        (0, PLAIN + index)
    } else {
        ((index - SPECIAL) / PLAIN, (index - SPECIAL) % PLAIN)
    };
    AREAS.get(area).map(|area| format!("+1{area}55501{line:02}"))
}

/// The given name of the `index`-th person.
pub(super) fn name(index: usize) -> &'static str {
    NAMES[index % NAMES.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_are_fictional_and_never_given_twice() {
        let all: Vec<_> = (0..).map_while(number).collect();
        assert_eq!(all.len(), AREAS.len() * PLAIN + SPECIAL);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|number| number.len() == 12 && number[5..].starts_with("55501")));
        for number in &all {
            number.parse::<kernel::Phone>().unwrap();
        }
        let special = all.iter().filter(|number| number[10..].parse::<usize>().unwrap() >= PLAIN);
        assert_eq!(special.count(), SPECIAL);
    }
}
