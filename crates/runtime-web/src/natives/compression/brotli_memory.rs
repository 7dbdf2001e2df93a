//! The memory of brotli's codecs, counted: their windows and tables take from some kilobytes to many megabytes, by what the
//! data says that it needs. It is taken from the ordinary allocator; who pays for it is not known here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use brotli::enc::BrotliAlloc;
use brotli::{Allocator, SliceWrapper, SliceWrapperMut};

/// The sum of what the allocators that it made have given and not got back.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<AtomicUsize>);

impl Meter {
    pub(super) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn allocator(&self) -> Counted {
        Counted(self.clone())
    }
}

/// An allocator for one codec.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted(Meter);

/// A piece of memory.
#[derive(Debug)]
pub(super) struct Memory<T>(Box<[T]>);

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<T> SliceWrapper<T> for Memory<T> {
    fn slice(&self) -> &[T] {
        &self.0
    }
}

impl<T> SliceWrapperMut<T> for Memory<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: Clone + Default> Allocator<T> for Counted {
    type AllocatedMemory = Memory<T>;

    fn alloc_cell(&mut self, length: usize) -> Memory<T> {
        let memory = Memory(vec![T::default(); length].into_boxed_slice());
        self.0.0.fetch_add(size_of_val(memory.slice()), Ordering::Relaxed);
        memory
    }

    fn free_cell(&mut self, memory: Memory<T>) {
        self.0.0.fetch_sub(size_of_val(memory.slice()), Ordering::Relaxed);
    }
}

impl BrotliAlloc for Counted {}
