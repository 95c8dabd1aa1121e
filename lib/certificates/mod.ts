/**
 * Certificates of our own servers: where they come from, whether they can be used, and how we issue and replace them
 * ourselves.
 */
export type { ServerNames } from "./alternative_names.ts";
export { CertificateError, checkPair, type PairOrigin } from "./check_pair.ts";
export { distrust } from "./distrust.ts";
export { FileSource, fileSource, type FileSourceOptions } from "./file_source.ts";
export { type Authority, createAuthority, issueServingCertificate } from "./issue.ts";
export { type CertificateSet, formatSet, readSet } from "./certificate_set.ts";
export { type CertificatePolicy, defaultPolicy, type NextSet, nextSet, usable } from "./next_set.ts";
export { type CertificatePair, type CertificateSource, fixedSource } from "./source.ts";
