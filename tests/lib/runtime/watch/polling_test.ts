import assert from "node:assert/strict";
import { Following } from "./following.ts";
import {
  added,
  type Answer,
  type Asked,
  configMap,
  initialEnd,
  modified,
  open,
  page,
  refusal,
  ScriptedClient,
} from "./scripted_client.ts";

/** A server that lets a client list and watch, or not, as the test says. */
class Grants {
  list = true;
  watch = true;
  readonly verbs: string[] = [];
  readonly client = new ScriptedClient(...Array.from({ length: 200 }, () => (asked: Asked) => this.#answer(asked)));
  stream = open();

  #answer({ query }: Asked): Answer {
    const verb = query["watch"] === "true" ? "watch" : "list";
    this.verbs.push(verb);
    if (!this[verb]) return refusal(403, "Forbidden");
    if (verb === "list") return page(10, [configMap("a", 1)]);
    this.stream = query["sendInitialEvents"] === "true" ? open(added("a", 1), initialEnd(10)) : open();
    return this.stream;
  }
}

const account = ["init", "init_apply a@1", "init_done"];
const options = { pollPeriod: 5_000 };

Deno.test("watch() lists every pollPeriod where it may only list, and says so once", async () => {
  const grants = new Grants();
  grants.watch = false;
  await using following = new Following(grants.client, options);
  assert.deepEqual(await following.next(), account);
  assert.deepEqual(following.told(), [
    "list configmaps stream",
    "error watch forbidden",
    "failing watch forbidden",
    "list configmaps pages",
  ]);
  assert.deepEqual(await following.next(4_999), []);
  assert.deepEqual(await following.next(1), account);
  assert.deepEqual(await following.next(10_000), [...account, ...account]);
  assert.deepEqual(following.told(), Array.from({ length: 3 }, () => "list configmaps pages"));
});

Deno.test("watch() tries a forbidden watch every minute, and goes on with it as soon as it is allowed", async () => {
  const grants = new Grants();
  grants.watch = false;
  await using following = new Following(grants.client, options);
  await following.next(119_000);
  assert.equal(grants.verbs.filter((verb) => verb === "watch").length, 2);
  grants.watch = true;
  following.told();
  await following.next(6_000);
  assert.equal(grants.client.asked.at(-1)?.query["resourceVersion"], "10");
  assert.deepEqual(following.told().slice(-2), ["healthy", "watch"]);
  grants.stream.send(modified("a", 11));
  assert.deepEqual(await following.next(60_000), ["apply a@11"]);
});

Deno.test("watch() goes over to lists when the permission to watch is taken away", async () => {
  const grants = new Grants();
  await using following = new Following(grants.client, options);
  await following.next(10_000);
  grants.watch = false;
  grants.stream.end();
  assert.deepEqual(await following.next(), account);
  assert.deepEqual(await following.next(5_000), account);
});

Deno.test("watch() without any permission says what is missing, and tries the watch as well as the list", async () => {
  const grants = new Grants();
  grants.list = grants.watch = false;
  await using following = new Following(grants.client, options);
  assert.deepEqual(await following.next(100_000), []);
  const health = following.told().filter((line) => line.startsWith("failing"));
  assert.deepEqual(health, ["failing watch forbidden", "failing list forbidden"]);
  grants.watch = true;
  assert.deepEqual(await following.next(91_000), account);
  assert.deepEqual(following.told().slice(-2), ["healthy", "watch"]);
});

Deno.test("watch() complains of the watch again when only listing is allowed again", async () => {
  const grants = new Grants();
  grants.list = grants.watch = false;
  await using following = new Following(grants.client, options);
  await following.next(10_000);
  following.told();
  grants.list = true;
  await following.next(40_000);
  assert.deepEqual(following.told().filter((line) => line.startsWith("failing")), ["failing watch forbidden"]);
});
