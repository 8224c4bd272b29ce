//! The terminal, which is as it was before in the end, whatever that end is.

use std::io::{self, Stdout};

use crossterm::event::EventStream;
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    /// Keys, and changes of size.
    pub(crate) events: EventStream,
}

impl Screen {
    /// Takes the terminal. Also a panic gives it back, before it is reported.
    pub(crate) fn enter() -> io::Result<Self> {
        let terminal = ratatui::try_init().inspect_err(|_| ratatui::restore())?;
        Ok(Self { terminal, events: EventStream::new() })
    }

    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }

    /// Lets somebody else read and write in the meantime. Keys are still passed on one by one.
    pub(crate) async fn lend<T>(&mut self, to: impl Future<Output = T>) -> io::Result<T> {
        // Nobody else may read what is typed.
        self.events = EventStream::default();
        execute!(io::stdout(), LeaveAlternateScreen)?;
        self.terminal.show_cursor()?;
        let result = to.await;
        execute!(io::stdout(), EnterAlternateScreen)?;
        // One that knows of nothing on the screen.
        self.terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(result)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}
