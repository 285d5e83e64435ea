//! A line that breaks: an HTTP proxy that loses, cuts, delays and falsifies what passes, by a fixed seed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};

/// How the line is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    /// Everything gets through.
    Fair,
    /// Each request has a [`Fate`] of its own.
    Foul,
    /// Connections are refused.
    Down,
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// It gets through.
    Through,
    /// The answer comes in tiny pieces.
    Slow,
    /// The connection is reset before anything got through.
    Reset,
    /// The connection is reset in the middle of the request's body.
    RequestCut,
    /// The body is cut, and what the server says to that gets through.
    RequestHalf,
    /// The caller is gone as soon as the request has got through; the handler may be given up in the middle.
    Abandoned,
    /// The request was handled, and the connection is reset before the answer.
    AnswerLost,
    /// The request was handled, and the connection is reset in the middle of the answer.
    AnswerCut,
    /// The request was handled, and nothing ever comes back.
    Hang,
    /// Somebody in between says that he does not get through.
    BadGateway,
    /// The same, with the wish to be left alone.
    Busy,
    /// Somebody in between answers a page of his own with HTTP 200.
    Portal,
    /// The answer to a GET is overtaken by changes and pushes of the other side.
    Overtaken,
    /// One of the two processes dies while the request is under way; the server has handled it.
    Crash,
}

/// How often each fate strikes in foul weather, of 100.
const FATES: &[(Fate, u32)] = &[
    (Fate::Through, 36),
    (Fate::Slow, 8),
    (Fate::Reset, 8),
    (Fate::RequestCut, 6),
    (Fate::RequestHalf, 6),
    (Fate::Abandoned, 4),
    (Fate::AnswerLost, 10),
    (Fate::AnswerCut, 6),
    (Fate::BadGateway, 3),
    (Fate::Busy, 2),
    (Fate::Portal, 2),
    (Fate::Overtaken, 5),
    (Fate::Crash, 3),
    (Fate::Hang, 1),
];

/// What needs the help of the one who drives the parties.
#[derive(Debug)]
pub(super) enum Event {
    /// An answer is held back until this is used. `to` names the line.
    Held { to: &'static str, release: oneshot::Sender<()> },
    /// A process dies.
    Crash,
}

/// A line to one of the two parties.
pub(super) struct Line {
    /// Where it is reached, as `http://127.0.0.1:PORT`.
    pub(super) url: String,
    open: watch::Sender<bool>,
    is_open: watch::Receiver<bool>,
    shared: Arc<Shared>,
}

struct Shared {
    to: &'static str,
    upstream: Mutex<SocketAddr>,
    weather: Mutex<Weather>,
    rng: Mutex<StdRng>,
    /// Hanging costs real time: that of the caller's patience.
    hangs_left: Mutex<u32>,
    events: mpsc::UnboundedSender<Event>,
    struck: Mutex<BTreeMap<Fate, usize>>,
}

impl Line {
    /// A line to nobody yet, in fair weather.
    pub(super) async fn lay(to: &'static str, seed: u64, events: mpsc::UnboundedSender<Event>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            to,
            upstream: Mutex::new(addr),
            weather: Mutex::new(Weather::Fair),
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            hangs_left: Mutex::new(1),
            events,
            struck: Mutex::default(),
        });
        let (open, wanted) = watch::channel(true);
        let (told, is_open) = watch::channel(true);
        tokio::spawn(listen(listener, addr, wanted, told, shared.clone()));
        Self { url: format!("http://{addr}"), open, is_open, shared }
    }

    /// Where the party listens now.
    pub(super) fn leads_to(&self, addr: SocketAddr) {
        *self.shared.upstream.lock().unwrap() = addr;
    }

    pub(super) fn weather(&self) -> Weather {
        *self.shared.weather.lock().unwrap()
    }

    pub(super) async fn set_weather(&mut self, weather: Weather) {
        *self.shared.weather.lock().unwrap() = weather;
        let open = weather != Weather::Down;
        self.open.send_replace(open);
        self.is_open.wait_for(|is_open| *is_open == open).await.unwrap();
    }

    /// How often each fate has struck.
    pub(super) fn struck(&self) -> BTreeMap<Fate, usize> {
        self.shared.struck.lock().unwrap().clone()
    }
}

/// Accepts connections while the line is open. While it is not, the port is kept and connections to it are refused.
async fn listen(
    mut listener: TcpListener,
    addr: SocketAddr,
    mut wanted: watch::Receiver<bool>,
    told: watch::Sender<bool>,
    shared: Arc<Shared>,
) {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    tokio::spawn(handle(client, shared.clone()));
                }
            }
            changed = wanted.changed() => {
                if changed.is_err() {
                    return;
                }
                if *wanted.borrow() {
                    continue;
                }
                drop(listener);
                let kept = TcpSocket::new_v4().unwrap();
                kept.set_reuseaddr(true).unwrap();
                kept.bind(addr).expect("the port of the line is still free");
                told.send_replace(false);
                if wanted.wait_for(|open| *open).await.is_err() {
                    return;
                }
                listener = kept.listen(64).unwrap();
                told.send_replace(true);
            }
        }
    }
}

impl Shared {
    fn fate(&self, method: &[u8]) -> Fate {
        let drawn = self.rng.lock().unwrap().random_range(0..FATES.iter().map(|(_, weight)| weight).sum());
        if *self.weather.lock().unwrap() == Weather::Fair {
            return Fate::Through;
        }
        let mut left: u32 = drawn;
        let mut fate = Fate::Through;
        for (candidate, weight) in FATES {
            if left < *weight {
                fate = *candidate;
                break;
            }
            left -= weight;
        }
        let mut hangs_left = self.hangs_left.lock().unwrap();
        match fate {
            Fate::Overtaken if method != b"GET" => fate = Fate::Through,
            Fate::Hang if *hangs_left == 0 => fate = Fate::AnswerLost,
            Fate::Hang => *hangs_left -= 1,
            _ => {}
        }
        *self.struck.lock().unwrap().entry(fate).or_default() += 1;
        fate
    }

    /// The connection to the party, after the request was sent.
    async fn send(&self, request: &[u8]) -> Option<TcpStream> {
        let upstream = *self.upstream.lock().unwrap();
        let mut server = TcpStream::connect(upstream).await.ok()?;
        server.write_all(request).await.ok()?;
        Some(server)
    }

    /// What the party answers.
    async fn forward(&self, request: &[u8]) -> Vec<u8> {
        let mut answer = Vec::new();
        if let Some(mut server) = self.send(request).await {
            let _ = server.read_to_end(&mut answer).await;
        }
        answer
    }
}

async fn handle(mut client: TcpStream, shared: Arc<Shared>) {
    let Some((request, body_at)) = read_request(&mut client).await else { return };
    let method = request.split(|byte| *byte == b' ').next().unwrap_or_default();
    let half = if body_at < request.len() { body_at + (request.len() - body_at) / 2 } else { body_at / 2 };
    match shared.fate(method) {
        Fate::Through => answer_with(&mut client, &shared.forward(&request).await).await,
        Fate::Slow => {
            for piece in shared.forward(&request).await.chunks(61) {
                if client.write_all(piece).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
        Fate::Reset => reset(client),
        Fate::RequestCut => {
            if let Some(server) = shared.send(&request[..half]).await {
                reset(server);
            }
            reset(client);
        }
        Fate::RequestHalf => {
            let mut answer = Vec::new();
            if let Some(mut server) = shared.send(&request[..half]).await {
                let _ = server.shutdown().await;
                let _ = server.read_to_end(&mut answer).await;
            }
            answer_with(&mut client, &answer).await;
        }
        Fate::Abandoned => {
            drop(shared.send(&request).await);
            reset(client);
        }
        Fate::AnswerLost => {
            shared.forward(&request).await;
            reset(client);
        }
        Fate::AnswerCut => {
            let answer = shared.forward(&request).await;
            let _ = client.write_all(&answer[..answer.len() - answer.len() / 4]).await;
            reset(client);
        }
        Fate::Hang => {
            shared.forward(&request).await;
            let _ = client.read(&mut [0; 1]).await;
        }
        Fate::BadGateway => answer_with(&mut client, &page("502 Bad Gateway", "")).await,
        Fate::Busy => answer_with(&mut client, &page("503 Service Unavailable", "retry-after: 7\r\n")).await,
        Fate::Portal => answer_with(&mut client, &page("200 OK", "")).await,
        Fate::Overtaken => {
            let answer = shared.forward(&request).await;
            let (release, released) = oneshot::channel();
            let _ = shared.events.send(Event::Held { to: shared.to, release });
            let _ = released.await;
            answer_with(&mut client, &answer).await;
        }
        Fate::Crash => {
            shared.forward(&request).await;
            let _ = shared.events.send(Event::Crash);
            // Whoever lives on notices the end of the connection.
            let _ = client.read(&mut [0; 1]).await;
        }
    }
}

/// The request, told that its connection ends with the answer, and where its body begins.
async fn read_request(client: &mut TcpStream) -> Option<(Vec<u8>, usize)> {
    let mut bytes = Vec::new();
    let body_at = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..body_at]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    while bytes.len() < body_at + length.unwrap_or(0) {
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let last = b"connection: close\r\n";
    bytes.splice(body_at - 2..body_at - 2, last.iter().copied());
    Some((bytes, body_at + last.len()))
}

fn page(status: &str, header: &str) -> Vec<u8> {
    let body = format!("<html><body>{status}</body></html>");
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {}\r\n{header}connection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// An empty answer is the end of the connection.
async fn answer_with(client: &mut TcpStream, answer: &[u8]) {
    let _ = client.write_all(answer).await;
    let _ = client.shutdown().await;
}

/// Ends a connection with RST.
fn reset(connection: TcpStream) {
    let _ = connection.set_zero_linger();
    drop(connection);
}

/// The longest that a caller waits here, in seconds of real time: what hangs costs that much.
pub(super) const PATIENCE: u64 = 2;

/// Real time that no healthy call takes.
pub(super) const FAR_TOO_LONG: Duration = Duration::from_mins(5);
