import { trackUpdate } from "../apply/managed_fields.ts";
import { type Context, timestamp } from "../context.ts";
import { copyObject, objectAt, stringAt } from "../json.ts";
import { parseAccept } from "../request/accept.ts";
import type { Answer, Call } from "../request/call.ts";
import { checkMediaType, type Decoded, decodeObject } from "../request/decode.ts";
import { parseWriteQuery } from "../request/write_options.ts";
import { type ServedResource, storageKey } from "../resources/served_resource.ts";
import { notFound, StatusError } from "../status.ts";
import { recordKey } from "../store/record.ts";
import { insert, setNamespace } from "./create.ts";
import { representObject } from "./projection.ts";
import { uidConflict } from "./uid_conflict.ts";
import { checkPlace, updateObject } from "./update.ts";

/** Reads the object. Whether its kind is right is looked at only where there is something to replace. */
function decode(
  context: Context,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
  name: string,
): Decoded {
  try {
    return decodeObject(call, resource);
  } catch (error) {
    const isInvalid = error instanceof StatusError && error.code === 422;
    const key = recordKey(namespace ?? "", name);
    if (!isInvalid || context.store.collection(storageKey(resource)).get(key) !== undefined) throw error;
    throw notFound(resource, name);
  }
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
  checkMediaType(call);
  const query = parseWriteQuery(call, "UpdateOptions");
  const { object, warnings } = decode(context, call, resource, namespace, name);
  const metadata = objectAt(object, "metadata");
  checkPlace(metadata, namespace, name);
  const exists = context.store.collection(storageKey(resource)).get(recordKey(namespace ?? "", name)) !== undefined;
  if (!exists && resource.createOnUpdate === true && subresource === undefined) {
    const uid = stringAt(metadata, "uid");
    // Whoever names a uid means an object that he has seen.
    if (uid !== "") throw uidConflict(resource, namespace, name, uid, "", query.dryRun);
    setNamespace(object, resource, namespace);
    trackUpdate(undefined, object, resource, { manager: query.manager, time: timestamp(context.clock) });
    const value = represent(await insert(context, call, resource, object, query, true));
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
