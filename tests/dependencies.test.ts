/** What we depend on is explained, runs nothing when it is installed, and comes from any registry. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface LockedPackage {
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
}

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/dependencies.md"), "utf8");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const web = JSON.parse(readFileSync(join(root, "web/package.json"), "utf8")) as Manifest;
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

/** Everything that is installed, without the project itself. */
const locked = Object.entries(lock.packages).filter(
  ([place, { link }]) => place !== "" && place !== "web" && link !== true,
);

test("the page of dependencies explains each package of package.json and web/package.json, and no other", () => {
  assert.deepEqual(namesUnder("At run time"), Object.keys(manifest.dependencies).sort());
  assert.deepEqual(namesUnder("For development"), Object.keys(manifest.devDependencies).sort());
  assert.deepEqual(namesUnder("Of the pages"), Object.keys(web.dependencies).sort());
  assert.deepEqual(namesUnder("For building the pages"), Object.keys(web.devDependencies).sort());
});

test("every version in package.json is exact, that of the pages included", () => {
  const versions = [manifest, web].flatMap(({ dependencies, devDependencies }) =>
    Object.entries({ ...dependencies, ...devDependencies }),
  );
  assert.deepEqual(
    versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    [],
  );
});

test("no package that ships runs a script when it is installed", () => {
  const scripted = locked.filter(([, { dev, hasInstallScript }]) => dev !== true && hasInstallScript === true);
  assert.deepEqual(placesOf(scripted), []);
});

test("the lockfile names no registry, and knows every package by its content", () => {
  assert.deepEqual(placesOf(locked.filter(([, { resolved }]) => resolved !== undefined)), []);
  // Tools of other platforms are locked by their version alone, where the registry at hand does not have them.
  const unknown = locked.filter(([, { integrity, dev, optional }]) => integrity === undefined && !(dev && optional));
  assert.deepEqual(placesOf(unknown), []);
});

/** The names at the beginning of the lines of a section. */
function namesUnder(heading: string): readonly string[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? "";
  return [...section.matchAll(/^- `([^`]+)`: \S/gm)].map(([, name]) => name ?? "").sort();
}

function placesOf(packages: readonly (readonly [string, LockedPackage])[]): readonly string[] {
  return packages.map(([place]) => place);
}
