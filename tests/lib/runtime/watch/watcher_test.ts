import assert from "node:assert/strict";
import { ConnectionError } from "../../../../lib/k8s/errors.ts";
import { dropManagedFields } from "../../../../lib/runtime/watch/mod.ts";
import { Following } from "./following.ts";
import {
  added,
  type Answer,
  bookmark,
  configMap,
  deleted,
  ended,
  errorEvent,
  initialEnd,
  modified,
  open,
  page,
  refusal,
  ScriptedClient,
  type ServerStream,
} from "./scripted_client.ts";

function inSync(resourceVersion = 10): ServerStream {
  return open(added("a", 1), initialEnd(resourceVersion));
}

Deno.test("watch() lists and watches in one stream where the server has streaming lists", async () => {
  const stream = inSync();
  await using following = new Following(
    new ScriptedClient(stream),
    { labelSelector: "app=web", fieldSelector: "metadata.name=a" },
    "default",
  );
  assert.deepEqual(await following.next(), ["init", "init_apply a@1", "init_done"]);
  const [asked] = following.client.asked;
  assert.equal(asked?.path, "/api/v1/namespaces/default/configmaps");
  const { timeoutSeconds, ...query } = following.client.query(0);
  assert.deepEqual(query, {
    watch: "true",
    allowWatchBookmarks: "true",
    sendInitialEvents: "true",
    resourceVersionMatch: "NotOlderThan",
    labelSelector: "app=web",
    fieldSelector: "metadata.name=a",
  });
  assert.ok(Number(timeoutSeconds) >= 261 && Number(timeoutSeconds) <= 319, timeoutSeconds);

  stream.send(modified("a", 11), added("b", 12), deleted("a", 13), bookmark(20));
  assert.deepEqual(await following.next(), ["apply a@11", "apply b@12", "delete a@13"]);
  assert.deepEqual(following.told(), ["list configmaps stream", "watch"]);
});

Deno.test("watch() takes changes that come before the end of the initial objects for a part of these", async () => {
  const stream = open(added("a", 5), added("b", 3), modified("b", 7), deleted("a", 8), initialEnd(9));
  await using following = new Following(new ScriptedClient(stream));
  assert.deepEqual(await following.next(), [
    "init",
    "init_apply a@5",
    "init_apply b@3",
    "init_apply b@7",
    "delete a@8",
    "init_done",
  ]);
});

Deno.test("watch() goes on at once and from the last event when the server ends the stream", async () => {
  const stream = inSync();
  await using following = new Following(new ScriptedClient(stream, open()));
  await following.next(60_000);
  stream.send(modified("a", 11));
  stream.end();
  assert.deepEqual((await following.next()).at(-1), "apply a@11");
  assert.equal(following.client.asked.length, 2);
  const { timeoutSeconds: _, ...query } = following.client.query(1);
  assert.deepEqual(query, { watch: "true", allowWatchBookmarks: "true", resourceVersion: "11" });
});

Deno.test("watch() resumes from the version of the last bookmark", async () => {
  const stream = inSync();
  const second = open();
  await using following = new Following(new ScriptedClient(stream, second));
  await following.next();
  stream.send(modified("a", 11), bookmark(99));
  stream.end();
  await following.next();
  assert.equal(following.client.query(1)["resourceVersion"], "99");
  assert.deepEqual(following.told(), ["list configmaps stream", "watch", "interrupted 0", "watch"]);
  second.send(modified("a", 100));
  assert.deepEqual((await following.next()).at(-1), "apply a@100");
});

Deno.test("watch() slows down when stream after stream ends at once", async () => {
  const endings = Array.from({ length: 1_000 }, () => () => ended());
  await using following = new Following(new ScriptedClient(ended(initialEnd(1)), ...endings));
  await following.next(60_000);
  // Immediately once, then after 0.8 s, 1.6 s, 3.2 s and so on, each with jitter.
  const count = following.client.asked.length;
  assert.ok(count >= 6 && count <= 9, `${count} requests within a minute`);
});

Deno.test("watch() resumes after a connection that broke, with backoff, and says once that it fails", async () => {
  const stream = inSync();
  const down = new ConnectionError("connection refused");
  const back = open();
  await using following = new Following(new ScriptedClient(stream, down, down, down, back));
  await following.next(1_000);
  following.told();
  stream.fail(new ConnectionError("connection reset by peer"));
  await following.next();
  assert.equal(following.client.asked.length, 1, "no request without a pause");
  await following.next(799);
  assert.equal(following.client.asked.length, 1, "no request within 0.8 s");
  await following.next(20_000);
  assert.equal(following.client.asked.length, 5);
  assert.equal(following.client.query(4)["resourceVersion"], "10");
  assert.deepEqual(
    following.told(),
    [
      "error watch interrupted",
      "failing watch interrupted",
      "interrupted 1000",
      "error watch unreachable",
      "failing watch unreachable",
      "error watch unreachable",
      "error watch unreachable",
      "healthy",
      "watch",
    ],
  );
});

Deno.test("watch() never waits much longer than 30 s and begins again with 0.8 s after two calm minutes", async () => {
  const times: number[] = [];
  const down = (): Answer => {
    times.push(following.clock.monotonic());
    return new ConnectionError("connection refused");
  };
  const stream = inSync();
  const script = [...Array.from({ length: 12 }, () => down), stream, down, down];
  await using following = new Following(new ScriptedClient(...script));
  await following.next(400_000);
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  assert.equal(gaps.length, 11);
  assert.ok((gaps[0] ?? 0) >= 800 && (gaps[0] ?? 0) <= 1_200, `first pause ${gaps[0]}`);
  assert.ok((gaps.at(-1) ?? 0) >= 30_000 && (gaps.at(-1) ?? 0) <= 45_000, `last pause ${gaps.at(-1)}`);
  stream.fail(new ConnectionError("connection reset by peer"));
  times.splice(0);
  await following.next(1_200);
  assert.equal(times.length, 1, "a first failure after a calm time is followed by a short pause");
});

Deno.test("watch() gives up a silent watch 5 s after the server should have ended it", async () => {
  const stream = inSync();
  await using following = new Following(new ScriptedClient(stream, open()));
  await following.next();
  const timeout = Number(following.client.query(0)["timeoutSeconds"]) * 1_000;
  stream.send(bookmark(50));
  await following.next(100_000);
  stream.send(bookmark(60));
  await following.next(timeout + 4_999);
  assert.equal(stream.closed, false);
  following.told();
  await following.next(1);
  assert.equal(stream.closed, true);
  assert.deepEqual(following.told(), [
    "error watch stalled",
    "failing watch stalled",
    `interrupted ${timeout + 5_000}`,
  ]);
  await following.next(1_200);
  assert.equal(following.client.query(1)["resourceVersion"], "60");
  assert.deepEqual(following.told(), ["healthy", "watch"]);
});

Deno.test("watch() gives up a request that gets no answer, also when the client does not heed the abort", async () => {
  for (const answer of ["never", "never, deaf"] as const) {
    await using following = new Following(new ScriptedClient(answer, inSync()));
    await following.next(30_000);
    assert.deepEqual(following.told(), ["list configmaps stream", "error watch stalled", "failing watch stalled"]);
    assert.equal(following.client.asked[0]?.signal?.aborted, true);
    assert.deepEqual(await following.next(1_200), ["init", "init_apply a@1", "init_done"]);
  }
});

Deno.test("watch() lists again, in pages, when the initial stream falls silent", async () => {
  const stream = open(added("a", 1));
  await using following = new Following(
    new ScriptedClient(stream, page(9, [configMap("b", 2)]), open(modified("b", 10))),
  );
  assert.deepEqual(await following.next(29_000), ["init", "init_apply a@1"]);
  stream.send(added("c", 3));
  assert.deepEqual(await following.next(29_999), ["init_apply c@3"]);
  assert.equal(stream.closed, false);
  assert.deepEqual(await following.next(2_000), ["init", "init_apply b@2", "init_done", "apply b@10"]);
  assert.equal(stream.closed, true);
});

Deno.test("watch() discards an initial list whose stream ends in the middle", async () => {
  const cut = ended(added("a", 1), added("b", 2));
  await using following = new Following(new ScriptedClient(cut, page(9, [configMap("b", 2)]), open()));
  assert.deepEqual(await following.next(), ["init", "init_apply a@1", "init_apply b@2"]);
  assert.deepEqual(following.told(), [
    "list configmaps stream",
    "error watch incomplete",
    "failing watch incomplete",
  ]);
  assert.deepEqual(await following.next(1_200), ["init", "init_apply b@2", "init_done"]);
  assert.equal(following.client.query(2)["resourceVersion"], "9");
});

Deno.test("watch() lists in pages for good where the server has no streaming lists", async () => {
  for (const [code, reason] of [[422, "Invalid"], [400, "BadRequest"]] as const) {
    const watching = open();
    await using following = new Following(
      new ScriptedClient(
        refusal(code, reason),
        page(9, [configMap("a", 1)], "more"),
        page(9, [configMap("b", 2)]),
        watching,
        page(30, []),
        open(),
      ),
    );
    assert.deepEqual(await following.next(), ["init", "init_apply a@1", "init_apply b@2", "init_done"]);
    assert.deepEqual(following.client.query(1), { limit: "500" });
    assert.deepEqual(following.client.query(2), { limit: "500", continue: "more" });
    assert.equal(following.client.query(3)["resourceVersion"], "9");
    watching.send(errorEvent(410, "Expired"));
    assert.deepEqual(await following.next(), ["init", "init_done"]);
    assert.deepEqual(following.client.query(4), { limit: "500" });
    assert.deepEqual(following.told(), [
      "list configmaps stream",
      "list configmaps pages",
      "watch",
      "relist expired",
      "error watch expired",
      "interrupted 0",
      "list configmaps pages",
      "watch",
    ]);
  }
});

Deno.test("watch() begins a paged list again when its continue token expires", async () => {
  await using following = new Following(
    new ScriptedClient(
      refusal(422),
      page(9, [configMap("a", 1)], "more"),
      refusal(410, "Expired"),
      page(12, [configMap("b", 11)]),
      open(),
    ),
  );
  assert.deepEqual(await following.next(), ["init", "init_apply a@1", "init", "init_apply b@11", "init_done"]);
  assert.equal(following.client.query(4)["resourceVersion"], "12");
});

Deno.test("watch() gives up a page that does not come", async () => {
  const client = new ScriptedClient(refusal(422), page(9, [configMap("a", 1)], "more"), "never");
  await using following = new Following(client);
  assert.deepEqual(await following.next(29_999), ["init", "init_apply a@1"]);
  following.told();
  await following.next(1);
  assert.deepEqual(following.told(), ["error list stalled", "failing list stalled"]);
});

Deno.test("watch() lists again after 410 as an event and as a status", async () => {
  const stream = inSync();
  await using following = new Following(
    new ScriptedClient(stream, open(added("b", 20), initialEnd(21)), refusal(410, "Gone"), inSync(30)),
  );
  await following.next(10_000);
  stream.send(errorEvent(410, "Expired"));
  assert.deepEqual((await following.next()).slice(-3), ["init", "init_apply b@20", "init_done"]);
  assert.equal(following.client.query(1)["sendInitialEvents"], "true");
  assert.ok(following.told().includes("relist expired"));
});

Deno.test("watch() lists again when the resumed watch is refused with 410", async () => {
  const stream = inSync();
  await using following = new Following(new ScriptedClient(stream, refusal(410, "Expired"), inSync(30)));
  await following.next(10_000);
  stream.end();
  assert.deepEqual((await following.next()).slice(-3), ["init", "init_apply a@1", "init_done"]);
  assert.equal(following.client.query(1)["resourceVersion"], "10");
  assert.equal(following.client.query(2)["sendInitialEvents"], "true");
});

Deno.test("watch() slows down, and says so, when each new list is outdated at once", async () => {
  const again = Array.from({ length: 100 }, () => () => ended(initialEnd(10), errorEvent(410, "Expired")));
  await using following = new Following(new ScriptedClient(...again));
  await following.next(60_000);
  const told = following.told();
  const lists = told.filter((line) => line.startsWith("list"));
  assert.ok(lists.length >= 6 && lists.length <= 9, `${lists.length} lists within a minute`);
  assert.ok(told.includes("failing watch expired"));
});

Deno.test("watch() lists again when the version cannot be of use any more", async () => {
  const refusals = [refusal(400), refusal(422), refusal(504, "Timeout", { cause: "ResourceVersionTooLarge" })];
  for (const answer of refusals) {
    const stream = inSync();
    await using following = new Following(new ScriptedClient(stream, answer, inSync(5)));
    await following.next();
    stream.end();
    assert.deepEqual((await following.next(1_200)).slice(-1), ["init_done"], answer.message);
    assert.equal(following.client.query(2)["sendInitialEvents"], "true");
  }
});

Deno.test("watch() keeps its version when the server fails to open the watch", async () => {
  const stream = inSync();
  await using following = new Following(new ScriptedClient(stream, refusal(500), open(modified("a", 12))));
  await following.next();
  stream.end();
  assert.deepEqual(await following.next(1_200), ["apply a@12"]);
  assert.equal(following.client.query(2)["resourceVersion"], "10");
});

Deno.test("watch() lists again when the server ends the stream with an error other than 410", async () => {
  const stream = inSync();
  await using following = new Following(new ScriptedClient(stream, inSync(20)));
  await following.next();
  stream.send(errorEvent(500, "InternalError"));
  assert.deepEqual(await following.next(), []);
  assert.deepEqual(await following.next(1_200), ["init", "init_apply a@1", "init_done"]);
});

Deno.test("watch() comes back no sooner than the server asks with 429 and 503", async () => {
  for (const code of [429, 503]) {
    await using following = new Following(
      new ScriptedClient(refusal(code, "", { retryAfterSeconds: 17 }), inSync()),
    );
    await following.next(16_999);
    assert.equal(following.client.asked.length, 1);
    await following.next(1);
    assert.equal(following.client.asked.length, 2);
    assert.deepEqual(following.told().slice(1, 3), ["error watch overloaded", "failing watch overloaded"]);
  }
});

Deno.test("watch() does not let a server send it away for hours", async () => {
  await using following = new Following(
    new ScriptedClient(refusal(429, "", { retryAfterSeconds: 1e9 }), inSync()),
  );
  await following.next(120_000);
  assert.equal(following.client.asked.length, 2);
});

Deno.test("watch() reports 401, 403 and 404 once each and goes on until they are gone", async () => {
  const table = [[401, "unauthorized"], [403, "forbidden"], [404, "missing"]] as const;
  for (const [code, problem] of table) {
    const answer = refusal(code);
    await using following = new Following(new ScriptedClient(answer, answer, answer, inSync()));
    assert.deepEqual((await following.next(20_000)).at(-1), "init_done");
    const told = following.told();
    assert.deepEqual(told.filter((line) => line.startsWith("failing")), [`failing watch ${problem}`]);
    assert.equal(told.filter((line) => line === `error watch ${problem}`).length, 3);
    assert.deepEqual(told.slice(-2), ["healthy", "watch"]);
  }
});

Deno.test("watch() goes on from its version after credentials that had expired are accepted again", async () => {
  const stream = inSync();
  await using following = new Following(
    new ScriptedClient(stream, refusal(401, "Unauthorized"), open(modified("a", 12))),
  );
  await following.next(10_000);
  stream.end();
  await following.next();
  assert.deepEqual(await following.next(1_200), ["apply a@12"]);
});

Deno.test("watch() names verb, resource, namespace and remedy in its errors", async () => {
  const messages: string[] = [];
  await using _following = new Following(
    new ScriptedClient(refusal(422), refusal(403), refusal(404), refusal(401)),
    { observer: { onHealth: (_source, error) => messages.push(error?.message ?? "") } },
    "team",
  );
  await _following.next(10_000);
  assert.deepEqual(messages, [
    "could not list configmaps in namespace team: the permission is missing; grant this user: list configmaps in namespace team",
    "could not list configmaps in namespace team: the server does not know configmaps; install its CRD, or check group and version",
    "could not list configmaps in namespace team: the credentials are missing, expired or not accepted; renew them",
  ]);
});

Deno.test("watch() reports an object it cannot read and lists again with backoff", async () => {
  const garbage = [
    { type: "ADDED", object: { apiVersion: "v1", kind: "ConfigMap", metadata: {} } },
    { type: "ADDED", object: configMap("bad", 12, { data: { key: 1 } }) },
    { type: "WHAT", object: configMap("a", 12) },
    "not an event",
    { type: "BOOKMARK", object: {} },
  ];
  for (const event of garbage) {
    const stream = inSync();
    await using following = new Following(new ScriptedClient(stream, inSync(20)));
    await following.next();
    following.told();
    stream.send(event, modified("a", 13));
    assert.deepEqual(await following.next(799), []);
    assert.deepEqual(following.told(), [
      "relist invalid",
      "error watch invalid",
      "failing watch invalid",
      "interrupted 0",
    ]);
    assert.equal(stream.closed, true);
    assert.deepEqual(await following.next(401), ["init", "init_apply a@1", "init_done"]);
  }
});

Deno.test("watch() goes on trying, and on reporting, while a list holds an object it cannot read", async () => {
  const bad = configMap("bad", 2, { data: { key: 1 } });
  await using following = new Following(
    new ScriptedClient(open({ type: "ADDED", object: bad }), page(9, [bad]), inSync()),
  );
  assert.deepEqual((await following.next(10_000)).at(-1), "init_done");
  assert.deepEqual(following.told().filter((line) => line.startsWith("error")), [
    "error watch invalid",
    "error list invalid",
  ]);
});

Deno.test("watch() counts an object that transform throws on as one it cannot read", async () => {
  const stream = inSync();
  let broken = true;
  await using following = new Following(new ScriptedClient(stream, page(9, [configMap("a", 1)]), open()), {
    transform: (object) => {
      if (broken) throw new TypeError("broken");
      return dropManagedFields(object);
    },
  });
  assert.deepEqual(await following.next(), ["init"]);
  assert.ok(following.told().includes("failing watch invalid"));
  broken = false;
  assert.deepEqual(await following.next(1_200), ["init", "init_apply a@1", "init_done"]);
});

const states: Record<string, { script: readonly Answer[]; advance?: number }> = {
  "before the answer": { script: ["never"] },
  "before the answer of a client that does not heed the abort": { script: ["never, deaf"] },
  "in a streaming list": { script: [open(added("a", 1))] },
  "in a paged list": { script: [refusal(422), page(9, [configMap("a", 1)], "more"), "never"] },
  "in a silent watch": { script: [open(initialEnd(10))], advance: 100_000 },
  "before the answer of a resumed watch": { script: [ended(initialEnd(10)), "never"] },
  "in a pause": { script: [new ConnectionError("connection refused")] },
};
for (const [state, { script, advance = 0 }] of Object.entries(states)) {
  Deno.test(`watch() ends at once when it is aborted ${state}`, async () => {
    await using following = new Following(new ScriptedClient(...script));
    await following.next(advance);
    assert.equal(following.ended, false);
    const errors = following.told().filter((line) => line.startsWith("error"));
    following.abort();
    await following.next();
    assert.equal(following.ended, true);
    assert.equal(following.clock.pending, 0, "no timer is left");
    for (const answer of script) {
      if (typeof answer === "object" && answer !== null && "closed" in answer) {
        assert.equal(answer.closed, true, "the stream was closed");
      }
    }
    assert.ok(following.client.asked.at(-1)?.signal?.aborted);
    assert.equal(following.told().filter((line) => line.startsWith("error")).length, 0, "an abort is no error");
    assert.ok(errors.length <= 1);
  });
}
