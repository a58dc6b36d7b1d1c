//! `local seed`: takes a file of appointments of another system into a running `local dev`, over its HTTP API as any
//! client would.
//!
//! First a trial that tells what would happen. With `--with-contacts` everybody gets a fictional name and number and
//! agrees to messages before the visits are booked. What was done is read from the product itself: run again, it goes on
//! where it was, and after the end it changes nothing.

mod api;
mod consents;
mod fictional;
mod file;
mod imports;
mod report;

use jiff::{ToSpan as _, civil::Date};
use serde_json::Value;

use self::{
    api::Api,
    file::{File, Shape},
    imports::{Import, Part},
};

/// What the command line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The file: CSV with a header.
    pub file: String,
    /// The name of a mapping that comes with the product, or a path.
    pub mapping: String,
    /// Over how many days the visits are spread, tomorrow being the first.
    pub days: u16,
    /// Where the product runs.
    pub url: String,
    /// Everybody gets a fictional name and number and agrees to messages.
    pub with_contacts: bool,
    /// Tell what would happen, and stop.
    pub dry_run: bool,
}

const USAGE: &str = "local seed FILE [--mapping medical-appointments] [--days 14] [--with-contacts] [--dry-run] \
                     [--url http://127.0.0.1:4500]";

impl Options {
    /// Reads what follows `seed` on the command line; the fault is the usage.
    pub fn read(args: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            file: String::new(),
            mapping: "medical-appointments".to_owned(),
            days: 14,
            url: "http://127.0.0.1:4500".to_owned(),
            with_contacts: false,
            dry_run: false,
        };
        let mut args = args.into_iter();
        while let Some(option) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{option} needs a value: {USAGE}"));
            match option.as_str() {
                "--mapping" => options.mapping = value()?,
                "--days" => {
                    let days = value()?.parse().ok().filter(|days| (1..=365).contains(days));
                    options.days = days.ok_or_else(|| "--days is 1 to 365".to_owned())?;
                }
                "--url" => value()?.trim_end_matches('/').clone_into(&mut options.url),
                "--with-contacts" => options.with_contacts = true,
                "--dry-run" => options.dry_run = true,
                file if !file.starts_with('-') && options.file.is_empty() => {
                    file.clone_into(&mut options.file);
                }
                _ => return Err(format!("{option} is not known: {USAGE}")),
            }
        }
        if options.file.is_empty() { Err(format!("which file? {USAGE}")) } else { Ok(options) }
    }
}

/// Does all of it. Ctrl-C leaves what was done; the next run goes on from there.
pub async fn run(options: &Options) -> Result<(), String> {
    tokio::select! {
        done = seed(options) => done,
        () = crate::serve::asked_to_stop() => Err("stopped; run it again to go on".to_owned()),
    }
}

async fn seed(options: &Options) -> Result<(), String> {
    let api = Api::open(&options.url).await?;
    let mapping = file::mapping(&options.mapping)?;
    let read = std::fs::read(&options.file).map_err(|error| format!("{}: {error}", options.file))?;
    let digest = file::digest(&read, &mapping, options);
    let earlier = imports::earlier(&api, &digest).await?;
    let (today, _) = api.today().await?;
    let tomorrow = today.tomorrow().map_err(|error| error.to_string())?;
    // The days that were chosen once stay, so that running it again means the same visits.
    let first = earlier.iter().find_map(Import::first_day).filter(|first| ahead(*first, options.days, today));
    let shape = Shape { first: first.unwrap_or(tomorrow), today, options };
    let file = File::of(&read, &mapping, &shape)?;
    report::file(options, &file, &shape);

    let name = |part: Part| part.name(&digest, shape.first);
    let found = |part: Part| earlier.iter().find(|import| import.name == name(part)).cloned();
    let all = match found(Part::All).filter(Import::is_open) {
        Some(import) => import,
        None => imports::create(&api, &name(Part::All), &file, &file.mapping, None).await?,
    };
    let all = imports::tried(&api, all, &file).await?;
    let findings = imports::findings(&api, &all).await?;
    report::trial(&all, &findings);
    if options.dry_run {
        return imports::cancel(&api, &all).await;
    }
    // Whoever has agreed once need not be asked again when the same file comes a second time.
    let people = found(Part::People);
    let agreed = found(Part::All).as_ref().is_some_and(Import::was_started);
    if options.with_contacts && !agreed {
        let people = if let Some(import) = people.filter(|import| import.is_open() || import.state == "DONE")
        {
            import
        } else {
            let only = file::people_only(&file.mapping);
            imports::create(&api, &name(Part::People), &file, &only, Some(&all)).await?
        };
        let people = imports::tried(&api, people, &file).await?;
        let (people, _) = imports::taken(&api, people, &file, "people").await?;
        report::people(&people);
        let agreed = consents::record(&api, &file, &people).await?;
        report::consents(agreed);
    }
    let (done, seconds) = imports::taken(&api, all, &file, "visits").await?;
    report::end(&done, seconds, &findings);
    Ok(())
}

/// Whether visits that begin on `first` are still to come, in part at least.
fn ahead(first: Date, days: u16, today: Date) -> bool {
    first.checked_add(i32::from(days).days()).is_ok_and(|end| end > today)
}

/// A text in an answer of the API.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Options, String> {
        Options::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_command_line_is_followed_or_refused() {
        let options = read("a.csv --days 3 --with-contacts --url http://127.0.0.1:1/").unwrap();
        assert_eq!((options.file.as_str(), options.days, options.with_contacts), ("a.csv", 3, true));
        assert_eq!((options.url.as_str(), options.dry_run), ("http://127.0.0.1:1", false));
        for bad in ["", "--days 3", "a.csv --days 0", "a.csv --days", "a.csv b.csv", "a.csv --colour red"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
