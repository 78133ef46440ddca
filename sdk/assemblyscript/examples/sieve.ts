// {"limit": 100}  ->  {"count": 25, "largest": 97}
import { JSON } from "json-as";
import { action, fail } from "wow";

@json class Args { limit: i32 = 0; }
@json class Result { count: i32 = 0; largest: i32 = 0; }

function sieve(args: Args): Result {
  const result = new Result();
  if (args.limit < 0 || args.limit > 100000000) {
    fail("parameter 'limit' must be a number from 0 to 100000000");
    return result;
  }
  const composite = new StaticArray<bool>(args.limit + 1);
  for (let n = 2; n <= args.limit; n++) {
    if (composite[n]) continue;
    result.count++;
    result.largest = n;
    for (let multiple = <i64>n * n; multiple <= args.limit; multiple += n) composite[<i32>multiple] = true;
  }
  return result;
}

export function main(): void { action<Args, Result>(sieve); }
