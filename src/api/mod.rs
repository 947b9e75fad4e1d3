//! Asking GitLab's API: what a request and an answer are, over a [`Transport`] that opens sockets or does not. Nothing here does.

mod client;
mod error;
mod transport;

pub use client::{Client, Clock, GraphqlAnswer, json_of, shortened};
pub use error::ApiError;
pub use transport::{Authorities, Method, Request, Response, Token, Transport, TransportError};
