import assert from "node:assert/strict";
import { formatGroupResource, type GroupResource } from "../../../lib/k8s/api/resource.ts";
import { UnknownResourceError } from "../../../lib/k8s/discovery.ts";
import { OwnerKinds } from "../../../lib/rings/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { ringOf, Scene } from "./scene.ts";

const group = "example.com";
const theme = { group, kind: "Theme" };
const website = { group, kind: "Website" };

let generation = 1;

/** A ring whose main resources are these. */
function ringWith(...resources: readonly string[]): ReturnType<typeof ringOf> {
  return ringOf("ring", { resources: resources.map((resource) => ({ group, resource })) }, ++generation);
}

/** Rings on which kinds are looked up, from a server that the test fills. */
class Kinds implements AsyncDisposable {
  readonly scene = new Scene();
  /** What the server has: the resources' kinds, and whether they lie in namespaces. */
  readonly server = new Map([["themes.example.com", { kind: "Theme", namespaced: false }]]);
  readonly asked: string[] = [];
  readonly subject = new OwnerKinds({
    rings: this.scene.subject,
    lookup: { resourceFor: (resource) => this.#find(resource) },
    clock: this.scene.clock,
    random: seededRandom(1),
  });
  readonly #over = new AbortController();
  #done = Promise.resolve();

  async start(ring: ReturnType<typeof ringOf>): Promise<void> {
    await this.scene.start([], [ring]);
    this.#done = this.subject.run(this.#over.signal);
    await this.scene.clock.settle();
  }

  /** What is said of an owner in the ring as it is now. */
  ask(owner: { readonly group: string; readonly kind: string }): boolean | undefined {
    const snapshot = this.scene.subject.get("ring");
    assert.ok(snapshot !== undefined);
    return this.subject.isClusterScoped(snapshot.ring, owner);
  }

  #find(resource: GroupResource): Promise<{ readonly kind: string; readonly namespaced: boolean }> {
    this.asked.push(formatGroupResource(resource));
    const found = this.server.get(formatGroupResource(resource));
    return found === undefined ? Promise.reject(new UnknownResourceError(resource)) : Promise.resolve(found);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#done;
    await this.scene[Symbol.asyncDispose]();
    assert.equal(this.scene.clock.pending, 0);
  }
}

Deno.test("OwnerKinds tell which main resources lie in no namespace, and that all other kinds may be in one", async () => {
  await using kinds = new Kinds();
  kinds.server.set("websites.example.com", { kind: "Website", namespaced: true });
  await kinds.start(ringWith("themes", "websites"));
  assert.deepEqual([kinds.ask(theme), kinds.ask(website)], [true, false]);
  assert.equal(kinds.ask({ group, kind: "Other" }), false);
  assert.equal(kinds.ask({ group: "", kind: "Theme" }), false);
});

Deno.test("OwnerKinds do not know of kinds that may be those of a resource which the server does not have yet", async () => {
  await using kinds = new Kinds();
  await kinds.start(ringWith("themes", "websites"));
  assert.deepEqual([kinds.ask(theme), kinds.ask(website)], [true, undefined]);
  assert.equal(kinds.ask({ group: "", kind: "Website" }), false);
  kinds.server.set("websites.example.com", { kind: "Website", namespaced: false });
  await kinds.scene.clock.advance(2_000);
  assert.equal(kinds.ask(website), true);
});

Deno.test("OwnerKinds ask more and more seldom, and not at all once they know or nobody needs it", async () => {
  await using kinds = new Kinds();
  await kinds.start(ringWith("websites"));
  await kinds.scene.clock.advance(600_000);
  assert.ok(kinds.asked.length < 20, String(kinds.asked.length));
  kinds.scene.rings.apply(ringWith("themes"));
  await kinds.scene.clock.settle();
  const { length } = kinds.asked;
  assert.equal(kinds.asked.at(-1), "themes.example.com");
  await kinds.scene.clock.advance(600_000);
  assert.equal(kinds.asked.length, length);
});

Deno.test("OwnerKinds forget the look for a ring that is gone", async () => {
  await using kinds = new Kinds();
  await kinds.start(ringWith("websites"));
  kinds.scene.rings.delete(ringWith("websites"));
  await kinds.scene.clock.settle();
  const { length } = kinds.asked;
  await kinds.scene.clock.advance(600_000);
  assert.equal(kinds.asked.length, length);
});
