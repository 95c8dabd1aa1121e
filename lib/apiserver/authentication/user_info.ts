import type { JSONObject } from "../../k8s/contract.ts";

/** A user as one who sets up a server names him (`UserInfo` of `authentication.k8s.io/v1`). */
export interface User {
  /** Such as `system:serviceaccount:<namespace>:<name>` for a service account. */
  readonly username: string;
  /** Differs where a user of the same name is another one. */
  readonly uid?: string;
  /** Without `system:authenticated`, which is added. @default none */
  readonly groups?: readonly string[];
  /** What else is known of him, such as the pod that a token is bound to. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Who sent a request, with all his groups. */
export interface UserInfo extends User {
  readonly groups: readonly string[];
}

/** Groups that the server itself puts users into. */
export const groupNames = {
  masters: "system:masters",
  authenticated: "system:authenticated",
  unauthenticated: "system:unauthenticated",
  serviceAccounts: "system:serviceaccounts",
} as const;

/** Who sends requests without credentials. */
export const anonymousUser: UserInfo = { username: "system:anonymous", groups: [groupNames.unauthenticated] };

/** A user of a name who may do everything. */
export function administrator(username: string): UserInfo {
  return { username, groups: [groupNames.masters, groupNames.authenticated] };
}

/** The user with the group of all who are known, or of those who are not. */
export function completeUser(user: User): UserInfo {
  const { groups = [] } = user;
  if (groups.includes(groupNames.authenticated) || groups.includes(groupNames.unauthenticated)) {
    return { ...user, groups };
  }
  const isAnonymous = user.username === anonymousUser.username;
  return { ...user, groups: [...groups, isAnonymous ? groupNames.unauthenticated : groupNames.authenticated] };
}

/** The user as JSON, for AdmissionReviews and reviews of the user himself. */
export function userInfoDocument({ username, uid, groups, extra }: UserInfo): JSONObject {
  const more = Object.entries(extra ?? {});
  return {
    ...(username === "" ? {} : { username }),
    ...(uid === undefined || uid === "" ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(more.length === 0 ? {} : { extra: Object.fromEntries(more.map(([key, values]) => [key, [...values]])) }),
  };
}

/** Name of the user that a service account is. */
export function serviceAccountUsername(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** The user that a service account is, without a token. */
export function serviceAccountUser(namespace: string, name: string): UserInfo {
  return completeUser({ username: serviceAccountUsername(namespace, name), groups: serviceAccountGroups(namespace) });
}

/** Groups of the service accounts of a namespace, as the real server puts them into. */
export function serviceAccountGroups(namespace: string): readonly string[] {
  return [groupNames.serviceAccounts, `${groupNames.serviceAccounts}:${namespace}`];
}

/** Namespace and name of the service account that a user is; undefined when he is none. */
export function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
