//! Who carries what.

use std::{collections::BTreeMap, sync::Arc};

use kernel::ClinicId;
use providers::{Carrier, Provider};

use crate::accounts::Account;

/// Makes the carrier of a clinic's own account: out of the provider's id of it and the name of its secret.
type Opens = Arc<dyn Fn(&str, String) -> Arc<dyn Carrier> + Send + Sync>;

/// The providers that can be sent through: by the deployment's accounts, and by accounts of clinics.
#[derive(Clone, Default)]
pub struct Carriers {
    deployment: BTreeMap<Provider, Arc<dyn Carrier>>,
    clinics: BTreeMap<Provider, Opens>,
}

impl Carriers {
    /// No carriers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// And this account of the deployment's.
    #[must_use]
    pub fn with(mut self, carrier: impl Carrier + 'static) -> Self {
        self.deployment.insert(carrier.provider(), Arc::new(carrier));
        self
    }

    /// And accounts of clinics at this provider, which `open` makes out of the provider's id of the account and the
    /// name of its secret.
    #[must_use]
    pub fn opening<C: Carrier + 'static>(
        mut self,
        provider: Provider,
        open: impl Fn(&str, String) -> C + Send + Sync + 'static,
    ) -> Self {
        let open = move |own: &str, secret: String| -> Arc<dyn Carrier> { Arc::new(open(own, secret)) };
        self.clinics.insert(provider, Arc::new(open));
        self
    }

    /// Who carries for an account of a clinic.
    pub(super) fn of(&self, clinic: ClinicId, account: &Account) -> Option<Arc<dyn Carrier>> {
        match &account.own {
            None => self.deployment.get(&account.provider).cloned(),
            Some(own) => self.clinics.get(&account.provider).map(|open| open(own, account.secret(clinic))),
        }
    }
}
