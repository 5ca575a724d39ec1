//! What a stored code has not read yet, and what it need not copy.

use super::store::{Read, Stored};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

/// Something that is read from where it is stored when it is first used, or was made here.
#[derive(Clone)]
pub struct Later<T> {
    made: OnceLock<T>,
    stored: Option<Stored>,
}

impl<T> Later<T> {
    /// One that waits to be read.
    pub fn stored(stored: Stored) -> Later<T> {
        Later {
            made: OnceLock::new(),
            stored: Some(stored),
        }
    }

    /// Gives it; reads it by `read` before the first use.
    #[inline]
    pub fn or_read(&self, read: impl FnOnce(&Stored) -> T) -> &T {
        match self.made.get() {
            Some(made) => made,
            None => self.read(read),
        }
    }

    #[cold]
    fn read(&self, read: impl FnOnce(&Stored) -> T) -> &T {
        self.made.get_or_init(|| match &self.stored {
            Some(stored) => read(stored),
            None => unreachable!("what is not stored was made at once"),
        })
    }

    /// Gives it to be changed; it was read before.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.made.get_mut()
    }
}

impl<T> From<T> for Later<T> {
    fn from(made: T) -> Later<T> {
        Later {
            made: OnceLock::from(made),
            stored: None,
        }
    }
}

impl<T: Read> Deref for Later<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.or_read(T::read)
    }
}

impl<T: Read> DerefMut for Later<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.or_read(T::read);
        self.get_mut().expect("it was read just now")
    }
}

impl<T: fmt::Debug> fmt::Debug for Later<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.made.get().fmt(f)
    }
}

/// Text or bytes that several share: in the binary, or counted.
pub enum Shared<T: ?Sized + 'static> {
    /// In the binary.
    Static(&'static T),
    /// Made by the compiler.
    Counted(Arc<T>),
}

impl<T: ?Sized> Shared<T>
where
    Arc<T>: for<'a> From<&'a T>,
{
    /// The same, counted.
    pub fn counted(&self) -> Arc<T> {
        match self {
            Shared::Static(it) => Arc::from(*it),
            Shared::Counted(it) => it.clone(),
        }
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match self {
            Shared::Static(it) => it,
            Shared::Counted(it) => it,
        }
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        match self {
            Shared::Static(it) => Shared::Static(it),
            Shared::Counted(it) => Shared::Counted(it.clone()),
        }
    }
}

impl<T: ?Sized> From<Arc<T>> for Shared<T> {
    fn from(it: Arc<T>) -> Shared<T> {
        Shared::Counted(it)
    }
}

impl From<String> for Shared<str> {
    fn from(text: String) -> Shared<str> {
        Shared::Counted(text.into())
    }
}

impl<T> From<Vec<T>> for Shared<[T]> {
    fn from(items: Vec<T>) -> Shared<[T]> {
        Shared::Counted(items.into())
    }
}

impl<T: ?Sized> AsRef<T> for Shared<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl std::borrow::Borrow<str> for Shared<str> {
    fn borrow(&self) -> &str {
        self
    }
}

impl<'a, T: ?Sized> From<&'a T> for Shared<T>
where
    Arc<T>: From<&'a T>,
{
    fn from(it: &'a T) -> Shared<T> {
        Shared::Counted(it.into())
    }
}

impl<T: ?Sized + PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Shared<T>) -> bool {
        **self == **other
    }
}

impl<T: ?Sized + Eq> Eq for Shared<T> {}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
