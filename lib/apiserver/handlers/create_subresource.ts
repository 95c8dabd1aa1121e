import type { AdmissionAttempt } from "../admission/admission.ts";
import type { JSONObject } from "../../k8s/contract.ts";
import type { Context } from "../context.ts";
import { objectAt, stringAt } from "../json.ts";
import type { Answer, Call } from "../request/call.ts";
import { decodeObject } from "../request/decode.ts";
import { parseWriteQuery } from "../request/write_options.ts";
import { apiVersionOf } from "../resources/registry.ts";
import type { ServedResource } from "../resources/served_resource.ts";
import { badRequest } from "../status.ts";
import { setNamespace } from "./create.ts";

/** A POST to a subresource, or to a path of its own, that does something with an object. */
export interface SubresourceCreate {
  readonly context: Context;
  readonly call: Call;
  /** Undefined for a path of its own. */
  readonly resource: ServedResource;
  readonly subresource: string | undefined;
  /** The kind of the body. */
  readonly bodies: ServedResource;
  readonly namespace: string;
  /** Undefined: that of the body. */
  readonly name: string | undefined;
}

/** A body that was read, and that mutating admission let pass. */
export interface SubresourceBody {
  readonly name: string;
  readonly object: JSONObject;
  readonly dryRun: boolean;
  /** Asks validating admission. @throws StatusError */
  readonly validate: () => Promise<void>;
}

/** Reads the body of such a POST. @throws StatusError 400, or what admission refuses with */
export async function readSubresourceBody(request: SubresourceCreate): Promise<SubresourceBody> {
  const { context, call, resource, subresource, bodies, namespace } = request;
  const { dryRun, given: { force: _, ...options } } = parseWriteQuery(call, "CreateOptions");
  const { object } = decodeObject(call, bodies);
  setNamespace(object, bodies, namespace);
  const name = request.name ?? stringAt(objectAt(object, "metadata"), "name");
  if (name === "") throw badRequest("Name parameter required.");
  const attempt: AdmissionAttempt = {
    resource,
    subresource,
    bodies,
    operation: "CREATE",
    namespace,
    name,
    object,
    old: undefined,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", ...options },
    dryRun,
    user: call.user,
    signal: call.signal,
    warn: call.warn,
  };
  const admitted = await context.admission.admit(attempt) ?? object;
  const inBody = stringAt(objectAt(admitted, "metadata"), "name");
  if (inBody !== name) throw badRequest(`name in URL does not match name in ${bodies.kind} object`);
  const validate = async (): Promise<void> => await context.admission.validate({ ...attempt, object: admitted });
  return { name, object: { ...admitted, apiVersion: apiVersionOf(bodies) }, dryRun, validate };
}

/** What such a POST is answered with. */
export function done(): Answer {
  const value = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
  return { type: "value", code: 201, value };
}
