//! The zones somebody may be in. What is not known for sure gives several, and a message must fit in all.

use std::{collections::HashMap, sync::LazyLock};

use kernel::{Phone, Zone};
use serde::Deserialize;

use crate::rules::read;

/// What is known about where somebody is.
#[derive(Debug, Clone, Copy)]
pub struct Whereabouts<'a> {
    /// The zone they have stated.
    pub stated: Option<&'a Zone>,
    /// The state or territory they live in, as two letters.
    pub state: Option<&'a str>,
    /// Their number.
    pub phone: Option<&'a Phone>,
    /// The zone of the clinic, or of the place they come to.
    pub clinic: &'a Zone,
    /// The state of the clinic.
    pub clinic_state: Option<&'a str>,
}

#[derive(Deserialize)]
struct States {
    rows: Vec<(String, Vec<Zone>)>,
}

#[derive(Deserialize)]
struct AreaCodes {
    rows: Vec<(Vec<Zone>, String)>,
}

static STATES: LazyLock<HashMap<String, Vec<Zone>>> =
    LazyLock::new(|| read::<States>(include_str!("../data/state_zones.json")).rows.into_iter().collect());

static AREA_CODES: LazyLock<HashMap<String, Vec<Zone>>> = LazyLock::new(|| {
    let data: AreaCodes = read(include_str!("../data/area_codes.json"));
    let rows = data.rows.into_iter();
    rows.flat_map(|(zones, codes)| {
        codes.split(' ').map(|code| (code.to_owned(), zones.clone())).collect::<Vec<_>>()
    })
    .collect()
});

/// The zones, the likeliest first and at least one: the stated one; else those of the state, of which a clinic
/// in the same state stands for its neighbours; else the clinic's and those of the number's area code. People
/// keep their numbers when they move: an area code only ever narrows the hours.
pub fn zones_of(whereabouts: &Whereabouts<'_>) -> Vec<Zone> {
    let Whereabouts { stated, state, phone, clinic, clinic_state } = *whereabouts;
    if let Some(zone) = stated {
        return vec![zone.clone()];
    }
    if let Some(zones) = state.and_then(|state| STATES.get(state)) {
        return if zones.len() > 1 && state == clinic_state { vec![clinic.clone()] } else { zones.clone() };
    }
    let mut zones = vec![clinic.clone()];
    let code = phone.and_then(|phone| phone.as_str().strip_prefix("+1")?.get(..3));
    for zone in code.and_then(|code| AREA_CODES.get(code)).into_iter().flatten() {
        if !zones.contains(zone) {
            zones.push(zone.clone());
        }
    }
    zones
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// D-12, Z-10
    #[rstest]
    #[case(Some("Asia/Tokyo"), Some("CA"), None, &["Asia/Tokyo"])]
    #[case(None, Some("CA"), Some("+18085550123"), &["America/Los_Angeles"])]
    #[case(None, Some("TX"), None, &["America/Chicago"])]
    #[case(None, Some("IN"), None, &["America/Indiana/Indianapolis", "America/Chicago"])]
    #[case(None, None, None, &["America/Chicago"])]
    #[case(None, Some("ZZ"), None, &["America/Chicago"])]
    #[case(None, None, Some("+18085550123"), &["America/Chicago", "Pacific/Honolulu"])]
    #[case(None, None, Some("+13125550123"), &["America/Chicago"])]
    #[case(None, None, Some("+14235550123"), &["America/Chicago", "America/New_York"])]
    #[case(None, None, Some("+442079460018"), &["America/Chicago"])]
    fn zones_come_from_the_person_then_the_state_then_clinic_and_number(
        #[case] stated: Option<&str>,
        #[case] state: Option<&str>,
        #[case] phone: Option<&str>,
        #[case] zones: &[&str],
    ) {
        let stated = stated.map(|name| name.parse().unwrap());
        let phone = phone.map(|number| number.parse().unwrap());
        let clinic: Zone = "America/Chicago".parse().unwrap();
        let found = zones_of(&Whereabouts {
            stated: stated.as_ref(),
            state,
            phone: phone.as_ref(),
            clinic: &clinic,
            clinic_state: Some("TX"),
        });
        assert_eq!(found.iter().map(Zone::name).collect::<Vec<_>>(), zones);
    }

    #[test]
    fn both_files_name_real_zones_and_their_source() {
        assert!(STATES.len() >= 55 && AREA_CODES.len() > 250);
        for file in [include_str!("../data/state_zones.json"), include_str!("../data/area_codes.json")] {
            let file: serde_json::Value = serde_json::from_str(file).unwrap();
            assert!(["source", "as_of", "confidence"].iter().all(|field| file[field].is_string()));
        }
    }
}
