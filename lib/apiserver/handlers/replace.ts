import { trackUpdate } from "../apply/managed_fields.ts";
import { type Context, timestamp } from "../context.ts";
import { copyObject, objectAt, stringAt } from "../json.ts";
import { parseAccept } from "../request/accept.ts";
import type { Answer, Call } from "../request/call.ts";
import { decodeObject } from "../request/decode.ts";
import { parseWriteQuery } from "../request/write_options.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { conflict } from "../status.ts";
import { recordKey } from "../store/record.ts";
import { insert, setNamespace } from "./create.ts";
import { representObject } from "./projection.ts";
import { checkPlace, updateObject } from "./update.ts";

function uidConflict(resource: ServedResource, namespace: string | undefined, name: string, uid: string): string {
  const group = resource.group === "" || resource.group.endsWith(".k8s.io") ? "" : `${resource.group}/`;
  const key = `/registry/${group}${resource.plural}/${namespace === undefined ? "" : `${namespace}/`}${name}`;
  return `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ` +
    `Precondition failed: UID in precondition: ${uid}, UID in object meta: `;
}

/** PUT of an object or its status. Some kinds may be created so. */
export async function replaceObject(
  context: Context,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
  name: string,
  subresource: "status" | undefined,
): Promise<Answer> {
  const represent = representObject(resource, parseAccept(call.accept, resource));
  const query = parseWriteQuery(call, "UpdateOptions");
  const { object, warnings } = decodeObject(call, resource);
  const metadata = objectAt(object, "metadata");
  checkPlace(metadata, namespace, name);
  const exists = context.store.collection(storageKey(resource)).get(recordKey(namespace ?? "", name)) !== undefined;
  if (!exists && resource.createOnUpdate === true && subresource === undefined) {
    const uid = stringAt(metadata, "uid");
    // Whoever names a uid means an object that he has seen.
    if (uid !== "") throw conflict(resource, name, uidConflict(resource, namespace, name, uid));
    setNamespace(object, resource, namespace);
    trackUpdate(undefined, object, resource, { manager: query.manager, time: timestamp(context.clock) });
    const value = represent(await insert(context, call, resource, object, query));
    return { type: "value", code: 201, value, warnings };
  }
  const change = (): { object: typeof object; managed: boolean } => ({ object: copyObject(object), managed: false });
  const updated = await updateObject({
    context,
    call,
    resource,
    namespace,
    name,
    subresource,
    query,
    change,
    uidConflict: true,
  });
  return { type: "value", code: 200, value: represent(updated), warnings };
}
