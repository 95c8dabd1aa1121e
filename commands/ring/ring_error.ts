import { UnknownResourceError } from "../../lib/k8s/discovery.ts";
import { ApiError, ConnectionError, isForbidden, isUnauthorized } from "../../lib/k8s/errors.ts";
import { CredentialsError, KubeconfigError } from "../../lib/k8s/kubeconfig/mod.ts";
import { DeadlineError } from "../../lib/util/clock/mod.ts";
import { describeError } from "../../lib/util/log.ts";

/** What was asked for cannot be done. The message says what is missing and how to get it. */
export class RingCommandError extends Error {
  override readonly name = "RingCommandError";
  /** 1: the answer is no; 2: the question was wrong. */
  readonly exitCode: 1 | 2;

  constructor(message: string, options: ErrorOptions & { readonly exitCode?: 1 | 2 } = {}) {
    super(message, options);
    this.exitCode = options.exitCode ?? 1;
  }
}

/** Does something at the API server, so that a refusal names the missing right. */
export async function allowed<T>(verb: string, resource: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (isForbidden(error)) throw new RingCommandError(missingRight(verb, resource, error), { cause: error });
    throw error;
  }
}

/** Says which right is missing, and what to do about it. */
export function missingRight(verb: string, resource: string, error: ApiError): string {
  return `you may not ${verb} ${resource}: have somebody grant you that verb (kubectl create clusterrole, ` +
    `clusterrolebinding), or use another user with --context. The API server says: ${error.status.message}`;
}

/** One line for a person about anything that a command failed with; undefined for a mistake of ours. */
export function explain(error: unknown, server: string): string | undefined {
  if (error instanceof RingCommandError) return error.message;
  if (isUnauthorized(error)) {
    return `${server} does not accept your credentials: log in anew, or choose others with --kubeconfig or --context`;
  }
  if (error instanceof ConnectionError || error instanceof DeadlineError) {
    return `cannot reach the API server ${server}, check --kubeconfig and --context: ${error.message}`;
  }
  const known = [KubeconfigError, CredentialsError, UnknownResourceError, ApiError];
  return known.some((kind) => error instanceof kind) ? describeError(error) : undefined;
}
