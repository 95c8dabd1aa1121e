import assert from "node:assert/strict";
import { serviceAccountUser, type User } from "../../../../lib/apiserver/mod.ts";
import type { JSONObject, JSONValue, RestClient } from "../../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../../lib/k8s/errors.ts";
import { arrayAt, objectAt, stringAt } from "../../../../lib/apiserver/json.ts";
import { type Fixture, refusal, send, start } from "../fixture.ts";

const group = "/apis/rbac.authorization.k8s.io/v1";
const secrets = "/api/v1/namespaces/default/secrets";
const apiGroup = "rbac.authorization.k8s.io";
const readSecrets: JSONObject = { apiGroups: [""], resources: ["secrets"], verbs: ["get", "list"] };

async function role(admin: RestClient, name: string, ...rules: JSONObject[]): Promise<void> {
  await send(admin, "POST", `${group}/namespaces/default/roles`, { metadata: { name }, rules });
}

async function clusterRole(admin: RestClient, name: string, ...rules: JSONObject[]): Promise<void> {
  await send(admin, "POST", `${group}/clusterroles`, { metadata: { name }, rules });
}

function user(name: string): JSONObject {
  return { kind: "User", apiGroup, name };
}

async function bind(admin: RestClient, kind: "Role" | "ClusterRole", name: string, subject: JSONObject): Promise<void> {
  const body = { metadata: { generateName: "b-" }, roleRef: { apiGroup, kind, name }, subjects: [subject] };
  await send(admin, "POST", `${group}/namespaces/default/rolebindings`, body);
}

async function bindEverywhere(admin: RestClient, name: string, subject: JSONObject): Promise<void> {
  const body = {
    metadata: { generateName: "b-" },
    roleRef: { apiGroup, kind: "ClusterRole", name },
    subjects: [subject],
  };
  await send(admin, "POST", `${group}/clusterrolebindings`, body);
}

function as({ server }: Fixture, user: User): RestClient {
  return server.client({ user });
}

Deno.test("who has no role may do nothing, and is told what he lacks", async () => {
  using fixture = start();
  const jane = as(fixture, { username: "jane" });
  for (
    const [path, message] of [
      [
        "/api/v1/secrets",
        'secrets is forbidden: User "jane" cannot list resource "secrets" in API group "" at the cluster scope',
      ],
      [
        `${secrets}/x`,
        'secrets "x" is forbidden: User "jane" cannot get resource "secrets" in API group "" in the namespace "default"',
      ],
      [
        "/apis/apps/v1/namespaces/default/deployments/x/scale",
        'deployments.apps "x" is forbidden: User "jane" cannot get resource "deployments/scale" in API group "apps" ' +
        'in the namespace "default"',
      ],
      ["/metrics", 'forbidden: User "jane" cannot get path "/metrics"'],
    ] as const
  ) {
    assert.deepEqual(await refusal(send(jane, "GET", path)), { code: 403, reason: "Forbidden", message });
  }
  // Everybody may see what the server has, and not only there.
  const found = await send(jane, "GET", "/api/v1");
  assert.equal(isJsonObject(found) && found["kind"], "APIResourceList");
});

Deno.test("a RoleBinding gives its subjects the role in its namespace", async () => {
  using fixture = start();
  const { client } = fixture;
  await role(client, "read", readSecrets);
  await bind(client, "Role", "read", user("jane"));
  await bind(client, "Role", "read", { kind: "Group", apiGroup, name: "devs" });
  await bind(client, "Role", "read", { kind: "ServiceAccount", name: "robot" });
  const users = [{ username: "jane" }, { username: "x", groups: ["devs"] }, serviceAccountUser("default", "robot")];
  for (const each of users) {
    await send(as(fixture, each), "GET", secrets);
    assert.equal((await refusal(send(as(fixture, each), "GET", "/api/v1/namespaces/kube-system/secrets"))).code, 403);
    assert.equal((await refusal(send(as(fixture, each), "GET", "/api/v1/secrets"))).code, 403);
    assert.equal((await refusal(send(as(fixture, each), "POST", secrets, { metadata: { name: "a" } }))).code, 403);
  }
  assert.equal((await refusal(send(as(fixture, serviceAccountUser("other", "robot")), "GET", secrets))).code, 403);
});

Deno.test("changes of roles and bindings count at once", async () => {
  using fixture = start();
  const { client } = fixture;
  const jane = as(fixture, { username: "jane" });
  await clusterRole(client, "read", readSecrets);
  assert.equal((await refusal(send(jane, "GET", "/api/v1/secrets"))).code, 403);
  await bindEverywhere(client, "read", user("jane"));
  await send(jane, "GET", "/api/v1/secrets");
  await send(client, "PATCH", `${group}/clusterroles/read`, { rules: [] }, {
    contentType: "application/merge-patch+json",
  });
  assert.equal((await refusal(send(jane, "GET", "/api/v1/secrets"))).code, 403);
  await send(client, "DELETE", `${group}/clusterroles/read`);
  const { message } = await refusal(send(jane, "GET", "/api/v1/secrets"));
  assert.match(message, /at the cluster scope: RBAC: clusterrole\.rbac\.authorization\.k8s\.io "read" not found$/);
});

Deno.test("members of system:masters may do everything, and so may all with always-allow", async () => {
  using fixture = start();
  await send(as(fixture, { username: "root", groups: ["system:masters"] }), "GET", secrets);
  await send(fixture.server.client({ user: "by name only" }), "GET", secrets);
  using open = start({ authorization: "always-allow" });
  await send(as(open, { username: "jane" }), "GET", secrets);
  await send(as(open, { username: "jane" }), "POST", `${group}/clusterroles`, {
    metadata: { name: "all" },
    rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
  });
});

Deno.test("a patch that creates its object needs the verb create", async () => {
  using fixture = start();
  const { client } = fixture;
  const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  await role(
    client,
    "patch",
    { apiGroups: [""], resources: ["secrets"], verbs: ["patch"] },
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["update"] },
  );
  await bind(client, "Role", "patch", user("jane"));
  const jane = as(fixture, { username: "jane" });
  const body = { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } };
  const apply = (): Promise<JSONValue> =>
    send(jane, "PATCH", `${secrets}/a?fieldManager=m`, body, { contentType: "application/apply-patch+yaml" });
  assert.equal(
    (await refusal(apply())).message,
    'secrets "a" is forbidden: User "jane" cannot create resource "secrets" in API group "" in the namespace "default"',
  );
  assert.match(
    (await refusal(send(jane, "PUT", `${leases}/l`, { metadata: { name: "l" }, spec: {} }))).message,
    /^leases\.coordination\.k8s\.io "l" is forbidden: User "jane" cannot create /,
  );
  await send(client, "POST", secrets, { metadata: { name: "a" } });
  await apply();
});

Deno.test("nobody gives away rights that he does not hold", async () => {
  using fixture = start();
  const { client } = fixture;
  await clusterRole(client, "rbac", {
    apiGroups: [apiGroup],
    resources: ["roles", "rolebindings", "clusterroles"],
    verbs: ["create", "patch"],
  }, readSecrets);
  await bindEverywhere(client, "rbac", user("jane"));
  const jane = as(fixture, { username: "jane" });
  await role(jane, "held", readSecrets);
  await bind(jane, "Role", "held", user("bob"));
  const created = role(jane, "more", { ...readSecrets, verbs: ["get", "delete"] });
  assert.equal(
    (await refusal(created)).message,
    'roles.rbac.authorization.k8s.io "more" is forbidden: user "jane" (groups=["system:authenticated"]) is ' +
      "attempting to grant RBAC permissions not currently held:\n" +
      '{APIGroups:[""], Resources:["secrets"], Verbs:["delete"]}',
  );
  assert.match((await refusal(bind(jane, "ClusterRole", "view", user("jane")))).message, /not currently held/);
  assert.deepEqual(
    (await refusal(bind(jane, "Role", "nothere", user("jane")))).message,
    'rolebindings.rbac.authorization.k8s.io "nothere" not found',
  );
  const aggregating = { metadata: { name: "a" }, rules: [], aggregationRule: { clusterRoleSelectors: [{}] } };
  assert.match(
    (await refusal(send(jane, "POST", `${group}/clusterroles`, aggregating))).message,
    /must have cluster-admin privileges to use the aggregationRule$/,
  );
  const merge = { contentType: "application/merge-patch+json" };
  const held = `${group}/namespaces/default/roles/held`;
  await send(jane, "PATCH", held, { metadata: { labels: { a: "b" } } }, merge);
  assert.equal(
    (await refusal(send(jane, "PATCH", held, { rules: [{ ...readSecrets, verbs: ["*"] }] }, merge))).code,
    403,
  );
  const edit = `${group}/clusterroles/edit`;
  assert.equal((await refusal(send(jane, "PATCH", edit, { metadata: { labels: { a: "b" } } }, merge))).code, 403);
  await send(jane, "PATCH", edit, { metadata: { finalizers: ["a.b/c"] } }, merge);
});

Deno.test("the verbs escalate and bind let somebody give away more than he holds", async () => {
  using fixture = start();
  const { client } = fixture;
  await clusterRole(client, "rbac", {
    apiGroups: [apiGroup],
    resources: ["roles", "rolebindings"],
    verbs: ["create", "escalate"],
  }, { apiGroups: [apiGroup], resources: ["clusterroles"], resourceNames: ["view"], verbs: ["bind"] });
  await bindEverywhere(client, "rbac", user("jane"));
  const jane = as(fixture, { username: "jane" });
  await role(jane, "more", readSecrets);
  await bind(jane, "ClusterRole", "view", user("bob"));
  assert.equal((await refusal(bind(jane, "ClusterRole", "edit", user("bob")))).code, 403);
});

Deno.test("an aggregated ClusterRole follows the roles that it selects", async () => {
  using fixture = start();
  const { client } = fixture;
  const rulesOf = async (name: string): Promise<readonly JSONValue[]> => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    const found = await send(client, "GET", `${group}/clusterroles/${name}`);
    return isJsonObject(found) ? arrayAt(found, "rules") : [];
  };
  const labels = { "example.com/aggregate": "true" };
  await send(client, "POST", `${group}/clusterroles`, {
    metadata: { name: "all" },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }] },
    rules: [],
  });
  await send(client, "POST", `${group}/clusterroles`, { metadata: { name: "one", labels }, rules: [readSecrets] });
  assert.deepEqual(await rulesOf("all"), [readSecrets]);
  await bindEverywhere(client, "all", user("jane"));
  await send(as(fixture, { username: "jane" }), "GET", "/api/v1/secrets");
  await send(client, "DELETE", `${group}/clusterroles/one`);
  assert.deepEqual(await rulesOf("all"), []);
  assert((await rulesOf("admin")).length > 20, "the roles for users have their rules from the start");
});

Deno.test("reviews say what somebody may do, and why", async () => {
  using fixture = start();
  const { client } = fixture;
  await role(client, "read", readSecrets);
  await bind(client, "Role", "read", user("jane"));
  const reviews = "/apis/authorization.k8s.io/v1";
  const resourceAttributes = { namespace: "default", verb: "get", resource: "secrets" };
  const ask = async (by: RestClient, plural: string, spec: JSONObject): Promise<JSONObject> => {
    const answer = await send(by, "POST", `${reviews}/${plural}`, { spec });
    return isJsonObject(answer) ? objectAt(answer, "status") : {};
  };
  const jane = as(fixture, { username: "jane" });
  const allowed = await ask(client, "subjectaccessreviews", { user: "jane", resourceAttributes });
  assert.equal(allowed["allowed"], true);
  assert.match(
    stringAt(allowed, "reason"),
    /^RBAC: allowed by RoleBinding "b-\w+\/default" of Role "read" to User "jane"$/,
  );
  assert.deepEqual(await ask(jane, "selfsubjectaccessreviews", { resourceAttributes }), allowed);
  const local = "namespaces/default/localsubjectaccessreviews";
  assert.deepEqual(await ask(client, local, { user: "jane", resourceAttributes }), allowed);
  const other = { ...resourceAttributes, verb: "delete" };
  assert.deepEqual(await ask(jane, "selfsubjectaccessreviews", { resourceAttributes: other }), { allowed: false });
  assert.equal((await refusal(ask(jane, "subjectaccessreviews", { user: "x", resourceAttributes }))).code, 403);
  assert.equal((await refusal(ask(client, "subjectaccessreviews", { user: "x" }))).code, 422);
  const rules = await ask(jane, "selfsubjectrulesreviews", { namespace: "default" });
  assert(
    arrayAt(rules, "resourceRules").some((rule) =>
      JSON.stringify(rule) === '{"verbs":["get","list"],"apiGroups":[""],"resources":["secrets"]}'
    ),
  );
  assert.equal(rules["incomplete"], false);
});
