/** Requests to our own servers, authorized by the API server (TokenReview and SubjectAccessReview). */
export { authorized } from "./authorized.ts";
export { DelegatedAuthorizer, type DelegatedAuthorizerOptions, type Verdict } from "./delegated_authorizer.ts";
export { type ResourceAccess, ReviewError, reviewOwnAccess } from "./reviews.ts";
