import { impersonate } from "./authentication/impersonation.ts";
import type { Context } from "./context.ts";
import { attributesOf, forbidden } from "./rbac/attributes.ts";
import { type Authorizer, isMaster } from "./rbac/authorizer.ts";
import type { Call } from "./request/call.ts";

/**
 * Lets a request pass if its user may do what it asks for. The request that is to be answered: that of the user whom it
 * wants to be taken for. @throws StatusError 400, 403
 */
export function authorizeCall({ authorizer }: Pick<Context, "authorizer">, call: Call): Call {
  const { impersonate: wanted, ...rest } = call;
  // Administrators do not wait for what does not concern them.
  if (wanted === undefined && isMaster(call.user)) return call;
  const attributes = attributesOf(call);
  const acting = wanted === undefined
    ? call
    : { ...rest, user: impersonate(authorizer, call.user, wanted, attributes) };
  checkAccess(authorizer, acting.user, attributes);
  return acting;
}

/** A patch or replacement that turns out to create its object needs the verb `create` too. @throws StatusError 403 */
export function authorizeCreation({ authorizer }: Pick<Context, "authorizer">, call: Call): void {
  if (call.method === "POST" || isMaster(call.user)) return;
  checkAccess(authorizer, call.user, { ...attributesOf(call), verb: "create" });
}

function checkAccess(authorizer: Authorizer, user: Call["user"], attributes: ReturnType<typeof attributesOf>): void {
  const { allowed, reason } = authorizer.authorize(user, attributes);
  if (!allowed) throw forbidden(user, attributes, reason);
}
