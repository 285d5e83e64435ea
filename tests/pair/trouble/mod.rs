//! Both parties over a line that breaks in every way, at any moment, while business goes on; in the end they hold the same.
//!
//! Each seed is a schedule of its own. `TROUBLE_SEEDS=17 cargo test --test pair trouble` repeats one; `TROUBLE_SEEDS=0..500`
//! tries many.

mod agree;
mod business;
mod line;
mod world;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use ocpi_party::testing::{TestDatabase, databases, sqlite};

use self::line::Fate;
use self::world::{Chore, Side, World};

/// How many things happen in one schedule.
const STEPS: usize = 45;

/// How many schedules run side by side: what hangs should keep only its own schedule waiting.
const SIDE_BY_SIDE: usize = 6;

/// After this time every list is pulled completely.
const UNTIL_A_FULL_PULL: Duration = Duration::from_hours(8 * 24);

const PUSHES: [Chore; 3] = [Chore::Stations, Chore::Push(Side::Cpo), Chore::Push(Side::Emsp)];

const PULLS: [Chore; 3] = [Chore::Stations, Chore::Pull(Side::Emsp), Chore::Pull(Side::Cpo)];

const EVERYTHING: [Chore; 5] =
    [Chore::Stations, Chore::Push(Side::Cpo), Chore::Push(Side::Emsp), Chore::Pull(Side::Emsp), Chore::Pull(Side::Cpo)];

/// What a schedule came to: what struck, how much business there was, what was refused.
struct Told {
    struck: BTreeMap<Fate, usize>,
    counts: String,
    refusals: Vec<String>,
}

async fn tell(seed: u64, databases: [TestDatabase; 2]) -> Told {
    let mut world = World::new(seed, databases).await;
    for _ in 0..STEPS {
        business::step(&mut world).await;
    }
    world.heal().await;
    business::go_home(&mut world).await;
    // Either way alone is enough.
    match seed % 3 {
        0 => {
            world.settle(&PUSHES).await;
            agreed(&world, seed, false).await;
        }
        1 => {
            world.clock.advance(UNTIL_A_FULL_PULL);
            world.settle(&PULLS).await;
            agreed(&world, seed, true).await;
        }
        _ => {}
    }
    world.settle(&EVERYTHING).await;
    agreed(&world, seed, false).await;
    world.clock.advance(UNTIL_A_FULL_PULL);
    world.settle(&EVERYTHING).await;
    agreed(&world, seed, true).await;
    let mut struck = world.to_cpo.struck();
    for (fate, count) in world.to_emsp.struck() {
        *struck.entry(fate).or_default() += count;
    }
    Told { struck, counts: agree::counts(&world).await, refusals: agree::refusals(&world).await }
}

async fn agreed(world: &World, seed: u64, after_full_pull: bool) {
    let differences = agree::differences(world, after_full_pull).await;
    assert!(
        differences.is_empty(),
        "seed {seed}, after a full pull: {after_full_pull}\n{}\n\nWhat happened:\n{}",
        differences.join("\n"),
        world.journal
    );
}

/// Databases for both parties.
async fn two(postgres: bool) -> [TestDatabase; 2] {
    if !postgres {
        return [sqlite(), sqlite()];
    }
    let last = async || databases().await.pop().expect("there is always SQLite");
    [last().await, last().await]
}

/// Tells the schedules of these seeds, or of those that TROUBLE_SEEDS names.
async fn tell_all(seeds: Range<u64>, postgres: bool) {
    let seeds = match std::env::var("TROUBLE_SEEDS") {
        Ok(text) => match text.split_once("..") {
            Some((from, to)) => from.parse().unwrap()..to.parse().unwrap(),
            None => text.parse().map(|seed| seed..seed + 1).unwrap(),
        },
        Err(_) => seeds,
    };
    let tell = |seed| async move {
        (seed, tokio::spawn(async move { Box::pin(tell(seed, two(postgres).await)).await }).await)
    };
    let mut schedules = stream::iter(seeds).map(tell).buffered(SIDE_BY_SIDE);
    let mut struck = BTreeMap::<Fate, usize>::new();
    while let Some((seed, told)) = schedules.next().await {
        let told = told.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        println!("seed {seed}: {}", told.counts);
        told.refusals.iter().for_each(|refusal| println!("  {refusal}"));
        told.struck.into_iter().for_each(|(fate, count)| *struck.entry(fate).or_default() += count);
    }
    println!("{struck:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_hold_the_same_after_any_trouble() {
    tell_all(0..18, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_hold_the_same_after_any_trouble_on_postgresql() {
    if std::env::var("TEST_POSTGRES_URL").is_ok_and(|url| !url.is_empty()) {
        tell_all(1000..1004, true).await;
    } else {
        eprintln!("SKIPPED: TEST_POSTGRES_URL is not set");
    }
}
