// {"a": 40, "b": 2}  ->  {"result": 42}
import { JSON } from "json-as";
import { action } from "wow";

@json class Args { a: f64 = 0; b: f64 = 0; }
@json class Result { result: f64 = 0; }

function add(args: Args): Result { return { result: args.a + args.b }; }

export function main(): void { action<Args, Result>(add); }
