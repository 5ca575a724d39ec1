//! Work of the embedding program that takes time: a future of Rust's, and who waits for it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use super::kind;
use super::native::R;
use crate::heap::{self, Field, Header, Kind, Object, Ref, Value, Visitor};
use crate::vm::Vm;

/// Makes the script's value of what came out.
pub type Outcome = Box<dyn FnOnce(&mut Vm) -> R + Send>;

/// The future itself.
pub type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Tells who waits what came out.
pub type Settle = fn(&mut Vm, &Value, R) -> R<()>;

/// A future of the embedding program as an object.
#[repr(C)]
pub struct HostWork {
    head: Header,
    /// The future, until it is done or nobody wants it any more.
    pub work: RefCell<Option<Work>>,
    /// The name of the function that gave it.
    pub name: Box<str>,
    /// Who waits: a future of asyncio or a fiber; Undef before somebody does.
    pub waiting: Field,
    /// How that one is told.
    pub settle: Cell<Option<Settle>>,
    /// Its number in the table of what is waited for.
    pub number: Cell<u64>,
    /// Puts the number into the engine's inbox.
    pub alarm: RefCell<Option<Arc<Alarm>>>,
}

// SAFETY: repr(C), header first; the one counted reference is visited once.
unsafe impl Object for HostWork {
    const KIND: Kind = kind::HOST_WORK;
    fn trace(&self, visitor: &mut dyn Visitor) {
        visitor.visit(self.waiting.as_value());
    }
}

impl HostWork {
    /// An object for work that was not begun.
    pub fn alloc(name: &str, work: Work) -> Ref<HostWork> {
        heap::alloc(HostWork {
            head: Header::new(),
            work: RefCell::new(Some(work)),
            name: name.into(),
            waiting: Field::undef(),
            settle: Cell::new(None),
            number: Cell::new(0),
            alarm: RefCell::new(None),
        })
    }
}

/// Tells the engine, from any thread, that a future can go on: once until it is looked at.
pub struct Alarm {
    ring: Box<dyn Fn() + Send + Sync>,
    rung: AtomicBool,
}

impl Alarm {
    /// One that calls `ring`.
    pub fn new(ring: impl Fn() + Send + Sync + 'static) -> Arc<Alarm> {
        Arc::new(Alarm {
            ring: Box::new(ring),
            rung: AtomicBool::new(false),
        })
    }

    /// The waker for the next look at the future.
    pub fn waker(self: &Arc<Alarm>) -> Waker {
        self.rung.store(false, Ordering::SeqCst);
        Waker::from(self.clone())
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::SeqCst) {
            (self.ring)();
        }
    }
}
