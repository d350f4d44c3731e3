/** Records sound in the page. What comes of it is a file like one that was chosen. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { Button } from '../../shared/components/button.tsx';
import { Status } from '../../shared/components/status.tsx';
import { clock, recordedName } from '../attachment.ts';
import { whenHidden } from '../begun.ts';
import type { Limits } from '../form.ts';
import { beforeLeaving } from '../put-away.ts';
import { write } from './texts.ts';

type Fault = 'denied' | 'absent' | 'failed' | 'short';

/** What browsers record, what is smallest first. */
const TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];
/** Officers hear so much of a recording. */
const MOST_MS = 600_000;
const BITS_A_SECOND = 32_000;
const PIECE_MS = 1000;
/** Less is a slip of the finger. */
const LEAST_MS = 1000;
/** What still comes of a recording that is stopped. */
const ROOM_BYTES = 256 << 10;

const state = signal<'off' | 'asking' | 'on' | 'paused' | Fault>('off');
const spentMs = signal(0);

interface Taking {
  readonly recorder: MediaRecorder;
  readonly stream: MediaStream;
  /** What has come of it, a piece each second. */
  readonly pieces: Blob[];
  readonly onFile: (file: File) => void;
  /** Resolves when the recorder has stopped, and given its last piece. */
  readonly stopped: Promise<void>;
}

/** Of the recording that goes on; null while the microphone is not used. */
let taking: Taking | null = null;
/** Since when its clock runs, but for the time that it was paused; null while it does not. */
let since: number | null = null;
/** How often a recording was begun or dropped: an answer to an earlier question counts no more. */
let turn = 0;

// A page that goes does not wait for the last piece: what has come is attached, and kept with the draft.
addEventListener('pagehide', attach);
whenHidden(() => (taking ? stop() : dropRecording()));
beforeLeaving(endRecording);

/** Return the type that this browser records and the service takes; null if there is none. */
export function recordedType(media: Limits['media']): string | null {
  if (typeof MediaRecorder === 'undefined' || !('mediaDevices' in navigator)) return null;
  const isTaken = (type: string): boolean =>
    media.some((one) => one.content_type === type.split(';')[0]);
  return TYPES.find((type) => isTaken(type) && MediaRecorder.isTypeSupported(type)) ?? null;
}

export function isRecording(): boolean {
  return ['asking', 'on', 'paused'].includes(state.value);
}

/** Ask for the microphone, and record up to `most` bytes. `onFile` gets the recording. */
async function begin(type: string, most: number, onFile: (file: File) => void): Promise<void> {
  if (isRecording()) return;
  turn += 1;
  const mine = turn;
  state.value = 'asking';
  let stream: MediaStream | null = null;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    if (mine !== turn) return letGo(stream);
    const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_A_SECOND });
    const pieces: Blob[] = [];
    let left = most - ROOM_BYTES;
    recorder.ondataavailable = ({ data }) => {
      pieces.push(data);
      left -= data.size;
      if (left < 0) stop();
    };
    const stopped = new Promise<void>((done) => {
      // Also when the microphone was pulled out.
      recorder.onstop = () => {
        if (mine === turn) attach();
        done();
      };
    });
    recorder.start(PIECE_MS);
    taking = { recorder, stream, pieces, onFile, stopped };
    spentMs.value = 0;
    since = performance.now();
    state.value = 'on';
  } catch (error) {
    if (stream) letGo(stream);
    if (mine === turn) state.value = faultOf(error);
  }
}

function stop(): void {
  if (taking?.recorder.state !== 'inactive') taking?.recorder.stop();
}

/** Stop a recording that goes on. Resolves when what was recorded is attached. */
export async function endRecording(): Promise<void> {
  if (!taking) return dropRecording();
  stop();
  await taking.stopped;
}

/** Attach what has come of the recording, which ends. */
function attach(): void {
  if (!taking) return;
  const { recorder, pieces, onFile } = taking;
  measure();
  dropRecording();
  const file = new File(pieces, recordedName(spentMs.value), { type: recorder.mimeType.split(';')[0] ?? '' });
  if (spentMs.value < LEAST_MS) state.value = 'short';
  else if (file.size > 0) onFile(file);
}

/** Let the microphone go. What was recorded, and not attached, is lost. */
export function dropRecording(): void {
  const dropped = taking;
  turn += 1;
  taking = null;
  since = null;
  state.value = 'off';
  if (!dropped) return;
  if (dropped.recorder.state !== 'inactive') dropped.recorder.stop();
  letGo(dropped.stream);
}

/** Bring the clock of the recording up to now. */
function measure(): void {
  if (since !== null) spentMs.value = performance.now() - since;
}

function turnPause(): void {
  if (!taking) return;
  measure();
  if (state.value === 'on') taking.recorder.pause();
  else taking.recorder.resume();
  state.value = state.value === 'on' ? 'paused' : 'on';
  since = state.value === 'on' ? performance.now() - spentMs.value : null;
}

function letGo(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function faultOf(error: unknown): Fault {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  return name === 'NotFoundError' ? 'absent' : 'failed';
}

interface RecordProps {
  sign: string;
  type: string;
  most: number;
  onFile: (file: File) => void;
}

/** The button that begins, beside those of the camera. */
export function RecordButton({ sign, type, most, onFile }: RecordProps) {
  return (
    <button
      type="button"
      class="picker"
      id="record"
      aria-disabled={isRecording() || undefined}
      onClick={() => void begin(type, most, onFile)}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true" class="icon">
        <path fill-rule="evenodd" d={sign} />
      </svg>
      <span>{write().record}</span>
    </button>
  );
}

/** The recording that goes on: its clock, and how to pause and stop it. */
export function Recorder() {
  const text = write();
  const now = state.value;
  const isOn = now === 'on' || now === 'paused';
  const first = useRef<HTMLElement>(null);
  useEffect(() => () => void endRecording(), []);
  useEffect(() => {
    if (!isOn) return;
    first.current?.querySelector('button')?.focus();
    // What had the focus goes away with the recording.
    return () => document.getElementById('record')?.focus({ preventScroll: true });
  }, [isOn]);
  useEffect(() => {
    if (now !== 'on') return;
    const timer = setInterval(() => {
      measure();
      if (spentMs.value >= MOST_MS) stop();
    }, 250);
    return () => clearInterval(timer);
  }, [now]);
  const faults = { denied: text.recordDenied, absent: text.recordAbsent, failed: text.recordFailed, short: text.recordShort };
  return (
    <>
      <Status>
        {now === 'asking' && text.recordAsking}
        {now === 'on' && text.recordOn}
        {now === 'paused' && text.recordPaused}
      </Status>
      <Status kind="error">{now in faults && <p>{faults[now as Fault]}</p>}</Status>
      {isOn && (
        <section class="record" ref={first} aria-label={text.record}>
          <p class="record__clock" role="timer">
            {clock(spentMs.value)} / {clock(MOST_MS)}
          </p>
          <div class="row">
            <Button kind="primary" onClick={stop}>
              {text.recordStop}
            </Button>
            <Button onClick={turnPause}>{now === 'on' ? text.recordPause : text.recordResume}</Button>
          </div>
          <p class="muted">{text.recordHint}</p>
        </section>
      )}
    </>
  );
}
