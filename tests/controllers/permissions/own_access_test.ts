import assert from "node:assert/strict";
import { isDispensable, ownAccess } from "../../../controllers/permissions/own_access.ts";
import { neededFor, type Permission, permissionsIn } from "../../integration/granted.ts";
import { manifest } from "../../integration/manifests.ts";

const certificateNamespace = "sharding-system";

Deno.test("what is reviewed is what deploy/rbac grants", async () => {
  const files = ["sharder", "leases", "leader_election", "webhook_certificate"].map((name) => `rbac/${name}.yaml`);
  const granted = permissionsIn((await Promise.all(files.map(manifest))).flat());
  const named = (group: string, resource: string, verb: string): string => `${verb} ${resource}.${group}`;
  const reviewed = ownAccess({ certificateNamespace }).map(([{ group, resource, verb }]) =>
    named(group, resource, verb)
  );
  // The sharder would not get so far as to say that these are missing; the finalizer has a word of its own.
  const others = (permission: Permission): boolean =>
    /^(controllerrings|namespaces)/.test(permission.resource) || permission.role.endsWith("leader-election");
  const expected = granted.filter((permission) => !others(permission))
    .map(({ group, resource, verb }) => named(group, resource, verb));
  assert.deepEqual([...new Set(reviewed)].sort(), [...new Set(expected)].sort());
  assert.equal(neededFor({ method: "GET", path: "/api" }, granted).length, 0);
});

Deno.test("rights on Leases and on the Secret are needed as the configuration says", () => {
  const placesOf = (settings: Parameters<typeof ownAccess>[0], of: string): readonly (string | undefined)[] => [
    ...new Set(ownAccess(settings).flatMap(([{ resource, namespace }]) => resource === of ? [namespace] : [])),
  ];
  assert.deepEqual(placesOf({}, "leases"), [undefined]);
  assert.deepEqual(placesOf({}, "secrets"), []);
  assert.deepEqual(placesOf({ leaseNamespaces: ["a", "b"] }, "leases"), ["a", "b"]);
  const secrets = ownAccess({ certificateNamespace }).filter(([{ resource }]) => resource === "secrets");
  assert.ok(secrets.every(([{ name }]) => name === "sharder-webhook-certificate") && secrets.length === 6);
});

Deno.test("only what is done in another way is dispensable", () => {
  const dispensable = ownAccess({ certificateNamespace }).map(([access]) => access).filter(isDispensable);
  assert.deepEqual(dispensable.map(({ verb, resource }) => `${verb} ${resource}`), [
    "list mutatingwebhookconfigurations",
    "watch mutatingwebhookconfigurations",
    "create leases",
  ]);
});
