import { StatusError } from "../status.ts";

/** Who sent a request (`UserInfo` of `authentication.k8s.io/v1`). */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  /** Without `system:authenticated`, which is added. */
  readonly groups?: readonly string[];
}

/** Finds out who holds a bearer token; undefined when nobody does. */
export type Authenticate = (token: string) => UserInfo | undefined;

/** A user who is known by a bearer token. */
export interface TokenUser extends UserInfo {
  readonly token: string;
}

/** Knows these users. */
export function tokenAuthentication(users: readonly TokenUser[]): Authenticate {
  const known = new Map(users.map(({ token, ...user }) => [token, user]));
  return (token) => known.get(token);
}

/**
 * The user of a request.
 * @param anonymous who sends requests that carry no token; undefined: nobody may.
 * @throws StatusError 401
 */
export function userOf(headers: Headers, authenticate: Authenticate, anonymous: UserInfo | undefined): UserInfo {
  const header = headers.get("authorization");
  if (header === null) {
    if (anonymous === undefined) throw unauthorized();
    return anonymous;
  }
  const [, token = ""] = /^Bearer +(\S+) *$/i.exec(header) ?? [];
  const user = token === "" ? undefined : authenticate(token);
  if (user === undefined) throw unauthorized();
  return user;
}

function unauthorized(): StatusError {
  return new StatusError(401, "Unauthorized", "Unauthorized");
}
