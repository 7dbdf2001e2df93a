//! One thread's pool: the isolates that live on it, by owner, and who waits for them. Spreading calls over threads is
//! done by `pool` and by callers of `local`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime_admission::{Lease, ShedReason, Slots, SlotsConfig};
use runtime_core::{
    Failure, Home, Isolate, ModeStats, Outcome, Placement, PlacementRequest, Prepare, Realm, RealmKey,
    Resident, Start, TurnThreads, Verdict,
};

use crate::config::PinnedPoolConfig;

type OwnerLease = Lease<Arc<str>, Arc<Resident>>;

/// The most contexts that are kept in one isolate; one owner's workers share its isolates.
const KEPT_CONTEXTS: usize = 8;

/// A pool whose isolates run on one thread only.
pub(crate) struct ThreadPlace {
    config: PinnedPoolConfig,
    thread: TurnThreads,
    slots: Slots<Arc<str>, Arc<Resident>>,
}

impl ThreadPlace {
    pub(crate) fn new(config: &PinnedPoolConfig, number: usize) -> Result<Self, Failure> {
        let internal = |error: String| Failure::new(Outcome::internal(), error);
        let thread = if config.inline_for_trusted_guests {
            TurnThreads::inline_for_trusted_guests()
        } else {
            TurnThreads::start(&format!("isolane-pin{number}"), 1)
                .map_err(|error| internal(error.to_string()))?
        };
        let slots = Slots::new(SlotsConfig {
            capacity: config.max_isolates_per_thread,
            per_key: config.max_per_owner,
            users_per_slot: 1,
            queue_per_key: config.queue_per_owner,
            queue_total: config.queue_total,
        })
        .map_err(|error| internal(error.to_string()))?;
        Ok(Self { config: config.clone(), thread, slots })
    }

    /// A place for the owner if there is one now.
    pub(crate) fn try_admit(&self, owner: &Arc<str>) -> Option<OwnerLease> {
        self.slots.try_acquire(owner)
    }

    /// A place for the owner, after a wait in its queue if need be.
    pub(crate) async fn admit(&self, owner: &Arc<str>) -> Result<OwnerLease, Failure> {
        if let Some(lease) = self.try_admit(owner) {
            return Ok(lease);
        }
        let patience = Duration::from_millis(self.config.queue_timeout_ms);
        match tokio::time::timeout(patience, self.slots.acquire(owner)).await {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(error)) => Err(Failure::new(Outcome::LoadShed(error.shed_reason()), error.to_string())),
            Err(_elapsed) => {
                let message = format!(
                    "owner {owner:?} had no isolate free within {} ms; it may have {} at once on a thread",
                    self.config.queue_timeout_ms,
                    self.config.max_per_owner.unwrap_or(self.config.max_isolates_per_thread)
                );
                Err(Failure::new(Outcome::LoadShed(ShedReason::QueueTimeout), message))
            }
        }
    }

    /// Makes a placement of a lease: its isolate, and a kept context if there is one.
    pub(crate) async fn settle(
        &self,
        mut lease: OwnerLease,
        request: &PlacementRequest,
    ) -> Result<Placement, Failure> {
        while lease.resource().is_some_and(|resident| resident.isolate().is_condemned()) {
            lease.retire();
            drop(lease);
            lease = self.admit(&request.key.owner).await?;
        }
        let mut create = Duration::ZERO;
        let (resident, start) = match lease.resource() {
            Some(resident) => (Arc::clone(resident), Start::Prepared),
            None => {
                drop(lease.take_evicted());
                let started = Instant::now();
                let isolate = self.thread.make_isolate(&request.limits).await;
                let isolate =
                    isolate.map_err(|error| Failure::new(Outcome::internal(), error.to_string()))?;
                let start = isolate.start();
                let resident = Resident::new(isolate, self.config.context, KEPT_CONTEXTS);
                lease.fill(Arc::clone(&resident));
                create = started.elapsed();
                (resident, start)
            }
        };
        let realm = resident.take(&request.key);
        let start = if realm.is_some() { Start::Warm } else { start };
        let prepare = if self.config.prepare {
            resident.prepare(realm.as_ref(), Duration::from_millis(self.config.prepared_max_age_ms))
        } else {
            Prepare::Nothing
        };
        let isolate = Arc::clone(resident.isolate());
        let home = Box::new(Seat { lease, resident, key: request.key.clone() });
        let mut placement = Placement::new(isolate, self.thread.clone(), start, home);
        placement.realm = realm;
        placement.create = create;
        placement.policy = self.config.context;
        placement.prepare = prepare;
        Ok(placement)
    }

    pub(crate) fn trim(&self) {
        drop(self.slots.evict_idle(|_, _| false));
    }

    pub(crate) fn close(&self) {
        self.slots.close();
        self.trim();
    }

    pub(crate) fn stats(&self) -> ModeStats {
        let slots = self.slots.stats();
        ModeStats {
            mode: "pinned",
            capacity: slots.capacity,
            isolates: slots.slots,
            idle: slots.idle,
            in_use: slots.users,
            waiting: slots.waiting,
            hits: slots.hits,
            misses: slots.created,
            evictions: slots.evictions,
            shed: slots.shed + slots.refused,
            retired: slots.retired + slots.forfeited,
        }
    }
}

/// A request's place on an isolate of its owner.
struct Seat {
    lease: OwnerLease,
    resident: Arc<Resident>,
    key: RealmKey,
}

impl Home for Seat {
    fn give_back(mut self: Box<Self>, isolate: Arc<Isolate>, realm: Option<Realm>, verdict: Verdict) {
        // The slot must hold the last reference when it is freed, so that its capacity covers the isolate.
        drop(isolate);
        match verdict {
            Verdict::Keep => {
                if let Some(realm) = realm {
                    self.resident.keep(&self.key, realm);
                }
            }
            Verdict::DiscardContext => drop(realm),
            Verdict::DiscardIsolate => self.lease.retire(),
            Verdict::Lost => {
                let Seat { lease, resident, .. } = *self;
                drop(resident);
                drop(lease.forfeit());
                return;
            }
        }
        let Seat { lease, resident, .. } = *self;
        drop(resident);
        drop(lease);
    }
}
