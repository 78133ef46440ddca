// Greets whoever it is told of: {"name": "wasm"} gives {"greeting": "Hello, wasm!"}.
import { JSON } from "json-as";
import { action, log } from "wow";

@json class Args { name: string = "stranger"; }
@json class Result { greeting: string = ""; }

function greet(args: Args): Result {
  log("greeting " + args.name);
  return { greeting: "Hello, " + args.name + "!" };
}

export function main(): void { action<Args, Result>(greet); }
