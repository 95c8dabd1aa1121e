import { type Attributes, forbidden } from "../rbac/attributes.ts";
import type { Authorizer } from "../rbac/authorizer.ts";
import { badRequest, type StatusError } from "../status.ts";
import {
  completeUser,
  groupNames,
  serviceAccountGroups,
  serviceAccountOf,
  type User,
  type UserInfo,
} from "./user_info.ts";

const authentication = "authentication.k8s.io";

/** Reads whom a request wants to be taken for from its headers; undefined: nobody else. */
export function readImpersonation(headers: Headers): User | undefined {
  const username = headers.get("impersonate-user") ?? "";
  const uid = headers.get("impersonate-uid") ?? "";
  const groups = listOf(headers.get("impersonate-group"));
  const extra: Record<string, readonly string[]> = {};
  for (const [name, value] of headers) {
    if (!name.startsWith(extraPrefix)) continue;
    extra[unescape(name.slice(extraPrefix.length))] = listOf(value);
  }
  const hasExtra = Object.keys(extra).length > 0;
  if (username === "" && uid === "" && groups.length === 0 && !hasExtra) return undefined;
  return { username, groups, ...(uid === "" ? {} : { uid }), ...(hasExtra ? { extra } : {}) };
}

const extraPrefix = "impersonate-extra-";

/** Headers that were sent several times are one here. */
function listOf(value: string | null): readonly string[] {
  return value === null ? [] : value.split(/, */).filter((each) => each !== "");
}

function unescape(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // It is taken as it stands, as by the real server.
  }
}

/**
 * The user whom another one is taken for, if he may be: by the verb `impersonate` on users, groups, uids, service
 * accounts and `userextras`, or by the verbs that constrain it to some requests (KEP-5284).
 * @param request what the request wants to do
 * @throws StatusError 400, 403
 */
export function impersonate(authorizer: Authorizer, user: UserInfo, wanted: User, request: Attributes): UserInfo {
  if (wanted.username === "") throw badRequest(`requested ${describe(wanted)} without impersonating a user name`);
  const plain = firstRefusal(authorizer, user, checksFor(wanted, "impersonate", ""));
  if (plain !== undefined) {
    const mode = serviceAccountOf(wanted.username) === undefined ? "user-info" : "serviceaccount";
    const constrained =
      firstRefusal(authorizer, user, [{ ...request, verb: `impersonate-on:${mode}:${request.verb}` }]) ??
        (wanted.groups?.includes(groupNames.masters) === true
          ? mastersRefused(user, mode)
          : firstRefusal(authorizer, user, checksFor(wanted, `impersonate:${mode}`, authentication)));
    // Who may impersonate the user at all is told what else he lacks for it.
    if (constrained !== undefined) throw mayBe(authorizer, user, wanted) ? plain : constrained;
  }
  return completeImpersonated(wanted);
}

function completeImpersonated(wanted: User): UserInfo {
  const account = serviceAccountOf(wanted.username);
  const groups = wanted.groups ?? [];
  if (account === undefined || groups.length > 0) return completeUser(wanted);
  return completeUser({ ...wanted, groups: serviceAccountGroups(account.namespace) });
}

/** What somebody must be allowed to do to be taken for a user. */
function checksFor(
  { username, uid, groups = [], extra = {} }: User,
  verb: string,
  group: string,
): readonly Attributes[] {
  const check = (in_: string, resource: string, name: string, subresource = "", namespace = ""): Attributes => {
    return { type: "resource", verb, group: in_, resource, subresource, namespace, name };
  };
  const account = serviceAccountOf(username);
  return [
    account === undefined
      ? check(group, "users", username)
      : check(group, "serviceaccounts", account.name, "", account.namespace),
    ...groups.map((name) => check(group, "groups", name)),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => check(authentication, "userextras", value, key))
    ),
    ...(uid === undefined ? [] : [check(authentication, "uids", uid)]),
  ];
}

function mayBe(authorizer: Authorizer, user: UserInfo, { username }: User): boolean {
  return firstRefusal(authorizer, user, checksFor({ username }, "impersonate", "")) === undefined;
}

function firstRefusal(authorizer: Authorizer, user: UserInfo, checks: readonly Attributes[]): StatusError | undefined {
  for (const check of checks) {
    const { allowed, reason } = authorizer.authorize(user, check);
    if (!allowed) return forbidden(user, check, reason);
  }
  return undefined;
}

function mastersRefused(user: UserInfo, mode: string): StatusError {
  const check = {
    type: "resource",
    verb: `impersonate:${mode}`,
    group: authentication,
    resource: "groups",
    subresource: "",
    namespace: "",
    name: groupNames.masters,
  } as const;
  return forbidden(user, check, "impersonating the system:masters group is not allowed");
}

/** As Go shows the structure. */
function describe({ username, uid = "", groups = [], extra = {} }: User): string {
  const quoted = (values: readonly string[]): string => values.map((value) => JSON.stringify(value)).join(", ");
  const strings = (values: readonly string[]): string =>
    values.length === 0 ? "[]string(nil)" : `[]string{${quoted(values)}}`;
  const entries = Object.entries(extra).map(([key, values]) => `${JSON.stringify(key)}:${strings(values)}`);
  const more = entries.length === 0 ? "map[string][]string(nil)" : `map[string][]string{${entries.join(", ")}}`;
  return `&user.DefaultInfo{Name:${JSON.stringify(username)}, UID:${JSON.stringify(uid)}, ` +
    `Groups:${strings(groups)}, Extra:${more}}`;
}
