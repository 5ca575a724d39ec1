//! Which of several files are ready: `poll` and `epoll` as scripts know them. Neither waits:
//! who must wait watches the files in the poller and asks again.

use super::{File, HostError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::sync::Arc;

const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// What each file is ready for now, of what is asked of it, in the system's bits (`POLLIN` ...).
pub fn poll_now(asked: &[(Arc<File>, u16)]) -> Result<Vec<u16>, HostError> {
    let mut polled: Vec<PollFd<'_>> = asked
        .iter()
        .map(|(file, bits)| PollFd::new(file, PollFlags::from_bits_retain(*bits)))
        .collect();
    poll(&mut polled, Some(&AT_ONCE))?;
    Ok(polled.iter().map(|p| p.revents().bits()).collect())
}

#[cfg(target_os = "linux")]
pub use on_linux::Epoll;

#[cfg(target_os = "linux")]
mod on_linux {
    use super::{AT_ONCE, File, HostError};
    use rustix::event::epoll;
    use std::sync::Arc;

    /// A set of watched files that the system keeps. Each is known by a number of the caller's.
    #[derive(Clone, Debug)]
    pub struct Epoll {
        file: Arc<File>,
    }

    impl Epoll {
        /// An empty set.
        pub fn new() -> Result<Epoll, HostError> {
            let fd = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            Ok(Epoll::of_file(Arc::new(File::from(fd))))
        }

        /// The set that an open file is.
        pub fn of_file(file: Arc<File>) -> Epoll {
            Epoll { file }
        }

        /// The file that it is.
        pub fn file(&self) -> &Arc<File> {
            &self.file
        }

        /// Watches a file from now on.
        pub fn add(&self, file: &File, number: i32, bits: u32) -> Result<(), HostError> {
            Ok(epoll::add(&self.file, file, data(number), flags(bits))?)
        }

        /// Watches for something else.
        pub fn modify(&self, file: &File, number: i32, bits: u32) -> Result<(), HostError> {
            Ok(epoll::modify(&self.file, file, data(number), flags(bits))?)
        }

        /// Watches a file no more.
        pub fn remove(&self, file: &File) -> Result<(), HostError> {
            Ok(epoll::delete(&self.file, file)?)
        }

        /// What is ready now, `most` files at most: their numbers and for what.
        pub fn ready(&self, most: usize) -> Result<Vec<(i32, u32)>, HostError> {
            let mut events = Vec::with_capacity(most.clamp(1, 4096));
            let room = rustix::buffer::spare_capacity(&mut events);
            epoll::wait(&self.file, room, Some(&AT_ONCE))?;
            let found = |event: epoll::Event| ({ event.data }.u64() as i32, { event.flags }.bits());
            Ok(events.into_iter().map(found).collect())
        }
    }

    fn data(number: i32) -> epoll::EventData {
        epoll::EventData::new_u64(number as u64)
    }

    fn flags(bits: u32) -> epoll::EventFlags {
        epoll::EventFlags::from_bits_retain(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_ready_for_what_it_is() {
        let (reader, writer) = File::pipe().unwrap();
        let (reader, writer) = (Arc::new(reader), Arc::new(writer));
        let asked = [(reader.clone(), 1), (writer.clone(), 4)];
        assert_eq!(poll_now(&asked).unwrap(), [0, 4]);
        writer.write(b"x").unwrap();
        assert_eq!(poll_now(&asked).unwrap(), [1, 4]);
        let set = Epoll::new().unwrap();
        set.add(&reader, 99, 1).unwrap();
        assert_eq!(set.ready(5).unwrap(), [(99, 1)]);
        set.remove(&reader).unwrap();
        assert_eq!(set.ready(5).unwrap(), []);
    }
}
