import assert from "node:assert/strict";
import { Refusals } from "../../../../controllers/sharder/rights/refusals.ts";
import { ApiError } from "../../../../lib/k8s/errors.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";

/** What an API server answers; the message may come from anybody. */
function answer(request: string, code = 403): ApiError {
  return new ApiError(request, { code, reason: "Forbidden", message: "cannot delete nodes", causes: [] });
}

function messageAfter(...errors: readonly unknown[]): string {
  const refusals = new Refusals(new VirtualClock());
  for (const error of errors) refusals.note(error);
  return refusals.troubles()[0]?.message ?? "";
}

Deno.test("Refusals goes by what was asked for, and not by what the answer says", () => {
  assert.match(
    messageAfter(answer("PATCH /api/v1/namespaces/default/secrets/foo")),
    /is refused to patch secrets, although/,
  );
  assert.match(
    messageAfter(answer("PATCH /apis/apps/v1/namespaces/default/deployments/foo")),
    /to patch deployments\.apps,/,
  );
  assert.match(messageAfter(answer("GET /apis/example.com/v1/themes?limit=500")), /to read themes\.example\.com,/);
  assert.match(messageAfter(answer("something else")), /to something else,/);
});

Deno.test("Refusals finds what was forbidden within other errors, and tells each once", () => {
  const secret = answer("PATCH /api/v1/namespaces/default/secrets/foo");
  const map = new Error("cannot write", { cause: answer("PATCH /api/v1/namespaces/default/configmaps/foo") });
  assert.match(messageAfter(new AggregateError([secret, map, secret])), /to patch configmaps, patch secrets, although/);
});

Deno.test("Refusals does not mind other failures", () => {
  const refusals = new Refusals(new VirtualClock());
  assert.equal(refusals.note(answer("PATCH /api/v1/namespaces/default/secrets/foo", 500)), false);
  assert.equal(refusals.note(new Error("no connection")), false);
  assert.equal(refusals.note("odd"), false);
  assert.deepEqual(refusals.troubles(), []);
});

Deno.test("Refusals forgets what does not come again", async () => {
  const clock = new VirtualClock();
  const refusals = new Refusals(clock);
  refusals.note(answer("PATCH /api/v1/namespaces/default/secrets/foo"));
  await clock.advance(119_000);
  assert.equal(refusals.troubles().length, 1);
  await clock.advance(1_000);
  assert.deepEqual(refusals.troubles(), []);
});
