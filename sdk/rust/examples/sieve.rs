// {"limit": 100}  ->  {"count": 25, "largest": 97}
use wow::json::{object, JsonValue};

fn sieve(args: JsonValue) -> Result<JsonValue, String> {
    let limit = args["limit"].as_usize().ok_or("parameter 'limit' must be a whole number")?;
    let mut composite = vec![false; limit + 1];
    let (mut count, mut largest) = (0, 0);

    for n in 2..=limit {
        if composite[n] {
            continue;
        }
        count += 1;
        largest = n;
        for multiple in (n.saturating_mul(n)..=limit).step_by(n) {
            composite[multiple] = true;
        }
    }
    Ok(object! { count: count, largest: largest })
}

fn main() {
    wow::run(sieve)
}
