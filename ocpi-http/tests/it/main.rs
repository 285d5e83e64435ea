//! The protocol layer over real HTTP on the loopback interface: axum applications on one side, raw sockets and the
//! client on the other.

mod bodies;
mod client;
mod connections;
mod envelope;
mod exchanges;
mod hostile_servers;
mod lists;
mod observation;
mod openapi;
mod pages;
mod redirects;
mod requests;
mod support;
mod vocabulary;
