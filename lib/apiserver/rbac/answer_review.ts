import type { JSONObject } from "../../k8s/contract.ts";
import { trackUpdate } from "../apply/managed_fields.ts";
import { InvalidTokenError, issuer, type ServiceAccountTokens } from "../authentication/service_account_tokens.ts";
import { completeUser, type UserInfo, userInfoDocument } from "../authentication/user_info.ts";
import { type Context, timestamp } from "../context.ts";
import { getField, objectAt, stringAt, stringsAt } from "../json.ts";
import type { Answer, Call } from "../request/call.ts";
import { decodeObject } from "../request/decode.ts";
import { parseWriteQuery } from "../request/write_options.ts";
import { badRequest, invalid, methodNotAllowed, noSuchPath } from "../status.ts";
import { invalidValue } from "../validate/metadata.ts";
import type { Attributes } from "./attributes.ts";
import type { Authorizer, Decision } from "./authorizer.ts";
import { aggregate } from "./rbac_authorizer.ts";
import type { ReviewResource } from "./reviews.ts";
import type { PolicyRule } from "./rules.ts";

/** Where a review was posted to. */
interface Place {
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** Answers who somebody is, what a token is worth, or what somebody may do. @throws StatusError */
export function answerReview(context: Context, call: Call, resource: ReviewResource, place: Place): Answer {
  if (place.name !== undefined || resource.namespaced !== (place.namespace !== undefined)) throw noSuchPath();
  if (call.method !== "POST") throw methodNotAllowed();
  const { authorizer, tokens } = context;
  const { manager } = parseWriteQuery(call, "CreateOptions");
  const { object, warnings } = decodeObject(call, resource);
  const answer = (value: JSONObject): Answer => ({ type: "value", code: 201, value, warnings });
  const { kind, apiVersion } = object;
  const spec = objectAt(object, "spec");
  const time = timestamp(context.clock);
  switch (resource.plural) {
    case "selfsubjectreviews": {
      const status = { userInfo: userInfoDocument(call.user) };
      return answer({ kind, apiVersion, metadata: { creationTimestamp: time }, status });
    }
    case "selfsubjectrulesreviews":
      return answer({ kind, apiVersion, metadata: {}, spec: {}, status: heldRules(authorizer, call.user, spec) });
    case "tokenreviews":
      if (stringAt(spec, "token") === "") throw badRequest("token is required for TokenReview in authentication");
      trackUpdate(undefined, object, resource, { manager, time });
      return answer({ ...object, status: tokenStatus(tokens, call, spec) });
    case "localsubjectaccessreviews":
      setPlace(object, place.namespace ?? "");
      break;
    case "selfsubjectaccessreviews":
    case "subjectaccessreviews":
      delete objectAt(object, "metadata")["namespace"];
  }
  trackUpdate(undefined, object, resource, { manager, time });
  checkAccessReview(object, resource);
  const user = resource.plural === "selfsubjectaccessreviews" ? call.user : subjectOf(spec);
  return answer({ ...object, status: accessStatus(authorizer.authorize(user, wantedBy(spec))) });
}

function setPlace(object: JSONObject, namespace: string): void {
  const metadata = objectAt(object, "metadata");
  const given = stringAt(metadata, "namespace");
  if (given !== "" && given !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  metadata["namespace"] = namespace;
}

/** @throws StatusError 422 */
function checkAccessReview(object: JSONObject, resource: ReviewResource): void {
  const spec = objectAt(object, "spec");
  const metadata = objectAt(object, "metadata");
  const isLocal = resource.plural === "localsubjectaccessreviews";
  const path = getField(spec, "nonResourceAttributes");
  const wanted = getField(spec, "resourceAttributes");
  const { verb, path: url } = objectAt(spec, "nonResourceAttributes");
  const shown = { Path: url ?? "", Verb: verb ?? "" };
  const causes = [];
  if (path !== undefined && wanted !== undefined) {
    const why = "cannot be specified in combination with resourceAttributes";
    causes.push(invalidValue("spec.nonResourceAttributes", shown, why));
  } else if (path === undefined && wanted === undefined) {
    const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    causes.push(invalidValue("spec.resourceAttributes", null, why));
  }
  if (resource.plural !== "selfsubjectaccessreviews" && stringAt(spec, "user") === "" && !hasGroups(spec)) {
    causes.push(invalidValue("spec.user", "", "at least one of user or group must be specified"));
  }
  const { namespace: _, ...named } = metadata;
  const { managedFields, ...own } = isLocal ? named : metadata;
  if (Object.keys(own).length > 0) {
    causes.push(invalidValue("metadata", { ...own, managedFields }, "must be empty"));
  }
  if (isLocal) {
    const place = stringAt(objectAt(spec, "resourceAttributes"), "namespace");
    if (wanted !== undefined && place !== metadata["namespace"]) {
      causes.push(invalidValue("spec.resourceAttributes.namespace", place, "must match metadata.namespace"));
    }
    if (path !== undefined) {
      causes.splice(0, causes.length);
      causes.push(invalidValue("spec.nonResourceAttributes", shown, "disallowed on this kind of request"));
    }
  }
  // The real server does not name the kind here.
  if (causes.length > 0) throw invalid({ ...resource, kind: "" }, "", causes);
}

function hasGroups(spec: JSONObject): boolean {
  return stringsAt(spec, "groups").length > 0;
}

/** Whom a review asks about; it names all his groups itself. */
function subjectOf(spec: JSONObject): UserInfo {
  const extra = objectAt(spec, "extra");
  return {
    username: stringAt(spec, "user"),
    uid: stringAt(spec, "uid"),
    groups: stringsAt(spec, "groups"),
    extra: Object.fromEntries(Object.keys(extra).map((key) => [key, stringsAt(extra, key)])),
  };
}

function wantedBy(spec: JSONObject): Attributes {
  const path = getField(spec, "nonResourceAttributes");
  if (path !== undefined) {
    const attributes = objectAt(spec, "nonResourceAttributes");
    return { type: "path", verb: stringAt(attributes, "verb"), path: stringAt(attributes, "path") };
  }
  const attributes = objectAt(spec, "resourceAttributes");
  return {
    type: "resource",
    verb: stringAt(attributes, "verb"),
    group: stringAt(attributes, "group"),
    resource: stringAt(attributes, "resource"),
    subresource: stringAt(attributes, "subresource"),
    namespace: stringAt(attributes, "namespace"),
    name: stringAt(attributes, "name"),
  };
}

function accessStatus({ allowed, reason }: Decision): JSONObject {
  return { allowed, ...(reason === "" ? {} : { reason }) };
}

function heldRules(authorizer: Authorizer, user: UserInfo, spec: JSONObject): JSONObject {
  const namespace = stringAt(spec, "namespace");
  if (namespace === "") throw badRequest("no namespace on request");
  const { rules, problems } = authorizer.rulesOf(user, namespace);
  const listed = (values: readonly string[], key: string): JSONObject =>
    values.length === 0 ? {} : { [key]: [...values] };
  const isOfResources = (rule: PolicyRule): boolean => rule.resources.length > 0;
  return {
    resourceRules: rules.filter(isOfResources).map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs: [...verbs],
      ...listed(apiGroups, "apiGroups"),
      ...listed(resources, "resources"),
      ...listed(resourceNames, "resourceNames"),
    })),
    nonResourceRules: rules.filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs }) => ({ verbs: [...verbs], nonResourceURLs: [...nonResourceURLs] })),
    incomplete: false,
    ...(problems.length === 0 ? {} : { evaluationError: aggregate(problems) }),
  };
}

/** The status of a TokenReview: whose token it is. */
function tokenStatus(tokens: ServiceAccountTokens, call: Call, spec: JSONObject): JSONObject {
  const token = stringAt(spec, "token");
  const given = stringsAt(spec, "audiences");
  const audiences = given.length === 0 ? [issuer] : given;
  const known = audiences.includes(issuer) ? call.authenticate?.(token) : undefined;
  if (known !== undefined) {
    return { authenticated: true, user: userInfoDocument(completeUser(known)), audiences: [issuer] };
  }
  try {
    const holder = tokens.check(token, audiences);
    if (holder === undefined) return { user: {}, error: "invalid bearer token" };
    return { authenticated: true, user: userInfoDocument(holder.user), audiences: [...holder.audiences] };
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error;
    return { user: {}, error: `[invalid bearer token, ${error.message}]` };
  }
}
