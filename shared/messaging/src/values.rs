//! The values that the facts about a person and a visit give to a template.

use people::{Appointment, Clinic, Person, Practitioner, location::Location};
use table::{
    ClinicTable, TableFault,
    keys::{LocationKey, PractitionerKey},
};
use templates::{Value, Values};

/// What a template can say of a person, and of a visit if there is one, to who reads it. Links are not among
/// them: they are made for a message that goes out.
pub async fn values_of(
    table: &ClinicTable,
    clinic: &Clinic,
    person: &Person,
    reader: &Person,
    visit: Option<&Appointment>,
) -> Result<Values, TableFault> {
    let name =
        Value::Name { first: person.names.calling().to_owned(), last: person.names.family.reveal().clone() };
    let mut values = Values::new()
        .with("patient.name", name)
        .with("recipient.first_name", Value::Text(reader.names.calling().to_owned()))
        .with("clinic.name", Value::Text(clinic.brand.clone()));
    if let Some(phone) = &clinic.help_phone {
        values.put("clinic.phone", Value::Phone(phone.clone()));
    }
    let Some(visit) = visit else { return Ok(values) };
    values.put("appointment.date_time", Value::DateTime { at: visit.starts_at, zone: visit.zone.clone() });
    if let Some(service) = &visit.service_type {
        values.put("appointment.service", Value::Text(service.clone()));
    }
    if let Some(practitioner) = visit.practitioner
        && let Some(found) = table.get::<Practitioner>(&PractitionerKey { practitioner }).await?
    {
        values.put("provider.name", Value::Text(found.display.clone()));
    }
    if let Some(location) = visit.location
        && let Some(found) = table.get::<Location>(&LocationKey { location }).await?
    {
        if let Some(office) = &found.office_number {
            values.put("office.number", Value::Text(office.clone()));
        }
        let lines: Vec<_> =
            [&found.address.street, &found.address.city].into_iter().flatten().cloned().collect();
        if !lines.is_empty() {
            values.put("clinic.address", Value::Text(lines.join(", ")));
        }
        if let Some(phone) = &found.phone {
            values.put("clinic.phone", Value::Phone(phone.clone()));
        }
    }
    Ok(values)
}
