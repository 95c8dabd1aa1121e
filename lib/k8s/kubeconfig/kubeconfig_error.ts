/** The way to the cluster cannot be used as it is written. The message names the file, the field and the remedy. */
export class KubeconfigError extends Error {
  /** Tells it from other errors. */
  override readonly name = "KubeconfigError";
}

/** Where an entry stands, for messages: `/home/me/.kube/config: users[0].user`. */
export interface Place {
  readonly file: string;
  /** Path of the entry in the file. */
  readonly path: string;
}

/** An error about one field of an entry. */
export function fieldError(place: Place, field: string, message: string, options?: ErrorOptions): KubeconfigError {
  return new KubeconfigError(`kubeconfig ${place.file}: ${place.path}.${field}: ${message}`, options);
}
