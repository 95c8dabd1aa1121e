import assert from "node:assert/strict";
import { Store } from "../../../../lib/apiserver/store/store.ts";

const limit = 100;

Deno.test("a store remembers a bounded number of changes, however many there are", () => {
  const store = new Store(limit);
  const collection = store.collection("things");
  const key = "default/a";
  let largest = 0;
  for (let change = 0; change < 20_000; change++) {
    const metadata = { namespace: "default", name: "a", uid: "1", change };
    store.put(collection, { metadata }, collection.get(key));
    largest = Math.max(largest, collection.log.end - collection.log.start);
  }
  assert.equal(collection.size, 1);
  assert.equal(collection.log.end, 20_000);
  assert.ok(largest >= limit && largest <= 1.25 * limit + 17, `${largest} changes were remembered`);
  // What is remembered has no gaps, and goes back to where it says.
  assert.equal(collection.log.at(collection.log.start)?.revision, collection.log.forgotten + 1);
  assert.equal(collection.log.at(collection.log.start - 1), undefined);
});

Deno.test("objects that come and go leave nothing behind but the latest changes", () => {
  const store = new Store(limit);
  const collection = store.collection("things");
  for (let index = 0; index < 5_000; index++) {
    const record = store.put(
      collection,
      { metadata: { namespace: "default", name: `a-${index}`, uid: `${index}` } },
      undefined,
    );
    store.remove(collection, record);
  }
  assert.equal(collection.size, 0);
  assert.deepEqual([...collection.range({ from: "" })], []);
  assert.ok(collection.log.end - collection.log.start <= 1.25 * limit + 17);
  store.compact();
  assert.equal(collection.log.start, collection.log.end);
});
