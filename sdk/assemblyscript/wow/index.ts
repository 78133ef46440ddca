/**
 * wow's SDK for actions in AssemblyScript: an action is a function from one class to another,
 * which json-as reads from the arguments and writes as the result.
 *
 *     import { JSON } from "json-as";
 *     import { action } from "wow";
 *
 *     @json class Args { name: string = "stranger"; }
 *     @json class Result { greeting: string = ""; }
 *
 *     function hello(args: Args): Result { return { greeting: args.name }; }
 *
 *     export function main(): void { action<Args, Result>(hello); }
 *
 * sdk/assemblyscript/wow-asc makes a module of it. docs/languages.md is the page about it.
 */
import { JSON } from "json-as";
import { clock_time_get, fd_write, random_get } from "./wasi";

// @ts-ignore: decorator
@lazy let buffer: ArrayBuffer = new ArrayBuffer(0);

/** The buffer of the ABI: abi.ts exports these to the host. */
export function allocate(size: i32): void { buffer = new ArrayBuffer(size); }
export function pointer(): usize { return changetype<usize>(buffer); }
export function length(): i32 { return buffer.byteLength; }

function answer(json: string): void { buffer = String.UTF8.encode(json); }

let failure: string | null = null;

/** Makes the activation an application error; what the function returns then no longer counts. */
export function fail(message: string): void { failure = message; }

/** Runs the action: call it in `main`, which the module exports. */
export function action<A, R>(f: (args: A) => R): void {
  const result = f(JSON.parse<A>(String.UTF8.decode(buffer)));
  const error = failure;
  answer(error === null ? '{"Ok":' + JSON.stringify<R>(result) + "}"
                        : '{"Err":{"error":' + JSON.stringify<string>(error) + "}}");
}

/** Prints lines to the activation's log, as console.log does in other JavaScripts. */
export function log(text: string): void { print(1, text + "\n"); }
export function warn(text: string): void { print(2, text + "\n"); }

function print(descriptor: i32, text: string): void {
  const bytes = String.UTF8.encode(text), part = memory.data(16);
  let at = changetype<usize>(bytes), left = bytes.byteLength;
  while (left > 0) {
    store<u32>(part, <u32>at);
    store<u32>(part, left, 4);
    if (fd_write(descriptor, part, 1, part + 8) != 0) return;
    const wrote = load<i32>(part, 8);
    at += wrote;
    left -= wrote;
  }
}

/** Milliseconds since 1970. */
export function now(): i64 {
  const to = memory.data(8);
  return clock_time_get(0, 0, to) == 0 ? load<i64>(to) / 1000000 : 0;
}

/** What asc begins Math.random with. */
export function seed(): f64 {
  const to = memory.data(8);
  random_get(to, 8);
  return reinterpret<f64>(load<u64>(to));
}

/** What asc calls when the program throws: says why, and traps. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  warn((message === null ? "abort" : message) + " (" + (file === null ? "?" : file) + ":" +
       line.toString() + ":" + column.toString() + ")");
  unreachable();
}
