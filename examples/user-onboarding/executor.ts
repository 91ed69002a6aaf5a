/** The four services of the onboarding workflow, in one process: each is an executor of its own. */

import { createExecutor, type Executor, TaskError } from "magicflow/sdk";

interface User {
  readonly email: string;
  readonly name: string;
}

const executors: readonly Executor[] = [
  createExecutor({ name: "user-service" })
    .register("validateUserData", ({ user_data: user }: { user_data: User }) => {
      if (user.email.endsWith("@blocked.example")) {
        throw new TaskError({ code: "USER_BLOCKED", message: `${user.email} may not sign up.`, retryable: false });
      }
      const errors = user.name.trim().length < 2 ? ["The name is too short."] : [];
      return { valid: errors.length === 0, errors };
    })
    .register("cleanup", ({ email }: { email: string }) => ({ cleaned: email })),

  createExecutor({ name: "account-service" })
    .register("createUserAccount", ({ email }: { email: string }, { task }) => ({
      user_id: `user-${email}`,
      account_status: "active",
      // From the task, not from the clock: a second delivery gives the same.
      created_at: task.created_at,
    }))
    .register("createGuestAccount", ({ email }: { email: string }) => ({
      user_id: `guest-${email}`,
      account_status: "pending",
    })),

  createExecutor({ name: "verification-service" }).register("verifyUser", (user: User) => {
    if (user.email.startsWith("unverified")) {
      throw new TaskError({ code: "NOT_VERIFIED", message: "Nobody knows this person.", retryable: false });
    }
    return { verification_status: "verified" };
  }),

  createExecutor({ name: "notification-service" })
    .register("sendWelcomeEmail", ({ email }: { email: string }) => ({ sent: true, to: email }))
    .register("sendValidationError", ({ email }: { email: string }) => ({ sent: true, to: email })),
];

await Promise.all(executors.map((executor) => executor.start()));
console.log("the onboarding services are ready");

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void Promise.all(executors.map((executor) => executor.stop({ graceMs: 5000 }))).then(() => process.exit(0));
  });
}
