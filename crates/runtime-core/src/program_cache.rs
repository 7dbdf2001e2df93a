//! What is known of scripts that have been compiled before in this process: whether they are modules, V8's code
//! cache of each file, their WebAssembly as it was compiled, and whether their top level can be evaluated before a request is there. V8 checks a cache
//! itself before it uses it; a rejected one is replaced.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
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
    /// Isolates share the machine code of a module.
    wasm: Mutex<HashMap<Arc<str>, Arc<v8::CompiledWasmModule>>>,
    /// The top level asks for something that only a request has.
    needs_request: AtomicBool,
    /// Evaluations ahead that failed, and those under way.
    failures_ahead: AtomicU32,
}

/// After this many failures a top level is not evaluated ahead any more.
const FAILURES_AHEAD: u32 = 3;

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

    pub(crate) fn wasm(&self, file: &str) -> Option<Arc<v8::CompiledWasmModule>> {
        self.wasm.lock().get(file).cloned()
    }

    pub(crate) fn store_wasm(&self, file: &Arc<str>, module: v8::CompiledWasmModule) {
        self.wasm.lock().entry(Arc::clone(file)).or_insert_with(|| Arc::new(module));
    }

    /// Whether the top level may be evaluated before a request is there.
    pub(crate) fn may_be_evaluated_ahead(&self) -> bool {
        !self.needs_request.load(Ordering::Relaxed)
            && self.failures_ahead.load(Ordering::Relaxed) < FAILURES_AHEAD
    }

    pub(crate) fn note_needs_request(&self) {
        self.needs_request.store(true, Ordering::Relaxed);
    }

    /// An evaluation ahead begins: it counts as failed until the failure is withdrawn.
    pub(crate) fn note_failure_ahead(&self) {
        self.failures_ahead.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn withdraw_failure_ahead(&self) {
        self.failures_ahead.fetch_sub(1, Ordering::Relaxed);
    }
}
