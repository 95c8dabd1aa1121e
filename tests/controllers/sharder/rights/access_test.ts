import assert from "node:assert/strict";
import { accessTroubles, neededAccess } from "../../../../controllers/sharder/rights/access.ts";
import { ringOf } from "../../controller_ring/rings.ts";

Deno.test("neededAccess() asks for each verb on each resource, wherever the sharder works on it", () => {
  const needed = neededAccess(ringOf(), ({ resource }) => resource === "secrets" ? ["a", "b"] : [undefined]);
  assert.deepEqual(needed.map(({ verb, resource, namespace = "*" }) => `${verb} ${resource} ${namespace}`), [
    "list secrets a",
    "patch secrets a",
    "get secrets a",
    "watch secrets a",
    "list secrets b",
    "patch secrets b",
    "get secrets b",
    "watch secrets b",
    "list configmaps *",
    "patch configmaps *",
    "get configmaps *",
    "watch configmaps *",
  ]);
});

Deno.test("accessTroubles() names verbs, resources and the remedy", () => {
  const [trouble] = accessTroubles("my-ring", [
    { verb: "watch", group: "", resource: "secrets" },
    { verb: "get", group: "", resource: "secrets" },
    { verb: "get", group: "", resource: "configmaps" },
    { verb: "watch", group: "", resource: "configmaps" },
    { verb: "patch", group: "apps", resource: "deployments", namespace: "foo" },
  ]);
  assert.equal(trouble?.reason, "Forbidden");
  assert.equal(
    trouble.message,
    "The sharder may not get, watch configmaps, secrets; patch deployments.apps in namespace foo. Until it may, these " +
      'objects get no shard and do not move. Grant the ClusterRole that "ring rbac my-ring" prints',
  );
});

Deno.test("accessTroubles() calls it degraded where lists take the place of what is missing", () => {
  const [trouble] = accessTroubles("ring", [{ verb: "watch", group: "", resource: "secrets" }]);
  assert.equal(trouble?.reason, "Degraded");
  assert.match(trouble.message, /may not watch secrets\. It lists objects every few seconds instead of watching them/);
  assert.deepEqual(accessTroubles("ring", []), []);
});

Deno.test("accessTroubles() names ten resources, and no more", () => {
  const denied = Array.from({ length: 12 }, (_, index) => ({ verb: "list", group: "", resource: `r${10 + index}` }));
  assert.match(accessTroubles("ring", denied)[0]?.message ?? "", /list r10, .*, r19 and others\. /);
});
