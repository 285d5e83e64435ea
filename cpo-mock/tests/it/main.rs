//! The CPO platform over real HTTP on loopback, with a hand-written EMSP on the other side. Every test that stores
//! something runs on SQLite and, where there is a server, on PostgreSQL. Time is set by hand; nothing sleeps.

mod authorize;
mod charge;
mod charging_preferences;
mod charging_profiles;
mod commands;
mod corrections;
mod emsp;
mod hubs;
mod import;
mod lists;
mod operator;
mod places;
mod platforms;
mod reservations;
mod restart;
mod running;
mod tokens;
mod versions;
mod world;
