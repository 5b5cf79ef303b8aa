//! The client: a blocking face over connections, retries and streams.
//!
//! Every call is one request and a stream of messages, read as it arrives. What is not a whole and fitting answer is
//! thrown away and asked for again, from the start. A [`Client`] is shared by threads; the calls of all of them go
//! through one window, which grows while they succeed and halves when the service has had enough.

mod call;
mod connection;
mod gate;
mod methods;
mod waiting;

pub(crate) use call::{Caller, Method, SERVES_HEADER};
pub(crate) use connection::with_causes;
pub use connection::{ClientOptions, Timeouts};
pub use methods::{Client, MOST_SCORERS, Place, Requested, WINDOW_LENGTHS, window_lengths};
pub(crate) use methods::{ISM_PIECE_BP, Piece, Taken, Wanted, take};
pub use waiting::{WaitState, WaitTold, Waiting};
