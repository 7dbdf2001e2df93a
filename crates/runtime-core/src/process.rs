//! The one owner of V8 in this process: flags, platform, the base snapshot and the guest's world. Nothing else calls
//! V8's process-wide functions.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use crate::extension::Extension;
use crate::snapshot::{self, Payload, SnapshotError};
use crate::{flags, foreground, isolate, memory, quarantine, watchdog};

/// How V8 is set up, once a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct V8Config {
    /// Further V8 flags, such as `--max-lazy`. They are part of a snapshot's identity.
    pub flags: Vec<String>,
    /// Threads on which V8 compiles and collects garbage in the background; 0 lets V8 choose.
    pub background_threads: u32,
    /// The stack that JavaScript may use, in KiB.
    pub stack_kib: u32,
    /// The most pages (64 KiB each) that one WebAssembly memory may have.
    pub wasm_max_pages: u32,
    /// Where the base snapshot comes from.
    pub snapshot: SnapshotSource,
    /// The most that the heaps and array buffers of all isolates may take together, in MiB, before new requests are
    /// shed; 0 for three quarters of the memory that the machine, or its control group, gives this process.
    pub memory_max_mb: u64,
    /// How many isolates stand by, made before anybody asks for them, for each of the few heap limits that were asked
    /// for last; 0 for none.
    pub standby_isolates: usize,
    /// How long a turn that has been told to stop may go on before its thread is given up.
    pub grace: Duration,
    /// How many threads may be lost in this way before the process reports itself unhealthy.
    pub lost_threads_budget: usize,
}

impl Default for V8Config {
    fn default() -> Self {
        Self {
            flags: Vec::new(),
            background_threads: 0,
            stack_kib: 984,
            wasm_max_pages: 2048,
            snapshot: SnapshotSource::BuildInProcess,
            memory_max_mb: 0,
            standby_isolates: 2,
            grace: Duration::from_millis(500),
            lost_threads_budget: 16,
        }
    }
}

/// Where the base snapshot comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotSource {
    /// Made now, in this process: costs a part of a second at the first use.
    #[default]
    BuildInProcess,
    /// Read from a file that `cargo xtask snapshot` wrote.
    File(PathBuf),
    /// Compiled into the program.
    Embedded(&'static [u8]),
    /// None: every context sets the guest's world up from source. For comparison; slow.
    None,
}

/// V8 cannot be used in this process.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// It is in use already, set up differently.
    #[error(
        "v8 is already initialised in this process as {running:?}, and cannot be initialised again as {asked:?}; \
         initialise it once, before the first isolate is made"
    )]
    AlreadyInitialised {
        /// What it runs with.
        running: Box<V8Config>,
        /// What this call asked for.
        asked: Box<V8Config>,
    },
    /// The base snapshot cannot be used.
    #[error("the base snapshot cannot be used: {0}")]
    Snapshot(#[from] SnapshotError),
    /// The base snapshot in a file cannot be used.
    #[error("the base snapshot {path:?} cannot be used: {error}")]
    SnapshotFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: SnapshotError,
    },
    /// V8 does not know a flag.
    #[error("v8 does not know the flag {flag:?}; remove it from the configuration")]
    UnknownFlag {
        /// The flag.
        flag: String,
    },
    /// A thread or signal handler that the engine needs could not be set up.
    #[error("the engine's threads or signal handlers could not be set up: {0}")]
    System(#[from] std::io::Error),
}

/// V8, initialised. There is one a process and it is never torn down.
pub struct V8 {
    config: V8Config,
    flags: Vec<String>,
    extension: &'static Extension,
    snapshot: Option<&'static Payload>,
    external_references: Vec<v8::ExternalReference>,
}

static INSTANCE: OnceLock<V8> = OnceLock::new();
static INIT: parking_lot::Mutex<()> = parking_lot::Mutex::new(());

// SAFETY: the only field that is not `Send` and `Sync` by itself is the list of external references: addresses of
// functions of this program, never written through and valid for as long as it runs.
unsafe impl Send for V8 {}
// SAFETY: as above; nothing is changed after initialisation.
unsafe impl Sync for V8 {}

impl V8 {
    /// Initialises V8 with the guest's world of `extension`, or returns the running one if it was set up in the same
    /// way.
    ///
    /// # Errors
    /// [`InitError::AlreadyInitialised`] if the process runs V8 with another configuration; the others if the
    /// configuration cannot be used. After an unknown flag or a bad snapshot nothing has been initialised and the
    /// call can be made again.
    pub fn init(
        config: V8Config,
        extension: impl FnOnce() -> &'static Extension,
    ) -> Result<&'static V8, InitError> {
        let _one_at_a_time = INIT.lock();
        if let Some(running) = INSTANCE.get() {
            return if running.config == config {
                Ok(running)
            } else {
                Err(InitError::AlreadyInitialised {
                    running: Box::new(running.config.clone()),
                    asked: Box::new(config),
                })
            };
        }
        let extension = extension();
        let flags = flags::canonical(config.stack_kib, config.wasm_max_pages, &config.flags);
        start_engine(&flags, config.background_threads)?;
        let identity = snapshot::Identity::of(&flags, extension);
        let payload = match &config.snapshot {
            SnapshotSource::None => None,
            SnapshotSource::BuildInProcess => Some(snapshot::build_payload(extension)?),
            SnapshotSource::File(path) => {
                let file = std::fs::read(path).map_err(|source| {
                    InitError::Snapshot(SnapshotError::Read { path: path.clone(), source })
                })?;
                let read = snapshot::read(&file, &identity);
                Some(read.map_err(|error| InitError::SnapshotFile { path: path.clone(), error })?)
            }
            SnapshotSource::Embedded(file) => Some(snapshot::read(file, &identity)?),
        };
        memory::set_process_limit(config.memory_max_mb);
        quarantine::install(config.lost_threads_budget)?;
        watchdog::start(config.grace)?;
        let external_references = snapshot::external_references(extension);
        // It must outlive every isolate, and the engine is never torn down.
        let snapshot = payload.map(|payload| &*Box::leak(Box::new(payload)));
        let running = INSTANCE.get_or_init(|| V8 { config, flags, extension, snapshot, external_references });
        isolate::keep_shared_parts(running);
        Ok(running)
    }

    /// The running engine, if it has been initialised.
    pub fn running() -> Option<&'static V8> {
        INSTANCE.get()
    }

    /// What it was set up with.
    pub fn config(&self) -> &V8Config {
        &self.config
    }

    /// The flags that V8 runs with, in canonical form.
    pub fn flags(&self) -> &[String] {
        &self.flags
    }

    /// V8's version.
    pub fn version() -> &'static str {
        v8::V8::get_version()
    }

    /// The base snapshot's size in bytes, or none if contexts are set up from source.
    pub fn snapshot_bytes(&self) -> Option<usize> {
        self.snapshot.map(|payload| payload.blob.len())
    }

    pub(crate) fn extension(&self) -> &'static Extension {
        self.extension
    }

    pub(crate) fn snapshot(&self) -> Option<&'static Payload> {
        self.snapshot
    }

    pub(crate) fn external_references(&'static self) -> &'static [v8::ExternalReference] {
        &self.external_references
    }
}

/// Starts V8 itself, once, with these flags. Called again with the same flags (after a failed attempt to read a
/// snapshot) it does nothing.
pub(crate) fn start_engine(flags: &[String], background_threads: u32) -> Result<(), InitError> {
    static STARTED: parking_lot::Mutex<Option<Vec<String>>> = parking_lot::Mutex::new(None);
    let mut started = STARTED.lock();
    if let Some(running) = &*started {
        return if running == flags {
            Ok(())
        } else {
            let with = |flags: &[String]| Box::new(V8Config { flags: flags.to_vec(), ..V8Config::default() });
            Err(InitError::AlreadyInitialised { running: with(running), asked: with(flags) })
        };
    }
    // The first word stands for the program's name and comes back with whatever V8 did not take.
    let mut words = vec!["isolane".to_owned()];
    words.extend_from_slice(flags);
    if let Some(flag) = v8::V8::set_flags_from_command_line(words).into_iter().nth(1) {
        return Err(InitError::UnknownFlag { flag });
    }
    // Unprotected: threads that the host made before this moment may run JavaScript, too.
    let platform = v8::new_custom_platform(background_threads, false, true, foreground::ForegroundPlatform);
    v8::V8::initialize_platform(platform.make_shared());
    v8::V8::initialize();
    *started = Some(flags.to_vec());
    Ok(())
}
