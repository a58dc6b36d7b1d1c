//! Tokens for the local product, shaped like those of the user pool: issued here, checked here.

mod issuer;
mod routes;
mod verify;

pub use self::{
    issuer::{Bearer, Issuer},
    routes::{Clinic, routes},
    verify::{Refused, Verified},
};
