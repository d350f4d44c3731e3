/** What screens see of an entry: what is kept of it, and what happens at the moment. */

import { isSettled, isUnsent, mayHaveArrived, waitsForUpdate, type Kept, type KeptFile } from './kept.ts';
import type { Entry, EntryFile, EntryState } from './types.ts';
import type { Moment } from './work.ts';

export function viewOf(kept: Kept, moment: Moment, retryAt: number | undefined): Entry {
  const state = stateOf(kept, moment);
  return {
    id: kept.id,
    key: kept.key,
    state,
    createdAt: kept.createdAt,
    ...(kept.begun ? { begun: kept.begun } : {}),
    category: kept.category,
    ...(kept.text ? { text: kept.text } : {}),
    notes: kept.notes,
    drill: kept.drill,
    leftOut: kept.leftOut ?? [],
    kept: kept.kept,
    receiptKept: kept.kept && !kept.unwritten,
    mayHaveArrived: mayHaveArrived(kept),
    confirmed: kept.confirmed,
    files: kept.files.map((file, place) => fileView(file, moment, place)),
    ...(kept.report
      ? {
          reportId: kept.report.id,
          receipt: kept.report.receipt,
          reference: kept.report.reference,
        }
      : {}),
    ...(kept.problem ? { problem: kept.problem } : {}),
    ...(state === 'proving' ? { proof: moment.proof ?? 0 } : {}),
    ...(retryAt !== undefined && !isSettled(kept) ? { retryAt } : {}),
  };
}

function stateOf(kept: Kept, moment: Moment): EntryState {
  if (kept.problem) return 'refused';
  if (isUnsent(kept)) return moment.state ?? 'waiting';
  return isSettled(kept) ? 'sent' : 'uploading';
}

function fileView(file: KeptFile, moment: Moment, place: number): EntryFile {
  const { name, type, size, kept, known, state, problem } = file;
  const onItsWay = state === 'waiting' && moment.file?.place === place;
  return {
    name,
    type,
    size,
    kept,
    known,
    sent: state === 'sent' ? size : onItsWay ? (moment.file?.sent ?? 0) : (file.arrived ?? 0),
    state: onItsWay ? 'uploading' : waitsForUpdate(file) ? 'refused' : state,
    seen: file.reducedThere ?? false,
    ...(problem ? { problem } : {}),
  };
}
