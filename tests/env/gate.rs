//! A way to a server that can be closed: connections are relayed as they are, held up, or cut.

use parking_lot::{Condvar, Mutex};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// What passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// Connections stand, and nothing is brought to the server.
    Stalled,
    /// Connections are closed as soon as they are made.
    Closed,
}

#[derive(Debug, Default)]
struct Passage {
    state: State,
    /// After so many bytes of answers, on all connections together, the connection that brings them is cut.
    cut_after: Option<usize>,
    streams: Vec<TcpStream>,
}

#[derive(Debug, Default)]
struct Shared {
    passage: Mutex<Passage>,
    changed: Condvar,
}

/// A relay to one server. Its connections end with it.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Gate {
    /// Opens a way to `server`.
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        // It ends with the process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                relay(client, server, &of_thread);
            }
        });
        Self { address, shared }
    }

    /// Returns the endpoint that leads through it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets everything pass.
    pub fn open(&self) {
        self.change(State::Open);
    }

    /// Holds requests up; connections stand.
    pub fn stall(&self) {
        self.change(State::Stalled);
    }

    /// Closes all connections, and every new one.
    pub fn close(&self) {
        self.change(State::Closed);
        for stream in self.shared.passage.lock().streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Cuts the connection that brings the byte of this number, counted over all answers from now on.
    pub fn cut_after(&self, bytes: usize) {
        self.shared.passage.lock().cut_after = Some(bytes);
    }

    /// Returns whether the cut asked for is still to come.
    pub fn will_cut(&self) -> bool {
        self.shared.passage.lock().cut_after.is_some()
    }

    fn change(&self, state: State) {
        self.shared.passage.lock().state = state;
        self.shared.changed.notify_all();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.close();
    }
}

fn relay(client: TcpStream, server: SocketAddr, shared: &Arc<Shared>) {
    if shared.passage.lock().state == State::Closed {
        return;
    }
    let Ok(server) = TcpStream::connect(server) else {
        return;
    };
    let clone = |stream: &TcpStream| stream.try_clone().expect("a descriptor");
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let kept = [clone(&client), clone(&server)];
    shared.passage.lock().streams.extend(kept);
    let (client2, server2) = (clone(&client), clone(&server));
    let requests = Arc::clone(shared);
    thread::spawn(move || {
        pump(client2, server2, |_| {
            let mut passage = requests.passage.lock();
            while passage.state == State::Stalled {
                requests.changed.wait(&mut passage);
            }
            passage.state == State::Open
        });
    });
    let answers = Arc::clone(shared);
    thread::spawn(move || {
        pump(server, client, |n| {
            let mut passage = answers.passage.lock();
            match &mut passage.cut_after {
                Some(left) if *left <= n => passage.cut_after = None,
                Some(left) => {
                    *left -= n;
                    return true;
                }
                None => return true,
            }
            false
        });
    });
}

/// Moves bytes one way as long as `passes` says so.
fn pump(mut from: TcpStream, mut to: TcpStream, passes: impl Fn(usize) -> bool) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        if !passes(n) || to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
