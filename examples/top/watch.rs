//! The interactive view: what happens is shown, and keys are obeyed.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_core::Stream as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::Result;
use crate::act::{act, xml};
use crate::app::{App, Mode, Text};
use crate::collect::{Update, count, follow};
use crate::console;
use crate::draw::draw;
use crate::keys::{Command, press};
use crate::options::Options;
use crate::screen::Screen;
use crate::statistics::open;

/// What is heard one after the other is shown together.
const GATHERING: Duration = Duration::from_millis(100);
/// What hosts may say before anybody looks.
const UPDATES: usize = 64;
/// What may be done to guests at a time.
const TASKS: usize = 16;

struct Watch {
    app: App,
    screen: Screen,
    updates: mpsc::Receiver<Update>,
    tasks: JoinSet<Done>,
}

/// What came of a command.
struct Done {
    says: String,
    text: Option<Text>,
}

pub(crate) async fn watch(options: &Options) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let (sender, updates) = mpsc::channel(UPDATES);
    let mut collecting = JoinSet::new();
    for (place, uri) in options.uris.iter().enumerate() {
        let link = open(uri)?;
        collecting.spawn(follow(place, link.clone(), sender.clone()));
        collecting.spawn(count(place, link, options.interval, sender.clone()));
    }
    let app = App::new(&options.uris, options.interval);
    let screen = Screen::enter()?;
    let mut watch = Watch { app, screen, updates, tasks: JoinSet::new() };
    tokio::select! {
        result = watch.run() => result,
        // It ends the program, whoever's it is.
        panic = panic_of(collecting) => Err(panic.into()),
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
    }
}

impl Watch {
    async fn run(&mut self) -> Result<()> {
        let mut redraw = Some(Instant::now());
        loop {
            tokio::select! {
                () = until(redraw) => {
                    self.app.arrange();
                    self.screen.draw(|frame| draw(&mut self.app, frame))?;
                    redraw = None;
                }
                Some(update) = self.updates.recv() => {
                    self.app.update(update);
                    if let Some(reason) = self.app.end() {
                        return Err(reason.into());
                    }
                    redraw = redraw.or_else(|| Some(Instant::now() + GATHERING));
                }
                event = next(&mut self.screen.events) => {
                    if let Event::Key(key) = event?
                        && key.kind != KeyEventKind::Release
                        && let Some(command) = press(&mut self.app, key)
                        && !self.obey(command).await?
                    {
                        return Ok(());
                    }
                    redraw = Some(Instant::now());
                }
                Some(done) = self.tasks.join_next() => {
                    self.done(done?);
                    redraw = Some(Instant::now());
                }
            }
        }
    }

    /// Returns whether to go on.
    async fn obey(&mut self, command: Command) -> io::Result<bool> {
        let (Command::Act(_, id) | Command::Console(id) | Command::Xml(id)) = command else {
            return Ok(false);
        };
        let Some(domain) = self.app.domain(id) else {
            return Ok(true);
        };
        if self.tasks.len() == TASKS {
            self.app.message = format!("{TASKS} calls are not answered yet");
            return Ok(true);
        }
        match command {
            Command::Act(action, _) => {
                self.tasks
                    .spawn(async move { Done { says: act(action, domain).await, text: None } });
            }
            Command::Xml(_) => {
                self.tasks.spawn(async move {
                    let title = domain.name().to_owned();
                    match xml(domain).await {
                        Ok(xml) => {
                            let lines = xml.lines().map(str::to_owned).collect();
                            let text = Some(Text { title, lines, first: 0 });
                            Done { says: String::new(), text }
                        }
                        Err(says) => Done { says, text: None },
                    }
                });
            }
            Command::Console(_) => {
                self.app.message = self.screen.lend(console::connect(&domain)).await?;
            }
            Command::Quit => {}
        }
        Ok(true)
    }

    fn done(&mut self, done: Done) {
        self.app.message = done.says;
        // Unless the user is elsewhere by now.
        if let (Some(text), Mode::List) = (done.text, &self.app.mode) {
            self.app.mode = Mode::Text(text);
        }
    }
}

/// Waits for a task that does not end by itself.
async fn panic_of(mut tasks: JoinSet<()>) -> JoinError {
    while let Some(ended) = tasks.join_next().await {
        if let Err(panic) = ended {
            return panic;
        }
    }
    pending().await
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

async fn next(events: &mut EventStream) -> io::Result<Event> {
    let event = poll_fn(|context| Pin::new(&mut *events).poll_next(context)).await;
    event.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))
}
