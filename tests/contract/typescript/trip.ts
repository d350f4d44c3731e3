/**
 * The whole trip of a report and of a bulletin, written against the generated types.
 *
 * Nothing here is run: that it compiles says that the document types each body, each parameter and
 * each response as a client needs it. So there is no cast and no assertion of a type.
 */

import createClient from "openapi-fetch";

import type { components, paths } from "./generated/openapi.js";
import type { paths as OfficersPaths } from "./generated/openapi-officers.js";

type Schemas = components["schemas"];
type Grant = Schemas["Upload"];

const CORRECTED = { en: "An old man in a grey coat has been missing since Tuesday." };

/** Raise what the API refused with: a problem has a code, and perhaps the fields that are wrong. */
function must<Data, Problem extends { code: string; status: number }>(answer: {
  data?: Data;
  error?: Problem;
  response: Response;
}): Data {
  if (answer.error !== undefined) throw new Error(`${answer.error.status} ${answer.error.code}`);
  if (answer.data === undefined) throw new Error(`${answer.response.status} without a body`);
  return answer.data;
}

export async function report(base: string, picture: Blob, video: Blob): Promise<string> {
  const api = createClient<paths>({ baseUrl: base });

  const catalogue = must(await api.GET("/v1/catalogue", {}));
  const questions = catalogue.categories.flatMap((category) => category.details).map(ask);
  const created = must(
    await api.POST("/v1/reports", {
      params: { header: { "Idempotency-Key": crypto.randomUUID() } },
      body: {
        category: "missing_elderly",
        text: "An old man in a blue coat, alone at the bus stop.",
        occurred_at: "2026-11-24T08:30:00+08:00",
        location: { lat: 39.92, lon: 116.44, datum: "gcj02", accuracy_m: 20 },
        details: {},
        media: [
          { content_type: "image/jpeg", size: picture.size },
          { content_type: "video/mp4", size: video.size },
        ],
      },
    }),
  );
  // Media alone are a report, and so is a text alone.
  must(
    await api.POST("/v1/reports", {
      params: { header: { "Idempotency-Key": crypto.randomUUID() } },
      body: { category: "other", media: [{ content_type: "image/png", size: 1000 }] },
    }),
  );
  must(
    await api.POST("/v1/reports", {
      params: { header: { "Idempotency-Key": crypto.randomUUID() } },
      body: { category: "traffic_violation", text: "A van blocks the crossing." },
    }),
  );

  const mine = { Authorization: `Receipt ${created.receipt}` };
  const files = [picture, video];
  for (const [index, grant] of created.uploads.entries()) {
    const file = files[index];
    if (file === undefined) throw new Error("more grants than files");
    if (grant.method === "POST") await post(grant, file);
    else await uploadParts(base, created.id, mine, grant, file);
  }

  const view = must(await api.GET("/v1/reports/mine", { headers: mine }));
  const states: readonly string[] = view.media.map((medium) => medium.state);
  const sent = must(
    await api.POST("/v1/reports/{report_id}/messages", {
      params: {
        path: { report_id: created.id },
        header: { "Idempotency-Key": crypto.randomUUID() },
      },
      headers: mine,
      body: { text: "He walks towards the park." },
    }),
  );
  return [created.reference, created.emergency.number, ...states, sent.id, ...questions]
    .map(String)
    .join(" ");
}

/** A category's field as a form asks for it: what there is to say depends on its type. */
function ask(field: Schemas["Category"]["details"][number]): string {
  if (field.type === "choice") return field.options.map((option) => option.label).join("/");
  if (field.type === "integer") return `${field.minimum}-${field.maximum}`;
  if (field.type === "text") return `${field.label} (${field.max_length})`;
  return field.label;
}

async function post(grant: Grant, file: Blob): Promise<void> {
  if (grant.url === null || grant.url === undefined) throw new Error("a grant without an address");
  const form = new FormData();
  for (const [name, value] of Object.entries(grant.fields ?? {})) form.append(name, value);
  form.append("file", file);
  await fetch(grant.url, { method: "POST", body: form });
}

async function uploadParts(
  base: string,
  reportId: string,
  mine: { Authorization: string },
  grant: Grant,
  file: Blob,
): Promise<void> {
  const api = createClient<paths>({ baseUrl: base });
  const path = { report_id: reportId, media_id: grant.media_id };
  const size = grant.part_size ?? 0;
  const missing = new Set(Array.from({ length: grant.part_count ?? 0 }, (_, index) => index + 1));
  while (missing.size > 0) {
    const { held, parts } = must(
      await api.POST("/v1/reports/{report_id}/media/{media_id}/parts", {
        params: { path },
        headers: mine,
        body: { numbers: [...missing].slice(0, 8) },
      }),
    );
    for (const part of held) missing.delete(part.number);
    for (const part of parts) {
      const body = file.slice((part.number - 1) * size, part.number * size);
      await fetch(part.url, { method: "PUT", body });
      missing.delete(part.number);
    }
  }
  must(
    await api.POST("/v1/reports/{report_id}/media/{media_id}/complete", {
      params: { path },
      headers: mine,
    }),
  );
}

export async function workOn(base: string, token: string): Promise<string> {
  const api = createClient<OfficersPaths>({ baseUrl: base, headers: { Authorization: `Bearer ${token}` } });

  const page = must(
    await api.GET("/v1/officer/reports", {
      params: { query: { category: "missing_elderly", status: "new", limit: 50 } },
    }),
  );
  const first = page.items[0];
  if (first === undefined) return "nothing to do";
  const path = { report_id: first.id };

  const opened = await api.GET("/v1/officer/reports/{report_id}", { params: { path } });
  const report = must(opened);
  const pictures = report.media.map((medium) => medium.thumbnail_url);
  const changed = must(
    await api.PATCH("/v1/officer/reports/{report_id}", {
      params: { path, header: { "If-Match": opened.response.headers.get("ETag") ?? "" } },
      // Any subset: what is not named stays.
      body: { status: "acknowledged", assignee: "wang" },
    }),
  );
  must(
    await api.POST("/v1/officer/reports/{report_id}/messages", {
      params: { path },
      body: { text: "Is he still there?" },
    }),
  );
  const history = must(
    await api.GET("/v1/officer/reports/{report_id}/history", { params: { path } }),
  );
  const changes = history.items.flatMap((event) => Object.keys(event.detail?.fields ?? {}));
  return [report.reference, changed.status, page.next_cursor, ...changes, ...pictures]
    .map(String)
    .join(" ");
}

export async function publish(base: string, author: string, second: string): Promise<string> {
  const as = (token: string) => ({ Authorization: `Bearer ${token}` });
  const api = createClient<OfficersPaths>({ baseUrl: base });

  const draft = must(
    await api.POST("/v1/officer/bulletins", {
      headers: as(author),
      body: {
        channel: "missing_persons",
        title: { en: "Have you seen Mr Wang?" },
        body: { en: "Mr Wang, 78, in a blue coat." },
        area: { district: "chaoyang", lat: 39.933, lon: 116.478, datum: "gcj02" },
        about: "elderly",
        guardian_consent: true,
      },
    }),
  );
  const path = { bulletin_id: draft.id };
  must(
    await api.PATCH("/v1/officer/bulletins/{bulletin_id}", {
      params: { path, header: { "If-Match": `"${draft.version}"` } },
      headers: as(author),
      body: { body: CORRECTED },
    }),
  );
  // What the other officer reads gives them the tag to approve it.
  const read = must(await api.GET("/v1/officer/bulletins/{bulletin_id}", { params: { path }, headers: as(second) }));
  const approved = must(
    await api.POST("/v1/officer/bulletins/{bulletin_id}/approve", {
      params: { path, header: { "If-Match": read.tag } },
      headers: as(second),
    }),
  );
  const published = must(
    await createClient<paths>({ baseUrl: base }).GET("/v1/bulletins", { params: { query: { channel: "missing_persons" } } }),
  );
  return [approved.state, ...published.items.map((bulletin) => bulletin.id)].join(" ");
}
