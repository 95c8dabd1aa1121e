import assert from "node:assert/strict";
import { ConnectionError, InvalidObjectError } from "../../../../lib/k8s/errors.ts";
import { CredentialsError } from "../../../../lib/k8s/kubeconfig/cluster_access.ts";
import { StalledConnectionError } from "../../../../lib/runtime/watch/connection.ts";
import { needsRelist, problemOf, WatchError } from "../../../../lib/runtime/watch/watch_error.ts";
import { refusal } from "./scripted_client.ts";

/** Error, problem before and after the stream was opened, and whether a list is needed before and after that. */
const table: readonly (readonly [unknown, string, string, boolean, boolean])[] = [
  [refusal(400), "refused", "refused", true, true],
  [refusal(401), "unauthorized", "unauthorized", false, true],
  [new CredentialsError("no token file"), "unauthorized", "unauthorized", false, false],
  [refusal(403), "forbidden", "forbidden", false, true],
  [refusal(404), "missing", "missing", true, true],
  [refusal(410, "Gone"), "expired", "expired", true, true],
  [refusal(500, "Expired"), "expired", "expired", true, true],
  [refusal(429), "overloaded", "overloaded", false, true],
  [refusal(500), "refused", "refused", false, true],
  [refusal(503), "overloaded", "overloaded", false, true],
  [refusal(504, "Timeout"), "refused", "refused", false, true],
  [refusal(504, "Timeout", { cause: "ResourceVersionTooLarge" }), "refused", "refused", true, true],
  [new StalledConnectionError("silent"), "stalled", "stalled", false, false],
  [new InvalidObjectError("garbage"), "invalid", "invalid", true, true],
  [new SyntaxError("not JSON"), "invalid", "invalid", true, true],
  [new ConnectionError("reset"), "unreachable", "interrupted", false, false],
  [new TypeError("network error"), "unreachable", "interrupted", false, false],
];
for (const [error, early, late, relistEarly, relistLate] of table) {
  Deno.test(`problemOf() and needsRelist() judge ${String(error)}`, () => {
    assert.deepEqual([problemOf(error, false), problemOf(error, true)], [early, late]);
    assert.deepEqual([needsRelist(error, false), needsRelist(error, true)], [relistEarly, relistLate]);
  });
}

Deno.test("WatchError says what was attempted where, and keeps its cause", () => {
  const cause = new ConnectionError("reset");
  const error = new WatchError(
    { resource: "leases.coordination.k8s.io", namespace: "a" },
    "watch",
    "interrupted",
    cause,
  );
  assert.match(error.message, /^could not watch leases.coordination.k8s.io in namespace a: /);
  assert.equal(error.cause, cause);
  assert.equal("cause" in new WatchError({ resource: "secrets" }, "list", "incomplete"), false);
});
