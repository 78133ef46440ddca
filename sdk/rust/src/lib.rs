//! wow's SDK for actions in Rust: an action is a function from JSON to JSON.
//!
//! ```no_run
//! use wow::json::{object, JsonValue};
//!
//! fn hello(args: JsonValue) -> Result<JsonValue, String> {
//!     let name = args["name"].as_str().unwrap_or("stranger");
//!     println!("greeting {name}"); // goes to the activation's log
//!     Ok(object! { greeting: name })
//! }
//!
//! fn main() {
//!     wow::run(hello)
//! }
//! ```
//!
//! An error is an application error, `{"error": text}`. A panic is a developer error; its message
//! is in the log. The program is a WASI command and runs natively, too.

use std::io::{self, Read, Write};

pub use json;
use json::{object, JsonValue};

/// Reads the arguments, runs the action, writes its result: the last line of standard output.
pub fn run(action: impl FnOnce(JsonValue) -> Result<JsonValue, String>) {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).expect("the arguments are not UTF-8");
    let args = json::parse(&text).expect("the arguments are not JSON");
    let result = action(args).unwrap_or_else(|error| object! { error: error });
    println!("{}", result.dump());
    io::stdout().flush().expect("the result could not be written");
}

/// A number among the arguments; its absence, or another type, is an error that names it.
pub fn number(args: &JsonValue, name: &str) -> Result<f64, String> {
    args[name].as_f64().ok_or_else(|| format!("parameter '{name}' must be a number"))
}

/// A text among the arguments, likewise.
pub fn text<'a>(args: &'a JsonValue, name: &str) -> Result<&'a str, String> {
    args[name].as_str().ok_or_else(|| format!("parameter '{name}' must be a string"))
}
