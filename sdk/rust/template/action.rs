// Greets whoever it is told of: {"name": "wasm"} gives {"greeting": "Hello, wasm!"}.
use wow::json::{object, JsonValue};

fn greet(args: JsonValue) -> Result<JsonValue, String> {
    let name = args["name"].as_str().unwrap_or("stranger");

    println!("greeting {name}");
    Ok(object! { greeting: format!("Hello, {name}!") })
}

fn main() {
    wow::run(greet)
}
