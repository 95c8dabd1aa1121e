import type { JSONObject } from "../../k8s/contract.ts";

/** A user as one who sets up a server names him (`UserInfo` of `authentication.k8s.io/v1`). */
export interface User {
  readonly username: string;
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

/** The user with the group of all who are known. Those who are not stay as they are. */
export function completeUser(user: User): UserInfo {
  const { groups = [] } = user;
  const settled = user.username === anonymousUser.username || groups.includes(groupNames.unauthenticated) ||
    groups.includes(groupNames.authenticated);
  return { ...user, groups: settled ? groups : [...groups, groupNames.authenticated] };
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
