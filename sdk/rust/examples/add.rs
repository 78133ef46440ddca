// {"a": 40, "b": 2}  ->  {"result": 42}
use wow::json::{object, JsonValue};

fn add(args: JsonValue) -> Result<JsonValue, String> {
    Ok(object! { result: wow::number(&args, "a")? + wow::number(&args, "b")? })
}

fn main() {
    wow::run(add)
}
