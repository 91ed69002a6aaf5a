import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { createDecoder, readVarUint, readVarUint8Array } from "lib0/decoding";
import { createEncoder, toUint8Array, writeVarUint } from "lib0/encoding";
import { WebSocket } from "ws";
import { readSyncMessage, writeSyncStep1, writeUpdate } from "y-protocols/sync";
import * as Y from "yjs";
import { DRAFT_CLOSE, DRAFT_FRAMES, DRAFT_PROTOCOL } from "../core/protocol/drafts.ts";
import { type Answered, HELLO, openRig, type Rig } from "./rig.test.ts";

const DRAFTS = "/api/v1/drafts";

test("a draft begins from a workflow, from a text or from nothing, and is read as it is now", async () => {
  await using rig = await openRig();
  await rig.register(HELLO);
  const fromWorkflow = await rig.post(DRAFTS, { workflow: "hello" });
  assert.equal(fromWorkflow.status, 201);
  assert.deepEqual(
    [fromWorkflow.body["workflow"], fromWorkflow.body["base_version"], fromWorkflow.body["text"]],
    ["hello", "1.0.0", HELLO],
  );
  const fromText = await rig.post(DRAFTS, { title: "Mine", text: "# half a text\nkind: [" });
  assert.deepEqual([fromText.body["title"], fromText.body["workflow"]], ["Mine", null]);
  const read = await rig.get(`${DRAFTS}/${fromText.body["id"]}`);
  assert.equal(read.body["text"], "# half a text\nkind: [");
  const list = await rig.get(`${DRAFTS}?workflow=hello`);
  assert.deepEqual(
    (list.body["items"] as { id: string }[]).map(({ id }) => id),
    [fromWorkflow.body["id"]],
  );
  assert.equal((await rig.post(DRAFTS, { workflow: "nobody" })).body["code"], "WORKFLOW_NOT_FOUND");
  assert.equal((await rig.get(`${DRAFTS}/nothing`)).body["code"], "DOCUMENT_NOT_FOUND");
});

test("what is published is the text, as a version; wrong texts stay drafts", async () => {
  await using rig = await openRig();
  const draft = await rig.post(DRAFTS, { text: HELLO });
  const place = `${DRAFTS}/${draft.body["id"]}`;
  const published = await rig.post(`${place}/publish`, {});
  assert.deepEqual([published.status, published.body["name"], published.body["version"]], [201, "hello", "1.0.0"]);
  assert.equal((await rig.get(place)).body["base_version"], "1.0.0");
  await put(rig, place, { text: HELLO.replace("Hello", "Hi") });
  const clash = await rig.post(`${place}/publish`, {});
  assert.equal(clash.body["code"], "VERSION_EXISTS");
  await put(rig, place, { text: `${HELLO}  nonsense: [` });
  const wrong = await rig.post(`${place}/publish`, {});
  assert.equal(wrong.body["code"], "DEFINITION_INVALID");
  assert.equal((await rig.get(place)).body["text"], `${HELLO}  nonsense: [`);
});

test("a change of somebody else is noticed by the tag, and a draft goes with its links", async () => {
  await using rig = await openRig();
  const draft = await rig.post(DRAFTS, { text: "a" });
  const place = `${DRAFTS}/${draft.body["id"]}`;
  const seen = draft.headers.get("etag") ?? "";
  assert.equal((await put(rig, place, { title: "One" }, { "if-match": seen })).status, 200);
  assert.equal((await put(rig, place, { title: "Two" }, { "if-match": seen })).body["code"], "REVISION_CONFLICT");
  const share = await rig.post(`${place}/shares`, { access: "read" });
  assert.match(String(share.body["url"]), /\/designer\?draft=\w+&share=[\w-]{32}$/);
  const listed = (await rig.get(`${place}/shares`)).body["items"] as { token?: string }[];
  assert.deepEqual([listed.length, listed[0]?.token], [1, undefined], "a token is told once");
  const peer = await connect(rig, place, String(share.body["token"]));
  assert.equal((await rig.send("DELETE", place)).status, 204);
  assert.equal(await peer.closed, DRAFT_CLOSE.gone);
  assert.equal((await rig.get(place)).status, 404);
});

test("two people edit at once and end with one text, one of them cut off for a while", async () => {
  await using rig = await openRig();
  const place = `${DRAFTS}/${(await rig.post(DRAFTS, { text: "steps:\n" })).body["id"]}`;
  const ada = await connect(rig, place);
  const bob = await connect(rig, place);
  await bob.has("steps:\n");
  ada.insert(0, "# Ada\n");
  await bob.has("# Ada\nsteps:\n");
  bob.socket.terminate();
  await bob.closed;
  bob.insert(bob.text().length, "  - bob\n");
  ada.insert(ada.text().length, "  - ada\n");
  const back = await connect(rig, place, null, bob.doc);
  await back.has(/ {2}- bob\n/);
  await back.has(/ {2}- ada\n/);
  await ada.has(back.text());
  assert.equal((await rig.get(place)).body["text"], ada.text());
});

test("an edit is told to be saved once it is on disk, and is there for whoever opens the store next", async () => {
  await using rig = await openRig();
  const place = `${DRAFTS}/${(await rig.post(DRAFTS, { text: "" })).body["id"]}`;
  const ada = await connect(rig, place);
  for (let i = 0; i < 250; i++) ada.insert(0, `${i} `);
  await ada.isSaved();
  const stored = new Y.Doc();
  const id = place.split("/").at(-1) ?? "";
  const state = await rig.store.documents.get({ collection: "draft_states", workspace: "default", id });
  if (state !== null) Y.applyUpdate(stored, Buffer.from(String(state.body), "base64"));
  for (const { body } of await rig.store.documents.list({
    collection: "draft_increments",
    workspace: "default",
    group: id,
    limit: 1000,
  }))
    Y.applyUpdate(stored, Buffer.from(String(body), "base64"));
  assert.equal(stored.getText("text").toString(), ada.text());
});

test("an edit over a link for reading is refused by the platform, and reading goes on for others", async () => {
  await using rig = await openRig();
  const place = `${DRAFTS}/${(await rig.post(DRAFTS, { text: "kept" })).body["id"]}`;
  const { token, id } = (await rig.post(`${place}/shares`, { access: "read" })).body as { token: string; id: string };
  const reader = await connect(rig, place, token);
  await reader.has("kept");
  reader.insert(0, "defaced ");
  assert.equal(await reader.closed, DRAFT_CLOSE.mayNotEdit);
  assert.equal((await rig.get(place)).body["text"], "kept");

  const other = await connect(rig, place, token);
  assert.equal((await rig.send("DELETE", `${place}/shares/${id}`)).status, 204);
  assert.equal(await other.closed, DRAFT_CLOSE.gone, "a link that is taken back puts out who is there by it");
  await assert.rejects(connect(rig, place, token), /404/);
  const editor = (await rig.post(`${place}/shares`, { access: "edit" })).body as { token: string };
  const writer = await connect(rig, place, editor.token);
  await writer.has("kept");
  writer.insert(0, "well ");
  await writer.isSaved();
  assert.equal((await rig.get(place)).body["text"], "well kept");
});

test("a link opens one draft and no other", async () => {
  await using rig = await openRig();
  const mine = `${DRAFTS}/${(await rig.post(DRAFTS, { text: "mine" })).body["id"]}`;
  const other = `${DRAFTS}/${(await rig.post(DRAFTS, { text: "other" })).body["id"]}`;
  const { token } = (await rig.post(`${mine}/shares`, { access: "edit" })).body as { token: string };
  await assert.rejects(connect(rig, other, token), /404/);
  await assert.rejects(connect(rig, mine, "no-such-token"), /404/);
});

test("frames that cannot be read close their own connection and hurt no draft", async () => {
  await using rig = await openRig();
  const place = `${DRAFTS}/${(await rig.post(DRAFTS, { text: "whole" })).body["id"]}`;
  const well = await connect(rig, place);
  const hostile = [
    Buffer.from([0, 2, 5, 255, 255, 255, 255, 255]),
    Buffer.from([1, 200, 1, 1]),
    Buffer.from([77]),
    Buffer.alloc(0),
    Buffer.from([0, 9, 1, 0]),
    Buffer.from([1, ...new Uint8Array(20_000)]),
  ];
  for (const frame of hostile) {
    const peer = await connect(rig, place);
    peer.socket.send(frame);
    const code = await peer.closed;
    assert.ok(
      code === DRAFT_CLOSE.badFrame || code === DRAFT_CLOSE.tooLarge,
      `${frame.toString("hex").slice(0, 20)}: ${code}`,
    );
  }
  const large = await connect(rig, place);
  large.insert(0, "x".repeat(1024 * 1024 + 1));
  assert.equal(await large.closed, DRAFT_CLOSE.tooLarge);
  well.insert(0, "still ");
  await well.isSaved();
  assert.equal((await rig.get(place)).body["text"], "still whole");
});

function put(rig: Rig, place: string, body: object, headers: Record<string, string> = {}): Promise<Answered> {
  return rig.send("PUT", place, JSON.stringify(body), { "content-type": "application/json", ...headers });
}

interface Peer {
  readonly socket: WebSocket;
  readonly doc: Y.Doc;
  readonly closed: Promise<number>;
  text(): string;
  insert(at: number, text: string): void;
  /** Resolves once the text is this, or has this in it. */
  has(text: string | RegExp): Promise<void>;
  /** Resolves once everything that is here is on disk there. */
  isSaved(): Promise<void>;
}

async function connect(rig: Rig, place: string, share: string | null = null, doc = new Y.Doc()): Promise<Peer> {
  const address = `${rig.url.replace("http", "ws")}${place}/live${share === null ? "" : `?share=${share}`}`;
  const socket = new WebSocket(address, DRAFT_PROTOCOL);
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watcher of [...watchers]) watcher();
  };
  let saved = new Map<number, number>();
  const send = (kind: number, write: (encoder: ReturnType<typeof createEncoder>) => void) => {
    const encoder = createEncoder();
    writeVarUint(encoder, kind);
    write(encoder);
    if (socket.readyState === WebSocket.OPEN) socket.send(toUint8Array(encoder));
  };
  const onUpdate = (update: Uint8Array, origin: unknown) => {
    if (origin !== socket) send(DRAFT_FRAMES.sync, (encoder) => writeUpdate(encoder, update));
    look();
  };
  doc.on("update", onUpdate);
  socket.on("message", (data: Buffer) => {
    const decoder = createDecoder(new Uint8Array(data));
    const kind = readVarUint(decoder);
    if (kind === DRAFT_FRAMES.sync) {
      const answer = createEncoder();
      writeVarUint(answer, DRAFT_FRAMES.sync);
      readSyncMessage(decoder, answer, doc, socket);
      const bytes = toUint8Array(answer);
      if (bytes.byteLength > 1 && socket.readyState === WebSocket.OPEN) socket.send(bytes);
    }
    if (kind === DRAFT_FRAMES.saved) saved = Y.decodeStateVector(readVarUint8Array(decoder));
    look();
  });
  const { promise: closed, resolve: hasClosed } = Promise.withResolvers<number>();
  socket.on("close", (code: number) => {
    doc.off("update", onUpdate);
    hasClosed(code);
  });
  await once(socket, "open");
  send(DRAFT_FRAMES.sync, (encoder) => writeSyncStep1(encoder, doc));
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const watcher = () => {
        if (!holds()) return;
        watchers.delete(watcher);
        resolve();
      };
      watchers.add(watcher);
      watcher();
    });
  const text = () => doc.getText("text").toString();
  return {
    socket,
    doc,
    closed,
    text,
    insert: (at, inserted) => doc.getText("text").insert(at, inserted),
    has: (wanted) => until(() => (typeof wanted === "string" ? text() === wanted : wanted.test(text()))),
    isSaved: () =>
      until(() =>
        [...Y.decodeStateVector(Y.encodeStateVector(doc))].every(
          ([client, clock]) => (saved.get(client) ?? 0) >= clock,
        ),
      ),
  };
}
