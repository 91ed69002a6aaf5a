/** Writes what a batch has beside its executions: keys, outbox, waits, kept events, tasks and shared records. */

import type { DatabaseSync } from "node:sqlite";

import type { StoredBatch } from "./codec.ts";

export function createRowWriter(db: DatabaseSync): (batch: StoredBatch) => void {
  const putKey = db.prepare("insert or replace into idempotency_key values (?, ?, ?, ?, ?)");
  const putOutbox = db.prepare(
    "insert into outbox (id, shard, body) values (?, ?, ?) on conflict (id) do update set shard = excluded.shard, body = excluded.body",
  );
  const deleteOutbox = db.prepare("delete from outbox where id = ?");
  const putWait = db.prepare("insert or replace into wait values (?, ?, ?, ?, ?)");
  const deleteWait = db.prepare("delete from wait where execution_id = ? and path = ?");
  const putEvent = db.prepare(
    `insert into kept_event (workspace, id, event, correlation_key, data, at) values (?, ?, ?, ?, ?, ?)
     on conflict (workspace, id) do update
     set event = excluded.event, correlation_key = excluded.correlation_key, data = excluded.data, at = excluded.at`,
  );
  const putTask = db.prepare("insert or replace into task values (?, ?, ?, ?, ?, ?, ?)");
  const putShared = db.prepare("insert or replace into shared values (?, ?, ?, ?, ?, ?)");
  const deleteShared = db.prepare("delete from shared where workspace = ? and kind = ? and key = ? and member = ?");
  const deleteTasks = db.prepare("delete from task where execution_id = ?");

  return (batch) => {
    for (const { workspace, key, executionId, bodyHash, createdAt } of batch.addKeys) {
      putKey.run(workspace, key, executionId, bodyHash, createdAt);
    }
    for (const { id, shard, body } of batch.addOutbox) putOutbox.run(id, shard, JSON.stringify(body));
    for (const id of batch.removeOutbox) deleteOutbox.run(id);
    for (const { executionId, path } of batch.removeWaits) deleteWait.run(executionId, path);
    for (const { executionId, path, workspace, event, correlation } of batch.addWaits) {
      putWait.run(executionId, path, workspace, event, correlation);
    }
    for (const { workspace, id, event, correlationKey, data, at } of batch.addEvents) {
      putEvent.run(workspace, id, event, correlationKey, JSON.stringify(data), at);
    }
    for (const executionId of batch.removeTasksOf) deleteTasks.run(executionId);
    for (const { taskId, executionId, workspace, executor, priority, createdAt, function: name } of batch.addTasks) {
      putTask.run(taskId, executionId, workspace, executor, name, priority, createdAt);
    }
    for (const { workspace, kind, key, member, body } of batch.putShared) {
      if (body === null) deleteShared.run(workspace, kind, key, member);
      else putShared.run(workspace, kind, key, member, batch.shard, JSON.stringify(body));
    }
  };
}
