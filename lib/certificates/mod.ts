/**
 * Certificates of our own servers: where they come from and whether they can be used. Issuing them is in `issue.ts`,
 * to be imported from there where it is needed: it loads an X.509 library that serving does not need.
 */
export { CertificateError, checkPair, type PairOrigin } from "./check_pair.ts";
export { FileSource, fileSource, type FileSourceOptions } from "./file_source.ts";
export { type CertificatePair, type CertificateSource, fixedSource } from "./source.ts";
