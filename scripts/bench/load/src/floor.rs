//! An echo server that is nothing but the system's calls: what no interpreter can be faster than.

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::error::Error;
use std::io::{ErrorKind, Read, Write};

const LISTENER: Token = Token(0);

/// Sends back what has come, until there is no more for now; false at the end of the connection.
fn echo(socket: &mut TcpStream, buffer: &mut [u8]) -> Result<bool, Box<dyn Error>> {
    match socket.read(buffer) {
        Ok(0) => Ok(false),
        // A reply is smaller than the socket's buffer, and the client waits for each: it is taken whole.
        Ok(count) => socket
            .write_all(&buffer[..count])
            .map(|()| true)
            .map_err(Into::into),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Prints its port and serves for ever.
pub fn serve() -> Result<(), Box<dyn Error>> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("{}", listener.local_addr()?.port());
    let mut events = Events::with_capacity(1024);
    let mut sockets: HashMap<Token, TcpStream> = HashMap::new();
    let mut following = LISTENER.0;
    let mut buffer = [0; 65_536];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            let token = event.token();
            if token != LISTENER {
                let Some(socket) = sockets.get_mut(&token) else {
                    continue;
                };
                if !echo(socket, &mut buffer)? {
                    sockets.remove(&token);
                }
                continue;
            }
            loop {
                match listener.accept() {
                    Ok((mut socket, _)) => {
                        following += 1;
                        socket.set_nodelay(true)?;
                        poll.registry().register(
                            &mut socket,
                            Token(following),
                            Interest::READABLE,
                        )?;
                        sockets.insert(Token(following), socket);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
}
