import { completeUser, type User, type UserInfo } from "../authentication/user_info.ts";
import { StatusError } from "../status.ts";

/** Finds out who holds a bearer token; undefined when nobody does. */
export type Authenticate = (token: string) => User | undefined;

/** A user who is known by a bearer token. */
export interface TokenUser extends User {
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
export function userOf(headers: Headers, authenticate: Authenticate, anonymous: User | undefined): UserInfo {
  const header = headers.get("authorization");
  if (header === null) {
    if (anonymous === undefined) throw unauthorized();
    return completeUser(anonymous);
  }
  const [, token = ""] = /^Bearer +(\S+) *$/i.exec(header) ?? [];
  const user = token === "" ? undefined : authenticate(token);
  if (user === undefined) throw unauthorized();
  return completeUser(user);
}

function unauthorized(): StatusError {
  return new StatusError(401, "Unauthorized", "Unauthorized");
}
