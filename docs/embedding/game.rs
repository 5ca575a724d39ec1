//! A game's loop: scripts take a step in each frame, and go on in the next. Their time is the game's.
//!
//! `cargo run --release -p hoopsnake-examples --bin game`

use hoopsnake::host::Duration;
use hoopsnake::{Engine, Script};
use std::error::Error;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// What the scripts move.
#[derive(Default)]
struct World {
    positions: Vec<(String, f64)>,
}

const GUARD: &str = "
import asyncio

async def patrol(name, step):
    place = 0.0
    for _ in range(4):
        place += step
        move(name, place)
        await asyncio.sleep(0.02)
    return place

async with asyncio.TaskGroup() as group:
    tasks = [group.create_task(patrol('north', 1.5)), group.create_task(patrol('south', -1))]
ends = [task.result() for task in tasks]
";

/// Plays, and tells how it ended.
pub fn play(output: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let world = Arc::new(Mutex::new(World::default()));
    let seen = world.clone();
    let mut engine = Engine::builder()
        .function("move(name, place)", move |name: String, place: f64| {
            seen.lock().unwrap().positions.push((name, place));
        })
        .build()?;
    let script = Script::compile("guard", GUARD)?;
    let mut run = engine.run(&script);
    let mut frames = 0;
    let names = loop {
        // A few milliseconds of each frame are for the scripts; what waits costs nothing.
        if let Some(result) = run.step(Duration::from_millis(4)) {
            break result?;
        }
        frames += 1;
        std::thread::sleep(Duration::from_millis(8));
    };
    drop(run);
    let ends = names.get::<Vec<f64>>(&mut engine, "ends")?;
    let moves = world.lock().unwrap().positions.len();
    writeln!(output, "{moves} moves, the guards end at {ends:?}")?;
    assert!(frames > 3 && moves == 8);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    play(&mut std::io::stdout())
}
