//! The closed loop: a connection sends its next request when the reply to the last is whole and right.

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// A server that answers nothing for so long is held to be stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is asked, and so what the answer has to be.
#[derive(Clone, Copy)]
enum Kind {
    /// A line that comes back.
    Line,
    /// A record of 64 bytes that comes back.
    Record,
    /// A request for a page, answered in JSON.
    Http,
}

impl Kind {
    /// The request of this number and the reply to it. No two are alike, so that a reply to another is found out.
    fn exchange(self, number: usize) -> (Vec<u8>, Vec<u8>) {
        match self {
            Kind::Line => {
                let line = format!("{number:010} goes there and comes back\n").into_bytes();
                (line.clone(), line)
            }
            Kind::Record => {
                let record = format!("{number:064}").into_bytes();
                (record.clone(), record)
            }
            Kind::Http => {
                let request = format!(
                    "GET /items/{number} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n"
                );
                let body = format!(
                    "{{\"method\": \"GET\", \"path\": \"/items/{number}\", \"host\": \"localhost\"}}"
                );
                let reply = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                (request.into_bytes(), reply.into_bytes())
            }
        }
    }
}

/// One run of the generator.
pub struct Load {
    port: u16,
    kind: Kind,
    connections: usize,
    /// How many requests are sent in all.
    pub requests: usize,
}

/// A connection with one request on its way.
struct Connection {
    socket: TcpStream,
    request: Vec<u8>,
    sent: usize,
    expected: Vec<u8>,
    received: usize,
}

impl Connection {
    /// Sends what the socket takes of the request.
    fn send(&mut self) -> Result<(), Box<dyn Error>> {
        while self.sent < self.request.len() {
            match self.socket.write(&self.request[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads what has come and compares it; true where the reply is whole.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<bool, Box<dyn Error>> {
        while self.received < self.expected.len() {
            match self.socket.read(buffer) {
                Ok(0) => return Err("the server has closed a connection".into()),
                Ok(count) => {
                    let rest = &self.expected[self.received..];
                    if count > rest.len() || buffer[..count] != rest[..count] {
                        let got = String::from_utf8_lossy(&buffer[..count]);
                        let wanted = String::from_utf8_lossy(rest);
                        return Err(format!("{got:?} came, and not {wanted:?}").into());
                    }
                    self.received += count;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

impl Load {
    /// Reads the arguments of the command.
    pub fn parse(
        port: &str,
        kind: &str,
        connections: &str,
        requests: &str,
    ) -> Result<Load, Box<dyn Error>> {
        let kind = match kind {
            "line" => Kind::Line,
            "record" => Kind::Record,
            "http" => Kind::Http,
            other => return Err(format!("there is no {other}").into()),
        };
        let load = Load {
            port: port.parse()?,
            kind,
            connections: connections.parse()?,
            requests: requests.parse()?,
        };
        if load.connections == 0 || load.requests < load.connections {
            return Err("there has to be a request for each connection, and a connection".into());
        }
        Ok(load)
    }

    fn connect(&self, poll: &Poll) -> Result<Vec<Connection>, Box<dyn Error>> {
        let mut connections = Vec::new();
        for number in 0..self.connections {
            let socket = std::net::TcpStream::connect(("127.0.0.1", self.port))?;
            socket.set_nodelay(true)?;
            socket.set_nonblocking(true)?;
            let mut socket = TcpStream::from_std(socket);
            let interests = Interest::READABLE | Interest::WRITABLE;
            poll.registry()
                .register(&mut socket, Token(number), interests)?;
            let (request, expected) = self.kind.exchange(number);
            connections.push(Connection {
                socket,
                request,
                sent: 0,
                expected,
                received: 0,
            });
        }
        Ok(connections)
    }

    /// Plays all requests and says how long that took, without the connecting.
    pub fn run(&self) -> Result<Duration, Box<dyn Error>> {
        let mut poll = Poll::new()?;
        let mut connections = self.connect(&poll)?;
        let mut events = Events::with_capacity(self.connections.min(1024));
        let mut buffer = [0; 4096];
        let (mut begun, mut done) = (self.connections, 0);
        let start = Instant::now();
        while done < self.requests {
            poll.poll(&mut events, Some(PATIENCE))?;
            if events.is_empty() {
                return Err(format!("no answer, after {done} requests").into());
            }
            for event in &events {
                let connection = &mut connections[event.token().0];
                connection.send()?;
                if !connection.request.is_empty() && connection.receive(&mut buffer)? {
                    done += 1;
                    connection.request.clear();
                    if begun < self.requests {
                        (connection.request, connection.expected) = self.kind.exchange(begun);
                        (connection.sent, connection.received) = (0, 0);
                        begun += 1;
                        connection.send()?;
                    }
                }
            }
        }
        Ok(start.elapsed())
    }
}
