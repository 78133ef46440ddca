//! rayon-core without threads: what is spawned runs at once, where it was spawned.
//!
//! Wasmer's compilers make a pool of threads for each module and another for the process, and
//! cannot be told not to. wow compiles in a process that may start no thread: its system call
//! filter knows no clone, and a limit of none stands behind it.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

pub struct FnContext(());
impl FnContext {
    pub fn migrated(&self) -> bool {
        false
    }
}

pub fn join<A: FnOnce() -> RA, B: FnOnce() -> RB, RA, RB>(a: A, b: B) -> (RA, RB) {
    (a(), b())
}

pub fn join_context<A, B, RA, RB>(a: A, b: B) -> (RA, RB)
where
    A: FnOnce(FnContext) -> RA,
    B: FnOnce(FnContext) -> RB,
{
    (a(FnContext(())), b(FnContext(())))
}

pub struct Scope<'scope>(PhantomData<&'scope mut &'scope ()>);
pub struct ScopeFifo<'scope>(PhantomData<&'scope mut &'scope ()>);

impl<'scope> Scope<'scope> {
    pub fn spawn<F: FnOnce(&Scope<'scope>) + Send + 'scope>(&self, body: F) {
        body(self)
    }
    pub fn spawn_broadcast<F>(&self, body: F)
    where
        F: Fn(&Scope<'scope>, BroadcastContext<'_>) + Send + Sync + 'scope,
    {
        body(self, BroadcastContext(PhantomData))
    }
}
impl<'scope> ScopeFifo<'scope> {
    pub fn spawn_fifo<F: FnOnce(&ScopeFifo<'scope>) + Send + 'scope>(&self, body: F) {
        body(self)
    }
}

pub fn scope<'scope, R>(op: impl FnOnce(&Scope<'scope>) -> R) -> R {
    op(&Scope(PhantomData))
}
pub fn scope_fifo<'scope, R>(op: impl FnOnce(&ScopeFifo<'scope>) -> R) -> R {
    op(&ScopeFifo(PhantomData))
}
pub fn in_place_scope<'scope, R>(op: impl FnOnce(&Scope<'scope>) -> R) -> R {
    scope(op)
}
pub fn in_place_scope_fifo<'scope, R>(op: impl FnOnce(&ScopeFifo<'scope>) -> R) -> R {
    scope_fifo(op)
}

pub fn spawn(func: impl FnOnce() + Send + 'static) {
    func()
}
pub fn spawn_fifo(func: impl FnOnce() + Send + 'static) {
    func()
}

pub struct BroadcastContext<'a>(PhantomData<&'a ()>);
impl BroadcastContext<'_> {
    pub fn index(&self) -> usize {
        0
    }
    pub fn num_threads(&self) -> usize {
        1
    }
}
pub fn broadcast<R: Send>(op: impl Fn(BroadcastContext<'_>) -> R + Sync) -> Vec<R> {
    vec![op(BroadcastContext(PhantomData))]
}
pub fn spawn_broadcast(op: impl Fn(BroadcastContext<'_>) + Send + Sync + 'static) {
    op(BroadcastContext(PhantomData))
}

pub fn current_num_threads() -> usize {
    1
}
pub fn max_num_threads() -> usize {
    1
}
pub fn current_thread_index() -> Option<usize> {
    Some(0)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yield {
    Executed,
    Idle,
}
pub fn yield_now() -> Option<Yield> {
    Some(Yield::Idle)
}
pub fn yield_local() -> Option<Yield> {
    Some(Yield::Idle)
}

pub struct ThreadBuilder(Infallible);

#[derive(Debug)]
pub struct ThreadPoolBuildError(Infallible);
impl fmt::Display for ThreadPoolBuildError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}
impl std::error::Error for ThreadPoolBuildError {}

#[derive(Default)]
pub struct ThreadPoolBuilder(());
impl ThreadPoolBuilder {
    pub fn new() -> Self {
        Self(())
    }
    pub fn num_threads(self, _: usize) -> Self {
        self
    }
    pub fn build(self) -> Result<ThreadPool, ThreadPoolBuildError> {
        Ok(ThreadPool(()))
    }
    pub fn build_global(self) -> Result<(), ThreadPoolBuildError> {
        Ok(())
    }
}

#[derive(Debug)]
pub struct ThreadPool(());
impl ThreadPool {
    pub fn install<R>(&self, op: impl FnOnce() -> R) -> R {
        op()
    }
    pub fn scope<'scope, R>(&self, op: impl FnOnce(&Scope<'scope>) -> R) -> R {
        scope(op)
    }
    pub fn current_num_threads(&self) -> usize {
        1
    }
}
