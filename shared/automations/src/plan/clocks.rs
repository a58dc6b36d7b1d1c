//! The hours in which a reminder may go out to somebody.

use consent::{
    Keeping, Rules, Whereabouts, Windows,
    hours::{Days, Hours, Minute, Window},
    zones_of,
};
use jiff::civil::{Date, Time};
use kernel::{Category, Channel, Zone};
use messaging::Route;
use people::{Clinic, ContactPoint, Person};

/// The hours that hold for one person: the law's for messages about visits, the clinic's or else the house's,
/// and the person's own or else the usual ones; in every zone the person may be in.
#[derive(Debug, Clone)]
pub struct Clocks {
    rules: Rules,
    zones: Vec<Zone>,
    state: Option<String>,
    clinic: Option<Hours>,
    person: Option<Hours>,
}

/// The hours of a clinic; none if its window is empty or the whole day.
fn hours(clinic: &Clinic) -> Option<Hours> {
    let minute = |time: Time| time.strftime("%H:%M").to_string().parse::<Minute>().ok();
    let window = Window::new(minute(clinic.window.from)?, minute(clinic.window.to)?, Days::ALL).ok()?;
    Some(Hours::new(vec![window]))
}

impl Clocks {
    /// The hours for a visit in `place`'s zone. `stated` are the hours the person has stated, if any.
    pub fn new(
        rules: Rules,
        clinic: &Clinic,
        place: &Zone,
        person: Option<&Person>,
        stated: Option<Hours>,
    ) -> Self {
        let state = person.and_then(|person| person.state.as_deref());
        let phone = person.and_then(|person| person.contacts.iter().find_map(ContactPoint::phone));
        let zones = zones_of(&Whereabouts {
            stated: person.and_then(|person| person.zone.as_ref()),
            state,
            phone: phone.as_ref(),
            clinic: place,
            clinic_state: clinic.state.as_deref(),
        });
        Self {
            rules,
            zones,
            state: state.or(clinic.state.as_deref()).map(str::to_owned),
            clinic: hours(clinic),
            person: stated,
        }
    }

    /// How long before the end of a window something goes out that is moved to earlier.
    pub fn margin(&self) -> jiff::SignedDuration {
        self.rules.earlier_margin()
    }

    /// All hours that a message by this way has to keep to on a day. Where the way is left open, those of a
    /// text message, which are the narrowest.
    pub fn windows(&self, route: &Route, on: Date) -> Windows<'_> {
        let channels: &[Channel] = match route {
            Route::Auto => &[Channel::Sms],
            Route::FirstOf(list) => list,
            Route::Only(channel) => std::slice::from_ref(channel),
        };
        let keeping = Keeping {
            category: Category::Appointment,
            by_hand: false,
            zones: &self.zones,
            state: self.state.as_deref(),
            clinic: self.clinic.as_ref(),
            business: None,
            person: self.person.as_ref(),
        };
        self.rules.windows(&keeping, channels, on)
    }
}
