//! The behaviour of every party, over real HTTP on loopback and on both databases.

mod auth;
mod config;
mod credentials;
mod db;
mod docs;
mod handshake;
mod hubs;
mod inspect;
mod lifecycle;
mod objects;
mod operator;
mod platform;
mod pull;
mod push;
mod support;
