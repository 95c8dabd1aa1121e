import type { SelfSigned } from "../../certificates/self_signed.ts";
import { type Clock, systemClock } from "../../util/clock/mod.ts";
import { type Random, systemRandom } from "../../util/random.ts";
import type { User } from "../authentication/user_info.ts";
import { apiHandler, type RequestTarget } from "./api_handler.ts";
import { kubeconfigFor } from "./kubeconfig.ts";
import { listen, type Listener } from "./listen.ts";
import { type Authenticate, tokenAuthentication, type TokenUser } from "./users.ts";

/** How to serve an API server over HTTP. */
export interface ServeApiOptions {
  /** @default 0: the machine chooses */
  readonly port?: number;
  /**
   * Serve TLS with a certificate of an authority of its own. Without it, kubectl sends no tokens, so name an
   * `anonymous` user then, with groups that may do what is wanted. @default true
   */
  readonly tls?: boolean;
  /** Who is known, each with his groups. @default one user `admin` in group `system:masters`, with a random token */
  readonly users?: readonly TokenUser[];
  /** Knows more tokens than those of `users`, such as those of service accounts. */
  readonly authenticate?: Authenticate;
  /** Who sends requests without a token; false: nobody, such requests get 401. @default `system:anonymous` */
  readonly anonymous?: User | false;
  /** Real time: certificates are valid by it. @default the machine's clock */
  readonly clock?: Clock;
  /** Makes the token of the default user. It guards nothing that matters, and only this machine can reach it. */
  readonly random?: Random;
}

/** An API server that listens on loopback. */
export interface ApiListener extends AsyncDisposable {
  /** `https://127.0.0.1:<port>`. */
  readonly url: string;
  /** Authority that issued its certificate, PEM; undefined with plain HTTP. */
  readonly certificateAuthority: string | undefined;
  /** Who may come. */
  readonly users: readonly TokenUser[];
  /** A kubeconfig file (YAML) for one of the users. @default the first user @throws Error when there is none such */
  kubeconfig(username?: string): string;
  /** Ends all watches, lets other requests finish, and stops to listen. */
  close(): Promise<void>;
}

const loopback = "127.0.0.1";

/**
 * Serves an API server over HTTP on loopback, for kubectl and every other client.
 *
 * ```ts
 * await using listener = await serveApi(server);
 * await Deno.writeTextFile("kubeconfig", listener.kubeconfig());
 * ```
 *
 * @throws ApiListenError when the port cannot be listened on.
 */
export async function serveApi(server: RequestTarget, options: ServeApiOptions = {}): Promise<ApiListener> {
  const { port = 0, tls = true, clock = systemClock, random = systemRandom, authenticate, anonymous } = options;
  const users = options.users ?? [{ username: "admin", groups: ["system:masters"], token: randomToken(random) }];
  const known = tokenAuthentication(users);
  const closing = new AbortController();
  const certificates = tls ? await issue(clock.now()) : undefined;
  const handler = apiHandler({
    server,
    authenticate: (token) => known(token) ?? authenticate?.(token),
    ...(anonymous === undefined ? {} : { anonymous }),
    closing: closing.signal,
  });
  const listener: Listener = listen({ hostname: loopback, port, tls: certificates?.serving, handler, clock });
  const url = `${tls ? "https" : "http"}://${loopback}:${listener.port}`;
  const named = anonymous === false ? undefined : anonymous;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing.abort();
    return closed ??= listener.close();
  };
  return {
    url,
    certificateAuthority: certificates?.authority,
    users,
    kubeconfig: (username) => {
      const user = username === undefined ? users[0] : users.find((each) => each.username === username);
      if (user === undefined && (username !== undefined || named === undefined)) {
        throw new Error(`no kubeconfig for user ${username}: name one of serveApi()'s users`);
      }
      return kubeconfigFor({
        server: url,
        certificateAuthority: certificates?.authority,
        user: user?.username ?? named?.username ?? "",
        token: user?.token,
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function issue(now: number): Promise<SelfSigned> {
  // Loaded here, as who serves plain HTTP needs none of it.
  const { issueSelfSigned } = await import("../../certificates/self_signed.ts");
  return issueSelfSigned({
    now,
    name: "in-memory-apiserver",
    ipAddresses: [loopback],
    dnsNames: ["localhost", "kubernetes.default.svc"],
  });
}

function randomToken(random: Random): string {
  return Array.from({ length: 8 }, () => Math.floor(random.next() * 2 ** 32).toString(16).padStart(8, "0")).join("");
}
