//! An isolate that stays between requests, with the contexts that are kept in it. Which requests may use it, and when
//! it goes, is the business of modes.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::ahead::Prepare;
use crate::isolate::Isolate;
use crate::mode::{ContextPolicy, RealmKey};
use crate::realm::Realm;

/// An isolate and its kept contexts.
#[derive(Debug)]
pub struct Resident {
    // Declared before the isolate, so that contexts go before it.
    kept: Mutex<Vec<(RealmKey, Realm)>>,
    isolate: Arc<Isolate>,
    policy: ContextPolicy,
    most: usize,
}

impl Resident {
    /// Takes an isolate up. Under [`ContextPolicy::Reuse`] up to `most` contexts are kept; the one that was used
    /// longest ago goes first.
    pub fn new(isolate: Arc<Isolate>, policy: ContextPolicy, most: usize) -> Arc<Self> {
        Arc::new(Self { kept: Mutex::default(), isolate, policy, most })
    }

    /// The isolate.
    pub fn isolate(&self) -> &Arc<Isolate> {
        &self.isolate
    }

    /// Takes a kept context of this key out, the most recently used first.
    pub fn take(&self, key: &RealmKey) -> Option<Realm> {
        if self.policy == ContextPolicy::Fresh {
            return None;
        }
        let mut kept = self.kept.lock();
        let position = kept.iter().rposition(|(known, _)| known == key)?;
        Some(kept.remove(position).1)
    }

    /// What to hold ready while nobody is served, after a request that is about to use this context, or a new one:
    /// nothing if its context will be kept; with a `max_age` of zero nothing evaluated.
    pub fn prepare(&self, realm: Option<&Realm>, max_age: Duration) -> Prepare {
        if self.policy.keeps_after(realm.map_or(0, Realm::uses)) {
            Prepare::Nothing
        } else if max_age.is_zero() {
            Prepare::Context
        } else {
            Prepare::TopLevel { max_age }
        }
    }

    /// Keeps a context, if the policy lets it.
    pub fn keep(&self, key: &RealmKey, realm: Realm) {
        if !self.policy.keeps(&realm) {
            return;
        }
        let oldest = {
            let mut kept = self.kept.lock();
            kept.push((key.clone(), realm));
            (kept.len() > self.most).then(|| kept.remove(0))
        };
        drop(oldest);
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        // Work for a next request is given up: none will come.
        self.isolate.ahead().close();
    }
}
