import type { JSONObject } from "../../k8s/contract.ts";
import type { Context } from "../context.ts";
import { parseStored } from "../json.ts";
import { checkStream, parseAccept } from "../request/accept.ts";
import type { Answer, Call, WatchSource } from "../request/call.ts";
import { formatContinueToken, parseContinueToken } from "../request/continue_token.ts";
import { type ListQuery, parseListQuery, parseVersion } from "../request/list_options.ts";
import { Selection } from "../request/selection.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { badRequest, expired, notFound, tooLargeVersion } from "../status.ts";
import type { Collection, Range } from "../store/collection.ts";
import { recordKey, type StoredObject } from "../store/record.ts";
import { itemProjection, listDocument, objectProjection } from "./projection.ts";
import { openWatch } from "./watch.ts";

/** GET of one object. */
export function getObject(
  context: Context,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
  name: string,
): Answer {
  const representation = parseAccept(call.accept, resource);
  const version = parseVersion(call.query.get("resourceVersion") ?? "", true) ?? 0;
  if (version > context.store.revision) throw tooLargeVersion(version, context.store.revision);
  const record = context.store.collection(storageKey(resource)).get(recordKey(namespace ?? "", name));
  if (record === undefined) throw notFound(resource, name);
  const projection = objectProjection(resource, representation);
  return { type: "value", code: 200, value: projection.project(parseStored(record.json)) };
}

/** GET of a collection: a list, or a watch. */
export function listOrWatch(
  context: Context,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
): Answer {
  const representation = parseAccept(call.accept, resource, true);
  const select = (labels: string, fields: string): Selection => new Selection(resource, namespace, labels, fields);
  const query = parseListQuery(
    call.query,
    () => select("", call.query.get("fieldSelector") ?? ""),
  );
  const selection = select(query.labelSelector, query.fieldSelector);
  if (query.watch) {
    checkStream(call.accept);
    if (representation === "metadata list") {
      const events = openWatch(
        context,
        resource,
        selection,
        objectProjection(resource, "metadata"),
        query,
        call.signal,
      );
      return { type: "watch", events: endingAtFirst(events) };
    }
    const projection = objectProjection(resource, representation);
    return { type: "watch", events: openWatch(context, resource, selection, projection, query, call.signal) };
  }
  return { type: "value", code: 200, value: list(context, resource, selection, query, representation) };
}

function list(
  context: Context,
  resource: ServedResource,
  selection: Selection,
  query: ListQuery,
  representation: ReturnType<typeof parseAccept>,
): JSONObject {
  const projection = itemProjection(resource, representation);
  const collection = context.store.collection(storageKey(resource));
  const { revision, limit, from } = startOf(query, collection, context.store.revision);
  const all = selection.range;
  const range: Range = from === undefined || from < all.from ? all : { ...all, from };
  const items: StoredObject[] = [];
  const metadata: JSONObject = { resourceVersion: String(revision) };
  let last = "";
  let seen = 0;
  for (const record of collection.rangeAt(range, revision)) {
    const matches = selection.matches(record);
    // The real server does not look whether what comes after a full page matches too.
    if (limit > 0 && items.length === limit) {
      metadata["continue"] = formatContinueToken({ revision, start: `${last}\0` });
      if (!selection.partial) metadata["remainingItemCount"] = collection.countAt(range, revision) - seen;
      break;
    }
    // The token starts after the last object that was returned; the real server does the same.
    if (matches) {
      last = record.key;
      items.push(record);
    }
    seen++;
  }
  return listDocument(resource, projection, metadata, items);
}

/** At which state to list, and where to begin (resource-versions.md of the Kubernetes documentation has the table). */
function startOf(
  query: ListQuery,
  collection: Collection,
  current: number,
): { revision: number; limit: number; from?: string } {
  const { resourceVersion, match, limit, continueToken } = query;
  const { forgotten } = collection.log;
  if (continueToken !== "") {
    const { revision, start } = parseContinueToken(continueToken);
    if ((resourceVersion ?? 0) !== 0) {
      throw badRequest("specifying resource version is not allowed when using continue");
    }
    if (revision === -1) return { revision: current, limit, from: start };
    if (revision > current) throw tooLargeVersion(revision, current);
    if (revision < forgotten) throw expired(tokenExpired, formatContinueToken({ revision: -1, start }));
    return { revision, limit, from: start };
  }
  if (resourceVersion === undefined) return { revision: current, limit };
  if (resourceVersion > current) throw tooLargeVersion(resourceVersion, current);
  // Any state will do: the real server answers from its cache, which knows no pages.
  if (resourceVersion === 0) return { revision: current, limit: 0 };
  // A limit without a match means the exact version, for the sake of old clients.
  if (match === "NotOlderThan" || (match === "" && limit === 0)) return { revision: current, limit };
  if (resourceVersion < forgotten) throw expired("The resourceVersion for the provided list is too old.");
  return { revision: resourceVersion, limit };
}

const tokenExpired = "The provided continue parameter is too old to display a consistent list result. You can start " +
  "a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of " +
  "the results. Continuing with the provided token results in an inconsistent list - objects that were created, " +
  "modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/** An event is no list: the real server ends such a watch when it has one to send. */
function endingAtFirst(events: WatchSource): WatchSource {
  return {
    async next(): Promise<undefined> {
      await events.next();
      events[Symbol.dispose]();
    },
    [Symbol.dispose]: () => events[Symbol.dispose](),
  };
}
