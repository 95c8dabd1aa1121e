import { isJsonObject } from "../../k8s/errors.ts";
import type { Context } from "../context.ts";
import { parseStored } from "../json.ts";
import type { Answer, Call, WatchSource } from "../request/call.ts";
import { parsePath } from "../request/request_info.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { scales } from "../resources/subresources.ts";
import { acceptedTable, parseInclude, tableOf, type TableRequest } from "./table.ts";

/** Answers requests. */
export type Handle = (call: Call) => Answer | Promise<Answer>;

/**
 * Answers a request, as tables for clients that prefer those: the handlers answer with objects, and what they answer
 * is shown as rows. @throws StatusError
 */
export function answerTables(
  context: Pick<Context, "registry" | "clock">,
  call: Call,
  handle: Handle,
): ReturnType<Handle> {
  const version = acceptedTable(call.accept);
  if (version === undefined) return handle(call);
  const { clock, registry } = context;
  const objects = { ...call, accept: "application/json" };
  const target = parsePath(call.path);
  const served = target.type === "resource" ? registry.find(target.group, target.version, target.plural) : undefined;
  if (served === undefined) return handle(objects);
  const resource = target.type === "resource" && target.subresource === "scale" ? scales : served;
  const request: TableRequest = { version, include: parseInclude(call.query.get("includeObject")) };
  const present = (answer: Answer): Answer => {
    switch (answer.type) {
      case "value":
        return { ...answer, value: tableOf(answer.value, resource, request, clock.now()) };
      case "watch":
        return { type: "watch", events: new TableEvents(answer.events, resource, request, () => clock.now()) };
      case "text":
      case "stream":
        return answer;
    }
  };
  const answer = handle(objects);
  return answer instanceof Promise ? answer.then(present) : present(answer);
}

/** A watch whose events carry tables of one row. */
class TableEvents implements WatchSource {
  readonly #events: WatchSource;
  readonly #resource: ServedResource;
  readonly #request: TableRequest;
  readonly #now: () => number;
  #header = true;

  constructor(events: WatchSource, resource: ServedResource, request: TableRequest, now: () => number) {
    this.#events = events;
    this.#resource = resource;
    this.#request = request;
    this.#now = now;
  }

  async next(): Promise<string | undefined> {
    const text = await this.#events.next();
    if (text === undefined) return undefined;
    const event = parseStored(text);
    const { object } = event;
    // The end of a watch is a Status, which tableOf() leaves alone.
    const table = tableOf(object, this.#resource, this.#request, this.#now(), this.#header);
    if (isJsonObject(table) && table["kind"] === "Table") this.#header = false;
    return JSON.stringify({ ...event, object: table });
  }

  [Symbol.dispose](): void {
    this.#events[Symbol.dispose]();
  }
}
