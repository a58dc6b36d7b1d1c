//! Where a link ends that does not lead to a visit.

use automations::links::LinkFault;
use http::StatusCode;

use crate::page::{Page, Reader};

/// The page for a link that does not work: 410 with a number to call if it once did, 404 if it is none of ours.
pub(super) fn page(reader: Reader, fault: &LinkFault) -> Page {
    let words = reader.words(None, None);
    let gone = &words.gone;
    let says = match fault {
        LinkFault::Moved(_) => &gone.moved,
        LinkFault::Closed(_) => &gone.closed,
        LinkFault::Expired(_) => &gone.expired,
        LinkFault::Used(_) => &gone.used,
        LinkFault::Unknown => return Page::unknown(words, &words.unknown.says),
        LinkFault::NotOffered => {
            let page = Page::new(words, &words.visit.title).status(StatusCode::UNPROCESSABLE_ENTITY);
            return page.says(&words.visit.choose);
        }
        LinkFault::Change(_) => return Page::failed(words, fault),
    };
    let page = Page::new(words, &gone.title).status(StatusCode::GONE).says(says);
    match fault.phone() {
        Some(phone) => page.calls(&words.call, phone),
        None => page.says(&words.call_clinic),
    }
}
