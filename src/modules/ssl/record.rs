//! Records: the envelopes of TLS, taken from the incoming bytes one at a time, so that what
//! follows the last one stays where it is.

use super::bio::MemoryBio;

/// Type, version and length.
const HEADER: usize = 5;

/// What came of looking for a record.
pub enum Next {
    /// A whole one, header included.
    Record(Vec<u8>),
    /// More bytes are needed.
    Wanting,
    /// The other side sends no more.
    End,
    /// What came is not TLS.
    Foreign(Foreign),
}

/// What came instead of TLS.
#[derive(Clone, Copy)]
pub enum Foreign {
    /// The beginning of an HTTP request.
    Http,
    /// `CONNECT`, for a proxy.
    Proxy,
    /// Anything else.
    Unknown,
}

/// The part of a record that has come.
#[derive(Default)]
pub struct Collector {
    part: Vec<u8>,
}

impl Collector {
    /// How many bytes to read from the network: not one of what follows the record.
    pub fn missing(&self) -> usize {
        if self.part.len() < HEADER {
            return HEADER - self.part.len();
        }
        HEADER + self.length() - self.part.len()
    }

    fn length(&self) -> usize {
        usize::from(u16::from_be_bytes([self.part[3], self.part[4]]))
    }

    fn collect(&mut self, incoming: &MemoryBio) {
        let missing = self.missing();
        incoming.take_into(&mut self.part, missing);
    }

    /// Takes the next record.
    pub fn next(&mut self, incoming: &MemoryBio) -> Next {
        self.collect(incoming);
        if self.part.len() >= HEADER {
            if let Some(foreign) = self.foreign() {
                return Next::Foreign(foreign);
            }
            self.collect(incoming);
            if self.missing() == 0 {
                return Next::Record(std::mem::take(&mut self.part));
            }
        }
        if incoming.at_end() {
            Next::End
        } else {
            Next::Wanting
        }
    }

    fn foreign(&self) -> Option<Foreign> {
        let head = &self.part[..HEADER];
        if (20..=24).contains(&head[0]) && head[1] == 3 {
            return None;
        }
        let begins = |word: &&[u8]| head.starts_with(word);
        let requests: [&[u8]; 4] = [b"GET ", b"POST ", b"HEAD ", b"PUT "];
        Some(if requests.iter().any(begins) {
            Foreign::Http
        } else if head == b"CONNE" {
            Foreign::Proxy
        } else {
            Foreign::Unknown
        })
    }
}
