import type { Clock } from "../../util/clock/mod.ts";
import type { Logger } from "../../util/log.ts";
import {
  type ClientCertificate,
  type Credentials,
  CredentialsError,
  staticCredentials,
  type UserIdentity,
} from "./cluster_access.ts";
import { ExecPlugin } from "./exec_plugin.ts";
import { checkCertificate, checkKey, decodeData, readFile } from "./files.ts";
import type { Host } from "./host.ts";
import { fieldError, KubeconfigError } from "./kubeconfig_error.ts";
import type { UserEntry } from "./kubeconfig_file.ts";
import { Rotating } from "./rotating.ts";

/** What credentials need of the world. */
export interface CredentialParts {
  readonly host: Host;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The credentials of a user entry. Precedence is client-go's: a token file before a token, either before a plugin.
 * @param clusterInfo what a plugin is told of the cluster
 * @throws KubeconfigError for contradictions and for files that cannot be read
 */
export async function userCredentials(
  user: UserEntry,
  clusterInfo: unknown,
  parts: CredentialParts,
): Promise<Credentials> {
  checkContradictions(user);
  const certificate = await certificateCredentials(user, parts);
  const { exec, username, password = "" } = user;
  if (user.tokenFile !== undefined) return combine(tokenFileCredentials(user, user.tokenFile, parts), certificate);
  if (user.token !== undefined) return combine(staticCredentials(bearer(user.token)), certificate);
  if (username !== undefined) return combine(staticCredentials(basic(username, password)), certificate);
  return exec === undefined ? certificate : combine(new ExecPlugin(exec, clusterInfo, parts), certificate);
}

/** A token that is read again as it rotates. */
export function rotatingToken(read: () => Promise<string>, parts: Omit<CredentialParts, "host">): Credentials {
  const token = new Rotating(read, parts);
  return { identify: async () => bearer(await token.get()), refused: () => token.expire() };
}

/** The identity that a bearer token gives. */
export function bearer(token: string): UserIdentity {
  return { authorization: `Bearer ${token}` };
}

function basic(username: string, password: string): UserIdentity {
  return { authorization: `Basic ${new TextEncoder().encode(`${username}:${password}`).toBase64()}` };
}

function checkContradictions(user: UserEntry): void {
  const { token, tokenFile, username, password, authProvider, exec } = user;
  if (authProvider !== undefined) {
    throw fieldError(
      user,
      "auth-provider",
      `"${authProvider}": auth providers were removed in Kubernetes 1.26: use an exec plugin, such as kubelogin`,
    );
  }
  const hasToken = token !== undefined || tokenFile !== undefined;
  if (hasToken && username !== undefined) {
    throw fieldError(user, "username", "the user has a token as well: keep one of them");
  }
  if (password !== undefined && username === undefined) {
    throw fieldError(user, "username", "is missing beside password");
  }
  if (exec === undefined && hasToken && /\s/.test(token ?? "")) {
    throw fieldError(user, "token", "holds white space: it must be one line");
  }
}

function tokenFileCredentials(user: UserEntry, path: string, parts: CredentialParts): Credentials {
  async function read(): Promise<string> {
    try {
      const token = (await readFile(parts.host, user, "tokenFile", path)).trim();
      if (token === "") throw fieldError(user, "tokenFile", `the file ${path} is empty`);
      return token;
    } catch (error) {
      // As in client-go: a token beside the file serves until the file can be read.
      if (user.token !== undefined) return user.token;
      throw asCredentialsError(error);
    }
  }
  return rotatingToken(read, parts);
}

async function certificateCredentials(user: UserEntry, parts: CredentialParts): Promise<Credentials> {
  const hasCertificate = user.clientCertificate !== undefined || user.clientCertificateData !== undefined;
  const hasKey = user.clientKey !== undefined || user.clientKeyData !== undefined;
  if (!hasCertificate && !hasKey) return staticCredentials();
  if (!hasKey) throw fieldError(user, "client-key", "is missing beside the client certificate");
  if (!hasCertificate) throw fieldError(user, "client-certificate", "is missing beside the client key");
  const first = await readCertificate(user, parts.host);
  if (user.clientCertificateData !== undefined && user.clientKeyData !== undefined) {
    return staticCredentials({ certificate: first });
  }
  const pair = new Rotating(() => readCertificate(user, parts.host), parts);
  return { identify: async () => ({ certificate: await pair.get() }), refused: () => pair.expire() };
}

async function readCertificate(user: UserEntry, host: Host): Promise<ClientCertificate> {
  const { clientCertificate, clientCertificateData, clientKey, clientKeyData } = user;
  const certificate = await readPem(user, host, "client-certificate", clientCertificate, clientCertificateData);
  const key = await readPem(user, host, "client-key", clientKey, clientKeyData);
  return {
    certificate: checkCertificate(user, certificate.field, certificate.text),
    key: checkKey(user, key.field, key.text),
  };
}

/** Data goes before a file, as in client-go. */
async function readPem(
  user: UserEntry,
  host: Host,
  field: string,
  path: string | undefined,
  data: string | undefined,
): Promise<{ readonly field: string; readonly text: string }> {
  if (data !== undefined) return { field: `${field}-data`, text: decodeData(user, `${field}-data`, data) };
  return { field, text: await readFile(host, user, field, path ?? "") };
}

function asCredentialsError(error: unknown): unknown {
  return error instanceof KubeconfigError ? new CredentialsError(error.message, { cause: error.cause }) : error;
}

/** Both together; where both have something, the first counts. */
function combine(first: Credentials, second: Credentials): Credentials {
  return {
    async identify(signal?: AbortSignal): Promise<UserIdentity> {
      return { ...await second.identify(signal), ...await first.identify(signal) };
    },
    refused(identity: UserIdentity): void {
      first.refused(identity);
      second.refused(identity);
    },
  };
}
