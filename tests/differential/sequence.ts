import type { JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import { arrayAt, objectAt, stringAt } from "../../lib/apiserver/json.ts";
import { SequenceClient } from "./client.ts";
import { type Face, isWatching, type Watching, type WireAnswer, type WireRequest } from "./face.ts";
import { type KindName, kinds } from "./kinds.ts";
import { known } from "./known.ts";
import { differences, generated, Normalizer, rootCertificate } from "./normalize.ts";
import type { Step } from "./steps.ts";

/** What came of a sequence. */
export type Outcome =
  | { readonly result: "same" }
  /** It met what is knowingly different. When that is lasting, what comes after it was not compared. */
  | { readonly result: "known"; readonly name: string; readonly lasting: boolean }
  | {
    readonly result: "different";
    readonly step: Step | undefined;
    readonly request: string;
    readonly differences: readonly string[];
  };

/** What was compared. */
export interface Tally {
  requests: number;
  events: number;
  refusals: number;
}

/** One server, and what a client knows of it. */
class Side {
  readonly face: Face;
  readonly client: SequenceClient;
  readonly normalizer = new Normalizer();
  readonly watches: Watching[] = [];

  constructor(face: Face, prefix: string) {
    this.face = face;
    this.client = new SequenceClient(prefix);
  }

  async perform(step: Step): Promise<readonly WireAnswer[]> {
    const request = this.client.request(step);
    if (step.do === "watch") return [await this.#watch(request)];
    const answer = await this.face.send(request);
    this.client.learn(answer);
    return step.do === "list" && step.pages ? [answer, ...await this.#pages(request, answer)] : [answer];
  }

  async #watch(request: WireRequest): Promise<WireAnswer> {
    const answer = await this.face.watch(request);
    if (!isWatching(answer)) return answer;
    this.watches.push(answer);
    return { code: 200, body: "watching", warnings: [] };
  }

  async #pages(request: WireRequest, first: WireAnswer): Promise<readonly WireAnswer[]> {
    const answers: WireAnswer[] = [];
    let answer = first;
    for (let page = 0; page < 5; page++) {
      const token = isJsonObject(answer.body) ? stringAt(objectAt(answer.body, "metadata"), "continue") : "";
      if (token === "") break;
      const query = new URLSearchParams(request.query);
      query.set("continue", token);
      query.delete("resourceVersion");
      query.delete("resourceVersionMatch");
      answer = await this.face.send({ ...request, query });
      answers.push(answer);
    }
    return answers;
  }
}

/** Sends a sequence to both servers and compares all that they answer. */
export async function runSequence(
  steps: readonly Step[],
  prefix: string,
  real: Face,
  memory: Face,
  tally: Tally,
): Promise<Outcome> {
  const sides = [new Side(real, prefix), new Side(memory, prefix)] as const;
  try {
    for (const { face } of sides) await prepare(face, prefix);
    let met: Outcome | undefined;
    for (const [index, step] of steps.entries()) {
      for await (const outcome of compareStep(step, steps.slice(0, index), sides, tally)) {
        if (outcome.result === "different" || outcome.result === "known" && outcome.lasting) return outcome;
        met ??= outcome;
      }
    }
    const outcome = await compareEvents(steps, sides, tally);
    return outcome.result === "same" && met !== undefined ? met : outcome;
  } finally {
    for (const side of sides) {
      for (const watch of side.watches) await watch.stop();
      if (steps.some((step) => "kind" in step && step.kind === "hooks")) {
        for (const request of side.client.cleanUp()) await side.face.send(request);
      }
    }
  }
}

async function prepare(face: Face, prefix: string): Promise<void> {
  for (const name of [prefix, `${prefix}-2`]) {
    await face.send({
      method: "POST",
      path: "/api/v1/namespaces",
      query: new URLSearchParams(),
      body: JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name } }),
    });
  }
  face.takeReviews();
  // kube-controller-manager puts this one into each namespace; no sequence touches it.
  const path = `/api/v1/namespaces/${prefix}/configmaps`;
  const query = new URLSearchParams();
  if (face.name === "memory") {
    const body = JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: rootCertificate },
      data: { "ca.crt": "" },
    });
    await face.send({ method: "POST", path, query, body });
  } else {
    await face.settle(async () =>
      (await face.send({ method: "GET", path: `${path}/${rootCertificate}`, query })).code === 200
    );
  }
}

type Sides = readonly [Side, Side];

/** What is different about a step: about its answers, the reviews, and what is there in the end. */
async function* compareStep(
  step: Step,
  before: readonly Step[],
  sides: Sides,
  tally: Tally,
): AsyncGenerator<Outcome, void, undefined> {
  const [real, memory] = sides;
  const request = describe(memory.client, step);
  const answers = [await real.perform(step), await memory.perform(step)] as const;
  tally.requests += answers[0].length;
  tally.refusals += answers[0].filter(({ code }) => code >= 400).length;
  for (let index = 0; index < Math.max(answers[0].length, answers[1].length); index++) {
    const [left, right] = [answers[0][index], answers[1][index]];
    const found = differences(normal(real, left), normal(memory, right));
    if (found.length > 0) yield explained(step, before, request, found, left, right);
  }
  const asked = differences(reviews(real), reviews(memory), "reviews");
  if (asked.length > 0) yield explained(step, before, request, asked, answers[0][0], answers[1][0]);
  if (!("kind" in step) || ["get", "list", "watch"].includes(step.do)) return;
  // The real server empties a namespace in its own time, and slowly where there are many.
  if (step.kind === "namespaces" || (!real.client.hasOwners && !isCollected(step))) return;
  const left = (await settle(sides, step.kind)).map((each) => `after a while: ${each}`);
  if (left.length > 0) yield explained(step, before, request, left, answers[0][0], answers[1][0]);
}

function explained(
  step: Step | undefined,
  before: readonly Step[],
  request: string,
  differences: readonly string[],
  real: WireAnswer = noAnswer,
  memory: WireAnswer = noAnswer,
): Outcome {
  const explanation = known({ step, before, real, memory, differences });
  return explanation === undefined
    ? { result: "different", step, request, differences }
    : { result: "known", ...explanation };
}

const noAnswer: WireAnswer = { code: 200, body: undefined, warnings: [] };

/** Is something done in the background after such a step? */
function isCollected(step: Step): boolean {
  return step.do === "delete" &&
      (step.policy === "Foreground" || step.policy === "Orphan") ||
    step.do === "deletecollection";
}

/** Waits until both servers have the same objects; what differs in the end. */
async function settle([real, memory]: Sides, kind: KindName): Promise<readonly string[]> {
  const watched: readonly KindName[] = kinds[kind].namespaced ? ["configmaps", "secrets", "leases"] : [kind];
  await memory.face.settle(() => Promise.resolve(true));
  let left: readonly string[] = [];
  await real.face.settle(async () => {
    left = [];
    for (const each of watched) {
      const answers = [
        await real.face.send(real.client.all(each)),
        await memory.face.send(memory.client.all(each)),
      ] as const;
      left = [...left, ...differences(outline(answers[0]), outline(answers[1]), each)];
    }
    return left.length === 0;
  });
  return left;
}

/** The objects of a list without what changes with each write. */
function outline({ body }: WireAnswer): JSONValue {
  if (!isJsonObject(body)) return body;
  return arrayAt(body, "items").filter(isJsonObject).map((item) => {
    const metadata = objectAt(item, "metadata");
    const { name = "", finalizers = [], ownerReferences = [] } = metadata;
    const owners = Array.isArray(ownerReferences) ? ownerReferences.length : 0;
    return {
      name: String(name).replaceAll(generated, "$1XXXXX"),
      finalizers,
      owners,
      deleted: metadata["deletionTimestamp"] !== undefined,
    };
  });
}

function normal(side: Side, answer: WireAnswer | undefined): JSONValue {
  return side.normalizer.normalize(answer === undefined ? undefined : { ...answer, warnings: [...answer.warnings] });
}

function reviews(side: Side): JSONValue {
  // The garbage collector in memory asks no webhooks.
  const ours = side.face.takeReviews().filter((request) => objectAt(request, "userInfo")["username"] === "admin");
  return ours.map((request) => {
    // Who the administrator is differs, and the uid of a review is random.
    const { userInfo: _, uid: _uid, ...rest } = request;
    return side.normalizer.normalize(rest);
  });
}

async function compareEvents(steps: readonly Step[], sides: Sides, tally: Tally): Promise<Outcome> {
  const [real, memory] = sides;
  const watches = steps.filter((step) => step.do === "watch");
  if (memory.watches.length === 0) return { result: "same" };
  for (const kind of new Set(watches.map((step) => step.kind))) {
    for (const { client, face } of sides) for (const request of client.last(kind)) await face.send(request);
  }
  const opened = real.watches.map((watch, index) => [watch, memory.watches[index]] as const);
  // Garbage is collected in any order.
  const grouped = real.client.hasOwners;
  for (const [left, right] of opened) {
    if (right === undefined) continue;
    await right.reach(0);
    await left.reach(right.events.length);
    tally.events += right.events.length;
    const found = differences(
      real.normalizer.normalize(inOrder(left.events, grouped)),
      memory.normalizer.normalize(inOrder(right.events, grouped)),
      "events",
    );
    if (found.length > 0) {
      const request = `${left.events.length} | ${right.events.length} events`;
      return explained(undefined, steps, request, found);
    }
  }
  return { result: "same" };
}

function inOrder(events: readonly JSONValue[], grouped: boolean): JSONValue {
  const nameOf = (event: JSONValue): string =>
    isJsonObject(event) ? stringAt(objectAt(objectAt(event, "object"), "metadata"), "name") : "";
  const comparable = [...events];
  return grouped
    ? comparable.toSorted((left, right) => nameOf(left) < nameOf(right) ? -1 : nameOf(left) > nameOf(right) ? 1 : 0)
    : comparable;
}

/** A request as a person reads it. */
function describe(client: SequenceClient, step: Step): string {
  const { method, path, query, body, contentType } = client.peek(step);
  return `${method} ${path}${query.size === 0 ? "" : `?${decodeURIComponent(String(query))}`} ${contentType ?? ""} ${
    body ?? ""
  }`;
}
