//! What is known of scripts that have been compiled before in this process: whether they are modules, and V8's code
//! cache of each file. V8 checks a cache itself before it uses it; a rejected one is replaced.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use hashlink::LruCache;
use parking_lot::Mutex;

use crate::script::Script;

/// How many scripts are remembered.
const SCRIPTS: usize = 1024;

static CACHE: LazyLock<Mutex<LruCache<[u8; 32], Arc<CachedProgram>>>> =
    LazyLock::new(|| Mutex::new(LruCache::new(SCRIPTS)));

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScriptKind {
    Module,
    Classic,
}

#[derive(Default)]
pub(crate) struct CachedProgram {
    kind: OnceLock<ScriptKind>,
    code: Mutex<HashMap<Arc<str>, Arc<[u8]>>>,
}

impl CachedProgram {
    pub(crate) fn of(script: &Script) -> Arc<Self> {
        let mut cache = CACHE.lock();
        if let Some(known) = cache.get(script.hash()) {
            return Arc::clone(known);
        }
        let program = Arc::<Self>::default();
        cache.insert(*script.hash(), Arc::clone(&program));
        program
    }

    pub(crate) fn kind(&self) -> Option<ScriptKind> {
        self.kind.get().copied()
    }

    pub(crate) fn note_kind(&self, kind: ScriptKind) {
        let _ = self.kind.set(kind);
    }

    pub(crate) fn code(&self, file: &str) -> Option<Arc<[u8]>> {
        self.code.lock().get(file).cloned()
    }

    pub(crate) fn store_code(&self, file: &Arc<str>, code: &[u8]) {
        self.code.lock().insert(Arc::clone(file), Arc::from(code));
    }

    pub(crate) fn forget_code(&self, file: &str) {
        self.code.lock().remove(file);
    }
}
