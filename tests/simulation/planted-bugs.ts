/** (filled in below) */
import type { Board } from "../../src/host/board.ts";
import type { Shards } from "../../src/host/board.ts";
import type { Host } from "../../src/host/host.ts";
import type { TaskBoard } from "../../src/host/tasks/create-board.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

export interface PlantedBug {
  readonly name: string;
  store?(store: Store, world: World, process: Process): Store;
  clock?(clock: Clock, world: World): Clock;
  shards?(shards: Shards, world: World): Shards;
  board?(board: TaskBoard, world: World): TaskBoard;
  host?(host: Host, world: World): Host;
}
