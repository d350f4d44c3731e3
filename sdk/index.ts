/** What apps use: the typed calls, and the outbox. In Node.js, open it from `tipline-sdk/node`. */

export { type Api, type ApiOptions, createApi, problemOf, type Schemas } from './api.ts';
export { cut } from './metadata/cut.ts';
export type { Challenge } from './proof.ts';
export { prove } from './proof.ts';
export type { Network } from './outbox/network.ts';
export { isOlder, limitsOf, type SendingLimits } from './outbox/limits.ts';
export { type Deps, openOutbox } from './outbox/outbox.ts';
export { reportOf, untilSent } from './outbox/sent.ts';
export { MemoryStore, type Store } from './outbox/store.ts';
export * from './outbox/types.ts';
export { padded } from './padding.ts';
export { readReceipt, receiptFault, showReceipt } from './receipt.ts';
export { reducedOf, type Reduce } from './reduced.ts';
export type { components, paths } from './schema.ts';
