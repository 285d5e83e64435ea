//! The EMSP over real HTTP, on each database, against a small CPO written by hand.

#![allow(unreachable_pub, reason = "a test binary has no users")]

mod brands;
mod cdrs;
mod charging_profiles;
mod cli;
mod commands;
mod drivers;
mod fake_cpo;
mod hubs;
mod locations;
mod openapi;
mod operator;
mod pull;
mod reservations;
mod sessions;
mod tariffs;
mod tokens;
mod versions;
mod world;

/// Makes a test of each function: a module of its name with one test for each database.
#[macro_export]
macro_rules! on_each_database {
    ($( $(#[$meta:meta])* async fn $name:ident($world:ident: $type:ty) $body:block )*) => {
        $(
            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                for database in ocpi_party::testing::databases().await {
                    let $world = <$type>::start(&database.url).await;
                    $body
                }
            }
        )*
    };
}
